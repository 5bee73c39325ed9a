import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { atMostEvery } from "../demo/at-most-every";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("of ten thousand lines in a second the newest is shown, at most ten times", () => {
  const shown: number[] = [];
  const { give } = atMostEvery(100, (line: number) => shown.push(line));
  for (let line = 1; line <= 10_000; line++) {
    give(line);
    if (line % 10 === 0) vi.advanceTimersByTime(1);
  }
  expect(shown.length).toBeLessThanOrEqual(11);
  vi.advanceTimersByTime(100);
  expect(shown.at(-1)).toBe(10_000);
});

test("a line that comes alone is shown at once, and none after the end", () => {
  const shown: string[] = [];
  const { give, stop } = atMostEvery(100, (line: string) => shown.push(line));
  give("one");
  vi.advanceTimersByTime(0);
  expect(shown).toEqual(["one"]);
  give("two");
  stop();
  vi.advanceTimersByTime(1000);
  expect(shown).toEqual(["one"]);
  expect(vi.getTimerCount()).toBe(0);
});
