import { isDeepStrictEqual } from "node:util";
import type { Applied } from "../../../plan/applier";
import type { SavedPlan } from "../../../plan/saved";
import type { ResourceSummary, Summary } from "../../../plan/summary";
import type { Clock } from "./clock";

/** What an environment is to be, or is: by address, one number for all that is set there. */
export type Things = Readonly<Record<string, number>>;

/** The resource that no apply makes again. */
export const DATABASE = "aws_db_instance.database";

/** How an apply is interrupted: Terraform still ends what it began and saves its state, or has no time to. */
export type End = "ends" | "killed";

/** What may happen to a process of the runner. */
export interface Process {
  readonly interrupted: End | undefined;
}

/** A plan as Terraform saves it: what it is to become, and the state it was made of. */
export interface Plan {
  readonly name: string;
  readonly serial: number;
  readonly wanted: Things;
  readonly summary: Summary;
}

/** One environment in AWS, its state in the bucket and the lock beside it, and what Terraform does with them. */
export class Place {
  real: Record<string, number> = {};
  state: Record<string, number> = {};
  serial = 0;
  /** Who holds the lock: a process that has died keeps it. */
  lock: { readonly by: string; alive: boolean } | undefined;
  /** What fails from now on: the next change that is made. */
  fails = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    readonly name: string,
    private readonly clock: Clock,
  ) {}

  get isWhole(): boolean {
    return isDeepStrictEqual(this.real, this.state);
  }

  plan(wanted: Things): Plan {
    const addresses = [...new Set([...Object.keys(wanted), ...Object.keys(this.state)])].sort();
    // What somebody took away is not there when Terraform refreshes.
    const known = (address: string) => (address in this.state ? this.real[address] : undefined);
    const resources = addresses.flatMap((address) => fate(address, known(address), wanted[address]));
    const of = (kind: string) => resources.filter((one) => one.kind === kind).length;
    const [create, update, replace, destroy] = ["create", "update", "replace", "destroy"].map(of) as [
      number,
      number,
      number,
      number,
    ];
    const counts = { create, update, replace, destroy, forget: 0, move: 0, import: 0 };
    return {
      name: this.name,
      serial: this.serial,
      wanted,
      summary: { counts, resources, drift: [], outputs: [] },
    };
  }

  /** Waits for the lock, so many minutes at the most. */
  async acquire(by: string, patience: number): Promise<boolean> {
    const until = this.clock.now + patience;
    let given = false;
    while (this.lock && !given) {
      await new Promise<void>((wake) => {
        this.waiting.push(wake);
        this.clock.at(until, () => {
          given = this.clock.now >= until;
          wake();
        });
      });
    }
    if (this.lock) return false;
    this.lock = { by, alive: true };
    return true;
  }

  release(): void {
    this.lock = undefined;
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** `terraform apply` of a saved plan. */
  async apply(
    plan: Plan,
    process: Process,
    { by, patience, pace, onBegin, onChange }: ApplyOptions,
  ): Promise<Applied> {
    if (!(await this.acquire(by, patience)))
      return failed(this.name, false, "Error acquiring the state lock");
    if (process.interrupted) return this.leave(false, "execution halted");
    if (plan.serial !== this.serial) return this.leave(false, "Saved plan is stale");
    onBegin();
    let begun = false;
    for (const { address, kind } of plan.summary.resources) {
      await this.clock.sleep(pace());
      if (process.interrupted === "ends") break;
      if (kind === "create" && address in this.real)
        return this.leave(begun, `${address} exists and is not in the state`);
      if (this.fails > 0) {
        this.fails--;
        return this.leave(begun, `${address} cannot be changed`);
      }
      begun = true;
      onChange(address);
      const value = plan.wanted[address];
      if (value === undefined) delete this.real[address];
      else this.real[address] = value;
      if (process.interrupted === "killed") {
        // The state was last written before this.
        if (this.lock) this.lock.alive = false;
        return failed(this.name, true, "killed");
      }
      if (value === undefined) delete this.state[address];
      else this.state[address] = value;
      this.serial++;
    }
    return process.interrupted ? this.leave(begun, "execution halted") : this.leave(begun);
  }

  /** A person frees the lock of a process that has died, and takes in what is there and not in the state. */
  repair(): void {
    if (this.lock && !this.lock.alive) this.release();
    this.state = { ...this.real };
    this.serial++;
  }

  private leave(begun: boolean, problem?: string): Applied {
    this.release();
    return problem === undefined
      ? { ...failed(this.name, begun, ""), done: true, problems: [] }
      : failed(this.name, begun, problem);
  }
}

export interface ApplyOptions {
  readonly by: string;
  /** Minutes that the lock is waited for. */
  readonly patience: number;
  /** Minutes of the next change. */
  readonly pace: () => number;
  /** Told once the lock is held and the plan is fresh. */
  readonly onBegin: () => void;
  readonly onChange: (address: string) => void;
}

function fate(address: string, before: number | undefined, after: number | undefined): ResourceSummary[] {
  if (before === after) return [];
  const type = address.split(".")[0] ?? "";
  const holds = address === DATABASE && before !== undefined;
  const kind =
    before === undefined ? "create" : after === undefined ? "destroy" : holds ? "replace" : "update";
  const attributes = kind === "update" || kind === "replace" ? [{ path: "size", before, after }] : [];
  return [{ address, type, kind, attributes, forcedBy: [], ...(holds && { loses: "the database" }) }];
}

const failed = (name: string, begun: boolean, summary: string): Applied => ({
  name,
  done: false,
  begun,
  made: 0,
  changed: 0,
  gone: 0,
  replaced: 0,
  problems: [{ severity: "error", summary, detail: "" }],
});

/** A plan as `slipway plan` keeps it. */
export const saved = (plan: Plan): SavedPlan => ({
  name: plan.name,
  configuration: "",
  plan: JSON.stringify([plan.serial, plan.wanted, plan.summary.resources]),
  offline: false,
  changes: plan.summary.resources.length > 0,
  summary: plan.summary,
});
