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
/** How an image is built: by a Dockerfile, to the end or to a stage of it. */
const recipe = z.union(
  [
    z.string(),
    z
      .object({ dockerfile: z.string(), target: z.string().optional() })
      .transform(({ dockerfile, target }) =>
        target === undefined ? dockerfile : `${dockerfile}, stage ${target}`,
      ),
  ],
  { error: () => "is neither a Dockerfile nor { dockerfile: …, target: … }." },
);
const addon = z.union(
  [
    z.string().transform((plan) => ({ plan, as: undefined })),
    z.object({ plan: z.string(), as: z.string().optional() }),
  ],
  { error: () => "is no add-on, as { plan: heroku-postgresql }." },
);
const processType = z.union(
  [
    z.string().transform((line) => ({ command: [line], image: undefined })),
    z.object({ command: lines.optional(), image }),
  ],
  { error: () => "is neither a command nor { command: …, image: … }." },
);

/** What a heroku.yml says. Source: "Building Docker Images with heroku.yml", Heroku Dev Center, 25 April 2024. */
const manifest = z.object({
  setup: z
    .object({
      addons: z.array(addon).default([]),
      config: z.record(z.string(), text).default({}),
    })
    .nullish(),
  build: z
    .object({ docker: z.record(z.string(), recipe).default({}), config: z.unknown().optional() })
    .nullish(),
  release: z.object({ command: lines, image }).nullish(),
  run: z.record(z.string(), processType).nullish(),
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
  // What others of them run alone is an image and no process type, as is that of the release phase.
  const shared = new Set<string | undefined>([
    "release",
    ...Object.values(run ?? {}).map((one) => one.image),
  ]);
  const own = Object.keys(images).filter((name) => !shared.has(name));
  const types = [...new Set([...Object.keys(run ?? {}), ...own])];
  const commands = types.map((type) => {
    const command = run && Object.hasOwn(run, type) ? run[type]?.command : undefined;
    return [type, command && commandOf(command)] as const;
  });
  const web = images[run?.web?.image ?? "web"];
  const dockerfileOf = (type: string, other: string | undefined) => images[other ?? type] ?? web;
  const built = types.map((type) => [type, dockerfileOf(type, run?.[type]?.image)] as const);
  const migrating = dockerfileOf("release", release?.image);
  const others = built.filter(([, file]) => file !== web);
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
      ...(release && migrating !== web
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
    read = parse(herokuYml, { logLevel: "error" }) ?? {};
  } catch (error) {
    const [why = ""] = (error as Error).message.replace(/; please use [\w.]+\(\)/, "").split(/:?\n/);
    throw new ImportError([`heroku.yml is no YAML: ${why}.`]);
  }
  const { success, data, error } = manifest.safeParse(read, { reportInput: true });
  if (success) return data;
  throw new ImportError(fromIssues("heroku.yml", error.issues));
}
