import { expect, test } from "vitest";
import { Broken, Refusal } from "./support/wire";
import { deny, type Fault, throttle, World } from "./support/world";

// A change whose answer was lost once is unknown until somebody has looked, whatever later attempts said.

const throttled = () => new Refusal("ThrottlingException", "Rate exceeded");
const expired = () =>
  new Refusal("ExpiredTokenException", "The security token included in the request is expired");

/** The first call of an operation is carried out and its answer lost; what the later ones are told. */
const lostThen =
  (name: string, carryOut: (input: never) => unknown, later: (nth: number) => Refusal | undefined): Fault =>
  (operation, input, nth) => {
    if (!operation.endsWith(`:${name}`)) return;
    if (nth === 1) {
      carryOut(input as never);
      throw new Broken();
    }
    const refusal = later(nth);
    if (refusal) throw refusal;
  };

/** From the moment when a change was asked for, a read is refused. */
const blindAfter = (world: World, change: string, read: string): Fault => {
  const refuse = deny(read);
  return (operation, input, nth) =>
    world.made(change).length > 0 ? refuse(operation, input, nth) : undefined;
};

const forced = (world: World) => () => world.ecs.forceDeployment("staging-web");

test.each([
  ["throttled for good", throttled],
  ["refused with an expired token", expired],
])("UpdateService done, its answer lost, then %s: the deployment is found and followed", async (_, later) => {
  const world = await World.open();
  world.faults.push(lostThen("UpdateService", forced(world), later));
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(0);
  expect(result.services).toMatchObject([{ deployment: "ecs-svc/103", outcome: "succeeded" }]);
  expect(world.digest("staging")).toBe(world.digest("v2"));
});

test("UpdateService lost before it was done: no trace of it, so the tag goes back, and what was seen is said", async () => {
  const world = await World.open();
  world.faults.push(lostThen("UpdateService", () => undefined, throttled));
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(result.text).toMatch(/not told to deploy.*no trace of it \(a new deployment\) for 60 seconds/);
  expect(world.digest("staging")).toBe(world.digest("v1"));
});

test("UpdateService lost, and nobody may look: the outcome is unknown, and the tag stays", async () => {
  const world = await World.open();
  world.faults.push(lostThen("UpdateService", forced(world), expired));
  world.faults.push(blindAfter(world, "UpdateService", "DescribeServices"));
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(4);
  expect(result.text).toMatch(/Whether web deploys is unknown.*DescribeServices: AccessDenied/);
  expect(world.digest("staging")).toBe(world.digest("v2"));
});

test("Ctrl-C while a lost UpdateService is looked for: the deployment is named, and the tag stays with it", async () => {
  const world = await World.open();
  world.faults.push(lostThen("UpdateService", forced(world), expired));
  const interrupt: Fault = (operation) => {
    if (operation === "ecs:UpdateService")
      world.clock.at(world.clock.elapsed() + 1_000, () => world.interrupt());
    return undefined;
  };
  world.faults.unshift(interrupt);
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(130);
  expect(result.wayOut.join()).toContain("deployment ecs-svc/103 goes on by itself");
  expect(world.digest("staging")).toBe(world.digest("v2"));
});

test.each([
  ["throttled for good", throttled],
  ["refused with an expired token", expired],
])(
  "RunTask done, its answer lost, then %s: the migration is found by its mark and watched",
  async (_, later) => {
    const world = await World.open();
    world.faults.push(lostThen("RunTask", (input) => world.ecs.runTask(input), later));
    expect((await world.deploy()).exitCode).toBe(0);
    expect(world.ecs.tasks).toHaveLength(1);
  },
);

test("RunTask lost before it was done, then refused: the migration was not started, and what was seen is said", async () => {
  const world = await World.open();
  world.faults.push(lostThen("RunTask", () => undefined, expired));
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(2);
  expect(result.text).toMatch(
    /could not be started.*no trace of it \(a new task that slipway\/\w+\/ana started\)/,
  );
  expect(world.made("UpdateService")).toEqual([]);
});

test("RunTask lost, and nobody may look: unknown, not failed", async () => {
  const world = await World.open();
  world.faults.push(lostThen("RunTask", (input) => world.ecs.runTask(input), expired));
  world.faults.push(blindAfter(world, "RunTask", "ListTasks"));
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(4);
  expect(result.text).toMatch(/Whether the migration was started is unknown/);
});

test("StopTask done, its answer lost, then refused: the task is looked at", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ running: 600_000 });
  world.clock.at(20_000, () => world.interrupt());
  const stop = ({ task }: { task: string }) => world.ecs.stopTask(task);
  world.faults.push(lostThen("StopTask", stop, expired));
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(130);
  expect(result.wayOut.join()).toMatch(/Task arn:\S+ was told to stop/);
});

test("a migration that takes too long and cannot be stopped has not failed: it is still there", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ running: 10 * 3_600_000 });
  world.faults.push(throttle("StopTask", 1_000));
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(4);
  expect(result.text).toMatch(
    /What became of the migration is unknown.*could not be stopped.*It is still there/,
  );
});

test("PutImage of the environment's tag done, its answer lost, then refused: the tag is looked at", async () => {
  const world = await World.open();
  let promotions = 0;
  world.faults.push((operation, input) => {
    if (operation !== "ecr:PutImage" || input.imageTag !== "staging" || promotions++ > 1) return;
    if (promotions > 1) throw expired();
    world.registry.putImage(input as never);
    throw new Broken();
  });
  expect((await world.deploy()).exitCode).toBe(0);
});

test("a change that is throttled for a minute is waited for: a throttled one was not made", async () => {
  const world = await World.open();
  world.faults.push(throttle("UpdateService", 30));
  expect((await world.deploy()).exitCode).toBe(0);
  expect(world.made("UpdateService")).toHaveLength(31);
});

test("Ctrl-C ends the wait for a throttled change, and the tag goes back", async () => {
  const world = await World.open();
  world.faults.push(throttle("UpdateService", 1_000));
  world.clock.at(60_000, () => world.interrupt());
  const { exitCode } = await world.deploy();
  expect(exitCode).toBe(130);
  expect(world.clock.elapsed()).toBeLessThan(70_000);
  expect(world.digest("staging")).toBe(world.digest("v1"));
});
