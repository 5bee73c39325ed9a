import { readdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { App } from "cdktf";
import { accountOf, accountsOf, checkAccounts, checkFirst, releasesOf } from "./account";
import type { AppRunnerFile } from "./app-runner";
import { AppRunnerEnvironment } from "./app-runner/environment";
import { resolveAppRunner } from "./app-runner/resolve";
import { Bootstrap } from "./bootstrap/bootstrap";
import { checkBoundaries } from "./bootstrap/boundary";
import { checkRefs, checkRepositories, guestsOf, isShared, repositoriesOf } from "./bootstrap/repositories";
import type { EnvironmentFile } from "./environment";
import type { AnyEnvironment } from "./environment/any";
import { Environment } from "./environment/environment";
import { resolve } from "./environment/resolve";
import { checkTogether, type Source, withPeers } from "./environment/together";
import { unknownNames, unknownRegion } from "./environment/unknown-names";
import { ConfigurationError, type Mistake } from "./mistakes";
import { type ResolvedProject, resolveProject } from "./project";
import { withPlainValuesTakenOver } from "./plain-values";
import type { Project } from "./stack";
import { withoutTokenTraces } from "./traces";

/** An environment file that could be read. */
interface Read {
  /** The file's name without the folder: `staging.ts`. */
  readonly file: string;
}

export type LoadedEnvironment = EnvironmentFile & Read;
export type Loaded = LoadedEnvironment | (AppRunnerFile & Read);

/** What a folder of environment files holds, and what is wrong with those that cannot be read. */
export interface Files {
  readonly files: readonly Loaded[];
  readonly mistakes: readonly Mistake[];
}

/** Reads every environment file of a folder, broken ones beside whole ones. */
export function loadEnvironmentFiles(folder: string): Files {
  const mistakes: Mistake[] = [];
  const files: Loaded[] = [];
  const names = list(folder);
  if (names.length === 0) {
    const message = "holds no environment; copy one: environments/staging.ts makes staging.";
    return { files, mistakes: [{ path: folder, message }] };
  }
  for (const file of names) {
    try {
      const exported = require(join(folder, file)).default as EnvironmentFile | AppRunnerFile | undefined;
      if (typeof exported?.props === "object" && exported.props !== null) files.push({ file, ...exported });
      else {
        const message = "exports no environment; write: export default environment({ … }).";
        mistakes.push({ path: file, message });
      }
    } catch (error) {
      mistakes.push({ path: file, message: `cannot be loaded: ${reason(error, folder)}` });
    }
  }
  return { files, mistakes };
}

/**
 * Makes a stack of each environment in a folder, and one of what they share, and writes them all to cdktf.out, or none.
 * @param warn is told of each name that is not known here, in one line
 * @param context that of cdktf.json; another one in CDKTF_CONTEXT_JSON, as cdktf's command line sets it, goes before it
 * @returns the folder with the stacks
 * @throws ConfigurationError with every mistake in every file, before anything is written
 */
export function synthesize(folder: string, context: unknown, warn: (line: string) => void): string {
  return withoutTokenTraces(() => {
    const given = process.env.CDKTF_CONTEXT_JSON;
    const { project, mistakes } = resolveProject(given ? JSON.parse(given) : context);
    const configured = configure(loadEnvironmentFiles(folder), project?.account, mistakes);
    if (project === undefined) throw new ConfigurationError(mistakes);
    const app = new App();
    const environments = construct(app, configured, project);
    const bootstraps = addBootstraps(app, project, environments);
    const unknown = [
      ...bootstraps.flatMap(({ place, configuration }) => [
        ...unknownRegion(`cdktf.json.context.${place}.region`, configuration.region),
      ]),
      ...environments.flatMap(({ configuration }) => [...unknownNames(configuration)]),
    ];
    for (const { path, message } of unknown) warn(`${path}: ${message}`);
    // What one file's second argument is given leads to all stacks.
    if (configured.every(({ extend }) => extend === undefined))
      for (const stack of [...environments, ...bootstraps]) stack.trustReferences();
    withPlainValuesTakenOver(() => app.synth());
    return app.outdir;
  });
}

/** Makes a stack of each environment. Otherwise as `synthesize`, but for the writing. */
export function constructEnvironments(
  app: App,
  files: readonly Loaded[],
  project: Project,
): AnyEnvironment[] {
  return construct(app, configure({ files, mistakes: [] }, project.account), project);
}

/**
 * Adds the stack of what these environments share: one in each of their accounts.
 * @throws ConfigurationError where they ask more of it than AWS gives
 */
export function addBootstraps(
  app: App,
  project: ResolvedProject,
  environments: readonly AnyEnvironment[],
): Bootstrap[] {
  const configurations = environments.map((environment) => environment.configuration);
  const further = Object.entries(project.accounts);
  if (!project.bootstrap && further.every(([, { bootstrap }]) => !bootstrap)) return [];
  const named = further.map(([account]) => account);
  const whole = { ...project, account: accountOf(configurations, project.account) };
  const wanted = accountsOf(configurations, project.account, named).flatMap((account) => {
    const { bootstrap = project.bootstrap } = project.accounts[account ?? ""] ?? {};
    return bootstrap ? { bootstrap, account } : [];
  });
  const mistakes = [
    ...wanted.flatMap(({ bootstrap, account }) => {
      const there = configurations.filter(({ account: own = whole.account }) => own === account);
      const home = releasesOf(whole, account) ?? { region: bootstrap.region };
      const guests = guestsOf(whole, configurations, account);
      const names = there.map(({ name }) => name);
      const releases = repositoriesOf(there, home, guests).filter(isShared);
      return [
        ...checkRepositories(there, home, guests),
        ...(bootstrap.github ? checkBoundaries(whole.project, names, releases) : []),
      ];
    }),
    ...checkFirst(configurations, project.account),
    // Further accounts have those of the context, too: each is told once.
    ...checkRefs(
      configurations,
      Object.assign({}, ...wanted.map(({ bootstrap: { github } }) => (github ? github.refs : undefined))),
    ),
  ];
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return wanted.map(({ bootstrap, account }) => new Bootstrap(app, bootstrap, whole, environments, account));
}

type Configured = Source & Pick<Loaded, "extend">;

function configure(read: Files, home: string | undefined, others: readonly Mistake[] = []): Configured[] {
  const mistakes = [...others, ...read.mistakes];
  const sources: Configured[] = [];
  const broken = new Set<string>(read.mistakes.map(({ path }) => nameOf(path)));
  for (const loaded of read.files) {
    const name = nameOf(loaded.file);
    const resolved =
      "platform" in loaded ? resolveAppRunner(loaded.props, name) : resolve(loaded.props, name);
    mistakes.push(...resolved.mistakes);
    if (resolved.configuration) sources.push({ ...loaded, configuration: resolved.configuration });
    else broken.add(loaded.props.name ?? name);
  }
  mistakes.push(...checkTogether(sources, broken, home));
  // Where cdktf.json is wrong itself, what it would have said is not known.
  if (others.length === 0)
    mistakes.push(
      ...checkAccounts(
        sources.map(({ configuration }) => configuration),
        home,
      ),
    );
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  const configurations = withPeers(sources.map(({ configuration }) => configuration));
  return configurations.map((configuration, index) => ({ ...sources[index], configuration }) as Configured);
}

function construct(app: App, configured: readonly Configured[], said: Project): AnyEnvironment[] {
  const mistakes: Mistake[] = [];
  const all = configured.map(({ configuration }) => configuration);
  // Where files alone name an account, it is the first all the same: its bucket and its releases are the context's.
  const project = { ...said, account: accountOf(all, said.account) };
  const environments = configured.map(({ file, configuration, extend }) => {
    const environment =
      "cluster" in configuration
        ? new Environment(app, configuration, project)
        : new AppRunnerEnvironment(app, configuration, project);
    try {
      // What a file describes is what its second argument is given.
      (extend as ((environment: AnyEnvironment) => void) | undefined)?.(environment);
    } catch (error) {
      mistakes.push({ path: file, message: `the second argument fails: ${reason(error)}` });
    }
    return environment;
  });
  mistakes.push(
    ...environments.flatMap((one) =>
      one instanceof Environment ? Object.values(one.services).flatMap(({ mistakes }) => mistakes) : [],
    ),
  );
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return environments;
}

/** The environment that a file makes, unless it says otherwise. */
const nameOf = (file: string) => basename(file).replace(/\.[cm]?[jt]s$/, "");

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => /\.[cm]?[jt]s$/.test(file) && !file.endsWith(".d.ts"))
      .sort();
  } catch {
    return [];
  }
}

/**
 * What was thrown, in one line, and where in a person's own file.
 * @param folder that of the environment files
 */
function reason(error: unknown, folder = "/"): string {
  if (!(error instanceof Error)) return String(error);
  const place = /\(?(\/[^()\s]*\/environments\/[^()\s]+:\d+:\d+)\)?/.exec(error.stack ?? "")?.[1];
  // A syntax error is told below a heading: "Transform failed with 1 error:".
  const [heading = "", detail = ""] = error.message.split("\n");
  const [, file, said] = /^(.+:\d+:\d+): ERROR: (.*)$/.exec(detail) ?? [];
  if (file !== undefined) return `${said} (${relative(folder, file).replace(/^\.\.\//, "")})`;
  return `${heading}${place ? ` (${basename(place)})` : ""}`;
}
