import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addSample, SAMPLE, sampleWorld } from "../../sandbox/api/sample";
import type { Behaviour } from "../../sandbox/engine/behaviour";
import { breakerThreshold, primaryOf } from "../../sandbox/engine/deployments";
import { adopt, advance, createSim, interrupt, settle } from "../../sandbox/engine/engine";
import { pushImage } from "../../sandbox/engine/images";
import { limits } from "../../sandbox/engine/scheduler";
import { changeService } from "../../sandbox/engine/services";
import type { Sim } from "../../sandbox/engine/sim";
import { emptyRuntime, type Service } from "../../sandbox/engine/state";
import { beginStop } from "../../sandbox/engine/stopping";
import { createTask, liveTasksOf } from "../../sandbox/engine/tasks";
import type { World } from "../../sandbox/world";
import { minutes, second } from "./support";

/** Raise it to look harder. */
const RUNS = Number(process.env.RUNS ?? 40);

const START = Date.UTC(2026, 0, 5, 9);

/** Something that happens to an environment. */
type Action =
  | { kind: "release"; behaviour: Behaviour }
  | { kind: "desired"; count: number }
  | { kind: "one-off" }
  | { kind: "stop"; which: number }
  | { kind: "interrupt"; which: number }
  | { kind: "shortage"; short: boolean }
  | { kind: "wait"; time: number };

