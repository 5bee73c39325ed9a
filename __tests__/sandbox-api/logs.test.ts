import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  GetLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { SAMPLE, sampleWorld } from "../../sandbox/api/sample";
import { Sandbox } from "../../sandbox/api/sandbox";
import { ManualClock } from "../../sandbox/engine/clock";
import { folderContent } from "../../sandbox/engine/folder-image";
import { FileLogs, MemoryLogs } from "../../sandbox/engine/logs";
import { FileStore } from "../../sandbox/engine/store";
import { closeAfterTest } from "../support/closing";
import { Bench, bench, minutes, second, started, temporary } from "./support";

const target = (stream: string) => ({ region: SAMPLE.region, group: SAMPLE.logGroup, stream });

test("lines of a real process rewrite no state, and lie in files that are only added to", async () => {
  const image = temporary();
  mkdirSync(join(image, "bin"));
  writeFileSync(join(image, "bin/migrate"), "#!/bin/sh\nseq 1 20000\nprintf unfinished\n", { mode: 0o755 });
  const folder = temporary();
  const store = new FileStore(folder);
  const world = await sampleWorld({}, folder);
  const sandbox = await Sandbox.start({ world, clock: new ManualClock(), store, real: true });
  closeAfterTest(() => sandbox.close());
  const at = new Bench(sandbox, "");
  const push = { repository: SAMPLE.repository, region: SAMPLE.region, content: folderContent(image) };
  await sandbox.push({ ...push, folder: image, tags: [SAMPLE.tag, SAMPLE.candidate] });
  await sandbox.advance(minutes(2));
  const steps = vi.spyOn(store, "locked");
  const arn = await started(at);
  await sandbox.advance(30 * second);
  await sandbox.idle();
  expect(steps.mock.calls.length).toBeLessThan(50);

  const stream = sandbox.logs
    .streams(SAMPLE.region, SAMPLE.logGroup)
    .find(({ name }) => name.endsWith(arn.split("/").at(-1) as string));
  expect(stream?.events).toHaveLength(20_001);
  expect(stream?.events.at(19_999)?.message).toBe("20000");
  expect(stream?.events.at(-1)?.message).toBe("unfinished");
  expect(readFileSync(join(folder, "runtime.json"), "utf8")).not.toContain("unfinished");
  const files = readdirSync(join(folder, "logs"), { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => name.endsWith(".jsonl")))
    expect(statSync(join(folder, "logs", file)).mode & 0o777).toBe(0o600);
});

test("two processes add to one stream; a reader sees what is whole, and goes on after what a crash left", () => {
  const folder = temporary();
  const [one, other] = [new FileLogs(folder), new FileLogs(folder)];
  const messages = () =>
    other
      .streams(SAMPLE.region, SAMPLE.logGroup)
      .map(({ name, events }) => [name, events.map((e) => e.message)]);
  one.append(target("a/b"), ["1", "2"], 10, 20);
  other.append(target("a/b"), ["3"], 11, 21);
  expect(messages()).toEqual([["a/b", ["1", "2", "3"]]]);
  const [group = ""] = readdirSync(join(folder, "logs"));
  const [file = ""] = readdirSync(join(folder, "logs", group));
  appendFileSync(join(folder, "logs", group, file), '\n{"stream":"a/b","at":12,"li');
  expect(messages()).toEqual([["a/b", ["1", "2", "3"]]]);
  one.append(target("a/b"), ["4"], 5, 6);
  expect(messages()).toEqual([["a/b", ["1", "2", "3", "4"]]]);
  // Time never runs back within a stream: readers look for times by halving.
  const times = other.streams(SAMPLE.region, SAMPLE.logGroup)[0]?.events.map(({ at }) => at);
  expect(times).toEqual([10, 10, 11, 11]);
  one.clear();
  expect(messages()).toEqual([]);
});

