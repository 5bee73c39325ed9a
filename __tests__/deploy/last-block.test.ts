import { expect, test } from "vitest";
import { lines } from "../../deploy/screen/words";
import { healthy, type Phase } from "./support/scripts";
import { deny, type Outcome, World } from "./support/world";

// The last block is all that somebody reads at night: what happened, why, and what to do.

const starting: Phase = { at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 0 };
const block = ({ result }: Outcome) => [result.text, ...result.wayOut].join("\n");
const printed = ({ events }: Outcome) => events.flatMap((event) => lines(event)).join("\n");

test("a time-out tells the newest warning and why the last task stopped", async () => {
  const world = await World.open();
  const stopped = [{ stopCode: "TaskFailedToStart", stoppedReason: "CannotPullContainerError: too slow" }];
  world.ecs.rolloutScripts.push([starting, { at: 60_000, stopped }]);
  for (const [at, why] of [
    [30_000, "its memory"],
    [90_000, "its ports"],
  ] as const) {
    world.clock.at(at, () => {
      const message = `(service staging-web) was unable to place a task because of ${why}.`;
      const event = { id: why, createdAt: world.clock.now() / 1000, message };
      world.ecs.service("staging-web").events.unshift(event);
    });
  }
  const ended = await world.deploy();
  expect(ended.exitCode).toBe(4);
  expect(block(ended)).toMatch(
    /time is up.*unable to place a task because of its ports; task \S+ never started.*too slow/,
  );
  expect(block(ended)).not.toContain("its memory");
});

test("the advice after exit code 1 claims no more than is known", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ exitCode: 1 });
  expect(block(await world.deploy())).toMatch(
    /If the log shows something that passes.*deploy again; else fix the image/,
  );
});

test("no sentence of AWS's doubles a full stop of ours", async () => {
  for (const name of ["RunTask", "UpdateService", "DescribeTasks", "DescribeServices", "StopTask"]) {
    const world = await World.open();
    world.faults.push(deny(name));
    if (name === "StopTask") world.clock.at(9_000, () => world.interrupt());
    const ended = await world.deploy();
    expect(ended.exitCode, name).not.toBe(0);
    expect(block(ended), name).not.toMatch(/\.\.|\.\)|\.:/);
  }
});

test("an immutable tag that never moved is not said to name its image again", async () => {
  const world = await World.open();
  world.registry.immutable.add("staging");
  const ended = await world.deploy();
  expect(ended.exitCode).toBe(3);
  expect(block(ended)).toMatch(/The tag shop:staging names sha256:\w+ as before/);
});

test("how long a task is watched after a crash is said", async () => {
  const world = await World.open();
  const crash = { stopCode: "EssentialContainerExited", containers: [{ name: "app", exitCode: 1 }] };
  world.ecs.rolloutScripts.push(
    healthy.map((phase) => (phase.at === 40_000 ? { ...phase, stopped: [crash] } : phase)),
  );
  const ended = await world.deploy();
  expect(ended.exitCode).toBe(0);
  expect(ended.printed).toContain("watching for 60 s that this one stays up");
});

test.each([
  ["its image cannot be pulled", "CannotPullContainerError: not found"],
  ["a secret cannot be read", "ResourceInitializationError: unable to pull secrets"],
])("no log is waited for where no container started: %s", async (_, stoppedReason) => {
  const world = await World.open();
  const end = { stopCode: "TaskFailedToStart", stoppedReason };
  world.ecs.taskScripts.push({ pending: 10_000, running: 0, exitCode: null, end });
  const ended = await world.deploy();
  expect(ended.exitCode).toBe(2);
  expect(world.made("GetLogEvents")).toEqual([]);
  const asked = world.made("RunTask")[0]?.at ?? 0;
  expect(world.clock.elapsed() - asked - 10_000).toBeLessThanOrEqual(2_000);
});

test("status sees a deploy that was cut short between the promotion and the roll-out", async () => {
  const world = await World.open();
  world.registry.tags.set("staging", world.digest("v2") ?? "");
  const ended = await world.status();
  const names = `shop:staging names ${world.digest("v2")?.slice(0, 19)}, which does not run`;
  expect(printed(ended)).toContain(names);

  const sound = await World.open();
  expect(printed(await sound.status())).not.toContain("does not run");
});

test("status leads a platform's manifest back to its index, and tells ages beside times", async () => {
  const world = await World.open(undefined, { fresh: true });
  const { index, amd64 } = world.registry.pushIndex("v1", "one");
  world.registry.tags.set("staging", index);
  const phase = { at: 0, rolloutState: "COMPLETED", status: "SUCCESSFUL", running: 2, digest: amd64 };
  world.ecs.deployed("staging-web", [phase], 3 * 3_600_000);
  const said = printed(await world.status());
  expect(said).toContain(`2 × ${index.slice(0, 19)} [staging, v1] since`);
  expect(said).toMatch(/since 2026-11-20 \d\d:\d\d UTC \(2 hours ago\)/);
  expect(said).toMatch(/^ {2}2026-11-20 \d\d:\d\d UTC \(3 hours ago\) SUCCESSFUL/m);
  expect(said).not.toContain("does not run");
});

test("a clean deploy of 45 seconds takes at most 40 calls, and at most 12 before its first change", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ pending: 3_000, running: 6_000, log: ["migrated"] });
  world.ecs.rolloutScripts.push([
    starting,
    { at: 15_000, running: 2 },
    { at: 34_000, rolloutState: "COMPLETED", status: "SUCCESSFUL", running: 2 },
  ]);
  const { exitCode, result } = await world.deploy();
  expect([exitCode, result.seconds >= 45]).toEqual([0, true]);
  const changes = ["ecr:PutImage", "ecs:RunTask", "ecs:UpdateService"];
  expect(world.calls.length).toBeLessThanOrEqual(40);
  expect(world.calls.findIndex(({ operation }) => changes.includes(operation))).toBeLessThanOrEqual(12);
});
