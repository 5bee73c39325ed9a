import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { writeConfiguration } from "./configuration";
import { type Emulator, startEmulator } from "./emulator";
import type { Gap } from "./gaps";
import type { Source } from "./provider";
import { type Json, mapBlocks, type Stack } from "./substitutions";
import { isResource, takeOut, typeOf } from "./take-out";
import { type Done, type Outcome, type Said, Terraform } from "./terraform";

/** What became of a stack in an emulator, in resources. */
export interface Life {
  readonly stack: string;
  readonly all: number;
  readonly planned: number;
  /** What was made of the plan; missing where it was not applied. */
  readonly applied?: Applied;
}

export interface Applied {
  readonly made: number;
  /** What a plan after it would still do: nothing, where all is right. */
  readonly again: readonly Done[];
  readonly destroyed: number;
}

/** What an emulator made of stacks. */
export interface Emulated {
  readonly lives: readonly Life[];
  readonly said: readonly Said[];
  /** What each row of the table keeps out, by address; what needs it is among that. */
  readonly takenOut: ReadonlyMap<Gap, readonly string[]>;
}

/** Where stacks are written, and what reads them. */
export interface Place {
  readonly emulator: Emulator;
  readonly folder: string;
  /** Terraform's CLI configuration. */
  readonly cli: string;
  readonly source: Source;
}

/** What environments read before they are planned: the image repository, of the stack that makes it. */
const READ = "aws_ecr_repository";

/**
 * Plans and applies stacks in an empty account, plans again, which must be empty, and destroys; others are only planned
 * beside them.
 * @throws Error where Terraform or the emulator does not answer
 */
export async function emulate(
  place: Place,
  applied: ReadonlyMap<string, Stack>,
  planned: ReadonlyMap<string, Stack>,
  gaps: readonly Gap[],
): Promise<Emulated> {
  const [mine, others] = [reduce(applied, gaps), reduce(planned, gaps)];
  const outcomes = await inEmulator(place, async (open) => {
    const terraform = await open(mine.stacks);
    const first = await terraform.apply(...targetsOf(mine.stacks));
    const file = join(place.folder, "plan");
    const plan = await terraform.plan(`-out=${file}`);
    const made = await terraform.apply(file);
    const again = await terraform.plan();
    const beside = others.stacks.size > 0 ? await (await open(others.stacks)).plan() : NOTHING;
    return { first, plan, made, again, beside, gone: await terraform.destroy() };
  });
  const { first, plan, made, again, beside, gone } = outcomes;
  const count = (all: readonly Done[], stack: string, action: string) =>
    all.filter((one) => one.stack === stack && one.action === action).length;
  const lives = [mine, others].flatMap((reduced) =>
    [...reduced.stacks.keys()].map((stack): Life => {
      const out = reduced.takenOut.filter((one) => one.stack === stack && isResource(one.address));
      const all = (reduced.left.get(stack) ?? 0) + out.length;
      const life = {
        stack,
        all,
        planned: count([...first.planned, ...plan.planned, ...beside.planned], stack, "create"),
      };
      if (reduced === others) return life;
      return {
        ...life,
        applied: {
          made: count([...first.done, ...made.done], stack, "create"),
          again: again.planned.filter((one) => one.stack === stack),
          destroyed: count(gone.done, stack, "delete"),
        },
      };
    }),
  );
  const out = [...mine.takenOut, ...others.takenOut];
  const takenOut = new Map(
    gaps.map((gap) => [
      gap,
      out.filter((one) => one.gap === gap).map((one) => `${one.stack}: ${one.address}`),
    ]),
  );
  return { lives, said: Object.values(outcomes).flatMap(({ said }) => said), takenOut };
}

const targetsOf = (stacks: ReadonlyMap<string, Stack>) =>
  [...stacks].flatMap(([stack, { resource }]) =>
    Object.keys(resource?.[READ] ?? {}).map((name) => `-target=module.${stack}.${READ}.${name}`),
  );

const NOTHING: Outcome = { code: 0, said: [], planned: [], done: [] };

/**
 * Rows of the table that hold no more: the emulator meanwhile does what they say it cannot.
 * @param stacks those whose resources are tried
 */
export async function findStale(
  place: Place,
  stacks: ReadonlyMap<string, Stack>,
  gaps: readonly Gap[],
): Promise<Gap[]> {
  const isData = ({ what }: Gap) => what.startsWith("data.");
  const without = (out: (gap: Gap) => boolean) => reduce(stacks, gaps.filter(out)).stacks;
  const read = await inEmulator(place, async (open) =>
    (await open(without(({ untried }) => untried !== undefined))).plan(),
  );
  const [made, again, gone] = await inEmulator(place, async (open) => {
    const tried = without((gap) => gap.untried !== undefined || isData(gap));
    const terraform = await open(tried);
    await terraform.apply(...targetsOf(tried));
    return [await terraform.apply(), await terraform.plan(), await terraform.destroy()] as const;
  });
  return gaps.filter((gap) => {
    if (gap.untried !== undefined) return false;
    if (isData(gap)) return isDone(gap, read);
    return isDone(gap, made) && isDone(gap, gone) && !again.planned.some((one) => isOf(gap, one));
  });
}

const isOf = ({ what }: Gap, { address }: Done) => typeOf(address) === what;

function isDone(gap: Gap, { done, said }: Outcome): boolean {
  const failed = said.some(({ severity, type }) => severity === "error" && `data.${type}`.endsWith(gap.what));
  return !failed && done.some((one) => isOf(gap, one));
}

function reduce(stacks: ReadonlyMap<string, Stack>, gaps: readonly Gap[]) {
  const reduced = [...stacks].map(([name, stack]) => [name, takeOut(unprotected(stack), gaps)] as const);
  return {
    stacks: new Map(reduced.map(([name, { stack }]) => [name, stack])),
    left: new Map(reduced.map(([name, { left }]) => [name, left])),
    takenOut: reduced.flatMap(([stack, { takenOut }]) => takenOut.map((one) => ({ stack, ...one }))),
  };
}

/** All of it is to be destroyed in the end, which protection would refuse. */
function unprotected(stack: Stack): Stack {
  return mapBlocks(stack, ({ deletion_protection, enable_deletion_protection, ...block }) => {
    if (block.lifecycle === undefined) return block;
    const { prevent_destroy: _, ...lifecycle } = block.lifecycle as Json;
    return { ...block, lifecycle };
  });
}

/** Begins with an empty account, in which Terraform can be opened on stacks. */
async function inEmulator<T>(
  { emulator, folder: parent, cli, source }: Place,
  work: (open: (stacks: ReadonlyMap<string, Stack>) => Promise<Terraform>) => Promise<T>,
): Promise<T> {
  mkdirSync(parent, { recursive: true });
  const running = await startEmulator(emulator);
  try {
    return await work(async (stacks) => {
      const folder = mkdtempSync(join(parent, "stacks-"));
      writeConfiguration(folder, stacks, source);
      const terraform = new Terraform(folder, cli, running.environment);
      await terraform.init();
      return terraform;
    });
  } finally {
    await running.stop();
  }
}
