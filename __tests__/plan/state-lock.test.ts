import { describe, expect, it } from "vitest";
import { type Holder, holderOf, holderText, onceFree } from "../../plan/state-lock";
import type { Outcome } from "../../plan/terraform";

const info = (id: string) => `operation error S3: PutObject, StatusCode: 412

Lock Info:
  ID:        ${id}
  Path:      bucket/staging.tfstate
  Operation: OperationTypeApply
  Who:       runner@builder
  Version:   1.11.4
  Created:   2026-01-05 10:12:33.123456789 +0000 UTC
  Info:      

Terraform acquires a state lock to protect the state.`;
const refusal = (detail: string): Outcome => ({
  code: 1,
  problems: [{ severity: "error", summary: "Error acquiring the state lock", detail }],
});
const DONE: Outcome = { code: 0, problems: [] };

/** Tries on a clock that goes on by Terraform's own patience where the lock is not got. */
async function tried(patience: number, outcomes: readonly Outcome[], stopped = false) {
  let now = 0;
  const attempts: number[] = [];
  const told: [string, number][] = [];
  const attempt = async (seconds: number) => {
    const outcome = outcomes[Math.min(attempts.length, outcomes.length - 1)] as Outcome;
    attempts.push(seconds);
    if (outcome !== DONE) now += seconds * 1000;
    return outcome;
  };
  const tell = ({ id }: Holder, left: number) => told.push([id, left]);
  const stopping = stopped ? AbortSignal.abort() : new AbortController().signal;
  const outcome = await onceFree(attempt, { patience, stopping }, tell, () => now);
  return { outcome, attempts, told };
}

describe("a state's lock that another one holds", () => {
  it("is told of within seconds, then every five minutes, until it is free", async () => {
    const [one, other] = [refusal(info("one")), refusal(info("other"))];
    expect(await tried(3600, [one, one, other, DONE])).toEqual({
      outcome: DONE,
      attempts: [5, 300, 300, 300],
      told: [
        ["one", 3595],
        ["one", 3295],
        ["other", 2995],
      ],
    });
  });

  it("is waited for no longer than was said, and Terraform's refusal is the end", async () => {
    const held = refusal(info("one"));
    expect(await tried(0, [held])).toEqual({ outcome: held, attempts: [0], told: [] });
    expect(await tried(3, [held])).toEqual({ outcome: held, attempts: [3], told: [] });
    const { attempts, told } = await tried(3600, [held]);
    expect(attempts.reduce((sum, seconds) => sum + seconds)).toBe(3600);
    expect(told).toHaveLength(attempts.length - 1);
  });

  it("is waited for no longer once somebody pressed Ctrl-C", async () => {
    const held = refusal(info("one"));
    expect(await tried(3600, [held], true)).toEqual({ outcome: held, attempts: [5], told: [] });
  });

  it("is nobody's where it cannot be reached, and nothing else is tried again", async () => {
    const others = [refusal("no such host"), { ...refusal(info("one")), problems: [] }, DONE];
    for (const outcome of others)
      expect(await tried(3600, [outcome])).toEqual({ outcome, attempts: [5], told: [] });
  });

  it("says who, since when, and how long ago", () => {
    const holder = holderOf(info("one")) as Holder;
    expect(holder).toMatchObject({ id: "one", who: "runner@builder" });
    const began = Date.UTC(2026, 0, 5, 10, 12, 33);
    const since = "runner@builder (since 2026-01-05 10:12:33 UTC";
    expect(holderText(holder, began + 185_000)).toBe(`${since}, 3 m 05 s ago)`);
    expect(holderText(holder, began + 50 * 3_600_000)).toBe(`${since}, 50 h 00 m ago)`);
    // A machine whose clock is behind.
    expect(holderText(holder, began - 1)).toBe(`${since})`);
    expect(holderText({ id: "one", who: "ann@laptop" }, began)).toBe("ann@laptop");
  });
});
