import { readFileSync } from "node:fs";
import { join } from "node:path";
import { synthesize } from "./modules/app";
import { ConfigurationError } from "./modules/mistakes";

try {
  const { context } = JSON.parse(readFileSync("cdktf.json", "utf8"));
  synthesize(join(__dirname, "environments"), context);
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
