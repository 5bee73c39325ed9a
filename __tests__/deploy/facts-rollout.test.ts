import { expect, test } from "vitest";
import { healthy, type Phase } from "./support/scripts";
import { Refusal } from "./support/wire";
import { deny, World } from "./support/world";

const crash = { stopCode: "EssentialContainerExited", stoppedReason: "Essential container in task exited" };
const crashed = (exitCode: number) => ({ ...crash, containers: [{ name: "app", exitCode }] });
const starting: Phase = { at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 0 };

/** ECS's breaker trips: ours is FAILED, and the rollback is PRIMARY. */
const rolledBack: Phase[] = [
  starting,
  {
    at: 60_000,
    rolloutState: "FAILED",
    rolloutStateReason: "ECS deployment circuit breaker: tasks failed to start.",
    status: "ROLLBACK_SUCCESSFUL",
    statusReason: "Service deployment rolled back because the circuit breaker threshold was exceeded.",
    replacedBy: "rollback",
    stopped: [crashed(1)],
  },
];

test("fact 10: the deployment is known from the answer, though describes are stale", async () => {
  const world = await World.open();
  let before: unknown;
  world.faults.push((operation) => {
    if (operation === "ecs:UpdateService")
      before = { services: [world.ecs.describeService("staging-web")], failures: [] };
    const stale = before && world.clock.elapsed() < 30_000 && operation === "ecs:DescribeServices";
    return stale ? before : undefined;
  });
  expect((await world.deploy()).exitCode).toBe(0);
});

test("fact 11: one stable deployment is no success when it is not ours", async () => {
  const world = await World.open();
  world.ecs.rolloutScripts.push(
    rolledBack.map((phase) => ({ ...phase, ...(phase.replacedBy && { gone: true }) })),
  );
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(result.services).toMatchObject([{ name: "web", outcome: "rolled back" }]);
});

test("fact 11: at desired count 0 the deploy says that nothing runs", async () => {
  const world = await World.open();
  world.ecs.service("staging-web").desired = 0;
  world.ecs.rolloutScripts.push([{ at: 0, rolloutState: "COMPLETED", status: "SUCCESSFUL", running: 0 }]);
  const { exitCode, printed } = await world.deploy();
  expect(exitCode).toBe(0);
  expect(printed).toContain("nothing runs: the desired count is 0");
});

test("fact 12: a circuit-breaker rollback is a failure: tag back, reason, last lines, migration note", async () => {
  const world = await World.open();
  world.ecs.rolloutScripts.push(rolledBack);
  world.logs.set("web-103-stopped-0", ["panic: no such column"]);
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(result.text).toMatch(/rolled back.*circuit breaker threshold.*exit code 1/s);
  expect(result.lastLines).toEqual(["panic: no such column"]);
  expect(result.wayOut.join("\n")).toMatch(
    /names sha256:\w+ again[\s\S]*web runs sha256:\w+ again[\s\S]*migration was not undone/,
  );
  expect(world.digest("staging")).toBe(world.digest("v1"));
  // ECS brings the service back by itself: one forced deployment, not two.
  expect(world.made("UpdateService")).toHaveLength(1);
});

test("fact 12: gone and replaced by somebody is superseded, and the tag is left to them", async () => {
  const world = await World.open();
  world.ecs.rolloutScripts.push([
    starting,
    { at: 30_000, status: "STOPPED", replacedBy: "another", gone: true },
  ]);
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(5);
  expect(result.text).toContain("replaced ours");
  expect(world.digest("staging")).toBe(world.digest("v2"));
});

test("fact 12: a verdict stands though its reasons may not be read", async () => {
  const world = await World.open();
  world.ecs.rolloutScripts.push(rolledBack);
  world.faults.push(deny("DescribeServiceDeployments"));
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(result.text).toContain("no more is known: ecs:DescribeServiceDeployments: AccessDeniedException");
  expect(world.digest("staging")).toBe(world.digest("v1"));
});

test("fact 12: when the record lags behind, the breaker's setting tells that ECS rolls back by itself", async () => {
  const world = await World.open();
  world.ecs.rolloutScripts.push([
    starting,
    { at: 30_000, rolloutState: "FAILED", status: "IN_PROGRESS" },
    { at: 60_000, status: "ROLLBACK_SUCCESSFUL", replacedBy: "rollback" },
  ]);
  const { exitCode } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(world.made("UpdateService")).toHaveLength(1);
});

