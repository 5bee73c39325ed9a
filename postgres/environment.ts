import { parse } from "node:path";
import { loadEnvironmentFiles } from "../modules/app";
import { resolveAppRunner } from "../modules/app-runner/resolve";
import type { AnyConfiguration } from "../modules/environment/any";
import { resolve } from "../modules/environment/resolve";
import { ConfigurationError } from "../modules/mistakes";
import { meant } from "../modules/similar";
import { known } from "./engine";

/** A mistake in what was asked for, in words for the person who asked. */
export class CommandError extends Error {
  override name = "CommandError";
}

/**
 * What an environment's file describes, wherever its services run. Mistakes in other files do not matter.
 * @throws CommandError when there is no such environment
 * @throws ConfigurationError when its file has mistakes
 */
export function configurationOf(folder: string, environment: string): AnyConfiguration {
  const { files, mistakes } = loadEnvironmentFiles(folder);
  const broken = mistakes.filter(({ path }) => parse(path).name === environment);
  if (broken.length > 0) throw new ConfigurationError(broken);
  const named = files.map((file) => ({ ...file, name: file.props.name ?? parse(file.file).name }));
  const found = named.find(({ name }) => name === environment);
  if (!found) {
    const names = named.map(({ name }) => name);
    const near = meant(environment, names);
    throw new CommandError(
      `"${environment}" is no environment in environments/; there are: ${names.join(", ") || "none"}.${near ? ` Did you mean ${near}?` : ""}`,
    );
  }
  const { configuration, mistakes: own } =
    "platform" in found ? resolveAppRunner(found.props, environment) : resolve(found.props, environment);
  if (!configuration) throw new ConfigurationError(own);
  return configuration;
}

/**
 * The database that an environment's file describes.
 * @throws CommandError when there is no such environment, or no database in it
 * @throws ConfigurationError when its file has mistakes
 */
export function databaseOf(folder: string, environment: string): NonNullable<ReturnType<typeof known>> {
  const configuration = configurationOf(folder, environment);
  if (!("database" in configuration))
    throw new CommandError(
      `${environment} is on App Runner, and its database elsewhere: none is made of it here.`,
    );
  const { database } = configuration;
  if (database === false)
    throw new CommandError(`${environment} has no database: its file says database: false.`);
  const found = known(database);
  if (!found)
    throw new CommandError(
      `${environment} has a database that is elsewhere, and its file says no version of it: say engineVersion beside url.`,
    );
  return found;
}