const behaviour: fc.Arbitrary<Behaviour> = fc.record(
  {
    pull: fc.record(
      { duration: fc.integer({ min: 0, max: 60_000 }), error: fc.constant("i/o timeout") },
      { requiredKeys: [] },
    ),
    run: fc.record(
      {
        exit: fc.record({ code: fc.integer({ min: 0, max: 2 }), after: fc.integer({ min: 0, max: 90_000 }) }),
        healthy: fc.oneof(fc.constant("never" as const), fc.integer({ min: 0, max: 90_000 })),
        stop: fc.constant("ignore" as const),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ kind: fc.constant("release" as const), behaviour }),
  fc.record({ kind: fc.constant("desired" as const), count: fc.integer({ min: 0, max: 5 }) }),
  fc.record({ kind: fc.constant("one-off" as const) }),
  fc.record({ kind: fc.constant("stop" as const), which: fc.nat(9) }),
  fc.record({ kind: fc.constant("interrupt" as const), which: fc.nat(9) }),
  fc.record({ kind: fc.constant("shortage" as const), short: fc.boolean() }),
  fc.record({ kind: fc.constant("wait" as const), time: fc.integer({ min: 1, max: 200_000 }) }),
);

const environment = fc.record({
  desired: fc.integer({ min: 0, max: 4 }),
  minimumPercent: fc.constantFrom(0, 50, 100),
  maximumPercent: fc.constantFrom(100, 150, 200),
  memory: fc.constantFrom(256, 1000, 2000),
  managedScaling: fc.boolean(),
  worker: fc.boolean(),
  healthCheck: fc.boolean(),
});

let world: World;
const folder = mkdtempSync(join(tmpdir(), "sandbox-engine-"));
beforeAll(async () => {
  world = await sampleWorld({}, folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function begin(seed: number): Sim {
  const sim = createSim(emptyRuntime(START, seed), world);
  push(sim, "first", {});
  adopt(sim);
  advance(sim, START);
  return sim;
}

function push(sim: Sim, content: string, what: Behaviour): void {
  const tags = [SAMPLE.tag, SAMPLE.candidate];
  pushImage(sim, { repository: SAMPLE.repository, region: SAMPLE.region, tags, content, behaviour: what });
}

function serviceOf(sim: Sim): Service {
  return Object.values(sim.state.services)[0] as Service;
}

function act(sim: Sim, one: Action, index: number): void {
  const service = serviceOf(sim);
  const live = Object.values(sim.state.tasks).filter((task) => task.desiredStatus === "RUNNING");
  if (one.kind === "release") {
    push(sim, `release ${index}`, one.behaviour);
    changeService(sim, service, service.spec, true);
  }
  if (one.kind === "desired") changeService(sim, service, { ...service.spec, desired: one.count }, false);
  if (one.kind === "one-off") {
    const definition = sim.state.definitions[SAMPLE.migration];
    if (!definition) throw new Error("no migration");
    const place = { cluster: service.spec.cluster, region: SAMPLE.region, provider: SAMPLE.provider };
    createTask(sim, { ...place, definition, group: "family:migration", launchType: "EC2" });
  }
  const task = "which" in one ? live[one.which % Math.max(1, live.length)] : undefined;
  if (one.kind === "stop" && task) beginStop(sim, task, "UserInitiated", "test");
  if (one.kind === "interrupt" && task) interrupt(sim, task);
  if (one.kind === "shortage") sim.state.shortages = one.short ? [SAMPLE.provider] : [];
  settle(sim);
}

/** Lets time pass second by second where `look` wants to see it all. */
function pass(sim: Sim, time: number, look?: (sim: Sim) => void): void {
  const until = sim.state.time + time;
  if (!look) {
    advance(sim, until);
    return;
  }
  while (sim.state.time < until) {
    advance(sim, Math.min(until, sim.state.time + 5 * second));
    look(sim);
  }
}

function play(seed: number, actions: readonly Action[], look?: (sim: Sim) => void): Sim {
  const sim = begin(seed);
  pass(sim, minutes(5), look);
  for (const [index, one] of actions.entries()) {
    if (one.kind === "wait") pass(sim, one.time, look);
    else {
      act(sim, one, index);
      look?.(sim);
    }
  }
  return sim;
}

const scenario = fc.record({ environment, actions: fc.array(action, { maxLength: 12 }), seed: fc.nat() });

describe("for any history", () => {
  test("no instance holds more than it has", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ environment: chosen, actions, seed }) => {
        await addSample(world, chosen);
        play(seed, actions, (sim) => {
          for (const instance of Object.values(sim.state.instances)) {
            const here = Object.values(sim.state.tasks).filter(
              (task) => task.instance === instance.arn && task.lastStatus !== "STOPPED",
            );
            expect(here.reduce((sum, task) => sum + task.memory, 0)).toBeLessThanOrEqual(instance.memory);
            expect(here.reduce((sum, task) => sum + task.cpu, 0)).toBeLessThanOrEqual(instance.cpu);
          }
        });
      }),
      { numRuns: RUNS },
    );
  });

  test("a service never starts tasks beyond its maximum percent", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ environment: chosen, actions, seed }) => {
        await addSample(world, chosen);
        let before = new Set<string>();
        play(seed, actions, (sim) => {
          const service = serviceOf(sim);
          const live = liveTasksOf(sim, service.arn).map(({ arn }) => arn);
          const grew = live.some((arn) => !before.has(arn)) && live.length > before.size;
          if (grew) expect(live.length).toBeLessThanOrEqual(limits(service).maximum);
          before = new Set(live);
        });
      }),
      { numRuns: RUNS },
    );
  });

  test("one deployment is primary, the breaker opens exactly at its threshold, every end has a cause", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ environment: chosen, actions, seed }) => {
        await addSample(world, chosen);
        const sim = play(seed, actions, (one) => {
          const service = serviceOf(one);
          expect(service.deployments.filter(({ status }) => status === "PRIMARY")).toHaveLength(1);
          const threshold = breakerThreshold(service.spec.desired);
          if (primaryOf(service).rolloutState === "IN_PROGRESS")
            expect(primaryOf(service).failedTasks).toBeLessThan(threshold);
        });
        for (const task of Object.values(sim.state.tasks)) {
          if (task.desiredStatus === "RUNNING") continue;
          expect(task.stopCode).toBeDefined();
          expect(task.stoppedReason).toBeTruthy();
          for (const container of task.containers)
            if (container.startedAt === undefined) expect(container.exitCode).toBeUndefined();
        }
      }),
      { numRuns: RUNS },
    );
  });

  test("the same seed gives the same world, however often one looks", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ environment: chosen, actions, seed }) => {
        await addSample(world, chosen);
        const once = play(seed, actions);
        expect(play(seed, actions).state).toEqual(once.state);
        expect(play(seed, actions, () => undefined).state).toEqual(once.state);
      }),
      { numRuns: RUNS },
    );
  });

  test("what is planned can be written down and read back at any moment", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ environment: chosen, actions, seed }) => {
        await addSample(world, chosen);
        const sim = play(seed, actions);
        const copy = createSim(JSON.parse(JSON.stringify(sim.state)), world);
        advance(sim, sim.state.time + minutes(10));
        advance(copy, copy.state.time + minutes(10));
        expect(copy.state).toEqual(JSON.parse(JSON.stringify(sim.state)));
      }),
      { numRuns: RUNS },
    );
  });

  test("a good release is steady within an hour, whatever happened before", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ environment: chosen, actions, seed }) => {
        await addSample(world, {
          ...chosen,
          managedScaling: true,
          group: { minimum: 1, maximum: 12, type: "t3.medium" },
        });
        const sim = play(seed, actions);
        sim.state.shortages = [];
        act(sim, { kind: "release", behaviour: {} }, 1000);
        pass(sim, minutes(60));
        const service = serviceOf(sim);
        const { minimum, maximum } = limits(service);
        // Such a service cannot move, in AWS neither.
        fc.pre(maximum > minimum || service.spec.desired === 0);
        expect(primaryOf(service).rolloutState).toBe("COMPLETED");
        expect(liveTasksOf(sim, service.arn)).toHaveLength(service.spec.desired);
      }),
      { numRuns: RUNS },
    );
  });
});

test.each([
  [0, 3],
  [1, 3],
  [6, 3],
  [7, 4],
  [10, 5],
  [400, 200],
  [1000, 200],
])("the breaker's threshold for %i tasks is %i", (desired, threshold) => {
  expect(breakerThreshold(desired)).toBe(threshold);
});
