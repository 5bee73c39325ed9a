import type { Done } from "../deploy/end";
import type { Move } from "./move";
import { type BackOptions, type Consent, goBack } from "./step";
import { standingSteps } from "./steps";

/** Goes back from the step that was taken last, after saying what that costs. */
export async function back(move: Move, options: BackOptions, consent: Consent): Promise<Done> {
  const last = standingSteps(move.journal.state).at(-1);
  if (!last) return { text: "✓ back: everything is as it was before the move. Nothing was done." };
  return goBack(move, last, options, consent);
}
