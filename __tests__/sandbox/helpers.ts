import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { startAccount, startRegion } from "../../sandbox/aws/account";
import { AwsError } from "../../sandbox/aws/kind";
import { KINDS } from "../../sandbox/aws/kinds";
import { applyChange } from "../../sandbox/provider/apply";
import { plan } from "../../sandbox/provider/plan";
import { removeObject } from "../../sandbox/provider/remove";
import { validate } from "../../sandbox/provider/validate";
import { loadSchema } from "../../sandbox/schema/cache";
import type { BlockSchema } from "../../sandbox/schema/types";
import type { Fields, Value } from "../../sandbox/wire/value";
import { GLOBAL, World } from "../../sandbox/world";
import { SANDBOX, sandboxHere } from "../support/commands-here";

/** A folder that goes when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-sandbox-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Result {
  code: number | null;
  stdout: string;
  stderr: string;
  /** Both, in one text. */
  text: string;
}

export interface RunOptions {
  env?: NodeJS.ProcessEnv;
  input?: string;
}

/** Runs the sandbox command in a folder, in this process, with what stands in for AWS. */
export async function sandbox(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Result> {
  const ended = await sandboxHere(folder, args, { ...process.env, ...env });
  return { ...ended, text: ended.stdout + ended.stderr };
}

/** Runs shell lines inside the sandbox. */
export const inside = (folder: string, script: string, options: readonly string[] = []): Promise<Result> =>
  sandbox(folder, [...options, "sh", "-c", script]);

/** Runs the sandbox command in a folder, as people have it: a process of its own. */
export function sandboxProcess(
  folder: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Result> {
  return new Promise((done, fail) => {
    const env = { ...process.env, ...options.env };
    const child = spawn(process.execPath, [...SANDBOX, ...args], { cwd: folder, env });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => {
      stdout += data;
    });
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    child.once("error", fail);
    child.once("close", (code) => done({ code, stdout, stderr, text: stdout + stderr }));
    child.stdin.end(options.input ?? "");
  });
}

/** Runs shell lines there. */
export const insideProcess = (folder: string, script: string): Promise<Result> =>
  sandboxProcess(folder, ["sh", "-c", script]);

/** A Terraform configuration for AWS, written to a folder as JSON. */
export function configure(folder: string, configuration: Record<string, unknown>): void {
  mkdirSync(folder, { recursive: true });
  const terraform = {
    required_providers: { aws: { source: "hashicorp/aws" } },
    ...(configuration.terraform as object),
  };
  const provider = { aws: { region: "eu-west-1" } };
  writeFileSync(join(folder, "main.tf.json"), JSON.stringify({ provider, ...configuration, terraform }));
}

/** Everything that lies in a folder, file by file. */
export function filesIn(folder: string): { path: string; text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
}

/** A world of its own, with the engine in this process: the quick way to see what AWS makes of a resource. */
export class Account {
  readonly world: World;

  constructor(readonly region = "eu-west-1") {
    this.world = new World(join(temporaryFolder(), ".sandbox"), startAccount);
  }

  /** What the provider says of a configuration before it plans. */
  mistakes(type: string, config: Fields): string[] {
    const schema = schemaOf(type);
    return validate(type, complete(config, schema), schema).map(({ detail }) => detail);
  }

  /** Plans and applies a new resource. */
  async make(type: string, config: Fields): Promise<Fields> {
    return this.change(type, config, undefined);
  }

  async change(type: string, config: Fields, prior: Fields | undefined): Promise<Fields> {
    const schema = schemaOf(type);
    const region = typeof config.region === "string" ? config.region : this.region;
    await startRegion(this.world, schema.attributes.region ? region : GLOBAL);
    const whole = complete(config, schema);
    const kind = KINDS[type] ?? {};
    const proposed = prior ? { ...prior, ...given(whole) } : whole;
    const defaults = { region: this.region, tags: {} };
    const { planned } = plan({ schema, kind, defaults, prior, proposed, config: whole });
    return this.world.change((world) =>
      applyChange(world, { type, kind, schema, region: this.region, planned, prior, config: whole }),
    );
  }

  async remove(type: string, state: Fields): Promise<void> {
    const schema = schemaOf(type);
    const region = schema.attributes.region ? String(state.region) : GLOBAL;
    await this.world.change((world) => {
      const object = world.get(type, region, String(state.id));
      if (object) removeObject(world, object, KINDS[type] ?? {}, schema, state);
    });
  }

  /** The code of AWS's refusal, or "accepted". */
  async refusal(work: Promise<unknown>): Promise<string> {
    try {
      await work;
      return "accepted";
    } catch (error) {
      if (error instanceof AwsError) return error.code;
      throw error;
    }
  }
}

export function schemaOf(type: string): BlockSchema {
  return loadSchema("resource", type) as BlockSchema;
}

function given(config: Fields): Fields {
  return Object.fromEntries(
    Object.entries(config).filter(
      ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
    ),
  );
}

/** A configuration as Terraform sends it: every attribute and block, the absent ones empty. */
export function complete(config: Fields, schema: BlockSchema): Fields {
  const whole: Fields = {};
  for (const name of Object.keys(schema.attributes)) whole[name] = config[name] ?? null;
  for (const [name, nested] of Object.entries(schema.blocks)) {
    const blocks = config[name] ?? null;
    if (Array.isArray(blocks)) whole[name] = blocks.map((block) => complete(block as Fields, nested.block));
    else whole[name] = nested.nesting === "single" ? blocks : ([] as Value[]);
  }
  return whole;
}
