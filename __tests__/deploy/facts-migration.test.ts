import { expect, test } from "vitest";
import { definition, contract as sample, serviceContract } from "./support/contract";
import { throttle, World } from "./support/world";
import { Broken, Refusal } from "./support/wire";

/** The service was not told to deploy, and the tag is where it was. */
function expectUntouched(world: World) {
  expect(world.made("UpdateService")).toEqual([]);
  expect(world.digest("staging")).toBe(world.digest("v1"));
}

test("fact 1: RunTask without room is asked again until the group has scaled out", async () => {
  const world = await World.open();
  world.faults.push((operation, _, nth) =>
    operation === "ecs:RunTask" && nth <= 3
      ? { tasks: [], failures: [{ reason: "RESOURCE:MEMORY" }] }
      : undefined,
  );
  const { exitCode } = await world.deploy();
  expect(exitCode).toBe(0);
  const tokens = world.made("RunTask").map(({ input }) => input.clientToken);
  expect(new Set(tokens).size).toBe(4);
});

test("fact 1: a shortage that does not end fails within its bound, the service untouched", async () => {
  const world = await World.open();
  world.faults.push((operation) =>
    operation === "ecs:RunTask" ? { tasks: [], failures: [{ reason: "RESOURCE:CPU" }] } : undefined,
  );
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(2);
  expect(result.text).toMatch(/No room for the task within 600 seconds: RESOURCE:CPU/);
  expect(world.clock.elapsed()).toBeLessThan(11 * 60_000);
  expectUntouched(world);
});

test("fact 1: AGENT is passing, ATTRIBUTE is final", async () => {
  const passing = await World.open();
  passing.faults.push((operation, _, nth) =>
    operation === "ecs:RunTask" && nth === 1 ? { tasks: [], failures: [{ reason: "AGENT" }] } : undefined,
  );
  expect((await passing.deploy()).exitCode).toBe(0);

  const final = await World.open();
  final.faults.push((operation) =>
    operation === "ecs:RunTask"
      ? { tasks: [], failures: [{ reason: "ATTRIBUTE", detail: "ecs.os" }] }
      : undefined,
  );
  const { exitCode, result } = await final.deploy();
  expect(exitCode).toBe(2);
  expect(result.text).toContain("ATTRIBUTE: ecs.os");
  expect(final.made("RunTask")).toHaveLength(1);
});

test("fact 2: a RunTask whose answer is lost starts one task, not two", async () => {
  const world = await World.open();
  world.faults.push((operation, input, nth) => {
    if (operation !== "ecs:RunTask" || nth > 2) return undefined;
    world.ecs.runTask(input);
    throw new Broken();
  });
  expect((await world.deploy()).exitCode).toBe(0);
  expect(world.made("RunTask")).toHaveLength(3);
  expect(world.ecs.tasks).toHaveLength(1);
});

test("fact 2: a migration that ends before its lost answer is asked for again runs once", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ pending: 50, running: 50 });
  world.faults.push((operation, input, nth) => {
    if (operation !== "ecs:RunTask" || nth > 2) return undefined;
    world.ecs.runTask(input);
    throw new Broken();
  });
  expect((await world.deploy()).exitCode).toBe(0);
  expect(world.ecs.tasks).toHaveLength(1);
});

test("fact 2: when every answer is lost the task is found by its mark", async () => {
  const world = await World.open();
  world.faults.push((operation, input) => {
    if (operation !== "ecs:RunTask") return undefined;
    world.ecs.runTask(input);
    throw new Broken();
  });
  expect((await world.deploy()).exitCode).toBe(0);
  expect(world.ecs.tasks).toHaveLength(1);
});

test("fact 2: ConflictException names the other's task", async () => {
  const world = await World.open();
  const arn = "arn:aws:ecs:us-west-2:123456789012:task/staging/theirs";
  world.faults.push((operation) => {
    if (operation !== "ecs:RunTask") return undefined;
    const startedBy = `slipway/${"a".repeat(64)}/bob`;
    world.ecs.foreignTasks.push({
      taskArn: arn,
      startedBy,
      lastStatus: "RUNNING",
      desiredStatus: "RUNNING",
    });
    throw new Refusal("ConflictException", "The token is in use.", 400, { resourceIds: [arn] });
  });
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(5);
  expect(result.text).toContain("task theirs, started by bob");
  expectUntouched(world);
});

