import { parse } from "yaml";
import { z } from "zod";
import { fromIssues } from "../modules/mistakes";
import { ImportError } from "./found";
import { wordsOf } from "./procfile";

const lines = z.union([z.string().transform((line) => [line]), z.array(z.string()).min(1, "is empty.")], {
  error: () => "is neither a command nor a list of them.",
});
const text = z.union([z.string(), z.number(), z.boolean()], { error: () => "is no text." }).transform(String);
const image = z.string().optional();

/** What a heroku.yml says. Source: "Building Docker Images with heroku.yml", Heroku Dev Center, 25 April 2024. */
const manifest = z.object({
  setup: z
    .object({
      addons: z.array(z.object({ plan: z.string(), as: z.string().optional() })).default([]),
      config: z.record(z.string(), text).default({}),
    })
    .nullish(),
  build: z
    .object({ docker: z.record(z.string(), z.string()).default({}), config: z.unknown().optional() })
    .nullish(),
  release: z.object({ command: lines, image }).nullish(),
  run: z
    .record(
      z.string(),
      z.union([
        z.string().transform((line) => ({ command: [line], image: undefined })),
        z.object({ command: lines.optional(), image }),
      ]),
    )
    .nullish(),
});

/** What a heroku.yml adds to an application. */
export interface HerokuYml {
  readonly addons: readonly { readonly plan: string; readonly as?: string | undefined }[];
  /** Variables that a new app is given. */
  readonly config: Readonly<Record<string, string>>;
  /** By process type; undefined where the image says what it runs. */
  readonly commands: Readonly<Record<string, string[] | undefined>>;
  readonly release: string[] | undefined;
  readonly remarks: readonly string[];
}

/** @throws ImportError with everything that cannot be read */
export function readHerokuYml(herokuYml: string): HerokuYml {
  const { setup, build, release, run } = parsed(herokuYml);
  const images = build?.docker ?? {};
  const types = [...new Set([...Object.keys(run ?? {}), ...Object.keys(images)])];
  const commands = types.map((type) => {
    const command = run && Object.hasOwn(run, type) ? run[type]?.command : undefined;
    return [type, command && commandOf(command)] as const;
  });
  const dockerfileOf = (type: string, other: string | undefined) => images[other ?? type] ?? images.web;
  const built = types.map((type) => [type, dockerfileOf(type, run?.[type]?.image)] as const);
  const migrating = dockerfileOf("release", release?.image);
  const others = built.filter(([, file]) => file !== images.web);
  return {
    addons: setup?.addons ?? [],
    config: setup?.config ?? {},
    commands: Object.fromEntries(commands),
    release: release?.command && commandOf(release.command),
    remarks: [
      ...others.map(
        ([type, file]) =>
          `${type} is an image of its own, built of ${file}: push it to another repository, and say that as registry of the service.`,
      ),
      ...(release && migrating !== images.web
        ? [
            `The release phase runs in an image of its own, built of ${migrating}; migrations run in web's here: put what they need into that.`,
          ]
        : []),
      ...(build?.config === undefined
        ? []
        : ["build.config is left out: give docker build the same as --build-arg."]),
    ],
  };
}

/** Several are run by one shell, each if those before it went well. */
const commandOf = (commands: readonly string[]): string[] => wordsOf(commands.join(" && "));

function parsed(herokuYml: string): z.output<typeof manifest> {
  let read: unknown;
  try {
    read = parse(herokuYml) ?? {};
  } catch (error) {
    throw new ImportError([`heroku.yml is no YAML: ${(error as Error).message.split("\n")[0]}`]);
  }
  const { success, data, error } = manifest.safeParse(read, { reportInput: true });
  if (success) return data;
  throw new ImportError(fromIssues("heroku.yml", error.issues));
}
