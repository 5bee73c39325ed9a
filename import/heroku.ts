import { z } from "zod";
import { postgresMajors } from "../aws/postgres";
import type { DatabaseProps } from "../modules/database/props";
import { fromIssues, type Mistake, show } from "../modules/mistakes";
import { variable } from "../modules/options";
import type { ServiceProps } from "../modules/service/props";
import { meant } from "../modules/similar";
import { dynoSize, dynoSizes } from "./dynos";
import { type Found, fitting, ImportError, type Secret } from "./found";
import { type HerokuYml, readHerokuYml } from "./heroku-yml";
import { commandsOf } from "./procfile";
import { fargateSize } from "./sizes";
import { isPostgres, maybeSecret, ownAddress } from "./variables";

const text = z.union([z.string(), z.number(), z.boolean()], { error: () => "is no text." }).transform(String);

const addon = z.union([
  z.string().transform((plan) => ({ plan, as: undefined, options: undefined })),
  z.object({
    plan: z.string(),
    as: z.string().optional(),
    options: z.object({ version: text.optional() }).optional(),
  }),
]);

/** What an app.json says of its application's needs. Source: "app.json Schema", Heroku Dev Center, 3 December 2024. */
const manifest = z.object({
  name: z.string().optional(),
  env: z
    .record(
      z.string(),
      z.union(
        [
          text.transform((value) => ({ value, required: undefined, generator: undefined })),
          z.object({ value: text.optional(), required: z.boolean().optional(), generator: text.optional() }),
        ],
        { error: () => 'is neither a value nor a description of one, as { "value": "production" }.' },
      ),
    )
    .default({}),
  formation: z
    .record(z.string(), z.object({ quantity: z.int().min(0).optional(), size: z.string().optional() }))
    .default({}),
  addons: z.array(addon).default([]),
  stack: z.string().optional(),
  buildpacks: z.array(z.unknown()).default([]),
  scripts: z.object({ postdeploy: z.unknown() }).partial().default({}),
});

type Manifest = z.output<typeof manifest>;
type Addon = Manifest["addons"][number];

/** The texts of an application's files, of which each may be missing. */
export interface HerokuFiles {
  readonly appJson?: string | undefined;
  readonly procfile?: string | undefined;
  readonly herokuYml?: string | undefined;
}

/** What a person says beside the files. */
export interface HerokuOptions {
  readonly port: number;
  readonly health?: string | undefined;
  readonly origin?: string | undefined;
  readonly domain?: string | undefined;
}

/**
 * An application of Heroku's, by its app.json and its Procfile, or the heroku.yml that stands in for that.
 * @throws ImportError with everything that cannot be read
 */
export function readHeroku(files: HerokuFiles, options: HerokuOptions): Found {
  const { name = "", ...app } = parse(files.appJson ?? "{}");
  const yml = readYml(app, files);
  if (yml) {
    app.addons.push(...yml.addons.map((one) => ({ as: undefined, options: undefined, ...one })));
    app.env = { ...envOf(yml.config), ...app.env };
  }
  const { commands, mistakes } = commandsOf((!yml && files.procfile) || "");
  const { release = yml?.release, ...others } = commands;
  const running: Readonly<Record<string, string[] | undefined>> = yml?.commands ?? others;
  const types = [...new Set([...Object.keys(running), ...Object.keys(app.formation)])].filter(
    (type) => type !== "release",
  );
  const wrong = [...mistakes, ...checkTypes(types), ...checkSizes(app.formation)];
  if (wrong.length > 0) throw new ImportError(wrong);
  const addons = new Map(app.addons.map((one) => [one, addonName(one)]));
  const given = variablesOf(app, options);
  const shared = sharedBy(addons, given);
  const web = (type: string): ServiceProps =>
    type === "web" ? { port: options.port, ...(options.health && { health: options.health }) } : {};
  const names = types.length > 0 ? types : ["web"];
  const migrating = names.includes("web") ? "web" : names[0];
  const services = names.map((type): [string, ServiceProps] => {
    const { quantity, size } = app.formation[type] ?? {};
    const command = Object.hasOwn(running, type) ? running[type] : undefined;
    const dyno = size === undefined ? undefined : dynoSize(size);
    // Heroku tells every process its port by this variable, and only web is asked there.
    const config = { ...(type === "web" && { PORT: String(options.port) }), ...given.config };
    return [
      fitting(type),
      {
        ...web(type),
        ...(command && { command }),
        ...(quantity !== undefined && quantity !== 1 && { count: quantity }),
        ...(dyno && fargateSize(dyno)),
        ...shared,
        ...(Object.keys(config).length > 0 && { config }),
        ...(release && type === migrating && { migrations: release }),
      },
    ];
  });
  return {
    name,
    origin: options.origin,
    domain: options.domain,
    services: Object.fromEntries(services),
    database: databaseOf([...addons].filter(([, of]) => of === POSTGRES).map(([one]) => one)[0], given.urls),
    secrets: [...given.urls.slice(0, 1), ...given.secrets].map(
      (secret): Secret => ({ name: secret, printed: `heroku config:get ${secret}` }),
    ),
    before: "export HEROKU_APP=…",
    remarks: [
      ...remarksOnFiles(app, files, yml),
      ...remarksOn(app, addons, given),
      ...remarksOnCounts(names, app),
    ],
  };
}

