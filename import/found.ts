import type { DatabaseProps } from "../modules/database/props";
import type { Mistake } from "../modules/mistakes";
import type { ServiceProps } from "../modules/service/props";

/** A variable whose value no file gets: a person sets it. */
export interface Secret {
  readonly name: string;
  /** A command for a shell that prints the value where it is now. */
  readonly printed: string;
}

/** What a platform says of an application that runs there, in the words of an environment's file. */
export interface Found {
  /** The platform's own name for it. */
  readonly name: string;
  /** The region of AWS that it runs in, where the platform tells. */
  readonly region?: string | undefined;
  /** The ECR repository of its images, where it has one. */
  readonly repository?: string | undefined;
  /** The address that the platform gave it, with https://. */
  readonly origin?: string | undefined;
  /** The host name of its own that it is served at. */
  readonly domain?: string | undefined;
  readonly services: Readonly<Record<string, ServiceProps>>;
  /** Postgres, where services are given the URL of one: its version, where that is known. */
  readonly database?: Pick<DatabaseProps, "engineVersion"> | undefined;
  readonly secrets: readonly Secret[];
  /** A line before the commands that print secrets, which they need. */
  readonly before?: string | undefined;
  /** What could not be taken over, and what a person decides: a sentence each. */
  readonly remarks: readonly string[];
}

/** Why nothing was written: each mistake with its place. */
export class ImportError extends Error {
  override name = "ImportError";

  constructor(mistakes: readonly (Mistake | string)[]) {
    const lines = mistakes.map((one) => (typeof one === "string" ? one : `${one.path}: ${one.message}`));
    super(`Nothing was written.\n\n${lines.map((line) => `  ${line}`).join("\n")}\n`);
  }
}

/** A name that services and environments may have, made of another: lower case, hyphens for all else. */
export const fitting = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-+$/g, "");
