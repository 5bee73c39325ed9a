import { posix } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { CommandError } from "./error";

/** One image of a release. */
export interface Image {
  /** ECR repository. */
  readonly repository: string;
  /** Folder that it is built of. */
  readonly context: string;
  /** Stage of the Dockerfile; empty for the last one. */
  readonly target: string;
  /** Stage of the Dockerfile that tests; empty for none. */
  readonly "test-target": string;
  /** What tests, for bash, in that folder; empty for nothing. */
  readonly "test-command": string;
}

/** What a run of build-and-deploy.yaml builds, and where it goes. */
export interface Targets {
  readonly images: readonly Image[];
  /** Environments in the order of their turns; of a pull request those that its branch will go to. */
  readonly first: readonly string[];
  readonly second: readonly string[];
  readonly third: readonly string[];
  /** The environments of all turns. */
  readonly environments: readonly string[];
  /** Images that have tests of their own. */
  readonly tested: readonly Image[];
  /** What runs of the same images have in common: `web+worker` */
  readonly name: string;
}

/** What happened, as a runner tells it. */
export interface Happened {
  /** `GITHUB_REF`, as refs/heads/main */
  readonly ref: string;
  /** `GITHUB_BASE_REF`: the branch that a pull request is to be merged into; empty for any other event. */
  readonly base: string;
}

/** The branch that a merge queue holds commits for. Source: "Managing a merge queue", GitHub documentation. */
const QUEUED = /^refs\/heads\/gh-readonly-queue\/(.+)\/pr-\d+-[0-9a-f]+$/;

/** Jobs that deploy one after the other. */
const MOST_TURNS = 3;

const repository = z
  .string()
  .regex(
    /^[a-z0-9]+([._/-][a-z0-9]+)*$/,
    "is no name of an ECR repository: lower case letters, digits and . _ - / between them",
  );

const folder = z
  .string()
  .refine(
    (path) => /^[\w./@-]*$/.test(path) && !posix.isAbsolute(path) && !posix.normalize(path).startsWith(".."),
    "is no folder of the repository, as services/web",
  );

const stage = z.string().regex(/^([a-zA-Z][\w.-]*)?$/, "is no stage of a Dockerfile, as test");

const build = {
  context: folder.default("."),
  target: stage.default(""),
  "test-target": stage.default(""),
  "test-command": z.string().default(""),
};
const own = Object.keys(build);

/** The inputs of build-and-deploy.yaml that say what is built, and where it goes. */
export const inputs = z.object({
  ...build,
  repository: repository.or(z.literal("")).default(""),
  services: z.string().default(""),
  environments: z.string(),
});

const services = z.record(repository, z.strictObject(build).nullable());
const environments = z.record(z.string(), z.string());

/**
 * The inputs of build-and-deploy.yaml, for what happened.
 * @param given `toJSON(inputs)`
 * @throws CommandError with every mistake
 */
export function targetsOf(given: string, { ref, base: merged }: Happened): Targets {
  const base = merged || (QUEUED.exec(ref)?.[1] ?? "");
  const mistakes: string[] = [];
  const read = checked(inputs, JSON.parse(given), "", mistakes);
  const rows = checked(
    environments,
    yaml(read?.environments ?? "", "environments", mistakes),
    "environments",
    mistakes,
  );
  const images = read ? imagesOf(read, mistakes) : [];
  const turns = Object.entries(rows ?? {}).map(
    ([pattern, text]) => [pattern, turnsOf(pattern, text, mistakes)] as const,
  );
  if (mistakes.length > 0)
    throw new CommandError(
      `What the workflow is called with cannot be:\n${mistakes.map((one) => `  ${one}`).join("\n")}`,
    );
  const goesTo = (one: string) => turns.find(([pattern]) => fits(pattern, one))?.[1];
  // A pull request into a branch that goes nowhere is tried where most of them go.
  const row = base === "" ? (goesTo(ref) ?? []) : (goesTo(`refs/heads/${base}`) ?? turns[0]?.[1] ?? []);
  const [first = [], second = [], third = []] = row;
  return {
    images,
    first,
    second,
    third,
    environments: row.flat(),
    tested: images.filter((image) => image["test-target"] !== "" || image["test-command"] !== ""),
    name: images.map(({ repository }) => repository).join("+"),
  };
}

