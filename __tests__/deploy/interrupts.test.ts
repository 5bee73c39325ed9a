import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { contract as sample, serviceContract } from "./support/contract";
import type { Phase } from "./support/scripts";
import { type Fault, World } from "./support/world";

/** Ctrl-C while a call is being answered: the change has been made, or the reading is on its way. */
const during =
  (world: World, name: string, tag?: string): Fault =>
  (operation, input) => {
    const ours = operation.endsWith(`:${name}`) && (!tag || input.imageTag === tag);
    if (ours) world.interrupt();
    return undefined;
  };

/** Whatever the moment: the tag names what runs, and no task of ours is left at work. */
function expectClean(world: World) {
  const running = world.ecs.service("staging-web").deployments.at(-1)?.digest;
  expect(world.digest("staging")).toBe(running);
  for (const task of world.ecs.tasks)
    expect(task.stoppedAt ?? task.createdAt).toBeLessThanOrEqual(world.clock.now() + 2_000);
}

test.each([
  ["the contract is read", "GetParameter"],
  ["the checks run", "DescribeClusters"],
  ["the candidate is tagged", "PutImage"],
  ["the migration starts", "RunTask"],
  ["the migration is watched", "DescribeTasks"],
])("Ctrl-C while %s: nothing was deployed, the task stops, exit 130", async (_, name) => {
  const world = await World.open();
  world.ecs.taskScripts.push({ running: 600_000 });
  world.faults.push(during(world, name));
  const { exitCode } = await world.deploy();
  expect(exitCode).toBe(130);
  expect(world.made("UpdateService")).toEqual([]);
  for (const task of world.ecs.tasks) expect(task.stoppedAt).toBeDefined();
  expectClean(world);
});

test("Ctrl-C while the migration waits for room: no task is left", async () => {
  const world = await World.open();
  world.faults.push((operation) =>
    operation === "ecs:RunTask" ? { tasks: [], failures: [{ reason: "RESOURCE:CPU" }] } : undefined,
  );
  world.clock.at(45_000, () => world.interrupt("SIGTERM"));
  expect((await world.deploy()).exitCode).toBe(143);
  expect(world.ecs.tasks).toEqual([]);
});

test("Ctrl-C between promotion and deployment: the tag goes back", async () => {
  const world = await World.open();
  world.faults.push(during(world, "PutImage", "staging"));
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(130);
  expect(world.digest("staging")).toBe(world.digest("v1"));
  expect(world.made("UpdateService")).toEqual([]);
  expect(result.wayOut.join()).toContain("The migration was not undone");
});

test("Ctrl-C during the roll-out: it goes on by itself, and the tag names what it runs", async () => {
  const world = await World.open();
  world.clock.at(35_000, () => world.interrupt());
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(130);
  expect(result.wayOut.join()).toMatch(/ecs-svc\/\d+ goes on by itself/);
  expectClean(world);
  expect(world.digest("staging")).toBe(world.digest("v2"));
});

test("Ctrl-C while a service is brought back: the tag is back already", async () => {
  const world = await World.open();
  const failing: Phase[] = [{ at: 0, rolloutState: "FAILED", status: "STOPPED" }];
  world.ecs.rolloutScripts.push(failing);
  world.clock.at(30_000, () => world.interrupt());
  expect((await world.deploy()).exitCode).toBe(130);
  expectClean(world);
  expect(world.digest("staging")).toBe(world.digest("v1"));
});

test("Ctrl-C while a failure is being explained: the tag goes back all the same", async () => {
  const world = await World.open();
  world.ecs.rolloutScripts.push([{ at: 0, rolloutState: "FAILED", status: "ROLLBACK_SUCCESSFUL" }]);
  world.faults.push(during(world, "DescribeServiceDeployments"));
  const { exitCode } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(world.digest("staging")).toBe(world.digest("v1"));
});

test("Ctrl-C during the first of two roll-outs names the service that was not told to deploy", async () => {
  const contract = sample();
  contract.services.push(serviceContract("worker"));
  const world = await World.open(contract);
  world.clock.at(35_000, () => world.interrupt());
  const { exitCode, result } = await world.deploy("v2", { parallel: 1 });
  expect(exitCode).toBe(130);
  expect(result.wayOut.join()).toContain("Not told to deploy: worker.");
});

