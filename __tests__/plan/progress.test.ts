import { PassThrough } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { oneAtATime, parallel } from "../../plan/parallel";
import { Progress } from "../../plan/progress";
import { duration } from "../../terminal/duration";
import { screenOf } from "../../terminal/screen";

/** A terminal that remembers, or a file. */
function screen(isTTY: boolean, environment: NodeJS.ProcessEnv = {}) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 50 });
  const text = () => String(stream.read() ?? "");
  return { screen: screenOf(stream as unknown as NodeJS.WriteStream, environment), text };
}

describe("a screen", () => {
  it.each([
    [true, {}, true, true],
    [true, { NO_COLOR: "1" }, true, false],
    [true, { CI: "true" }, false, true],
    [true, { TERM: "dumb" }, false, false],
    [false, {}, false, false],
  ])("terminal %s with %j: live %s, colours %s", (isTTY, environment, live, colors) => {
    const { screen: one } = screen(isTTY, environment);
    expect(one.live).toBe(live);
    expect(one.colors.isColorSupported).toBe(colors);
  });
});

describe("progress", () => {
  it("is plain lines in a log: what began and what ended", () => {
    let now = 0;
    const { screen: log, text } = screen(false);
    const progress = new Progress(log, 2, () => now);
    progress.begin("prod", "init");
    progress.update("prod", "plan");
    progress.begin("qa", "init");
    now = 65_000;
    progress.note("qa", "1/3 aws_vpc.a created");
    expect(progress.end("prod", true, "no changes")).toBe(65);
    progress.end("qa", false, "failed");
    progress.close();
    expect(text().split("\n")).toEqual([
      "prod: init …",
      "qa: init …",
      "qa: 1/3 aws_vpc.a created",
      "✓ prod: no changes (1 m 05 s)",
      "✗ qa: failed (1 m 05 s)",
      "",
    ]);
  });

  it("is a line for each stack below a heading, where a person watches", async () => {
    const { screen: terminal, text } = screen(true, { NO_COLOR: "1" });
    let now = 0;
    const progress = new Progress(terminal, 3, () => now);
    progress.begin("prod", "init");
    progress.begin("staging", "init");
    now = 2300;
    progress.update("staging", "plan, 9 read");
    progress.note("staging", "1/3 aws_vpc.a created");
    progress.end("prod", true, "no changes");
    progress.end("staging", false, "failed");
    await progress.close();
    const drawn = stripVTControlCharacters(text());
    expect(drawn).toContain("3 stacks, 2 ended");
    expect(drawn).toContain("✓ prod: no changes (2.3 s)");
    expect(drawn).toContain("✗ staging: failed (2.3 s)");
    expect(drawn).toContain("staging: 1/3 aws_vpc.a created");
  });

  it("is one line for a stack alone", async () => {
    const { screen: terminal, text } = screen(true, { NO_COLOR: "1" });
    const progress = new Progress(terminal, 1, () => 0);
    progress.begin("prod", "init");
    progress.end("prod", true, "applied");
    await progress.close();
    const drawn = stripVTControlCharacters(text());
    expect(drawn).toContain("✔ prod: applied [");
    expect(drawn).not.toContain("stacks");
  });

  it.each([
    [0.04, "0.0 s"],
    [59.9, "59.9 s"],
    [59.99, "1 m 00 s"],
    [3600, "60 m 00 s"],
    [7199, "119 m 59 s"],
    [7500, "2 h 05 m"],
    [259_200, "72 h 00 m"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe("side by side", () => {
  it("is at most so many at once, with results in order", async () => {
    let [now, most] = [0, 0];
    const results = await parallel([3, 1, 2, 0], 2, async (ticks) => {
      most = Math.max(most, ++now);
      for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve();
      now -= 1;
      return ticks * 10;
    });
    expect(results).toEqual([30, 10, 20, 0]);
    expect(most).toBe(2);
  });

  it("does the rest before it fails", async () => {
    const done: number[] = [];
    const work = parallel([1, 2, 3], 2, async (number) => {
      if (number === 1) throw new Error("one");
      await Promise.resolve();
      done.push(number);
    });
    await expect(work).rejects.toThrow("one");
    expect(done).toEqual([2, 3]);
  });

  it("or one at a time, whatever became of the one before", async () => {
    const next = oneAtATime();
    const order: string[] = [];
    const first = next(async () => {
      await Promise.resolve();
      order.push("first");
      throw new Error("failed");
    });
    const second = next(async () => order.push("second"));
    await expect(first).rejects.toThrow("failed");
    await second;
    expect(order).toEqual(["first", "second"]);
  });
});
