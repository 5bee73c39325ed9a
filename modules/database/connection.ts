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
