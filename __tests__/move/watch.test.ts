import fc from "fast-check";
import { expect, it } from "vitest";
import { SIDE } from "../../move/probe";
import { Seen } from "../../move/watch";

const answer = (milliseconds: number, side = "new", status = 200) => ({
  status,
  headers: { [SIDE]: side },
  body: "",
  milliseconds,
});

it("95 of 100 answers came within the time that is told, whatever came in which order", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5_000 }), { minLength: 1, maxLength: 300 }), (times) => {
      const seen = new Seen("new");
      for (const time of times) seen.take(answer(time));
      const sorted = [...times].sort((one, other) => one - other);
      expect(seen.p95).toBe(sorted[Math.ceil(times.length * 0.95) - 1]);
    }),
  );
});

it("an answer of the other side is none, a failure is one, and neither has a time", () => {
  const seen = new Seen("new");
  for (const said of [answer(10), answer(900, "old"), answer(900, "new", 404), undefined]) seen.take(said);
  expect([seen.requests, seen.good, seen.failed, seen.elsewhere, seen.p95]).toEqual([4, 1, 2, 1, 10]);
  expect(seen.text).toBe("new side 4 requests, 50.0 % failed, p95 10 ms");
});

it("a day of four a second is as quick to sum up at its end as at its beginning", () => {
  const seen = new Seen("new");
  for (let nth = 0; nth < 4 * 86_400; nth++) {
    seen.take(answer(20 + (nth % 80)));
    if (seen.p95 < 20) expect.unreachable("it forgets");
  }
  expect(seen.text).toBe("new side 345600 requests, 0.0 % failed, p95 95 ms");
});
