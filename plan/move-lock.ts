import { moveLock } from "../modules/contract/move";
import type { Changing, keepStepsAway } from "../move/keep-steps-away";
import { accountOf } from "./account";
import { reasonOf } from "./error";
import type { MoveSeen } from "./moved-on";
import { typed } from "./offline";
import type { Problem } from "./problems";
import type { Stack } from "./stacks";

/** The change that is made under the lock, and how long the lock is waited for. */
export type How = Pick<Changing, "change" | "patience" | "signal" | "waiting">;

/** The lock of a move, to be given back; or why it is not to be had. */
export type Held = { readonly release: () => Promise<void> } | { readonly problem: Problem };

/** Takes the lock of a move's steps for an apply or a destroy, so that neither changes what the other works on. */
export async function holdMove(
  stack: Stack,
  { parameter, region }: MoveSeen,
  how: How,
  // Loaded where something moves in: most applies have no move.
  keep: typeof keepStepsAway = (changing) => load().keepStepsAway(changing),
): Promise<Held> {
  const lock = moveLock(parameter.split("/")[1] ?? "");
  const again =
    how.change === "destroy"
      ? `run it again: ${typed(`npx slipway destroy ${stack.name}`)}`
      : `plan again: ${typed(`npx slipway plan ${stack.name}`)}`;
  try {
    const kept = await keep({
      ...how,
      lock,
      region,
      account: accountOf(stack),
      next: again,
    });
    if (!("busy" in kept)) return kept;
    const { message: summary, wayOut } = kept.busy;
    return { problem: { severity: "error", summary, detail: "", wayOut: wayOut.join(" ") } };
  } catch (reason) {
    return {
      problem: {
        severity: "error",
        summary: "The lock of the move, which keeps its steps away from this, could not be taken",
        detail: `${reasonOf(reason)}. Nothing was changed.`,
        wayOut: `It takes ssm:GetParameter, ssm:PutParameter and ssm:DeleteParameter of ${lock}; then run it again.`,
      },
    };
  }
}

const load = () => require("../move/keep-steps-away") as typeof import("../move/keep-steps-away");