function imagesOf(read: z.output<typeof inputs>, mistakes: string[]): Image[] {
  const { repository: name, services: text, environments: _, ...one } = read;
  if (text.trim() === "") {
    if (name === "") mistakes.push("repository: is not given, nor services: name the ECR repository, as app");
    return [{ repository: name, ...one }];
  }
  const beside = [
    ...(name === "" ? [] : ["repository"]),
    ...own.filter((key) => differs(key as keyof typeof one, one)),
  ];
  if (beside.length > 0)
    mistakes.push(`${beside.join(", ")}: stands beside services; say it there, for each repository`);
  const found = checked(services, yaml(text, "services", mistakes), "services", mistakes) ?? {};
  return Object.entries(found).map(([repository, options]) => ({ repository, ...one, ...options }));
}

const differs = (key: keyof Omit<Image, "repository">, one: Omit<Image, "repository">) =>
  one[key] !== (key === "context" ? "." : "");

function yaml(text: string, name: string, mistakes: string[]): unknown {
  try {
    return parse(text) ?? {};
  } catch (error) {
    mistakes.push(`${name}: is no YAML: ${(error as Error).message.split("\n")[0]}`);
    return {};
  }
}

function checked<Shape extends z.ZodType>(
  shape: Shape,
  value: unknown,
  name: string,
  mistakes: string[],
): z.output<Shape> | undefined {
  const { success, data, error } = shape.safeParse(value);
  if (success) return data;
  for (const issue of error.issues) {
    // Of a key, its own mistake stands within.
    const { message } = issue.code === "invalid_key" ? (issue.issues[0] ?? issue) : issue;
    mistakes.push(`${[name, ...issue.path].filter(Boolean).join(".")}: ${message}`);
  }
  return undefined;
}

/** `staging > prod prod-eu`: staging, and then the two side by side. */
function turnsOf(pattern: string, text: string, mistakes: string[]): string[][] {
  const turns = text.split(">").map((turn) => turn.trim().split(/\s+/).filter(Boolean));
  const names = turns.flat();
  const say = (mistake: string) =>
    mistakes.push(`environments.${pattern}: ${JSON.stringify(text)} ${mistake}`);
  if (turns.some((turn) => turn.length === 0))
    say('names no environment where one is to be; write "staging", or "staging > prod"');
  const strange = names.filter((name) => !/^[A-Za-z0-9][A-Za-z0-9-]*$/.test(name));
  if (strange.length > 0) say(`has ${strange.join(", ")}, which is no environment's name`);
  if (new Set(names).size < names.length) say("names an environment twice");
  if (turns.length > MOST_TURNS) say(`has ${turns.length} turns; there are at most ${MOST_TURNS}`);
  if (ruleOf(pattern) === undefined) say("stands beside no pattern: GitHub's own are * ** ? + [0-9]");
  return turns;
}

const fits = (pattern: string, ref: string) => ruleOf(pattern)?.test(ref) ?? false;

/**
 * The refs that a pattern of GitHub's filters means: branches, or with `tags/` before it tags; undefined where it is none.
 * Source: "Filter pattern cheat sheet", workflow syntax, GitHub documentation.
 */
function ruleOf(pattern: string): RegExp | undefined {
  const whole = pattern.startsWith("tags/") ? `refs/${pattern}` : `refs/heads/${pattern}`;
  const rule = whole
    .replaceAll(/[.\\^$(){}|]/g, "\\$&")
    .replaceAll(/\*\*|\*/g, (stars) => (stars === "**" ? ".*" : "[^/]*"));
  try {
    return new RegExp(`^${rule}$`);
  } catch {
    return undefined;
  }
}
