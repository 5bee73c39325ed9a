import { back } from "./back";
import { copy, rehearse } from "./copy";
import { finish, type FinishArgs } from "./finish";
import { flip } from "./flip/flip";
import { front } from "./front";
import { type MoveOptions, moveSession, type MoveSurroundings } from "./session";
import { shift, type ShiftArgs } from "./shift";
import { standpoint } from "./status";
import { type BackOptions, type Step, take } from "./step";
import { linesOf, survey } from "./survey/survey";
import { workers } from "./workers";

const taking =
  <Args>(step: Step<Args>) =>
  (environment: string, args: Args, options: MoveOptions, around?: MoveSurroundings) =>
    moveSession(environment, step.name, options, (move, consent) => take(move, step, args, consent), around);

export const frontCommand = taking(front);
export const shiftCommand = (
  environment: string,
  args: ShiftArgs,
  options: MoveOptions,
  around?: MoveSurroundings,
) => taking(shift)(environment, args, options, around);
export const workersCommand = taking(workers);
export const copyCommand = (
  environment: string,
  args: { readonly rehearse: boolean },
  options: MoveOptions,
  around?: MoveSurroundings,
) =>
  args.rehearse
    ? moveSession(environment, "copy", options, rehearse, around)
    : taking(copy)(environment, undefined, options, around);
export const flipCommand = taking(flip);
export const finishCommand = (
  environment: string,
  args: FinishArgs,
  options: MoveOptions,
  around?: MoveSurroundings,
) => taking(finish)(environment, args, options, around);

export const backCommand = (
  environment: string,
  args: BackOptions,
  options: MoveOptions,
  around?: MoveSurroundings,
) => moveSession(environment, "back", options, (move, consent) => back(move, args, consent), around);

/** Where the move stands; nothing is asked, and nothing changed. */
export const statusCommand = (environment: string, options: MoveOptions, around?: MoveSurroundings) =>
  moveSession(
    environment,
    null,
    options,
    async (move, _consent, show) => {
      const { lines, next } = standpoint(move);
      await show(lines, { type: "state", ...move.journal.state, next: next ?? null });
      return { text: "" };
    },
    around,
  );

/** Everything that the move will meet; nothing is changed. */
export const surveyCommand = (environment: string, options: MoveOptions, around?: MoveSurroundings) =>
  moveSession(
    environment,
    null,
    options,
    (move, _consent, show) => survey(move, (checks) => show(linesOf(checks), { type: "checks", checks })),
    around,
  );