test("pages of a group are its events in the order of their times, each once, whatever the limit", async () => {
  const at = await bench();
  const start = at.sandbox.clock.now() - 100_000;
  const line = fc.record({
    stream: fc.constantFrom("a", "b", "c"),
    after: fc.nat(20),
    word: fc.constantFrom("x", "y"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 40 }),
      fc.integer({ min: 1, max: 15 }),
      fc.option(fc.constantFrom("x", "y"), { nil: undefined }),
      fc.option(fc.nat(20), { nil: undefined }),
      async (lines, limit, filterPattern, from) => {
        at.sandbox.logs.clear();
        const sorted = [...lines].sort((one, other) => one.after - other.after);
        const expected: string[] = [];
        for (const [index, { stream, after, word }] of sorted.entries()) {
          at.sandbox.logs.append(target(stream), [`${word} ${index}`], start + after, start + after);
          const kept = (filterPattern ?? word) === word && after >= (from ?? 0);
          if (kept) expected.push(`${word} ${index}`);
        }
        const seen: [number, string][] = [];
        let nextToken: string | undefined;
        do {
          const input: FilterLogEventsCommandInput = {
            logGroupName: SAMPLE.logGroup,
            limit,
            nextToken,
            filterPattern,
          };
          if (from !== undefined) input.startTime = start + from;
          const answer = await at.logs.send(new FilterLogEventsCommand(input));
          for (const { timestamp = 0, message = "" } of answer.events ?? []) seen.push([timestamp, message]);
          nextToken = answer.nextToken;
          expect(answer.events?.length ?? 0).toBe(nextToken ? limit : (answer.events?.length ?? 0));
        } while (nextToken);
        expect(seen.map(([, message]) => message).sort()).toEqual(expected.sort());
        expect(seen.map(([time]) => time)).toEqual(
          seen.map(([time]) => time).sort((one, other) => one - other),
        );
      },
    ),
    { numRuns: 40 },
  );
});

test("a stream is read forth and back in pages, within a time", async () => {
  const at = await bench();
  const start = at.sandbox.clock.now() - 100_000;
  for (let index = 0; index < 10; index++)
    at.sandbox.logs.append(target("s"), [String(index)], start + index, start + index);
  const read = async (more: object) => {
    const input = { logGroupName: SAMPLE.logGroup, logStreamName: "s", limit: 3, ...more };
    const { events = [], ...tokens } = await at.logs.send(new GetLogEventsCommand(input));
    return { text: events.map(({ message }) => message).join(""), ...tokens };
  };
  const span = { startTime: start + 2, endTime: start + 9 };
  const head = await read({ startFromHead: true, ...span });
  expect(head.text).toBe("234");
  const next = await read({ nextToken: head.nextForwardToken, ...span });
  expect(next.text).toBe("567");
  expect((await read({ nextToken: next.nextForwardToken, ...span })).text).toBe("8");
  expect((await read({ nextToken: next.nextBackwardToken, ...span })).text).toBe("234");
  expect((await read({})).text).toBe("789");
});

test("what CloudWatch does not show yet is in no answer", async () => {
  const at = await bench();
  const now = at.sandbox.clock.now();
  at.sandbox.logs.append(target("late"), ["shown"], now, now);
  at.sandbox.logs.append(target("late"), ["later"], now, now + second);
  const filter = new FilterLogEventsCommand({ logGroupName: SAMPLE.logGroup, logStreamNames: ["late"] });
  const messages = async () => (await at.logs.send(filter)).events?.map(({ message }) => message);
  expect(await messages()).toEqual(["shown"]);
  await at.advance(second);
  expect(await messages()).toEqual(["shown", "later"]);
});

test("logs in memory are as those in files", () => {
  const logs = new MemoryLogs();
  logs.append(target("a"), ["1"], 2, 3);
  logs.append(target("a"), ["2"], 1, 1);
  expect(logs.streams(SAMPLE.region, SAMPLE.logGroup)).toMatchObject([
    {
      name: "a",
      events: [
        { at: 2, seenAt: 3, message: "1" },
        { at: 2, seenAt: 3, message: "2" },
      ],
    },
  ]);
  expect(logs.streams(SAMPLE.region, "/other")).toEqual([]);
});
