import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { Stage } from "./support/driver";
import { lies } from "./support/oracle";
import { play } from "./support/play";
import { type Timeline, timelines } from "./support/timeline";

// As many as fit into 25 seconds, or TIMELINES of them. TIMELINES_SEED plays those of an earlier run again.
const wanted = Number(process.env.TIMELINES ?? 0);
const seed = Number(process.env.TIMELINES_SEED ?? Date.now() % 2 ** 31);
const LIMIT = 25_000;

/** Real time in which a timeline must have ended: its virtual time is looked at by the oracle. */
const HANGS = 30_000;

/** Connections that a process would close by ending stay open here: a new sandbox now and then closes them. */
const PER_SANDBOX = 50;

let stage: Stage | undefined;
let played = 0;
const ends = new Map<number, number>();

afterAll(() => stage?.close());

async function nextStage(): Promise<Stage> {
  if (!stage || played % PER_SANDBOX === 0) {
    await stage?.close();
    stage = await Stage.open();
  }
  played++;
  return stage;
}

async function holds(timeline: Timeline): Promise<void> {
  const result = await Promise.race([
    play(await nextStage(), timeline, 1),
    setTimeout(HANGS, undefined, { ref: false }),
  ]);
  if (!result) {
    stage = undefined;
    throw new Error(`it hangs: ${HANGS / 1000} s of real time have passed`);
  }
  const { exitCode, result: said } = result.ended;
  ends.set(exitCode, (ends.get(exitCode) ?? 0) + 1);
  const story = [...lies(result), `deploy said (${exitCode}): ${said.text} ${said.wayOut.join(" ")}`];
  expect(story.slice(0, -1), story.join("\n")).toEqual([]);
}

test(
  "property: whatever happens, deploy says in time what is so, and leaves nothing behind",
  async () => {
    const started = Date.now();
    const bounds = wanted > 0 ? { numRuns: wanted } : { numRuns: 1_000_000, interruptAfterTimeLimit: LIMIT };
    try {
      await fc.assert(fc.asyncProperty(timelines, holds), { seed, ...bounds });
    } finally {
      const seconds = (Date.now() - started) / 1000;
      const codes = [...ends]
        .sort(([one], [other]) => one - other)
        .map(([code, count]) => `${code}: ${count}`);
      console.log(`${played} timelines in ${seconds.toFixed(1)} s, TIMELINES_SEED=${seed}`);
      console.log(`exit codes: ${codes.join(", ")}`);
    }
    expect(played).toBeGreaterThan(0);
  },
  wanted > 0 ? wanted * 2_000 : 4 * LIMIT,
);
