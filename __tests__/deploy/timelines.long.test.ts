import fc from "fast-check";
import { expect, test } from "vitest";
import { healthy, type Phase, type TaskScript } from "./support/scripts";
import { breakOff, type Fault, type Outcome, throttle, World } from "./support/world";

const started: Phase = { at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 0 };
const crashed = {
  stopCode: "EssentialContainerExited",
  stoppedReason: "Essential container in task exited",
  containers: [{ name: "app", exitCode: 1 }],
};

/** Roll-outs by what becomes of them. */
const ROLLOUTS: Record<string, Phase[]> = {
  healthy,
  "rolled back": [
    started,
    { at: 50_000, rolloutState: "FAILED", status: "ROLLBACK_SUCCESSFUL", replacedBy: "rollback" },
  ],
  "given up": [started, { at: 50_000, rolloutState: "FAILED", status: "STOPPED" }],
  "crash loop": [started, { at: 20_000, running: 1, stopped: [crashed, crashed, crashed] }],
  superseded: [started, { at: 30_000, status: "STOPPED", replacedBy: "another", gone: true }],
  endless: [started, { at: 30_000, running: 1 }],
};

const times = fc.constantFrom(0, 500, 4_000, 45_000);
const task: fc.Arbitrary<TaskScript> = fc.record({
  provisioning: times,
  pending: times,
  running: fc.constantFrom(100, 10_000, 200_000),
  exitCode: fc.constantFrom(0, 0, 0, 0, 1, null),
  missing: fc.constantFrom(0, 0, 5_000, 40_000),
});
const names = [
  "DescribeTasks",
  "DescribeServices",
  "RunTask",
  "PutImage",
  "UpdateService",
  "ListTasks",
  "BatchGetImage",
];
const faults = fc.array(
  fc.tuple(fc.constantFrom(throttle, breakOff), fc.constantFrom(...names), fc.integer({ min: 1, max: 4 })),
  { maxLength: 3 },
);
const timeline = fc.record({
  task,
  rollout: fc.constantFrom(...Object.keys(ROLLOUTS)),
  faults,
  stale: fc.subarray([
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ListTasks",
    "ecs:ListServiceDeployments",
  ]),
  interruptAt: fc.option(fc.integer({ min: 0, max: 120_000 }), { nil: null, freq: 3 }),
});
type Timeline = typeof timeline extends fc.Arbitrary<infer T> ? T : never;

/** What an onlooker who knows the script says of the end: the codes that are no lie. */
function honest({ task, rollout }: Timeline, world: World): number[] {
  const deployed = world.made("UpdateService").length > 0;
  if (!deployed) return [2, 4, 130, ...(task.exitCode === 0 ? [3] : [])];
  if (task.exitCode !== 0) return [];
  const ends: Record<string, number> = { healthy: 0, superseded: 5, endless: 4 };
  return [ends[rollout] ?? 3, 130];
}

function expectNoOrphan(world: World, { exitCode }: Outcome) {
  if (exitCode === 4) return;
  const now = world.clock.now();
  for (const { createdAt, script, stoppedAt } of world.ecs.tasks) {
    const { provisioning = 0, pending = 0, running = 0 } = script;
    expect(Math.min(stoppedAt ?? now, createdAt + provisioning + pending + running)).toBeLessThanOrEqual(
      now + 2_000,
    );
  }
}

test("property: random timelines end in time, without a lie, and leave nothing behind", async () => {
  await fc.assert(
    fc.asyncProperty(timeline, async (one) => {
      const world = await World.open();
      world.ecs.taskScripts.push(one.task);
      world.ecs.rolloutScripts.push(ROLLOUTS[one.rollout] ?? healthy);
      for (const [fault, name, count] of one.faults) world.faults.push(fault(name, count) satisfies Fault);
      for (const operation of one.stale) world.stale.add(operation);
      if (one.interruptAt !== null) world.clock.at(one.interruptAt, () => world.interrupt());
      const outcome = await world.deploy();

      expect(honest(one, world)).toContain(outcome.exitCode);
      if (one.faults.length === 0 && one.interruptAt === null) {
        expect(world.made("UpdateService").length > 0).toBe(one.task.exitCode === 0);
      }
      expect(world.clock.elapsed()).toBeLessThan(30 * 60_000);
      expectNoOrphan(world, outcome);
      const latest = world.ecs.service("staging-web").deployments.at(-1)?.digest;
      if (outcome.exitCode !== 5)
        expect(world.digest("staging")).toBe(outcome.exitCode === 3 ? world.digest("v1") : latest);
    }),
    { numRuns: 60, interruptAfterTimeLimit: 40_000 },
  );
}, 90_000);

/** Delay from the moment when the world has decided to the event that tells the verdict. */
test("the median delay from the world's event to the verdict is at most 2 s", async () => {
  const delays: number[] = [];
  for (let index = 0; index < 24; index++) {
    const world = await World.open();
    const [migrationEnd, rolloutEnd] = [9_000 + index * 137, 31_000 + index * 211];
    world.ecs.taskScripts.push({ pending: 4_000, running: migrationEnd - 4_000, log: ["done"] });
    world.ecs.rolloutScripts.push([
      started,
      { at: rolloutEnd, rolloutState: "COMPLETED", status: "SUCCESSFUL", running: 2 },
    ]);
    const { events } = await world.deploy();
    const ends = events.filter((event) => event.type === "stage" && event.state === "succeeded");
    const at = (stage: string) =>
      Date.parse(ends.find((event) => "stage" in event && event.stage === stage)?.at ?? "");
    const forced = world.made("UpdateService")[0]?.at ?? 0;
    delays.push(
      at("migrate") - world.clock.start - migrationEnd,
      at("roll out") - world.clock.start - forced - rolloutEnd,
    );
  }
  delays.sort((a, b) => a - b);
  expect(delays[0]).toBeGreaterThanOrEqual(0);
  expect(delays[delays.length / 2]).toBeLessThanOrEqual(2_000);
}, 60_000);
