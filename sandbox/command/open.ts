import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import pc from "picocolors";
import { beganEmpty, startAccount, startEmptyAccount } from "../aws/account";
import { Access } from "../iam/access";
import { rolesIn } from "../iam/principals";
import { ACCOUNT, folderOf, forgetWorld, World } from "../world";
import { Accounts } from "./accounts";
import { isolatedEnvironment } from "./isolation";
import { Notes, type Out } from "./notes";
import { type Options, UsageError } from "./options";
import { writeShim } from "./shim";
import { checkVersion } from "./version";
import { applyByHand } from "./world-options";

/** Where somebody asks for a sandbox. */
export interface Place {
  /** The folder they stand in: the sandbox is that of the project around it. */
  readonly folder: string;
  /** Variables of the programs that run in it. */
  readonly environment: NodeJS.ProcessEnv;
  /** Takes the sandbox's own lines. */
  readonly stderr: Out;
}

/** Stand-ins that run until they are closed. */
export interface OpenSandbox {
  /** Variables with which a command finds them, and nothing of the real AWS. */
  readonly environment: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** The stand-in account that is signed in to, and what the options do there by hand. */
export async function enterAccount(options: Options, place: Place): Promise<World> {
  const { folder: from, environment, stderr } = place;
  const folder = sandboxOf(from);
  if (options.reset) forgetWorld(folder);
  const world = worldOf(folder, options);
  world.check();
  if (options.empty) await beginEmpty(world);
  const colors = pc.createColors(Boolean(stderr.isTTY) && !environment.NO_COLOR);
  stderr.write(
    colors.cyan(`sandbox: no real AWS, stand-in account ${world.account}, world in ${world.folder}\n`),
  );
  await applyByHand(world, options);
  if (options.images.length > 0) await push(world, options.images, place);
  return world;
}

/**
 * Starts what stands in for AWS on an account that was entered.
 * @throws UsageError where Terraform is not there or too old, or where the account has no such role
 */
export async function openSandbox(world: World, options: Options, place: Place): Promise<OpenSandbox> {
  const project = projectFolder(place.folder);
  const folder = sandboxOf(place.folder);
  const shim = writeShim(folder, place.environment);
  await checkVersion(shim.real);
  // Loaded only now: reading the gRPC library takes longer than all the rest, and --show needs none of it.
  const { serveProvider } = require("../provider/server") as typeof import("../provider/server");
  const folders = () => [join(project, "cdktf.out", "stacks"), join(folder, "stacks"), join(folder, "state")];
  const { startApi } = require("../api/command") as typeof import("../api/command");
  const { Assumptions } = require("../provider/assumptions") as typeof import("../provider/assumptions");
  const assumptions = options.assume ? new Assumptions(join(folder, "assumed.json")) : undefined;
  const access = options.as === undefined ? undefined : accessOf(world, options.as);
  // A role is of one account.
  const signedIn = options.account === undefined && options.as === undefined;
  const other = (account: string) => worldOf(folder, { ...options, account });
  const isThere = (account: string) => account === ACCOUNT || existsSync(folderOf(folder, account));
  const notes = new Notes(place.stderr);
  const api = await startApi(world, options.speed, notes.say, access, {
    worldOf: (account) => (isThere(account) ? other(account) : undefined),
    signedIn,
  });
  const accounts = signedIn ? new Accounts(folder, api.accessKey) : undefined;
  const elsewhere =
    accounts &&
    ((account: string) => {
      accounts.add(account);
      return other(account);
    });
  const provider = await serveProvider({ world, elsewhere, folders, assumptions, access });
  const leave = () => {
    provider.close();
    accounts?.close();
  };
  process.once("exit", leave);
  notes.hold();
  const { reattach } = provider;
  const isolation = { ...shim, world: world.folder, reattach, api, accounts, assumed: assumptions?.file };
  return {
    environment: isolatedEnvironment(place.environment, isolation),
    close: async () => {
      notes.release();
      if (assumptions) place.stderr.write(assumptions.text);
      await api.close();
      process.off("exit", leave);
      leave();
    },
  };
}

const sandboxOf = (folder: string) => join(projectFolder(folder), ".sandbox");

const worldOf = (folder: string, { account = ACCOUNT, empty }: Pick<Options, "account" | "empty">) =>
  new World(folderOf(folder, account), empty ? startEmptyAccount : startAccount, account);

/** The nearest folder above with a cdktf.json, or else the current one. */
function projectFolder(from: string): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "cdktf.json"))) return folder;
    if (folder === dirname(folder)) return resolve(from);
  }
}

/** Writes the empty world, so that it stays so for later commands. */
async function beginEmpty(world: World): Promise<void> {
  if (!beganEmpty(world))
    throw new UsageError(
      `--empty begins a world, and ${world.folder} has one: add --reset to forget that one`,
    );
  await world.change(() => {});
}

/** The role that the command acts as. */
function accessOf(world: World, name: string): Access {
  const roles = rolesIn(world).map((role) => role.name);
  if (roles.includes(name)) return new Access(world, name);
  const there =
    roles.length > 0 ? `there are ${roles.sort().join(", ")}` : "there is none yet: apply bootstrap first";
  throw new UsageError(`--as: the account has no role ${name}; ${there}`);
}

async function push(world: World, images: Options["images"], { folder: from, stderr }: Place): Promise<void> {
  const { pushFolders, ImageError } = require("../api/command") as typeof import("../api/command");
  const found = images.map((image) => ({ ...image, folder: resolve(from, image.folder) }));
  try {
    await pushFolders(world, found, new Notes(stderr).say);
  } catch (error) {
    throw error instanceof ImageError ? new UsageError(error.message) : error;
  }
}
