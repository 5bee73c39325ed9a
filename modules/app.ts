import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { App } from "cdktf";
import type { EnvironmentFile } from "./environment";
import { Environment } from "./environment/environment";
import { resolve } from "./environment/resolve";
import { checkTogether, type Source, withPeers } from "./environment/together";
import { ConfigurationError, type Mistake } from "./mistakes";
import type { Project } from "./stack";
import { withoutTokenTraces } from "./traces";

/** An environment file that could be read. */
export interface Loaded extends EnvironmentFile {
  /** Its name without the folder: `staging.ts`. */
  readonly file: string;
}

/**
 * Reads every environment file of a folder.
 * @throws ConfigurationError with each file that is broken or exports no environment
 */
export function load(folder: string): Loaded[] {
  const mistakes: Mistake[] = [];
  const loaded: Loaded[] = [];
  const files = list(folder);
  if (files.length === 0) {
    throw new ConfigurationError([
      { path: folder, message: "holds no environment; copy one: environments/staging.ts makes staging." },
    ]);
  }
  for (const file of files) {
    try {
      const exported = require(join(folder, file)).default as EnvironmentFile | undefined;
      if (typeof exported?.props === "object" && exported.props !== null) loaded.push({ file, ...exported });
      else
        mistakes.push({
          path: file,
          message: "exports no environment; write: export default environment({ … }).",
        });
    } catch (error) {
      mistakes.push({ path: file, message: `cannot be loaded: ${reason(error)}` });
    }
  }
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  return loaded;
}

/**
 * Makes a stack of each environment and writes them all to cdktf.out, or none.
 * @throws ConfigurationError as load and build do
 */
export function synthesize(folder: string, project: Project): void {
  const app = new App();
  withoutTokenTraces(() => {
    build(app, load(folder), project);
    app.synth();
  });
}

/**
 * Makes a stack of each environment.
 * @throws ConfigurationError with every mistake in every file, before the first resource is made
 */
export function build(app: App, files: readonly Loaded[], project: Project): Environment[] {
  const mistakes: Mistake[] = [];
  const sources: (Source & Loaded)[] = [];
  const broken = new Set<string>();
  for (const loaded of files) {
    const name = basename(loaded.file).replace(/\.[cm]?[jt]s$/, "");
    const resolved = resolve(loaded.props, name);
    mistakes.push(...resolved.mistakes);
    if (resolved.configuration) sources.push({ ...loaded, configuration: resolved.configuration });
    else broken.add(loaded.props.name ?? name);
  }
  mistakes.push(...checkTogether(sources, broken));
  if (mistakes.length > 0) throw new ConfigurationError(mistakes);
  const configurations = withPeers(sources.map(({ configuration }) => configuration));
  return configurations.map((configuration, index) => {
    const environment = new Environment(app, configuration, project);
    sources[index]?.extend?.(environment);
    return environment;
  });
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => /\.[cm]?[jt]s$/.test(file) && !file.endsWith(".d.ts"))
      .sort();
  } catch {
    return [];
  }
}

/** What was thrown, in one line, and where in a person's own file. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = /\(?(\/[^()\s]*\/environments\/[^()\s]+:\d+:\d+)\)?/.exec(error.stack ?? "")?.[1];
  // A syntax error is told below a heading: "Transform failed with 1 error:".
  const [heading = "", detail = ""] = error.message.split("\n");
  const line = heading.endsWith(":") ? detail.replace(/^.*?ERROR: /, "") : heading;
  return `${line}${place ? ` (${basename(place)})` : ""}`;
}
