import type { Events, Stage } from "./events";

/** What is known of a roll-out so far, in the words in which it is told. */
export type Verdict =
  | { kind: "in progress"; detail: string }
  | { kind: "succeeded"; detail: string }
  | { kind: "failed"; reason: string }
  | { kind: "rolled back"; reason: string }
  | { kind: "superseded"; reason: string }
  | { kind: "unknown"; reason: string };

/** A verdict that nothing changes any more. */
export type FinalVerdict = Exclude<Verdict, { kind: "in progress" }>;

/** Tells the beginning and the end of one service's roll-out, and that it was interrupted where it was. */
export async function tellRollout<End extends FinalVerdict>(
  { events, signal }: { readonly events: Events; readonly signal: AbortSignal },
  { stage, subject, what }: { readonly stage: Stage; readonly subject: string; readonly what: string },
  watch: () => Promise<End>,
): Promise<End> {
  const say = (state: "started" | "succeeded" | "failed", text: string) =>
    events.emit({ type: "stage", stage, subject, state, text });
  say("started", what);
  try {
    const end = await watch();
    if (end.kind === "succeeded") say("succeeded", end.detail);
    else say("failed", `${end.kind}: ${end.reason}`);
    return end;
  } catch (error) {
    if (signal.aborted && error === signal.reason) say("failed", (error as Error).message);
    throw error;
  }
}