test.each([
  ["SIGHUP", 129],
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("the real process: %s stops the task and ends with %d", async (signal, expected) => {
  const world = await World.open();
  const args = ["--require", "slipway/typescript", "deploy/main.ts", "staging", "--image", "v2"];
  const child = spawn(process.execPath, args, { env: process.env });
  let printed = "";
  child.stdout.on("data", (text) => {
    printed += text;
  });
  world.faults.push((operation) => {
    if (operation === "ecs:ListTasks" && world.ecs.tasks.length > 0) child.kill(signal);
    return undefined;
  });
  const [code] = await once(child, "close");
  expect(code).toBe(expected);
  expect(world.made("StopTask").map(({ input }) => input.task)).toEqual([world.ecs.tasks[0]?.arn]);
  expect(printed).toMatch(/→ Task arn:\S+ was told to stop\./);
});

test("a second Ctrl-C leaves at once", async () => {
  const world = await World.open();
  world.clock.at(8_000, () => {
    world.interrupt();
    world.interrupt();
  });
  await world.deploy();
  expect(world.exits).toEqual([130]);
});

test("a task that cannot be stopped is named, with the command that stops it", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ running: 600_000 });
  world.faults.push((operation) => (operation === "ecs:StopTask" ? fail() : undefined));
  world.clock.at(20_000, () => world.interrupt());
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(130);
  expect(result.wayOut.join()).toMatch(
    /could not be stopped.*aws ecs stop-task --cluster staging --task arn:/,
  );
});

function fail(): never {
  throw new Error("InternalFailure");
}

test.each([0, 3_000, 9_000, 15_000, 21_000, 30_000, 45_000])(
  "a runner that dies after %d ms: the same deploy again ends with the truth",
  async (elapsed) => {
    const world = await World.open();
    await world.killedAfter(elapsed);
    let again = await world.deploy();
    // A roll-out that the dead runner left behind is another deployment in progress until it has ended.
    if (again.exitCode === 5) {
      await world.clock.sleep(120_000);
      again = await world.deploy();
    }
    expect(again.exitCode).toBe(0);
    expect(world.digest("staging")).toBe(world.digest("v2"));
    expectClean(world);
  },
);

test("a runner that dies between promotion and deployment leaves a tag that lies: the next deploy sees through it", async () => {
  const world = await World.open();
  world.registry.tags.set("staging", world.digest("v2") ?? "");
  const failing: Phase[] = [{ at: 30_000, rolloutState: "FAILED", status: "STOPPED" }];
  world.ecs.rolloutScripts.push(failing);
  const { exitCode, printed, result } = await world.deploy();
  expect(printed).toContain("a deploy was cut short");
  expect(exitCode).toBe(3);
  expect(result.images).toMatchObject([{ previous: world.digest("v1") }]);
  expect(world.digest("staging")).toBe(world.digest("v1"));
});

test("two deploys of one image at once start one migration", async () => {
  const world = await World.open();
  const both = await Promise.all([world.deploy(), world.deploy()]);
  expect(world.ecs.tasks).toHaveLength(1);
  // Both force a deployment of the same image: the later one is what runs, the earlier may be superseded.
  expect(both.map(({ exitCode }) => exitCode)).toContain(0);
  expect(world.digest("staging")).toBe(world.digest("v2"));
});

test("two deploys of different images at once: one migrates, the other refuses", async () => {
  const world = await World.open(sample());
  world.registry.push("v3", "three");
  const both = await Promise.all([world.deploy("v2"), world.deploy("v3")]);
  const codes = both.map(({ exitCode }) => exitCode).sort();
  expect(codes).not.toEqual([0, 0]);
  expect(codes[1]).toBe(5);
});

test("a deployment in progress is not replaced unless asked to", async () => {
  const world = await World.open();
  world.ecs.deployed(
    "staging-web",
    [{ at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 1 }],
    60_000,
  );
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(5);
  expect(result.wayOut.join()).toMatch(
    /ecs-svc\/\d+ is in progress since 2026-11-20T11:59:00.000Z.*--replace/,
  );
  expect((await world.deploy("v2", { replace: true })).exitCode).toBe(0);
});