test("fact 2: a token that answers with an earlier, stopped task is not taken for a new one", async () => {
  const world = await World.open();
  world.faults.push((operation, _, nth) =>
    operation === "ecs:RunTask" && nth === 1
      ? { tasks: [{ taskArn: "arn:aws:ecs:us-west-2:123456789012:task/staging/old", lastStatus: "STOPPED" }] }
      : undefined,
  );
  expect((await world.deploy()).exitCode).toBe(0);
  expect(new Set(world.made("RunTask").map(({ input }) => input.clientToken)).size).toBe(2);
});

test("fact 3: bridge sends a strategy and no network; awsvpc sends both; never a launch type", async () => {
  const bridge = await World.open();
  await bridge.deploy();
  const plain = bridge.made("RunTask")[0]?.input;
  expect(plain).toMatchObject({
    capacityProviderStrategy: [{ capacityProvider: "staging-spot", weight: 1, base: 0 }],
  });
  expect(plain).not.toHaveProperty("networkConfiguration");
  expect(plain).not.toHaveProperty("launchType");

  const contract = sample();
  const [web] = contract.services;
  if (!web) throw new Error("no service");
  web.network = { subnets: ["subnet-1"], securityGroups: ["sg-1"] };
  web.capacity = [{ capacityProvider: "FARGATE", weight: 1, base: 0 }];
  const fargate = await World.open(contract);
  expect((await fargate.deploy()).exitCode).toBe(0);
  expect(fargate.made("RunTask")[0]?.input).toMatchObject({
    capacityProviderStrategy: [{ capacityProvider: "FARGATE" }],
    networkConfiguration: {
      awsvpcConfiguration: { subnets: ["subnet-1"], securityGroups: ["sg-1"], assignPublicIp: "DISABLED" },
    },
  });
});

test("fact 4: MISSING is tolerated for a grace period", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ missing: 30_000, running: 60_000 });
  expect((await world.deploy()).exitCode).toBe(0);
});

test("fact 4: MISSING for good is an unknown outcome, not a hang", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ missing: 3_600_000 });
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(4);
  expect(result.text).toContain("ECS has not known the task for 60 seconds");
  expect(world.clock.elapsed()).toBeLessThan(2 * 60_000);
  expectUntouched(world);
});

test("fact 5: a missing permission ends the wait at once", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ running: 600_000 });
  world.faults.push((operation) => {
    if (operation === "ecs:DescribeTasks" && world.clock.elapsed() > 30_000) {
      throw new Refusal("AccessDeniedException", "not authorized to perform: ecs:DescribeTasks");
    }
  });
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(4);
  expect(result.text).toContain("ecs:DescribeTasks: AccessDeniedException");
  expect(world.clock.elapsed()).toBeLessThan(40_000);
});

test("fact 6: a container that never started is explained without an exit code", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({
    exitCode: null,
    end: {
      stopCode: "TaskFailedToStart",
      stoppedReason: "CannotPullContainerError: pull image manifest has been retried 5 time(s)",
    },
  });
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(2);
  expect(result.text).toMatch(/never started.*CannotPullContainerError/);
  expectUntouched(world);
});

test("fact 6: only the target container counts, whatever its place in the list", async () => {
  const ended = { name: "proxy", exitCode: 137 };
  const good = await World.open();
  good.ecs.taskScripts.push({ sidecars: [ended], exitCode: 0 });
  expect((await good.deploy()).exitCode).toBe(0);

  const bad = await World.open();
  bad.ecs.taskScripts.push({ sidecars: [{ name: "proxy", exitCode: 0 }], exitCode: 1 });
  expect((await bad.deploy()).exitCode).toBe(2);
  expectUntouched(bad);
});

test.each([
  ["SpotInterruption", "Your Spot Task was interrupted.", "lost its machine", "not to blame"],
  ["TerminationNotice", "Host EC2 (instance i-0123) terminated.", "lost its machine", "not to blame"],
  ["UserInitiated", "Task stopped by user", "stopped by a person", "who stopped it"],
])(
  "fact 6: %s is no success even with exit code 0, and says whether to retry",
  async (stopCode, stoppedReason, said, advice) => {
    const world = await World.open();
    world.ecs.taskScripts.push({ exitCode: 0, end: { stopCode, stoppedReason } });
    const { exitCode, result } = await world.deploy();
    expect(exitCode).toBe(2);
    expect(result.text).toContain(said);
    expect(result.wayOut.join()).toContain(advice);
    expectUntouched(world);
  },
);

test("fact 7: a migration that is never seen RUNNING succeeds all the same", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ pending: 500, running: 100 });
  expect((await world.deploy()).exitCode).toBe(0);
});

