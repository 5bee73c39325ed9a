import { createHash } from "node:crypto";
import type { World } from "../world";
import type { Logs } from "./logs";
import type { Pace } from "./pace";
import type { Runtime, Task, Timer } from "./state";

/** What every part of the engine works on. */
export interface Sim {
  state: Runtime;
  logs: Logs;
  world: World;
  pace: Pace;
  /** Changes of the applied world that follow from what happened here, carried out after the step. */
  edits: ((world: World) => void)[];
  /** Says something to the person at the terminal. */
  say: (text: string) => void;
  /** Tells whether a container's command can run for real. */
  real: boolean;
  /** The tasks that had not ended at a number of the sequence. */
  unended?: { sequence: number; tasks: readonly Task[] };
}

/** Plans a step. */
export function plan(sim: Sim, after: number, step: string, subject: string, detail?: string): void {
  const timer: Timer = {
    at: sim.state.time + Math.max(0, after),
    order: ++sim.state.sequence,
    step,
    subject,
  };
  if (detail !== undefined) timer.detail = detail;
  sim.state.timers.push(timer);
}

/** Forgets what was planned for a subject: all of it, or one step. */
export function forget(sim: Sim, subject: string, step?: string): void {
  sim.state.timers = sim.state.timers.filter(
    (timer) => timer.subject !== subject || (step !== undefined && timer.step !== step),
  );
}

export function isPlanned(sim: Sim, subject: string, step: string): boolean {
  return sim.state.timers.some((timer) => timer.subject === subject && timer.step === step);
}

/** The next number in [0, 1) of the seeded generator (mulberry32). */
export function random(sim: Sim): number {
  sim.state.random = (sim.state.random + 0x6d2b79f5) >>> 0;
  let mixed = sim.state.random;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
}

/** Hexadecimal digits that nothing else has. */
export function hex(sim: Sim, length: number): string {
  const seed = `${sim.state.random}#${++sim.state.sequence}`;
  return createHash("sha256").update(seed).digest("hex").slice(0, length);
}

/** Nineteen decimal digits, as in the ids of ECS deployments. */
export function decimal(sim: Sim): string {
  return `9${(BigInt(`0x${hex(sim, 32)}`) % 10n ** 18n).toString().padStart(18, "0")}`;
}

export function uuid(sim: Sim): string {
  return hex(sim, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Tasks that are meant to run: neither stopped nor stopping. */
export function isLive(task: Task): boolean {
  return task.desiredStatus === "RUNNING";
}

/** The name at the end of an ARN, or the text itself. */
export function shortName(arn: string): string {
  return arn.slice(arn.lastIndexOf("/") + 1);
}
