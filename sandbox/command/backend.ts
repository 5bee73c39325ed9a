/**
 * Decides where a configuration with an S3 backend keeps its state: a program of the shim's, which prints the override.
 *
 *   backend.ts <world> <source> <copy> <override for a local state> <arguments of terraform…>
 *
 * In its bucket, if the sandbox's world has that bucket: the real S3 backend runs, with its lock file, and finds the
 * stand-in endpoint through AWS_ENDPOINT_URL. Otherwise in a local state of the sandbox, so that whoever has a bucket can
 * plan without it. Settings that lead to other endpoints, credentials or roles never reach the backend.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bucketNamed } from "../aws/objects";
import { CONFIGURATION_FILE } from "../../terraform/binaries";
import { folderOf, World } from "../world";
import { hasProfile } from "./accounts";

type Settings = Record<string, string | number | boolean | string[]>;

/** Where the state lies, and how it is written and locked (Terraform, "Backend type: s3"). */
const HARMLESS =
  /^(bucket|key|region|workspace_key_prefix|use_lockfile|dynamodb_table|encrypt|kms_key_id|acl|max_retries|skip_\w+|allowed_account_ids|forbidden_account_ids)$/;

function main([folder = "", source = "", copy = "", local = "", ...args]: string[]): string {
  rmSync(join(copy, PROFILE), { force: true });
  const written = configured(source);
  if (!written) return local;
  const given = commandLine(source, args);
  const before = remembered(copy);
  const bucket = String(given.bucket ?? written.bucket ?? before?.bucket ?? "");
  const account = elsewhere(written);
  const world = account === undefined ? folder : folderOf(folder, account);
  // A bucket that was there and is gone is missed as AWS would: the state was in it.
  const real = bucketNamed(new World(world), bucket) ?? before?.bucket === bucket;
  const init = args[0] === "init";
  if (!real) {
    if (init) writeFileSync(join(copy, STAND_IN), "");
    return local;
  }
  if (init) {
    forgetStandIn(copy, local);
    if (Object.keys(given).length > 0)
      writeFileSync(join(copy, "sandbox.tfbackend.json"), JSON.stringify(given));
  }
  if (account !== undefined) writeFileSync(join(copy, PROFILE), account);
  return JSON.stringify({ terraform: { backend: { s3: written } } });
}

/** The profile that Terraform takes for the bucket. */
const PROFILE = "sandbox.profile";

/** The further account that the backend allows alone, where the command is signed in to it: its profile has that name. */
function elsewhere({ allowed_account_ids: allowed }: Settings): string | undefined {
  const [account, ...others] = Array.isArray(allowed) ? allowed : [];
  const isOne = account !== undefined && others.length === 0;
  return isOne && hasProfile(account, process.env) ? account : undefined;
}

/** There since an init that found no bucket. */
const STAND_IN = "sandbox.no-bucket";

/** The s3 block of the configuration. */
function configured(folder: string): Settings | undefined {
  const blocks = readdirSync(folder)
    .filter((name) => CONFIGURATION_FILE.test(name))
    .map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }))
    .map(({ name, text }) => (name.endsWith(".json") ? fromJson(text) : fromHcl(text)));
  return blocks.findLast((block) => block !== undefined);
}

function fromJson(text: string): Settings | undefined {
  const one = (value: unknown, name: string) =>
    [value ?? []].flat().flatMap((item) => (item as Record<string, unknown>)[name] ?? [])[0];
  const block = one(one(one(JSON.parse(text), "terraform"), "backend"), "s3");
  return block === undefined ? undefined : harmless(Object.entries(block));
}

function fromHcl(text: string): Settings | undefined {
  const [, rest] = withoutComments(text).split(/\bbackend\s+"s3"\s*\{/);
  if (rest === undefined) return undefined;
  let depth = 1;
  const end = [...rest].findIndex((letter) => {
    if (letter === "{") depth++;
    return letter === "}" && --depth === 0;
  });
  return assignments(rest.slice(0, end));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*.*?\*\//gs, "").replace(/(^|\s)(#|\/\/).*$/gm, "");
}

/** The plain values of an HCL body; those in nested blocks and maps are not its own. */
function assignments(body: string): Settings {
  const flat = body.replace(/\{[^{}]*\}/g, "{}");
  const found = flat.matchAll(/(\w+)\s*=\s*("(?:[^"\\]|\\.)*"|true|false|\d+|\[[\s",\d]*\])/g);
  return harmless([...found].map(([, name = "", value = ""]) => [name, JSON.parse(value)]));
}

/** What -backend-config says: `<name>=<value>`, or a file of such. */
function commandLine(source: string, args: readonly string[]): Settings {
  if (args[0] !== "init") return {};
  const values = args.flatMap((arg, at) => {
    const [option, joined] = /^--?backend-config(?:=(.*))?$/s.exec(arg) ?? [];
    return option === undefined ? [] : [joined ?? args[at + 1] ?? ""];
  });
  return Object.assign({}, ...values.map((value) => setting(source, value)));
}

function setting(source: string, value: string): Settings {
  const [, name, text] = /^([^=]*)=(.*)$/s.exec(value) ?? [];
  if (name !== undefined && text !== undefined) return harmless([[name.trim(), text]]);
  const file = readFileSync(resolve(source, value), "utf8");
  return value.endsWith(".json")
    ? harmless(Object.entries(JSON.parse(file)))
    : assignments(withoutComments(file));
}

function harmless(entries: (readonly [string, unknown])[]): Settings {
  return Object.fromEntries(
    entries.filter(
      ([name, value]) =>
        HARMLESS.test(name) &&
        (["string", "number", "boolean"].includes(typeof value) || Array.isArray(value)),
    ),
  ) as Settings;
}

/** The bucket that the last init of this copy connected to. */
function remembered(copy: string): { bucket?: string } | undefined {
  const file = join(copy, ".terraform", "terraform.tfstate");
  if (!existsSync(file)) return undefined;
  const { backend } = JSON.parse(readFileSync(file, "utf8"));
  return backend?.type === "s3" ? backend.config : undefined;
}

/**
 * Where the bucket was missing at the last init and nothing came of it, this is the first init to Terraform as well.
 * A local state that holds something is Terraform's to ask about.
 */
function forgetStandIn(copy: string, local: string): void {
  const mark = join(copy, STAND_IN);
  if (!existsSync(mark)) return;
  rmSync(mark);
  const state = JSON.parse(local).terraform.backend.local.path;
  const resources = existsSync(state) ? JSON.parse(readFileSync(state, "utf8")).resources : [];
  if (resources.length === 0) rmSync(join(copy, ".terraform", "terraform.tfstate"), { force: true });
}

try {
  process.stdout.write(main(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`sandbox: the s3 backend's settings cannot be read: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
