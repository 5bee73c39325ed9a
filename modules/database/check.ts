import type { Mistake } from "../mistakes";
import type { DatabaseConfiguration } from "./props";

/** What the options of a database cannot be together. Paths are relative to the environment. */
export function* checkDatabase({
  use,
  also,
  replicas,
  backupDays,
  storage,
  maxStorage,
}: DatabaseConfiguration): Generator<Mistake> {
  if (use === "external" && also === undefined) {
    yield {
      path: "database.use",
      message:
        '"external" is a database that there is not: say also: "external", or leave it out for the one that the environment makes.',
    };
  }
  if (replicas > 0 && backupDays === 0) {
    yield {
      path: "database.backupDays",
      message:
        "0 leaves nothing to make a replica from, and replicas is 1; say 1 day at least, or replicas: 0.",
    };
  }
  if (maxStorage !== false && maxStorage < storage * 1.1) {
    yield {
      path: "database.maxStorage",
      message: `${maxStorage} is less than a tenth above storage (${storage}), which RDS asks for; raise it, or say false.`,
    };
  }
}
