import { describe, expect, it } from "vitest";
import { comeBack, cross, MoreWritten } from "../../move/flip/crossing";
import { FlipWorld, randomOf } from "./support/flip-world";

const BOUND = 60_000;
const BACK = { copy: true, most: 0 };

/** What became of a call: it ended, it failed in words, or its process died. */
const ended = (call: Promise<void>) =>
  call.then(
    () => "done" as const,
    (error: Error) => (error.constructor.name === "Died" ? ("died" as const) : error),
  );

/** What must be so at every moment when nobody is at work on it. */
function expectWhole(world: FlipWorld, said: string) {
  expect(world.split, `${said}: both took writes`).toBe(0);
  expect(world.missing, `${said}: rows that were answered for are not there`).toBe(0);
}

/** Dies at the nth chance, and does nothing else wrong. */
function dyingAt(nth: number) {
  let chances = 0;
  return { dies: () => ++chances === nth, fails: () => false, takes: () => 10 };
}

describe("a flip", () => {
  it("leaves every row where services look, and nothing held", async () => {
    const world = new FlipWorld(randomOf(1));
    await cross(world.sides(), BOUND);
    expect(world.state.use).toBe("own");
    expect(new Set(Object.values(world.services))).toEqual(new Set(["own"]));
    expect(world.isAtRest).toBe(true);
    expectWhole(world, "flipped");
    expect(world.old.takes).toBe(false);
    await comeBack(world.sides(), BACK);
    expect(new Set(Object.values(world.services))).toEqual(new Set(["external"]));
    expect(world.isAtRest).toBe(true);
    expectWhole(world, "back");
    expect(world.state.isCopied).toBe(false);
  });

  it("is released to the old side when the hold has lasted its bound, and its own tasks' rows are brought along", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const world = new FlipWorld(randomOf(seed));
      const slow = { dies: () => false, fails: () => false, takes: () => 20_000 };
      expect(await ended(cross(world.sides(slow), BOUND))).toMatchObject({
        message: expect.stringContaining("may not last longer"),
      });
      await comeBack(world.sides(), BACK);
      expect([seed, world.state.use, world.isAtRest]).toEqual([seed, "external", true]);
      expectWhole(world, `seed ${seed}`);
      expect(world.lost).toBe(0);
    }
  });

  it("leaves no task of the mover at work when it gives up", async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const world = new FlipWorld(randomOf(seed));
      await ended(cross(world.sides({ dies: () => false, fails: () => false, takes: () => 20_000 }), BOUND));
      expect([seed, world.isMoving]).toEqual([seed, false]);
    }
  });

  it("goes on wherever its process died, and so does the way back", async () => {
    for (let nth = 1, isOver = false; !isOver; nth++) {
      const world = new FlipWorld(randomOf(nth));
      isOver = (await ended(cross(world.sides(dyingAt(nth)), BOUND))) !== "died";
      expect([nth, await ended(cross(world.sides(), BOUND))]).toEqual([nth, "done"]);
      expect([nth, world.state.use, world.isAtRest]).toEqual([nth, "own", true]);
      expectWhole(world, `${nth}`);
      await ended(comeBack(world.sides(dyingAt(nth)), BACK));
      expect([nth, await ended(comeBack(world.sides(), BACK))]).toEqual([nth, "done"]);
      expect([nth, world.state.use, world.isAtRest, world.lost]).toEqual([nth, "external", true, 0]);
      expectWhole(world, `${nth} back`);
    }
  });

  it("that is over is not taken back for a bound that has passed since", async () => {
    const world = new FlipWorld(randomOf(3));
    await cross(world.sides(), BOUND);
    world.state.heldSince = world.now;
    world.gateHolds = true;
    world.now += 10 * BOUND;
    await cross(world.sides(), BOUND);
    expect([world.state.use, world.isAtRest]).toEqual(["own", true]);
  });

  it("loses by going back no more than somebody agreed to", async () => {
    const world = new FlipWorld(randomOf(5));
    await cross(world.sides(), BOUND);
    const { transactions } = await world.sides().databases.written();
    const refused = await ended(comeBack(world.sides(), { copy: false, most: 0 }));
    expect(refused).toBeInstanceOf(MoreWritten);
    expect([world.state.use, world.isAtRest, world.lost]).toEqual(["own", true, 0]);
    expectWhole(world, "refused");
    await comeBack(world.sides(), { copy: false, most: 1_000 });
    expect(world.lost).toBeGreaterThanOrEqual(transactions);
    expectWhole(world, "agreed");
  });

  it("goes on or goes back wherever it dies or fails, in each of 4000 lives", async () => {
    const ends = { own: 0, external: 0, lives: 0, deaths: 0 };
    for (let seed = 1; seed <= 4_000; seed++) {
      const random = randomOf(seed * 7_919);
      const world = new FlipWorld(random);
      const fate = {
        dies: () => random() < 0.04,
        fails: () => random() < 0.02,
        takes: () => 10 ** (1 + random() * 3.5),
      };
      // Once somebody has begun to go back, nobody goes on before that has ended.
      let goesBack = random() < 0.2;
      for (let life = 0; ; life++) {
        const isLast = life === 20;
        const sides = world.sides(isLast ? undefined : fate);
        const end = await ended(goesBack ? comeBack(sides, BACK) : cross(sides, BOUND));
        expect(world.split, `seed ${seed}, life ${life}`).toBe(0);
        ends.lives++;
        if (end === "died") ends.deaths++;
        if (end === "done" || isLast) {
          if (end === "done") break;
          goesBack = true;
          await comeBack(world.sides(), BACK);
          break;
        }
        // A step that failed goes back by itself; whoever finds a dead one takes either way.
        goesBack ||= end !== "died" || random() < 0.3;
      }
      expect([seed, world.isAtRest]).toEqual([seed, true]);
      expect([seed, world.state.use]).toEqual([seed, goesBack ? "external" : "own"]);
      expect([seed, ...new Set(Object.values(world.services))]).toEqual([seed, world.state.use]);
      expectWhole(world, `seed ${seed}`);
      expect([seed, world.lost]).toEqual([seed, 0]);
      expect([seed, world.old.takes]).toEqual([seed, world.state.use === "external"]);
      ends[world.state.use]++;
    }
    expect(ends.own).toBeGreaterThan(300);
    expect(ends.external).toBeGreaterThan(500);
    expect(ends.deaths).toBeGreaterThan(1_000);
  });
});
