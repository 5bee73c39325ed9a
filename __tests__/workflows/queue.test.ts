import fc from "fast-check";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { Project } from "./queue/project";
import { play, type Timeline, timelines } from "./queue/timeline";
import { parsed, textOf } from "./support/workflows";

// QUEUE_TIMELINES of them instead of 300; TIMELINES_SEED plays those of an earlier run again.
const wanted = Number(process.env.QUEUE_TIMELINES ?? 300);
const seed = Number(process.env.TIMELINES_SEED ?? Date.now() % 2 ** 31);

let project: Project | undefined;

beforeAll(() => {
  vi.stubGlobal("fetch", (url: string, init?: RequestInit) => project?.answer(url, init));
});
afterAll(() => {
  vi.unstubAllGlobals();
});

const workflow = parsed(textOf("terraform"));

async function holds(timeline: Timeline): Promise<void> {
  const { lies, story } = await play(workflow, timeline, (one) => {
    project = one;
  }).catch((error: Error) => {
    throw new Error([error.message, ...(project?.story ?? [])].join("\n"), { cause: error });
  });
  expect(lies, ["", ...story].join("\n")).toEqual([]);
}

it(
  "property: what is applied is main's newest, approved; nothing is lost, nothing waits for ever, staging goes before prod",
  async () => {
    const started = Date.now();
    try {
      await fc.assert(fc.asyncProperty(timelines, holds), { seed, numRuns: wanted });
    } finally {
      console.log(
        `${wanted} timelines in ${((Date.now() - started) / 1000).toFixed(1)} s, TIMELINES_SEED=${seed}`,
      );
    }
  },
  wanted * 1_000,
);