test("fact 8: the log is live, drained after the end, and shown with a failure", async () => {
  const world = await World.open();
  const log = ["applying 0007_orders.sql", 'ERROR: relation "orders" already exists'];
  world.ecs.taskScripts.push({ exitCode: 1, log });
  const { events, result } = await world.deploy();
  expect(events.filter(({ type }) => type === "log")).toHaveLength(2);
  expect(result.lastLines).toEqual(log);
  expect(world.made("GetLogEvents")[0]?.input).toMatchObject({
    logGroupName: "/staging/migration",
    logStreamName: expect.stringMatching(/^migration\/app\/task-\d+$/),
  });
});

test("fact 8: a stream that never appears costs seconds, not the deploy", async () => {
  const world = await World.open();
  const { exitCode } = await world.deploy();
  expect(exitCode).toBe(0);
  expect(world.made("GetLogEvents").length).toBeLessThan(8);
});

test("fact 8: a token that never repeats does not hang the drain", async () => {
  const world = await World.open();
  let page = 0;
  world.faults.push((operation) =>
    operation === "logs:GetLogEvents"
      ? { events: [{ message: `${page++}` }], nextForwardToken: `f/${page}` }
      : undefined,
  );
  expect((await world.deploy()).exitCode).toBe(0);
  expect(page).toBeLessThan(40);
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "fact 9: %s stops the task, prints its ARN and exits",
  async (signal) => {
    const world = await World.open();
    world.ecs.taskScripts.push({ running: 600_000 });
    world.clock.at(30_000, () => world.interrupt(signal));
    const { exitCode, result } = await world.deploy();
    expect(exitCode).toBe(signal === "SIGINT" ? 130 : 143);
    const task = world.ecs.tasks[0];
    expect(task?.stoppedAt).toBeDefined();
    expect(result.wayOut.join()).toContain(task?.arn);
    expectUntouched(world);
  },
);

test("fact 9: a second deploy of the same image waits for the running migration of a killed runner", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ running: 120_000 });
  await world.killedAfter(30_000);
  const { exitCode } = await world.deploy();
  expect(exitCode).toBe(0);
  expect(world.ecs.tasks).toHaveLength(1);
});

test("fact 9: a deploy of another image refuses because of the running migration, and says whose it is", async () => {
  const world = await World.open();
  world.registry.push("v3", "three");
  world.ecs.taskScripts.push({ running: 120_000 });
  await world.killedAfter(30_000);
  const { exitCode, result } = await world.deploy("v3");
  expect(exitCode).toBe(5);
  expect(result.wayOut.join()).toMatch(/task task-\d+ is at work, started by ana/);
  expectUntouched(world);
});

test("fact 9: the mark fits RunTask's rule", async () => {
  const world = await World.open();
  await world.deploy();
  const { startedBy, clientToken } = world.made("RunTask")[0]?.input ?? {};
  expect(startedBy).toMatch(/^[A-Za-z0-9/_-]{1,128}$/);
  expect(clientToken).toMatch(/^[!-~]{1,64}$/);
});

test("a service that shares the image but has no migration adds none", async () => {
  const contract = sample();
  contract.services.push(serviceContract("worker"));
  const world = await World.open(contract);
  expect((await world.deploy()).exitCode).toBe(0);
  expect(world.made("RunTask")).toHaveLength(1);
  expect(world.made("UpdateService").map(({ input }) => input.service)).toEqual([
    "staging-web",
    "staging-worker",
  ]);
  expect(world.made("PutImage").filter(({ input }) => input.imageTag === "staging")).toHaveLength(1);
});

test("two services with a migration each migrate both before anything is promoted", async () => {
  const contract = sample();
  const migration = {
    taskDefinition: definition("staging-jobs-migration"),
    container: "app",
    command: ["jobs", "migrate"],
    logs: { group: "/staging/jobs-migration", prefix: "jobs" },
  };
  contract.services.push(serviceContract("jobs", { migration }));
  const world = await World.open(contract);
  expect((await world.deploy()).exitCode).toBe(0);
  const order = world.calls.filter(
    ({ operation, input }) =>
      operation === "ecs:RunTask" || (operation === "ecr:PutImage" && input.imageTag === "staging"),
  );
  expect(order.map(({ operation }) => operation)).toEqual(["ecs:RunTask", "ecs:RunTask", "ecr:PutImage"]);
});

test("throttling on every operation slows a deploy and does not fail it", async () => {
  const world = await World.open();
  for (const name of [
    "DescribeTasks",
    "DescribeServices",
    "RunTask",
    "PutImage",
    "UpdateService",
    "ListTasks",
  ]) {
    world.faults.push(throttle(name, 3));
  }
  expect((await world.deploy()).exitCode).toBe(0);
  expect(world.ecs.tasks).toHaveLength(1);
});
