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
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import pc from "picocolors";
import { beganEmpty, startAccount, startEmptyAccount } from "./aws/account";
import { Accounts } from "./command/accounts";
import { HELP } from "./command/help";
import { isolatedEnvironment } from "./command/isolation";
import { Notes } from "./command/notes";
import { type Options, parseOptions, UsageError } from "./command/options";
import { DamagedFile } from "./files";
import { run } from "./command/run";
import { writeShim } from "./command/shim";
import { checkVersion } from "./command/version";
import { applyByHand, show } from "./command/world-options";
import { USAGE } from "../terminal/exit-codes";
import { ACCOUNT, folderOf, forgetWorld, World } from "./world";
import { Access } from "./iam/access";
import { rolesIn } from "./iam/principals";

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const project = projectFolder(process.cwd());
  const folder = join(project, ".sandbox");
  if (options.reset) forgetWorld(folder);
  const start = options.empty ? startEmptyAccount : startAccount;
  const worldOf = (account: string) => new World(folderOf(folder, account), start, account);
  const isThere = (account: string) => account === ACCOUNT || existsSync(folderOf(folder, account));
  const world = worldOf(options.account ?? ACCOUNT);
  world.check();
  if (options.empty) await beginEmpty(world);
  const colors = pc.createColors(Boolean(process.stderr.isTTY) && !process.env.NO_COLOR);
  process.stderr.write(
    colors.cyan(`sandbox: no real AWS, stand-in account ${world.account}, world in ${world.folder}\n`),
  );
  await applyByHand(world, options);
  if (options.images.length > 0) await push(world, options);
  if (options.show) await print(show(world, options.show.type, options.json));
  if (options.command.length === 0) return 0;
  // A role is of one account.
  const signedIn = options.account === undefined && options.as === undefined;
  return runInside(world, { worldOf, isThere, signedIn }, project, options);
}

/** Accounts beside the one that a command is signed in to. */
interface Others {
  worldOf(account: string): World;
  /** Whether anything was made there. */
  isThere(account: string): boolean;
  /** Whether the credentials are not those of one account alone. */
  readonly signedIn: boolean;
}

/** Writes the empty world, so that it stays so for later commands. */
async function beginEmpty(world: World): Promise<void> {
  if (!beganEmpty(world))
    throw new UsageError(
      `--empty begins a world, and ${world.folder} has one: add --reset to forget that one`,
    );
  await world.change(() => {});
}

async function runInside(
  world: World,
  { worldOf, isThere, signedIn }: Others,
  project: string,
  options: Options,
): Promise<number> {
  const folder = join(project, ".sandbox");
  const shim = writeShim(folder, process.env);
  await checkVersion(shim.real);
  // Loaded only now: reading the gRPC library takes longer than all the rest, and --show needs none of it.
  const { serveProvider } = require("./provider/server") as typeof import("./provider/server");
  const folders = () => [join(project, "cdktf.out", "stacks"), join(folder, "stacks"), join(folder, "state")];
  const { startApi } = require("./api/command") as typeof import("./api/command");
  const { Assumptions } = require("./provider/assumptions") as typeof import("./provider/assumptions");
  const assumptions = options.assume ? new Assumptions(join(folder, "assumed.json")) : undefined;
  const access = options.as === undefined ? undefined : accessOf(world, options.as);
  const accounts = signedIn ? new Accounts(folder) : undefined;
  const elsewhere =
    accounts &&
    ((account: string) => {
      accounts.add(account);
      return worldOf(account);
    });
  const provider = await serveProvider({ world, elsewhere, folders, assumptions, access });
  process.once("exit", () => provider.close());
  const notes = new Notes(process.stderr);
  const api = await startApi(world, options.speed, notes.say, access, {
    worldOf: (account) => (isThere(account) ? worldOf(account) : undefined),
    signedIn,
  });
  accounts?.open(api.accessKey);
  notes.hold();
  try {
    const { reattach } = provider;
    const isolation = { ...shim, world: world.folder, reattach, api, accounts, assumed: assumptions?.file };
    return await run(options.command, isolatedEnvironment(process.env, isolation));
  } finally {
    notes.release();
    if (assumptions) process.stderr.write(assumptions.text);
    await api.close();
    provider.close();
  }
}

/** The role that the command acts as. */
function accessOf(world: World, name: string): Access {
  const roles = rolesIn(world).map((role) => role.name);
  if (roles.includes(name)) return new Access(world, name);
  const there =
    roles.length > 0 ? `there are ${roles.sort().join(", ")}` : "there is none yet: apply bootstrap first";
  throw new UsageError(`--as: the account has no role ${name}; ${there}`);
}

/** Prints all of a text: a pipe takes some of it later, and this process ends by itself. */
async function print(text: string): Promise<void> {
  // Whoever reads may have had enough, as `head` has.
  process.stdout.on("error", () => {});
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()));
}

async function push(world: World, options: Options): Promise<void> {
  const { pushFolders, ImageError } = require("./api/command") as typeof import("./api/command");
  try {
    await pushFolders(world, options.images);
  } catch (error) {
    throw error instanceof ImageError ? new UsageError(error.message) : error;
  }
}

/** The nearest folder above with a cdktf.json, or else the current one. */
function projectFolder(from: string): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "cdktf.json"))) return folder;
    if (folder === dirname(folder)) return resolve(from);
  }
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
