import type { HandWritten } from "../hand-written";

/** What a service is given of its database, whether the environment makes that or it is elsewhere. */
export interface Connection {
  /** What clients of libpq read, by variable, the password left out. */
  readonly variables: Readonly<Record<string, string>>;
  /** ARNs of all SecureStrings that tasks read, with or without the URL. */
  parameterArns(url: boolean): string[];
  /** ARNs of SecureStrings by the variable that gets their value, some of which hold the whole URL. */
  secretArns(urls: readonly string[]): Record<string, string>;
  /** The parameters among them that a person writes, by variable. */
  handWritten(urls: readonly string[]): Record<string, HandWritten>;
}

/** What one service is given of a connection. */
export interface Link {
  /** What clients of libpq read, by variable, the password left out. */
  readonly variables: Readonly<Record<string, string>>;
  /** ARNs of SecureStrings, by the variable that gets their value. */
  readonly secrets: Readonly<Record<string, string>>;
  /** ARNs of all SecureStrings that its tasks read. */
  readonly parameterArns: readonly string[];
  /** The parameters that a person writes, by variable. */
  readonly handWritten: Readonly<Record<string, HandWritten>>;
}

const NOTHING: Link = { variables: {}, secrets: {}, parameterArns: [], handWritten: {} };

/**
 * Links a service to a connection: all that it is given of it.
 * @param asked variables that are to hold the whole URL; false for a service without a database, which is given nothing
 */
export function linkTo(
  connection: Connection | undefined,
  asked: false | { readonly urls: readonly string[] },
): Link {
  if (connection === undefined || !asked) return NOTHING;
  return {
    variables: connection.variables,
    secrets: connection.secretArns(asked.urls),
    parameterArns: connection.parameterArns(asked.urls.length > 0),
    handWritten: connection.handWritten(asked.urls),
  };
}
