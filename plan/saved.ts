import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { CommandError } from "./error";
import { type MoveSeen, moveSeen } from "./moved-on";
import type { PlanJson } from "./plan-json";
import type { Stack } from "./stacks";
import { type Summary, summarize } from "./summary";

/** What is kept beside a saved plan, so that an apply knows what it applies without asking Terraform again. */
export interface SavedPlan {
  readonly name: string;
  /** Hash of the synthesized configuration that was planned. */
  readonly configuration: string;
  /** Hash of the plan file. */
  readonly plan: string;
  /** Made in the sandbox: it means nothing to the real AWS. */
  readonly offline: boolean;
  readonly changes: boolean;
  readonly summary: Summary;
  /** The state of the move that it was made by, where something moves. */
  readonly move?: MoveSeen;
}

/** What a plan says of itself. */
type Told = Pick<SavedPlan, "offline" | "changes" | "summary" | "move">;

/** What a plan says of itself, read from its JSON. */
export function toldOf(stack: Stack, plan: PlanJson, how: Pick<SavedPlan, "offline" | "changes">): Told {
  const move = moveSeen(plan, stack);
  return { ...how, summary: summarize(plan), ...(move && { move }) };
}

/** Raised whenever SavedPlan changes: an older record is no saved plan. */
const VERSION = 4;
const record = z.object({ version: z.literal(VERSION), name: z.string() });

/** The plans of the last `npx slipway plan`: cdktf.out/plans, which nobody but their owner can read. */
export class SavedPlans {
  private readonly folder: string;

  constructor(project: string) {
    this.folder = join(project, "cdktf.out", "plans");
  }

  /** Where Terraform writes the plan of a stack. */
  file(name: string): string {
    return join(this.folder, `${name}.tfplan`);
  }

  /** Forgets all plans: what is there after a plan is of that plan. */
  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
    this.makeFolder();
  }

  /** Makes the place for plans, and leaves those that are there. */
  makeFolder(): void {
    // Plans can hold secrets. Terraform makes files that all may read, so that the folder must be closed before.
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
  }

  /** What is known of the plan that Terraform has just written. */
  sealed(stack: Stack, rest: Told): SavedPlan {
    const file = this.file(stack.name);
    chmodSync(file, 0o600);
    return {
      name: stack.name,
      configuration: hashOfConfiguration(stack),
      plan: hashOf(readFileSync(file)),
      ...rest,
    };
  }

  /** Writes what belongs beside the plan that Terraform has just written. */
  save(stack: Stack, rest: Told): void {
    const saved = this.sealed(stack, rest);
    writeFileSync(this.recordFile(stack.name), JSON.stringify({ version: VERSION, ...saved }), {
      mode: 0o600,
    });
  }

  /** All plans that are there, by name. */
  list(): SavedPlan[] {
    let files: string[] = [];
    try {
      files = readdirSync(this.folder).filter((file) => file.endsWith(".json"));
    } catch {
      // Nothing was planned yet.
    }
    return files.sort().map((file) => {
      const content = JSON.parse(readFileSync(join(this.folder, file), "utf8"));
      if (record.safeParse(content).success) return content as SavedPlan;
      throw new CommandError(`cdktf.out/plans/${file} is of another version of this project: plan again.`);
    });
  }

  /** Forgets one plan. */
  remove(name: string): void {
    rmSync(this.file(name), { force: true });
    rmSync(this.recordFile(name), { force: true });
  }

  /** Why a plan may not be applied to its stack, with the way out; undefined where it may. */
  refusal(saved: SavedPlan, stack: Stack, offline: boolean): string | undefined {
    const again = `npx slipway plan ${offline ? "--offline " : ""}${saved.name}`;
    if (saved.offline !== offline) {
      return saved.offline
        ? `its plan was made offline and means nothing to the real AWS. Plan again: ${again}`
        : `its plan is one for the real AWS. Plan again: ${again}`;
    }
    if (saved.configuration !== hashOfConfiguration(stack)) {
      return `its configuration was synthesized anew and differs from the one that was planned. Plan again: ${again}`;
    }
    if (saved.plan !== planHash(this.file(saved.name))) {
      return `its plan file is not the one that was summed up. Plan again: ${again}`;
    }
    return undefined;
  }

  private recordFile(name: string): string {
    return join(this.folder, `${name}.json`);
  }
}

/** What Terraform and cdktf's own commands leave in a stack's folder: it is not the configuration. */
const LEFT_BEHIND = /^(?:\.terraform.*|plan|.*\.tfstate.*|.*\.log)$/;

/** One hash over all files of a stack's folder that make its configuration. */
export function hashOfConfiguration({ folder }: Stack): string {
  const files = readdirSync(folder)
    .filter((name) => !LEFT_BEHIND.test(name))
    .sort()
    .flatMap((name) => filesIn(folder, name));
  return hashOf(JSON.stringify(files.map((file) => [file, hashOf(readFileSync(join(folder, file)))])));
}

/** A file, or all files below a folder, relative to where it is. */
function filesIn(folder: string, name: string): string[] {
  const path = join(folder, name);
  if (!statSync(path).isDirectory()) return [name];
  return readdirSync(path)
    .sort()
    .flatMap((inside) => filesIn(folder, join(name, inside)));
}

const hashOf = (content: string | Buffer) => createHash("sha256").update(content).digest("hex");

function planHash(file: string): string | undefined {
  try {
    return hashOf(readFileSync(file));
  } catch {
    return undefined;
  }
}
