import type { Database } from "../database/database";
import type { DatabaseProps } from "../database/props";
import type { ServiceProps } from "../service/props";
import type { Environment } from "./environment";
import type { EnvironmentProps, Preset } from "./props";

export { light, production, small } from "./presets";
export type { EnvironmentProps, Preset } from "./props";

/** What an environment file exports. */
export interface EnvironmentFile {
  readonly props: EnvironmentProps;
  readonly extend?: (environment: Environment) => void;
}

type Written = EnvironmentProps["database"];

/** What an environment is of the database that is written so: by itself, or in the preset where nothing is written. */
type Made<Own, Under> = [Own] extends [undefined] ? MadeOf<Under> : MadeOf<Own>;
type MadeOf<Own> = Own extends false | { readonly url: string } ? undefined : Database;

declare const noSuchOption: unique symbol;
/** What no value is, in place of an option that there is not. */
interface NoSuchOption {
  readonly [noSuchOption]: never;
}

/** Refuses what is no option of a database that is made: a type that is inferred is not held to its options otherwise. */
type Known<Own> = Own extends object
  ? { readonly [Key in Exclude<keyof Own, keyof DatabaseProps | "url">]: NoSuchOption }
  : unknown;

/** What a file says, with what its second argument is to know: the services by name, and whether there is a database. */
type Said<Name extends string, Own, Under> = EnvironmentProps & {
  readonly preset?: { readonly database?: Under } | undefined;
  readonly services?: { readonly [Each in Name]: ServiceProps } | undefined;
  readonly database?: (Own & Known<Own>) | undefined;
};

/**
 * Describes an environment: the default export of a file in environments/.
 *
 * @param extend the way out of every default: it gets the finished environment, whose resources are public, and may
 * change any of them (`staging.database.instance.addOverride("iops", 6000)`) or add its own beside them, and give
 * those to a service: `staging.services.web.environment("QUEUE_URL", queue.url)`, see docs/own-resources.md. A service that the
 * first argument does not name is an error, here and when it runs, and so is the database where it makes none.
 */
export function environment(props: EnvironmentProps): EnvironmentFile;
export function environment<
  const Name extends string = never,
  const Own extends Written = undefined,
  const Under extends Preset["database"] = undefined,
>(
  props: Said<Name, Own, Under>,
  extend: ((environment: Environment<Name, Made<Own, Under>>) => void) | undefined,
): EnvironmentFile;
export function environment(props: EnvironmentProps, extend?: (environment: never) => void): EnvironmentFile {
  return { props, ...(extend && { extend: extend as NonNullable<EnvironmentFile["extend"]> }) };
}