test("ECS's own rollback is followed to its end before anything is said of it", async () => {
  const world = await World.open();
  world.ecs.rolloutScripts.push([
    starting,
    {
      at: 60_000,
      rolloutState: "FAILED",
      status: "ROLLBACK_IN_PROGRESS",
      replacedBy: "rollback",
      returning: "IN_PROGRESS",
    },
    { at: 180_000, status: "ROLLBACK_SUCCESSFUL", returning: "COMPLETED" },
  ]);
  const { exitCode, result } = await world.deploy();
  expect([exitCode, world.made("UpdateService").length]).toEqual([3, 1]);
  expect(result.wayOut).toContain(`web runs ${world.digest("v1")?.slice(0, 19)} again.`);
  expect(result.seconds).toBeGreaterThan(180);
});

test.each([
  [
    "ECS gives its rollback up",
    { status: "ROLLBACK_FAILED", returning: "FAILED" },
    /NOT back.*could not roll back/,
  ],
  [
    "its record alone says so",
    { status: "ROLLBACK_FAILED", returning: "IN_PROGRESS" },
    /NOT back.*could not roll back/,
  ],
  [
    "it returns to another image",
    { status: "ROLLBACK_SUCCESSFUL", backTo: `sha256:${"e".repeat(64)}` },
    /NOT back.*runs sha256:eeee/,
  ],
])("%s: said so, and the image before is forced once", async (_, end, said) => {
  const world = await World.open();
  const begun = { replacedBy: "rollback", status: "ROLLBACK_IN_PROGRESS", returning: "IN_PROGRESS" } as const;
  world.ecs.rolloutScripts.push([
    starting,
    { at: 60_000, rolloutState: "FAILED", ...begun },
    { at: 120_000, returning: "COMPLETED", ...end },
  ]);
  const { exitCode, result } = await world.deploy();
  expect([exitCode, world.made("UpdateService").length]).toEqual([3, 2]);
  expect(result.wayOut.join("\n")).toMatch(said);
  expect(result.wayOut.join("\n")).toMatch(/web runs sha256:\w+ again/);
});

