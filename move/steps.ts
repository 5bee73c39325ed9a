import type { MoveState } from "../modules/contract/move";
import { copy, isWholeCopy } from "./copy";
import { finish } from "./finish";
import { flip } from "./flip/flip";
import { front } from "./front";
import type { Move } from "./move";
import { shift } from "./shift";
import type { AnyStep, Step } from "./step";
import { workers } from "./workers";

/** Every step that changes something, in the order of the road. */
export const STEPS = [front, shift, workers, copy, flip, finish] as const satisfies readonly Step<never>[];

/** The steps that stand, the one that was taken last at the end. */
export function standingSteps(state: MoveState): AnyStep[] {
  const place = (step: AnyStep) => state.steps.findIndex((entry) => entry.step === step.name);
  return STEPS.filter((step: AnyStep) => step.stands(state)).sort(
    (one: AnyStep, other: AnyStep) => place(one) - place(other),
  );
}

/** What comes next, as words of a command line; undefined when the move is over. */
export function nextOf({ plan, journal: { state } }: Pick<Move, "plan" | "journal">): string | undefined {
  const done = (name: string) => state.steps.some((entry) => entry.step === name && entry.state === "done");
  /** What a step was begun with that died before its proof. */
  const begun = (name: string) =>
    state.steps.find((entry) => entry.step === name && entry.state === "begun")?.data;
  const held = Object.keys(plan.held).filter((name) => !state.workers.includes(name));
  if (plan.from && !done("front")) return "front";
  const [share, names] = [begun("shift")?.to, begun("workers")?.names];
  if (share !== undefined) return `shift ${share}`;
  if (names !== undefined) return `workers ${names}`;
  if (plan.from && state.share === 0) return "shift 1";
  if (plan.from && state.share < 100) return "shift 100";
  if (held.length > 0) return `workers ${held.join(" ")}`;
  if (plan.database && !done("flip"))
    return isWholeCopy(state.steps.find(({ step }) => step === "copy")) ? "flip" : "copy";
  return done("finish") ? undefined : "finish";
}
