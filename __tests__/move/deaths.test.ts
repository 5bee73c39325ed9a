import fc from "fast-check";
import { expect, it } from "vitest";
import type { MoveContract } from "../../modules/contract";
import type { MoveEntry, MoveState, MoveStep } from "../../modules/contract/move";
import { nextOf } from "../../move/steps";
import { DOMAIN, EDGE, MoveWorld, OLD_RECORD } from "./support/world";

/** The road as commands; each is taken again until it says that it is done. */
const ROAD: readonly ((world: MoveWorld, isDead: () => boolean) => Promise<unknown>)[] = [
  (world, isDead) => world.front({ isDead }),
  (world, isDead) => world.shift(1, { isDead }),
  (world, isDead) => world.back({ isDead }),
  (world, isDead) => world.shift(100, { isDead }),
  (world, isDead) => world.workers(["worker"], { isDead }),
];

/** A process that dies after so many calls, at a time that nobody else notices; then it is gone for good. */
async function dies(
  world: MoveWorld,
  step: (world: MoveWorld, isDead: () => boolean) => Promise<unknown>,
  calls: number,
): Promise<boolean> {
  let left = calls;
  let dead: (value: boolean) => void = () => {};
  const death = new Promise<boolean>((resolve) => {
    dead = resolve;
  });
  const isDead = () => {
    if (left-- > 0) return false;
    dead(true);
    return true;
  };
  return Promise.race([step(world, isDead).then(() => false), death]);
}

/** Nothing that only a step under way may leave. */
function nothingLeft(world: MoveWorld): void {
  expect(world.isLocked).toBe(false);
  expect(world.edge.hold).toBe(false);
  expect(world.edge.share).toBe(world.state.share);
  expect(world.state.steps.filter(({ state }) => state === "begun")).toEqual([]);
}

it("killed anywhere, as often as you like, run again it goes on to the same end", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(60), { minLength: 5, maxLength: 12 }), async (deaths) => {
      const world = new MoveWorld();
      const times = [...deaths];
      for (const step of ROAD) {
        // The journal says what stands: a way back that was taken is not taken twice.
        const isBack = step === ROAD[2];
        let died = true;
        while (died) {
          const calls = times.shift() ?? Number.POSITIVE_INFINITY;
          died = await dies(world, step, calls);
          if (died) await world.wait(150_000);
          if (isBack && world.state.share === 0 && !world.state.steps.some((one) => one.step === "shift"))
            break;
          // People still reach one side or the other: there is always a whole set of records.
          expect([`A ${EDGE}|AAAA ${EDGE}`, `CNAME ${OLD_RECORD.ResourceRecords?.[0]?.Value}`]).toContain(
            world.leading.join("|"),
          );
        }
        await world.wait(150_000);
      }
      await world.wait(86_400_000);
      await world.finish();
      nothingLeft(world);
      expect(world.edge.share).toBe(100);
      expect(world.counts).toEqual({ "staging-worker": 2 });
      expect(world.state.records).toEqual([
        { name: DOMAIN, type: "CNAME", ttl: 300, values: ["abc.us-west-2.awsapprunner.com"] },
      ]);
    }),
    { numRuns: 60 },
  );
}, 60_000);

it("killed anywhere, it goes back from there, and everything is as it was", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(4),
      fc.nat(60),
      fc.array(fc.nat(40), { maxLength: 4 }),
      async (last, calls, deaths) => {
        const world = new MoveWorld();
        for (const step of ROAD.slice(0, last)) await step(world, () => false);
        const step = ROAD[last];
        if (step && (await dies(world, step, calls))) await world.wait(150_000);
        const times = [...deaths];
        for (;;) {
          let text = "";
          const died = await dies(
            world,
            async (_world, isDead) => {
              text = (await world.back({ isDead })).text;
            },
            times.shift() ?? Number.POSITIVE_INFINITY,
          );
          if (died) await world.wait(150_000);
          else if (text.includes("everything is as it was")) break;
        }
        nothingLeft(world);
        expect(world.records).toEqual([OLD_RECORD]);
        expect(world.edge.share).toBe(0);
        expect(world.counts).toEqual({ "staging-worker": 0 });
        expect(world.state.workers).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

it("comes next again where it died before its proof, and not what follows it", () => {
  const entry = (step: MoveStep, state: "begun" | "done", data?: MoveEntry["data"]) => ({
    step,
    state,
    by: "somebody",
    at: "2026-01-01T00:00:00Z",
    note: "",
    ...(data && { data }),
  });
  const plan = { from: {}, held: { worker: {} } } as unknown as MoveContract;
  const next = (state: Partial<MoveState>, ...steps: MoveEntry[]) =>
    nextOf({ plan, journal: { state: { ...new MoveWorld().state, ...state, steps } } as never });
  const front = entry("front", "done");
  const watched = entry("shift", "begun", { from: 1, to: 100 });
  expect(next({ share: 100 }, front, watched)).toBe("shift 100");
  expect(next({ share: 100 }, front, entry("shift", "begun", { from: 100, to: 0 }))).toBe("shift 0");
  const shifted = entry("shift", "done");
  expect(next({ share: 100 }, front, shifted)).toBe("workers worker");
  const released = entry("workers", "begun", { names: "worker" });
  expect(next({ share: 100, workers: ["worker"] }, front, shifted, released)).toBe("workers worker");
  expect(next({ share: 100, workers: ["worker"] }, front, shifted, entry("workers", "done"))).toBe("finish");
});
