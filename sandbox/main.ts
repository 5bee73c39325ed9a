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
import { sandboxCommand } from "./command/command";
import { run } from "./command/run";

/** Prints all of a text: a pipe takes some of it later, and this process ends by itself. */
async function print(text: string): Promise<void> {
  // Whoever reads may have had enough, as `head` has.
  process.stdout.on("error", () => {});
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
}

const place = { folder: process.cwd(), environment: process.env, stderr: process.stderr, print };
/** The promise that settles once the command has ended. */
export const ended = sandboxCommand(process.argv.slice(2), place, run).then((code) => process.exit(code));