/** Heroku reads it where an app's stack is that of containers. */
const readYml = ({ stack = CONTAINERS }: Pick<Manifest, "stack">, { herokuYml }: HerokuFiles) =>
  herokuYml === undefined || stack !== CONTAINERS ? undefined : readHerokuYml(herokuYml);

const envOf = (config: HerokuYml["config"]): Manifest["env"] =>
  Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      { value, required: undefined, generator: undefined },
    ]),
  );

function* remarksOnFiles(
  { stack }: Manifest,
  { herokuYml, procfile }: HerokuFiles,
  yml: HerokuYml | undefined,
): Generator<string> {
  if (yml && procfile !== undefined)
    yield "The Procfile is left out: beside a heroku.yml Heroku runs what that says.";
  if (!yml && herokuYml !== undefined)
    yield `heroku.yml is left out: the stack in app.json is ${stack}, and Heroku reads it for ${CONTAINERS} alone.`;
  yield* yml?.remarks ?? [];
}

const CONTAINERS = "container";
const POSTGRES = "heroku-postgresql";
const REDIS = "heroku-redis";

const addonName = ({ plan }: Addon): string => plan.split(":")[0] ?? plan;

function parse(appJson: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(appJson.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new ImportError([`app.json is no JSON: ${(error as Error).message}.`]);
  }
  const parsed = manifest.safeParse(json, { reportInput: true });
  if (!parsed.success) throw new ImportError(fromIssues("app.json", parsed.error.issues));
  return parsed.data;
}

function* checkTypes(types: readonly string[]): Generator<Mistake> {
  const taken = new Map<string, string>();
  for (const type of types) {
    const name = fitting(type);
    const before = taken.get(name);
    if (name === "" || before !== undefined)
      yield {
        path: "Procfile",
        message:
          before === undefined
            ? `${show(type)} makes no name of a service: it needs a letter. Rename it for this import.`
            : `${show(type)} and ${show(before)} would be one service, ${show(name)}: rename one of them for this import.`,
      };
    taken.set(name, type);
  }
}

function* checkSizes(formation: Manifest["formation"]): Generator<Mistake> {
  for (const [type, { size }] of Object.entries(formation)) {
    if (size === undefined || dynoSize(size)) continue;
    const instead = meant(size, dynoSizes);
    yield {
      path: `app.json.formation.${type}.size`,
      message: `${show(size)} is no dyno that is known; ${instead ? `${show(instead)} is` : `there are ${dynoSizes.join(", ")}`}.`,
    };
  }
}

interface Given {
  readonly config: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  /** Variables that hold the URL of the application's Postgres. */
  readonly urls: readonly string[];
  /** Variables that hold the URL of its Redis. */
  readonly redis: readonly string[];
  readonly optional: readonly string[];
  readonly unfit: readonly string[];
}

