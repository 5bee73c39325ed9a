import type { Done } from "../deploy/end";
import { DeployError, refused } from "../deploy/errors";
import { EXIT } from "../deploy/exit-code";
import type { MoveEntry, MoveState, MoveStep } from "../modules/contract/move";
import type { Move } from "./move";

/** What a step would do, found out without changing anything. */
export interface Plan {
  /** What will be done, a line each, in its order. */
  readonly lines: readonly string[];
  /** What going back costs from there. */
  readonly back: string;
  /** What a person is asked, if not only whether to go on. */
  readonly question?: string;
  /** Kept with the entry of the step while it is begun, for whoever goes on or back. */
  readonly data?: MoveEntry["data"];
  /** Changes the world. It may have died half way before, and is done again from the start. */
  act(): Promise<void>;
  /**
   * Looks at the world, which shall be as the step says.
   * @throws DeployError where it is not
   */
  prove(): Promise<Proof>;
}

/** What was seen, and what of the state is true from now on. */
export interface Proof {
  readonly text: string;
  readonly state?: Partial<MoveState>;
  readonly data?: MoveEntry["data"];
}

/** A step that needs nothing done: what stands already. */
export interface Standing {
  readonly standing: string;
}

/** One step of the move. */
export interface Step<Args = unknown> {
  readonly name: MoveStep;
  /** What it is about, for the list of steps. */
  readonly about: string;
  /** Whether it has been taken, or begun, so that going back has something to undo. */
  stands(state: MoveState): boolean;
  /** @throws DeployError with the rule and the way out where it cannot be taken */
  plan(move: Move, args: Args): Promise<Plan | Standing>;
  /** What undoes it. */
  undo?(move: Move, options: BackOptions): Promise<Plan>;
}

/** What a person says to the price of a way back. */
export interface BackOptions {
  /** What was written since may be lost. */
  readonly word: boolean;
  /** What was written since is brought back before. */
  readonly copyBack: boolean;
}

/** A step without what it takes: enough to tell of it, and to go back from it. */
export type AnyStep = Omit<Step<never>, "plan">;

/** How a person says yes. */
export interface Consent {
  ask(question: string): Promise<boolean>;
  /** Shows a plan before the question. */
  show(step: MoveStep, plan: Plan): Promise<void>;
}

export const isEntry = (step: MoveStep) => (state: MoveState) => state.steps.some((one) => one.step === step);

/**
 * Takes a step: plan, question, `begun` in the journal, the act, its proof, `done` in the journal. Whatever ends it in between leaves
 * it begun: taken again it goes on.
 */
export async function take<Args>(move: Move, step: Step<Args>, args: Args, consent: Consent): Promise<Done> {
  const plan = await step.plan(move, args);
  const { journal } = move;
  if ("standing" in plan) {
    // The one before saw its end, and died before it could write that down.
    if (journal.entry(step.name)?.state === "begun")
      await journal.record(step.name, "done", { note: plan.standing });
    return { text: `✓ ${step.name}: ${plan.standing} Nothing was done.` };
  }
  await agree(move, step.name, plan, consent);
  await journal.record(step.name, "begun", {
    note: plan.lines[0] ?? "",
    ...(plan.data && { data: plan.data }),
  });
  await plan.act();
  const { text, state, data } = await plan.prove();
  await journal.record(step.name, "done", { note: text, ...(data && { data }) }, state);
  return { text: `✓ ${step.name}: ${text}` };
}

/** Goes back from a step: as a step is taken, and then its entry is gone. */
export async function goBack(
  move: Move,
  step: AnyStep,
  options: BackOptions,
  consent: Consent,
): Promise<Done> {
  const { journal } = move;
  if (!step.undo) throw refused(`There is no way back from ${step.name}: it changes nothing.`);
  const plan = await step.undo(move, options);
  await agree(move, "back", plan, consent);
  const note = `from ${step.name}: ${plan.lines[0] ?? ""}`;
  await journal.record("back", "begun", { note, data: { from: step.name } });
  await plan.act();
  const { text, state } = await plan.prove();
  await journal.record("back", "done", { note: `from ${step.name}: ${text}` }, state, step.name);
  return { text: `✓ back from ${step.name}: ${text}` };
}

async function agree(move: Move, step: MoveStep, plan: Plan, consent: Consent): Promise<void> {
  await consent.show(step, plan);
  if (await consent.ask(plan.question ?? "Go on?")) return;
  throw refused(
    "Nothing was changed.",
    `--yes says that this is meant: npx slipway move ${move.contract.environment} ${step} … --yes`,
  );
}

/** An end of a step that went back by itself. */
export const wentBack = (message: string, ...wayOut: string[]) =>
  new DeployError(EXIT.rolloutFailed, message, wayOut);
