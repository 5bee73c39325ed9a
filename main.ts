import { join } from "node:path";
import { context } from "./cdktf.json";
import { synthesize } from "./modules/app";
import { ConfigurationError } from "./modules/mistakes";

try {
  synthesize(join(__dirname, "environments"), context);
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