test("a rollback that somebody's deployment replaces is left to them", async () => {
  const world = await World.open();
  const begun = { replacedBy: "rollback", status: "ROLLBACK_IN_PROGRESS", returning: "IN_PROGRESS" } as const;
  world.ecs.rolloutScripts.push([
    starting,
    { at: 60_000, rolloutState: "FAILED", ...begun },
    { at: 120_000, status: "STOPPED" },
  ]);
  const { exitCode, result } = await world.deploy();
  expect([exitCode, world.made("UpdateService").length]).toEqual([3, 1]);
  expect(result.wayOut.join()).toMatch(/NOT back.*superseded: ECS's rollback was stopped/);
});

test("a first release that fails is no way back for the second", async () => {
  const world = await World.open(undefined, { fresh: true });
  world.registry.tags.set("staging", world.registry.push("v1", "one"));
  world.ecs.deployed("staging-web", [{ at: 0, rolloutState: "FAILED", status: "STOPPED", running: 1 }]);
  world.ecs.rolloutScripts.push([starting, { at: 30_000, rolloutState: "FAILED", status: "STOPPED" }]);
  const { exitCode, result } = await world.deploy();
  expect([exitCode, world.made("UpdateService").length]).toEqual([3, 1]);
  expect(result.images).toMatchObject([{ previous: null }]);
  expect(result.wayOut.join()).toContain("no successful deployment ran another image");
});

test.each(["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"])(
  "fact 13: %s is a failure of ours",
  async (status) => {
    const world = await World.open();
    world.ecs.rolloutScripts.push([starting, { at: 30_000, status, replacedBy: "rollback", gone: true }]);
    expect((await world.deploy()).exitCode).toBe(3);
    expect(world.digest("staging")).toBe(world.digest("v1"));
  },
);

test.each(["ROLLBACK_FAILED", "STOP_REQUESTED", "STOPPED"])(
  "fact 13: %s leaves the service to us: it is brought back",
  async (status) => {
    const world = await World.open();
    world.ecs.rolloutScripts.push([starting, { at: 30_000, rolloutState: "FAILED", status }]);
    const { exitCode, result } = await world.deploy();
    expect(exitCode).toBe(3);
    expect(world.made("UpdateService")).toHaveLength(2);
    expect(result.wayOut.join()).toMatch(/web runs sha256:\w+ again/);
  },
);

test("fact 13: without a rollout state there is no success, only an unknown outcome", async () => {
  const world = await World.open();
  world.ecs.rolloutScripts.push([{ at: 0, running: 2, status: "IN_PROGRESS" }]);
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(4);
  expect(result.wayOut.join()).toContain("still names");
});

test("fact 14: a crash after RUNNING never trips the breaker and is found in the stopped tasks", async () => {
  const world = await World.open();
  const loop = { at: 20_000, failed: 0, running: 1, stopped: [crashed(1), crashed(1), crashed(1)] };
  world.ecs.rolloutScripts.push([starting, loop]);
  world.logs.set("web-103-stopped-2", ["cannot connect to redis"]);
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(result.text).toContain("3 tasks crashed");
  expect(result.lastLines).toEqual(["cannot connect to redis"]);
  expect(world.digest("staging")).toBe(world.digest("v1"));
  expect(world.made("UpdateService")).toHaveLength(2);
  expect(world.clock.elapsed()).toBeLessThan(3 * 60_000);
});

test("fact 14: crashes of an earlier deployment are not ours", async () => {
  const world = await World.open();
  const theirs = [0, 1, 2, 3].map((index) => ({
    ...crashed(1),
    taskArn: `arn:aws:ecs:us-west-2:123456789012:task/staging/old-${index}`,
    startedBy: "ecs-svc/7",
    group: "service:staging-web",
    lastStatus: "STOPPED",
    desiredStatus: "STOPPED",
    startedAt: 1,
  }));
  world.ecs.foreignTasks.push(...theirs);
  expect((await world.deploy()).exitCode).toBe(0);
});

test("fact 15: no room for a task is a warning with its reason", async () => {
  const world = await World.open();
  world.clock.at(25_000, () => {
    const message =
      "(service staging-web) was unable to place a task because no container instance met all of its requirements.";
    world.ecs
      .service("staging-web")
      .events.unshift({ id: "e1", createdAt: world.clock.now() / 1000, message });
  });
  const { exitCode, events } = await world.deploy();
  expect(exitCode).toBe(0);
  const warnings = events.filter(({ type }) => type === "warning");
  expect(warnings).toMatchObject([{ text: expect.stringMatching(/^web: was unable to place a task/) }]);
});

test("fact 16: each service event is told once, and old ones not at all", async () => {
  const world = await World.open();
  const { events } = world.ecs.service("staging-web");
  events.push({ id: "old", createdAt: 1, message: "(service staging-web) has started 1 tasks: (task old)." });
  world.clock.at(25_000, () => {
    const message = "(service staging-web) has started 2 tasks: (task new).";
    events.unshift({ id: "new", createdAt: world.clock.now() / 1000, message });
  });
  const { printed } = await world.deploy();
  expect(printed.match(/task new/g)).toHaveLength(1);
  expect(printed).not.toContain("task old");
});

test("fact 17: 150 tasks take two pages, and every one is proved", async () => {
  const world = await World.open();
  world.ecs.service("staging-web").desired = 150;
  world.ecs.rolloutScripts.push(
    healthy.map((phase) => ({ ...phase, ...(phase.running && { running: 150 }) })),
  );
  world.faults.push((operation, input) => {
    if (operation === "ecs:ListTasks") {
      const { taskArns } = world.ecs.listTasks(input);
      const start = Number(input.nextToken ?? 0);
      const nextToken = start + 100 < taskArns.length ? `${start + 100}` : undefined;
      return { taskArns: taskArns.slice(start, start + 100), nextToken };
    }
    if (operation === "ecs:DescribeTasks" && (input.tasks as string[]).length > 100) {
      throw new Refusal("InvalidParameterException", "at most 100 tasks");
    }
  });
  const { exitCode, printed } = await world.deploy();
  expect(exitCode).toBe(0);
  expect(printed).toContain("150 running, image proved");
});

test("fact 18: after a minute the calls stay below 40 a minute", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ running: 180_000, log: ["working"] });
  world.ecs.rolloutScripts.push([
    starting,
    { at: 180_000, rolloutState: "COMPLETED", status: "SUCCESSFUL", running: 2 },
  ]);
  expect((await world.deploy()).exitCode).toBe(0);
  for (let minute = 1; minute * 60_000 < world.clock.elapsed(); minute++) {
    const during = world.calls.filter(({ at }) => at >= minute * 60_000 && at < (minute + 1) * 60_000);
    expect(during.length).toBeLessThanOrEqual(40);
  }
  expect(world.calls.length / (world.clock.elapsed() / 60_000)).toBeLessThanOrEqual(40);
});

test("a roll-out that never ends is an unknown outcome within its bound", async () => {
  const world = await World.open();
  world.ecs.rolloutScripts.push([starting]);
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(4);
  expect(result.text).toContain("the time is up and the roll-out is not over: 0 of 2 running");
  expect(world.digest("staging")).toBe(world.digest("v2"));
  expect(world.clock.elapsed()).toBeLessThan(22 * 60_000);
});

test("a service that is being deleted fails the roll-out", async () => {
  const world = await World.open();
  world.clock.at(30_000, () => {
    world.ecs.service("staging-web").status = "DRAINING";
  });
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(result.text).toContain("DRAINING");
});
