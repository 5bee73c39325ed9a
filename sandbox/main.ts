/**
 * The sandbox: any command, with AWS stood in for.
 *
 *   npx slipway sandbox npx cdktf plan staging
 *   npx slipway sandbox npx cdktf apply staging prod --auto-approve
 *   npx slipway sandbox terraform -chdir=infra plan
 *   npx slipway sandbox sh
 *
 * The real terraform (or tofu) plans and applies; only the AWS provider is replaced, by a server that this process runs
 * and that Terraform finds through TF_REATTACH_PROVIDERS. SDKs and the AWS CLI find stand-in endpoints through
 * AWS_ENDPOINT_URL (sandbox/api), behind which what was applied runs (sandbox/engine, .sandbox/runtime.json). Its schemas come from the installed provider bindings
 * (sandbox/schema), its knowledge of AWS from sandbox/aws, and what it creates lives in .sandbox/world.json
 * (sandbox/world.ts). Credentials and AWS settings are kept away from the command (sandbox/command/isolation.ts), and
 * configured backends lead into the sandbox (sandbox/command/shim.ts); exit code, terminal and signals are the command's own.
 */
import { enterAccount, openSandbox } from "./command/open";
import { HELP } from "./command/help";
import { parseOptions, UsageError } from "./command/options";
import { run } from "./command/run";
import { show } from "./command/world-options";
import { DamagedFile } from "./files";
import { USAGE } from "../terminal/exit-codes";

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const place = { folder: process.cwd(), environment: process.env, stderr: process.stderr };
  const world = await enterAccount(options, place);
  if (options.show) await print(show(world, options.show.type, options.json));
  if (options.command.length === 0) return 0;
  const sandbox = await openSandbox(world, options, place);
  try {
    return await run(options.command, sandbox.environment);
  } finally {
    await sandbox.close();
  }
}

/** Prints all of a text: a pipe takes some of it later, and this process ends by itself. */
async function print(text: string): Promise<void> {
  // Whoever reads may have had enough, as `head` has.
  process.stdout.on("error", () => {});
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
}

/** What a person can do something about is a sentence; a mistake of the sandbox is a trace. */
function told(error: unknown): string {
  if (error instanceof UsageError) return `${error.message} (--help shows examples)`;
  if (error instanceof DamagedFile) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`sandbox: ${told(error)}\n`);
    process.exit(error instanceof UsageError ? USAGE : 1);
  },
);
