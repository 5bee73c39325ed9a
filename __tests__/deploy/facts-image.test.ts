import { expect, test } from "vitest";
import { contract as sample, serviceContract } from "./support/contract";
import { healthy, type Phase } from "./support/scripts";
import { Refusal } from "./support/wire";
import { World } from "./support/world";

const failing: Phase[] = [
  { at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 0 },
  { at: 30_000, rolloutState: "FAILED", status: "STOPPED", statusReason: "tasks failed to start" },
];

test("fact 19: moving the tag alone changes nothing: every promotion is followed by a forced deployment", async () => {
  const world = await World.open();
  await world.deploy();
  const [update] = world.made("UpdateService");
  expect(update?.input).toEqual({ cluster: "staging", service: "staging-web", forceNewDeployment: true });
  const promoted = world.calls.findIndex(
    ({ operation, input }) => operation === "ecr:PutImage" && input.imageTag === "staging",
  );
  expect(world.calls.findIndex(({ operation }) => operation === "ecs:UpdateService")).toBeGreaterThan(
    promoted,
  );
});

test("fact 19: an image that runs but is no longer in the repository is warned about", async () => {
  const world = await World.open();
  world.registry.images.delete(world.digest("v1") ?? "");
  world.registry.tags.delete("v1");
  world.registry.tags.delete("staging");
  const { exitCode, printed } = await world.check("v2");
  expect(exitCode).toBe(0);
  expect(printed).toContain("is no longer in the repository");
});

test("fact 20: a migration that ran another image is a failure despite exit code 0", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ digest: world.digest("v1") ?? null });
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(2);
  expect(result.text).toMatch(/exit code 0, but the task ran sha256:\w{12} instead of sha256:\w{12}/);
  expect(world.made("UpdateService")).toEqual([]);
});

test("fact 20: new tasks that run another image are a failure despite COMPLETED", async () => {
  const world = await World.open();
  const old = world.digest("v1") ?? null;
  world.ecs.rolloutScripts.push(healthy.map((phase) => ({ ...phase, digest: old })));
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(result.text).toMatch(/runs sha256:\w{12} instead of sha256:\w{12}/);
});

test("fact 20: an index is proved by its own digest or by that of the platform, and by no other", async () => {
  for (const [reported, expected] of [
    ["index", 0],
    ["amd64", 0],
    ["arm64", 3],
  ] as const) {
    const world = await World.open();
    const digests = world.registry.pushIndex("v3", "three");
    world.ecs.taskScripts.push({ digest: digests.amd64 });
    world.ecs.rolloutScripts.push(healthy.map((phase) => ({ ...phase, digest: digests[reported] })));
    expect((await world.deploy("v3")).exitCode).toBe(expected);
  }
});

test("fact 20: tasks that report no digest prove nothing: the outcome is unknown", async () => {
  const world = await World.open();
  world.ecs.rolloutScripts.push(healthy.map((phase) => ({ ...phase, digest: null })));
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(4);
  expect(result.text).toContain("0 of 2 tasks proved");
});

test("fact 21: a stale copy after a failed pull cannot pass as a migration", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ digest: null, exitCode: 0 });
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(2);
  expect(result.wayOut.join()).toContain("old copy after a failed pull");
});

test("fact 22: rollback retags the image before and forces a deployment", async () => {
  const world = await World.open();
  await world.deploy("v2");
  const { exitCode, result } = await world.rollback();
  expect(exitCode).toBe(0);
  expect(result.command).toBe("rollback");
  expect(world.digest("staging")).toBe(world.digest("v1"));
  expect(world.made("RunTask")).toHaveLength(1);
  expect(world.made("UpdateService")).toHaveLength(2);
});

test("fact 22: rollback --to goes to that image", async () => {
  const world = await World.open();
  const v3 = world.registry.push("v3", "three");
  await world.deploy("v2");
  expect((await world.rollback({ to: v3 })).exitCode).toBe(0);
  expect(world.digest("staging")).toBe(v3);
});

test("fact 22: without an earlier image rollback says what it needs", async () => {
  const world = await World.open();
  const { exitCode, result } = await world.rollback();
  expect(exitCode).toBe(1);
  expect(result.wayOut.join()).toContain("--to sha256:");
});

test("fact 22: rollback undoes a roll-out whose outcome is unknown", async () => {
  const world = await World.open();
  world.ecs.rolloutScripts.push([{ at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 0 }]);
  expect((await world.deploy()).exitCode).toBe(4);
  expect((await world.rollback()).exitCode).toBe(0);
  expect(world.digest("staging")).toBe(world.digest("v1"));
});

