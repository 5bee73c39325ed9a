/**
 * npm run try:tofu: the tests in which Terraform runs for real, with OpenTofu in its place. Where it is not installed,
 * that is said, and nothing fails: `--required`, as CI has it, makes that an error.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { INSTALL } from "../terraform/binaries";

const ROOT = join(__dirname, "..");

/** Plans, applies, states and what is said of them: all that reads a word of Terraform's. */
const TESTS = [
  "__tests__/terraform/",
  "__tests__/plan/",
  "__tests__/sandbox/",
  "__tests__/sandbox-api/applied.test.ts",
];

function main(args: string[]) {
  const { values } = parseArgs({ args, options: { required: { type: "boolean", default: false } } });
  const binary = "tofu";
  const { stdout, error } = spawnSync(binary, ["version"], { encoding: "utf8" });
  if (error) {
    console.log(`– not run: OpenTofu: there is no ${binary} on the PATH: ${INSTALL}`);
    process.exitCode = values.required ? 1 : 0;
    return;
  }
  console.log(stdout.split("\n")[0]);
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const env = { ...process.env, TERRAFORM_BINARY_NAME: binary };
  const { status } = spawnSync(process.execPath, [vitest, "run", ...TESTS], {
    cwd: ROOT,
    env,
    stdio: "inherit",
  });
  process.exitCode = status ?? 1;
}

main(process.argv.slice(2));
