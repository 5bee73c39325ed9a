import { duration } from "../terminal/duration";
import type { Problem } from "./problems";
import type { Outcome } from "./terraform";

/** The words of Terraform where somebody else has a state's lock, whichever backend keeps the state. */
export const HELD = /Error acquiring the state lock/;

/** The holder of a state's lock, as Terraform wrote it there. */
export interface Holder {
  readonly id: string;
  /** User and machine: `ann@laptop`. */
  readonly who: string;
  /** When it began, in Terraform's words: `2026-01-05 10:12:33.123456 +0000 UTC`. */
  readonly since?: string;
}

/**
 * The holder of a lock, from the text below "Lock Info:"; undefined where nobody holds it, as where it cannot be reached.
 * Source: terraform, internal/states/statemgr/locker.go.
 */
export function holderOf(text: string): Holder | undefined {
  const of = (name: string) => new RegExp(`^\\s*${name}:[ \\t]+(\\S.*)$`, "m").exec(text)?.[1]?.trim();
  const [id, who, since] = [of("ID"), of("Who"), of("Created")];
  return id === undefined ? undefined : { id, who: who ?? "somebody", ...(since && { since }) };
}

/** The holder in words: `ann@laptop (since 2026-01-05 10:12:33 UTC, 3 m 05 s ago)`. Without `now` nothing says how long ago. */
export function holderText({ who, since }: Holder, now = 0): string {
  if (since === undefined) return who;
  const began = Date.parse(since.replace(/^(\S+) ([\d:]+)\S* .*$/, "$1T$2Z"));
  const ago = began <= now ? `, ${duration(Math.round((now - began) / 1000))} ago` : "";
  return `${who} (since ${since.replace(/\.\d+ \+0000/, "")}${ago})`;
}

/** Seconds until a person is told who holds a lock; Terraform itself tells only once it gives up. */
const SOON = 5;

/** Seconds from one such message to the next. */
const BETWEEN = 300;

/**
 * Runs what needs a state's lock. While somebody else has it, a person is told so at once and then every five minutes, until the lock is
 * free or the patience is at its end: the outcome is then Terraform's refusal.
 * @param attempt runs Terraform, which waits for so many seconds itself; nothing is changed where it does not get the lock
 * @param patience seconds in all
 * @param stopping ends the wait: Terraform gives up by itself then
 * @param tell is told who holds the lock, and for how many more seconds it is waited for
 */
export async function onceFree(
  attempt: (seconds: number) => Promise<Outcome>,
  { patience, stopping }: { readonly patience: number; readonly stopping: AbortSignal },
  tell: (holder: Holder, left: number) => void,
  now: () => number = Date.now,
): Promise<Outcome> {
  const until = now() + patience * 1000;
  for (let wait = SOON; ; wait = BETWEEN) {
    const left = Math.max(0, Math.ceil((until - now()) / 1000));
    const outcome = await attempt(Math.min(wait, left));
    const holder = outcome.problems.map(heldBy).find(Boolean);
    const rest = Math.ceil((until - now()) / 1000);
    if (holder === undefined || rest <= 0 || stopping.aborted) return outcome;
    tell(holder, rest);
  }
}

const heldBy = ({ severity, summary, detail }: Problem) =>
  severity === "error" && HELD.test(summary) ? holderOf(detail) : undefined;
