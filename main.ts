import { readFileSync } from "node:fs";
import { join } from "node:path";
import { open, plain, reportOn } from "./guardrails";
import { synthesize } from "./modules/app";
import { ConfigurationError } from "./modules/mistakes";

try {
  const { context } = JSON.parse(readFileSync("cdktf.json", "utf8"));
  const report = reportOn([synthesize(join(__dirname, "environments"), context)]);
  // Said here, refused by npm run guardrails: a finding must not keep anybody from mending what burns.
  if (open(report).length + report.quotas.length > 0) console.error(plain(report));
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