test("fact 23: a failed roll-out says that the migration was not undone", async () => {
  const world = await World.open();
  world.ecs.rolloutScripts.push(failing);
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(result.wayOut.join()).toContain("The migration was not undone");

  const without = await World.open();
  without.ecs.rolloutScripts.push(failing);
  const skipped = await without.deploy("v2", { skipMigrations: true });
  expect(skipped.result.wayOut.join()).not.toContain("The migration was not undone");
});

test("fact 24: a promotion is two calls, and a tag that is there already is success", async () => {
  const world = await World.open();
  world.registry.tags.set("staging-candidate", world.digest("v2") ?? "");
  expect((await world.deploy()).exitCode).toBe(0);
  const names = world.calls.map(({ operation }) => operation);
  const end = names.indexOf("ecs:UpdateService");
  expect(names.slice(end - 3, end)).toEqual(["ecr:BatchGetImage", "ecr:PutImage", "ecs:DescribeServices"]);
});

test("fact 24: an immutable tag says how to exclude it", async () => {
  const world = await World.open();
  world.registry.immutable.add("staging");
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(result.wayOut.join()).toContain("immutable");
  expect(world.made("UpdateService")).toEqual([]);
});

test("the first deployment: no previous image, no running task, a service that waits for its tag", async () => {
  const world = await World.open(sample(), { fresh: true });
  world.ecs.deployed(
    "staging-web",
    [{ at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 0 }],
    60_000,
  );
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(0);
  expect(result.images).toMatchObject([{ previous: null }]);
});

test("a first deployment that fails has nowhere to go back to, and says so", async () => {
  const world = await World.open(sample(), { fresh: true });
  world.ecs.deployed(
    "staging-web",
    [{ at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 0 }],
    60_000,
  );
  world.ecs.rolloutScripts.push(failing);
  const { exitCode, printed } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(printed).toContain("there is no other image to go back to");
});

test("the tag moved by somebody else during the migration is not overwritten", async () => {
  const world = await World.open();
  const other = world.registry.push("v9", "nine");
  world.clock.at(8_000, () => world.registry.tags.set("staging", other));
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(5);
  expect(result.text).toContain("was moved to");
  expect(world.digest("staging")).toBe(other);
});

test("the source tag moved by somebody else after the checks changes nothing: the digest is pinned", async () => {
  const world = await World.open();
  const pinned = world.digest("v2");
  world.clock.at(8_000, () => world.registry.push("v2", "another build"));
  expect((await world.deploy()).exitCode).toBe(0);
  expect(world.digest("staging")).toBe(pinned);
});

test("the tag moved by somebody else after our promotion is caught by the digests, and left to them", async () => {
  const world = await World.open();
  const other = world.registry.push("v9", "nine");
  world.ecs.rolloutScripts.push(healthy.map((phase) => ({ ...phase, digest: other })));
  world.clock.at(25_000, () => world.registry.tags.set("staging", other));
  const { exitCode } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(world.digest("staging")).toBe(other);
});

test("when the second of two services may not be deployed, the first is brought back", async () => {
  const contract = sample();
  contract.services.push(serviceContract("worker"));
  const world = await World.open(contract);
  world.faults.push((operation, { service }) => {
    if (operation !== "ecs:UpdateService" || service !== "staging-worker") return;
    throw new Refusal("AccessDeniedException", "not authorized to perform: ecs:UpdateService");
  });
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(world.digest("staging")).toBe(world.digest("v1"));
  expect(result.wayOut.join()).toMatch(/web runs sha256:\w+ again/);
});

test("when the second of two services fails, the first is brought back with it", async () => {
  const contract = sample();
  contract.services.push(serviceContract("worker"));
  const world = await World.open(contract);
  world.ecs.rolloutScripts.push(healthy, failing);
  const { exitCode, result } = await world.deploy();
  expect(exitCode).toBe(3);
  expect(world.digest("staging")).toBe(world.digest("v1"));
  expect(world.made("UpdateService").map(({ input }) => input.service)).toEqual([
    "staging-web",
    "staging-worker",
    "staging-web",
    "staging-worker",
  ]);
  expect(result.wayOut.join("\n")).toMatch(/web runs sha256:\w+ again.\nworker runs sha256:\w+ again/);
});