/** The application's variables by what becomes of each: add-ons set some that no file names. */
function variablesOf({ env, addons }: Manifest, { origin, domain }: HerokuOptions): Given {
  const config: Record<string, string> = {};
  const secrets: string[] = [];
  const optional: string[] = [];
  const unfit: string[] = [];
  const set = (name: string) =>
    addons
      .filter((one) => addonName(one) === name)
      .map(({ as }, index) => {
        const usual = name === POSTGRES ? "DATABASE" : "REDIS";
        return `${(as ?? (index === 0 ? usual : "")).toUpperCase()}_URL`;
      })
      .filter((one) => one !== "_URL");
  const [urls, redis] = [new Set(set(POSTGRES).slice(0, 1)), new Set(set(REDIS).slice(0, 1))];
  secrets.push(...set(POSTGRES).slice(1), ...set(REDIS).slice(1));
  for (const [name, { value, required, generator }] of Object.entries(env)) {
    if (!variable.safeParse(name).success) unfit.push(name);
    else if (urls.has(name) || redis.has(name) || secrets.includes(name) || name === "PORT") continue;
    else if (isPostgres(name, value)) urls.add(name);
    else if (value === undefined && required === false) optional.push(name);
    else if (value === undefined || generator !== undefined || maybeSecret(name, value)) secrets.push(name);
    else config[name] = ownAddress(value, [origin, domain && `https://${domain}`]);
  }
  return { config, secrets, urls: [...urls], redis: [...redis], optional, unfit };
}

/** What every process type is given: Heroku gives all of them all. */
function sharedBy(addons: ReadonlyMap<Addon, string>, { secrets, urls, redis }: Given): ServiceProps {
  const hasRedis = [...addons.values()].includes(REDIS);
  return {
    ...(secrets.length > 0 && { secrets: [...secrets] }),
    ...(urls.length > 0 && { database: [...urls] }),
    ...(hasRedis && { uses: { cache: { type: "valkey", variable: redis[0] } } }),
  };
}

/** A Postgres as the add-on's options ask for it, as far as RDS has its version. */
function databaseOf(one: Addon | undefined, urls: readonly string[]): DatabaseProps | undefined {
  if (one === undefined && urls.length === 0) return undefined;
  const version = one?.options?.version;
  return version !== undefined && postgresMajors.includes(version) ? { engineVersion: version } : {};
}

function* remarksOn(app: Manifest, addons: ReadonlyMap<Addon, string>, given: Given): Generator<string> {
  const version = app.addons.find((one) => addonName(one) === POSTGRES)?.options?.version;
  if (version !== undefined && !postgresMajors.includes(version))
    yield `Postgres ${version} is not on RDS, which has ${postgresMajors.join(", ")}: read what a newer one changes.`;
  if (given.urls.length > 1)
    yield `${given.urls.join(" and ")} hold one URL, that of the one database: where they are two, put the other under secrets.`;
  if (given.redis.length > 0)
    yield "cache begins empty and is the new environment's alone: while both sides serve, what one of them keeps there the other does not see.";
  const unnamed = [POSTGRES, REDIS].flatMap((of) =>
    app.addons.filter((one) => addonName(one) === of).filter(({ as }, index) => index > 0 && !as),
  );
  for (const { plan } of unnamed)
    yield `A second ${plan} has its URL in a variable that Heroku named (heroku config tells): put that under secrets.`;
  const others = [...addons].filter(([, of]) => of !== POSTGRES && of !== REDIS);
  for (const [{ plan, as }] of others)
    yield `The add-on ${plan} stays what it is: put the variables that it sets${as ? ` (${as.toUpperCase()}_…)` : ""} under secrets, or do it another way (schedules, uses).`;
  for (const name of given.optional)
    yield `${name} may be unset, and no value is known: where it is set, put it under secrets.`;
  for (const name of given.unfit) yield `${show(name)} is no name for a variable here, and is left out.`;
  if (app.scripts.postdeploy !== undefined)
    yield "scripts.postdeploy is left out: it runs once in a new app of Heroku's. npx slipway run does such a thing once.";
  if (app.buildpacks.length > 0)
    yield "A service runs an image: write a Dockerfile for what the buildpacks did, without an ENTRYPOINT, since each command stands here.";
}

/** A formation that says nothing of a type that runs. */
function* remarksOnCounts(types: readonly string[], { formation }: Manifest): Generator<string> {
  const silent = types.filter((type) => type !== "web" && formation[type]?.quantity === undefined);
  if (silent.length > 0)
    yield `How many of ${silent.join(", ")} run is in no file: one here; heroku ps tells, and count says it.`;
}
