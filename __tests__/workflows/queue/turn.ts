import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Turn } from "../../../plan/order";
import { runJob } from "../support/runner";

/** What a job between plan and apply is asked: which environments are next? */
export interface Question {
  readonly script: string;
  /** The step's. */
  readonly id: string;
  readonly turn: number;
  /** What `slipway github order` printed. */
  readonly order: string;
  /** The plans that there are; `fate` says whether this very one was applied, or another. */
  readonly plans: readonly {
    readonly name: string;
    readonly changes: boolean;
    readonly fate: "this" | "another" | undefined;
  }[];
}

export type Answer = Readonly<Record<"environments" | "later", string>>;

/** What the script says, without its many processes: thousands of timelines ask. */
export function decide({ turn, order, plans }: Question): Answer {
  const turns = Object.entries(JSON.parse(order) as Record<string, Turn>);
  const planOf = (name: string) => plans.find((plan) => plan.name === name);
  const changing = turns.filter(([name]) => planOf(name)?.changes);
  const isOpen = (name: string) => {
    const plan = planOf(name);
    return plan === undefined || (plan.changes && plan.fate !== "this");
  };
  const next = changing.filter(([, one]) => one.turn === turn && !one.after.some(isOpen));
  const later = changing.filter(([, one]) => one.turn > 1);
  return {
    environments: JSON.stringify(next.map(([name]) => name)),
    later: JSON.stringify(later.map(([, one]) => one.turn)),
  };
}

/** Puts a question to the script itself: files as the artifacts leave them. */
export async function ask({ script, id, turn, order, plans }: Question): Promise<Answer> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-queue-"));
  try {
    for (const part of ["cdktf.out/plans", "applied"]) mkdirSync(join(folder, part), { recursive: true });
    for (const { name, changes, fate } of plans) {
      const plan = JSON.stringify({ name, changes, plan: "this" });
      writeFileSync(join(folder, `cdktf.out/plans/${name}.json`), plan);
      if (fate) writeFileSync(join(folder, `applied/${name}.json`), JSON.stringify({ [name]: fate }));
    }
    const { status, steps, log } = await runJob(
      { steps: [{ id, run: script, env: { ORDER: order, TURN: String(turn) } }] },
      { folder, contexts: {}, env: { PATH: process.env.PATH ?? "" } },
    );
    if (status !== "success") throw new Error(log);
    return (steps[id] as { outputs: Answer }).outputs;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
