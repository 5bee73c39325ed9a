import { readFileSync } from "node:fs";
import { join } from "node:path";
import prod from "./environments/prod";
import staging from "./environments/staging";

/**
 * The environment files that the project ships. Tests of how Slipway works use these copies, so that whoever changes their
 * own environments changes no test but the list of addresses.
 */
export const shipped = { staging, prod };

/** The text of one of them, as it stands in environments/. */
export const sourceOf = (name: keyof typeof shipped) =>
  readFileSync(join(__dirname, "environments", `${name}.ts`), "utf8");
