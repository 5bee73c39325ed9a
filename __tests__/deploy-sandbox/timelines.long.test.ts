import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { Fault } from "../../sandbox/engine/faults";
import { Stage } from "./support/driver";
import { lies } from "./support/oracle";
import { play } from "./support/play";
import { type Timeline, timelines } from "./support/timeline";

// TIMELINES of them instead of 200; TIMELINES_SEED plays those of an earlier run again.
const wanted = Number(process.env.TIMELINES ?? 200);
const seed = Number(process.env.TIMELINES_SEED ?? Date.now() % 2 ** 31);

/** Real time in which a timeline must have ended: its virtual time is looked at by the oracle. */
const HANGS = 30_000;

/** A new sandbox now and then: what a process would close by ending stays open here. */
const PER_SANDBOX = 200;

/** A long run says now and then that it goes on. */
const PROGRESS = 1_000;

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
  const direct = await nextStage();
  direct.direct = true;
  const watch = new AbortController();
  const result = await Promise.race([
    play(direct, timeline, 1),
    setTimeout(HANGS, undefined, { signal: watch.signal }).catch(() => undefined),
  ]);
  watch.abort();
  if (!result) {
    stage = undefined;
    throw new Error(`it hangs: ${HANGS / 1000} s of real time have passed`);
  }
  if (played % PROGRESS === 0) console.log(`${played} timelines`);
  const { exitCode, result: said } = result.ended;
  ends.set(exitCode, (ends.get(exitCode) ?? 0) + 1);
  const story = [...lies(result), `deploy said (${exitCode}): ${said.text} ${said.wayOut.join(" ")}`];
  expect(story.slice(0, -1), story.join("\n")).toEqual([]);
}

test(
  "property: whatever happens, deploy says in time what is so, and leaves nothing behind",
  async () => {
    const started = Date.now();
    try {
      await fc.assert(fc.asyncProperty(timelines, holds), { seed, numRuns: wanted });
    } finally {
      const seconds = (Date.now() - started) / 1000;
      const codes = [...ends]
        .sort(([one], [other]) => one - other)
        .map(([code, count]) => `${code}: ${count}`);
      console.log(`${played} timelines in ${seconds.toFixed(1)} s, TIMELINES_SEED=${seed}`);
      console.log(`exit codes: ${codes.join(", ")}`);
    }
    expect(played).toBeGreaterThanOrEqual(wanted);
  },
  wanted * 2_000,
);

/** One timeline, with what becomes of one change's answers. */
const troubled = (faults: Fault[]): Timeline => ({
  sample: { desired: 1, worker: false, fargate: false, sidecar: false, ownRepository: true },
  migration: "in 10 s",
  service: "well",
  pull: "fast",
  faults,
  happenings: [],
  ahead: 0,
  closedAfter: null,
});

test("deploy says the same with and without HTTP between it and the sandbox", async () => {
  const kinds = ["lost", "double", "slow", "throttle", "server", "reset", "expired", "denied"] as const;
  const operations = [
    "ecs:RunTask",
    "ecs:UpdateService",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
    "ecs:DescribeTasks",
    "ecr:CompleteLayerUpload",
    "sts:*",
    "ssm:*",
  ];
  const both = await Stage.open();
  try {
    for (const [index, kind] of kinds.entries()) {
      const operation = operations[index % operations.length] ?? "";
      const timeline = troubled([{ operation, kind, count: 7, delay: 5_000 }]);
      const ways = [];
      for (const direct of [true, false]) {
        both.direct = direct;
        const { ended } = await play(both, timeline, 1);
        const { text, wayOut } = ended.result;
        ways.push({
          exitCode: ended.exitCode,
          text,
          wayOut,
          calls: ended.calls.map((call) => call.operation).sort(),
        });
      }
      expect(ways[0], `${kind} of ${operation}`).toEqual(ways[1]);
    }
  } finally {
    await both.close();
  }
}, 60_000);
