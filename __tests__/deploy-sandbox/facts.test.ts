import {
  ListServiceDeploymentsCommand,
  RunTaskCommand,
  StopServiceDeploymentCommand,
  StopTaskCommand,
} from "@aws-sdk/client-ecs";
import { expect, test } from "vitest";
import { SAMPLE } from "../../sandbox/api/sample";
import type { Ended, Stage } from "./support/driver";
import { minute, second } from "./support/driver";
import { open } from "./support/open";
import { when } from "./support/when";

// The 24 facts of deploying to ECS, in the same order: each a world that does what AWS does, and what deploy says.

const { cluster, service } = SAMPLE;

const warnings = ({ events }: Ended) =>
  events.flatMap((event) => (event.type === "warning" ? event.text : []));
const logs = ({ events }: Ended) => events.flatMap((event) => (event.type === "log" ? event.text : []));

async function expectFailed(stage: Stage, { exitCode }: Ended, expected: number): Promise<void> {
  expect(exitCode).toBe(expected);
  expect(await stage.tag()).toBe(stage.digest);
  if (expected === 2) expect(stage.made("UpdateService")).toEqual([]);
}

test("fact 1: RunTask answers 200 with failures: an agent that is away is waited for", async () => {
  const stage = await open({ managedScaling: false });
  await stage.release("v2");
  await stage.sandbox.instances((one) => (one.agentConnected = false));
  stage.clock.in(45 * second, () => stage.sandbox.instances((one) => (one.agentConnected = true)));
  const { exitCode, output } = await stage.deploy("v2");
  expect(exitCode).toBe(0);
  expect(output).toContain("waiting for capacity: AGENT");
});

test("fact 1: room that never comes is waited for within its bound", async () => {
  const stage = await open({ managedScaling: false, memory: 3000 });
  await stage.release("v2");
  const ended = await stage.deploy("v2");
  await expectFailed(stage, ended, 2);
  expect(ended.result.text).toMatch(/No room for the task within 600 seconds: RESOURCE:MEMORY/);
  expect(ended.result.seconds).toBeLessThan(11 * 60);
});

test("fact 2: an answer of RunTask that was lost starts no second migration", async () => {
  const stage = await open();
  await stage.release("v2");
  await stage.sandbox.fault({ operation: "ecs:RunTask", kind: "lost", count: 2 });
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  const tokens = stage.made("RunTask").map(({ input }) => input.clientToken);
  expect([tokens.length, new Set(tokens).size]).toEqual([3, 1]);
  expect(await stage.migrations()).toHaveLength(1);
});

test("fact 3: the strategy without launch type; the network for awsvpc only", async () => {
  for (const fargate of [true, false]) {
    const stage = await open({ fargate });
    await stage.release("v2");
    expect((await stage.deploy("v2")).exitCode).toBe(0);
    const input = stage.made("RunTask")[0]?.input;
    expect(input?.launchType).toBeUndefined();
    expect(input?.networkConfiguration === undefined).toBe(!fargate);
    expect(input?.capacityProviderStrategy).toMatchObject([
      { capacityProvider: fargate ? "FARGATE" : SAMPLE.provider },
    ]);
  }
});

test.each([
  ["for a moment", 30 * second, 0],
  ["for too long", 10 * minute, 4],
])("fact 4: a task that is MISSING %s", async (_, lasting, expected) => {
  const stage = await open();
  await stage.release("v2");
  const missing = () => {
    const until = stage.clock.now() + lasting;
    return stage.sandbox.fault({ operation: "ecs:DescribeTasks", kind: "missing", until });
  };
  const { exitCode, result } = await stage.deploy("v2", { on: when("migrate", "task arn:", missing) });
  expect(exitCode).toBe(expected);
  if (expected === 4) expect(result.text).toContain("ECS has not known the task for 60 seconds");
});

test("fact 5: a missing permission ends the wait at once", async () => {
  const stage = await open();
  await stage.release("v2");
  const denied = () => stage.sandbox.fault({ operation: "ecs:DescribeTasks", kind: "denied" });
  const ended = await stage.deploy("v2", { on: when("migrate", "task arn:", denied) });
  expect([ended.exitCode, ended.result.seconds <= 5]).toEqual([4, true]);
  expect(ended.result.text).toContain("ecs:DescribeTasks");
});

test.each([
  ["an exit code", { exit: { code: 7, after: 3 * second } }, /exit code 7/],
  ["no exit code at all", { startError: "exec: goose: not found" }, /CannotStartContainerError/],
  ["too much memory", { outOfMemory: second }, /OutOfMemoryError/],
])("fact 6: a migration that ends with %s", async (_, migration, reason) => {
  const stage = await open();
  await stage.release("v2", { migration });
  const ended = await stage.deploy("v2");
  await expectFailed(stage, ended, 2);
  expect(ended.result.text).toMatch(reason);
});

test("fact 6: a sidecar that is killed with its task does not count", async () => {
  const stage = await open({ sidecar: true });
  await stage.release("v2");
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  const [task] = await stage.migrations();
  expect(task?.containers.map(({ name, exitCode }) => [name, exitCode])).toEqual([
    ["proxy", 143],
    ["web", 0],
  ]);
});

test("fact 6: a migration that a person stops has not succeeded, though it exits with 0 on SIGTERM", async () => {
  const stage = await open();
  await stage.release("v2", {
    migration: { exit: { code: 0, after: minute }, stop: { code: 0, after: 100 } },
  });
  const stop = async () => {
    const [task] = await stage.migrations();
    await stage.others.ecs.send(new StopTaskCommand({ cluster, task: task?.arn, reason: "by hand" }));
  };
  const ended = await stage.deploy("v2", { on: when("migrate", "running", stop) });
  await expectFailed(stage, ended, 2);
  expect(ended.result.text).toContain("stopped by a person or another program");
  expect(ended.result.wayOut.join()).toContain("Find out who stopped it");
});

test("fact 7: a migration that was never seen RUNNING", async () => {
  const stage = await open();
  await stage.release("v2", {
    migration: { exit: { code: 0, after: 1 }, log: [{ after: 0, text: "done" }] },
  });
  const ended = await stage.deploy("v2");
  expect([ended.exitCode, logs(ended)]).toEqual([0, ["done"]]);
});

test("fact 8: a log that comes late is drained; one that may not be read delays nothing", async () => {
  const late = await open({ pace: { logLag: 2 * second } });
  const migration = { log: [{ after: 100, text: "relation exists" }], exit: { code: 1, after: 200 } };
  await late.release("v2", { migration });
  expect((await late.deploy("v2")).result.lastLines).toEqual(["relation exists"]);

  const denied = await open();
  await denied.release("v2");
  await denied.sandbox.fault({ operation: "logs:*", kind: "denied" });
  const ended = await denied.deploy("v2");
  expect([ended.exitCode, warnings(ended).join()]).toEqual([
    0,
    expect.stringContaining("log cannot be read"),
  ]);
});

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("fact 9: %s stops the migration and names its task", async (name, expected) => {
  const stage = await open();
  await stage.release("v2", { migration: { exit: { code: 0, after: 10 * minute } } });
  const ended = await stage.deploy("v2", {
    on: (event, signal) => when("migrate", "running", () => signal(name))(event),
  });
  await stage.sandbox.advance(2 * minute);
  const [task] = await stage.migrations();
  expect([ended.exitCode, task?.lastStatus, task?.stopCode]).toEqual([expected, "STOPPED", "UserInitiated"]);
  expect(ended.result.wayOut.join()).toContain(task?.arn);
});

test("fact 10: the deployment's id is the answer's, however long the reads are stale", async () => {
  const stage = await open({ pace: { lag: 20 * second } });
  await stage.release("v2");
  const { exitCode, result } = await stage.deploy("v2");
  const state = await stage.state();
  const primary = Object.values(state.services)[0]?.deployments[0]?.id;
  expect([exitCode, result.services[0]?.deployment]).toEqual([0, primary]);
});

test("fact 11: one stable deployment after a rollback is no success", async () => {
  const stage = await open();
  await stage.release("v2", { service: { exit: { code: 1, after: 100 } } });
  const ended = await stage.deploy("v2");
  await expectFailed(stage, ended, 3);
  expect(ended.result.services).toMatchObject([{ outcome: "rolled back" }]);
});

test("fact 11: at desired 0 nothing runs, and deploy says so", async () => {
  const stage = await open({ desired: 0 });
  const digest = await stage.release("v2");
  const { exitCode, output } = await stage.deploy("v2");
  expect([exitCode, await stage.tag()]).toEqual([0, digest]);
  expect(output).toContain("nothing runs: the desired count is 0");
});

test("fact 12: a rollback while the old tasks still drain is told from one that is superseded", async () => {
  const stage = await open({ stopTimeout: 30 });
  await stage.release("v2", { service: { healthy: "never", stop: "ignore" } });
  const ended = await stage.deploy("v2");
  await expectFailed(stage, ended, 3);
  expect(ended.result.text).toContain("rolled back");

  const busy = await open();
  await busy.release("v2");
  busy.clock.in(35 * second, () => busy.others.force());
  const superseded = await busy.deploy("v2");
  expect([superseded.exitCode, superseded.result.services[0]?.outcome]).toEqual([5, "superseded"]);
});

test.each(["ROLLBACK", "ABORT"] as const)(
  "fact 13: a deployment that somebody stops (%s) failed",
  async (stopType) => {
    const stage = await open();
    await stage.release("v2", { service: { healthy: 10 * minute } });
    const stop = async () => {
      const { serviceDeployments } = await stage.others.ecs.send(
        new ListServiceDeploymentsCommand({ cluster, service }),
      );
      const { serviceDeploymentArn } = serviceDeployments?.[0] ?? {};
      await stage.others.ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType }));
    };
    const ended = await stage.deploy("v2", {
      on: when("roll out", "deployment ecs-svc", () => stage.clock.in(20 * second, stop)),
    });
    await expectFailed(stage, ended, 3);
  },
);

test("fact 14: a crash after RUNNING never trips the breaker, and is a failure", async () => {
  const stage = await open();
  await stage.release("v2", {
    service: { exit: { code: 9, after: 5 * second }, log: [{ after: second, text: "no database" }] },
  });
  const ended = await stage.deploy("v2");
  await expectFailed(stage, ended, 3);
  expect(ended.result.text).toMatch(/\d tasks crashed.*exit code 9/);
  expect(ended.result.lastLines).toContain("no database");
});

test("fact 15: no room for a moment is a warning", async () => {
  const stage = await open({ managedScaling: false, memory: 3000, minimumPercent: 0 });
  await stage.release("v2");
  const ended = await stage.deploy("v2", { skipMigrations: true });
  expect(ended.exitCode).toBe(0);
  expect(warnings(ended).join()).toContain("unable to place a task");
});

test("fact 16: ECS repeats its events in every answer; each is told once, and none of before", async () => {
  const stage = await open();
  await stage.release("v2");
  const { events } = await stage.deploy("v2");
  const told = events.flatMap((event) =>
    event.type === "progress" && event.stage === "roll out" ? event.text : [],
  );
  expect(told.filter((text) => text.includes("has started 1 tasks"))).toHaveLength(1);
  expect(told.filter((text) => text.includes("steady state")).length).toBeLessThanOrEqual(1);
});

test("fact 17: hundreds of tasks come in pages", async () => {
  const stage = await open({ memory: 16, cpu: 8 });
  await stage.release("v2");
  const request = { cluster, taskDefinition: SAMPLE.migration, count: 10, startedBy: "by-hand" };
  await stage.sandbox.retag(SAMPLE.region, "app", SAMPLE.candidate, stage.digest);
  for (let count = 0; count < 12; count++) await stage.others.ecs.send(new RunTaskCommand(request));
  await stage.sandbox.advance(2 * minute);
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  const asked = stage.made("DescribeTasks").map(({ input }) => (input.tasks as string[]).length);
  expect([Math.max(...asked), asked.filter((count) => count === 20).length > 0]).toEqual([100, true]);
});

test("fact 18: throttling is waited out", async () => {
  const stage = await open();
  await stage.release("v2");
  await stage.sandbox.fault(
    { operation: "ecs:*", kind: "throttle", skip: 4, count: 3 },
    { operation: "ecr:PutImage", kind: "throttle", count: 3 },
    { operation: "ecs:DescribeServices", kind: "throttle", skip: 3, count: 12 },
  );
  expect((await stage.deploy("v2")).exitCode).toBe(0);
});

test("fact 19: the tag moves, and a forced deployment makes the service run it", async () => {
  const stage = await open();
  const digest = await stage.release("v2");
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  expect(stage.made("UpdateService").map(({ input }) => input.forceNewDeployment)).toEqual([true]);
  expect([await stage.tag(), ...(await stage.running())]).toEqual([digest, digest]);
});

test("fact 20: a migration that ran another image than ours is no migration of ours", async () => {
  const stage = await open();
  await stage.release("v2");
  const move = () => stage.sandbox.retag(SAMPLE.region, "app", SAMPLE.candidate, stage.digest);
  const ended = await stage.deploy("v2", { on: when("migrate", "task arn:", move) });
  await expectFailed(stage, ended, 2);
  expect(ended.result.text).toMatch(/exit code 0, but the task ran sha256:\w+ instead of/);
});

test("fact 20: a service whose tag somebody moved before it was told to deploy runs another image", async () => {
  const stage = await open();
  await stage.release("v2");
  const theirs = await stage.release("v3");
  const move = () => stage.sandbox.retag(SAMPLE.region, SAMPLE.repository, SAMPLE.tag, theirs);
  const ended = await stage.deploy("v2", { on: when("promote", "→", move) });
  expect([ended.exitCode, await stage.tag()]).toEqual([3, theirs]);
  expect(ended.result.text).toMatch(/task \w+ runs sha256:\w+ instead of/);
});

test("fact 20: the platform's digest proves the index that names it", async () => {
  const stage = await open({ fargate: true });
  const digest = await stage.push("v2", {}, [], ["amd64", "arm64"]);
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  expect(await stage.tag()).toBe(digest);
  expect(await stage.running()).not.toEqual([digest]);
});

test("fact 21: a machine that runs its cached copy after a failed pull", async () => {
  const stage = await open();
  const second = await stage.release("v2");
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  await stage.release("v3", { pull: { error: "toomanyrequests" } });
  const { exitCode, result } = await stage.deploy("v3");
  expect([exitCode, await stage.tag()]).toEqual([2, second]);
  expect(result.text).toContain("exit code 0, but the task ran");
});

test("fact 22: going back is the previous digest under the tag, and a forced deployment", async () => {
  const stage = await open({ breaker: { enable: false, rollback: false } });
  await stage.release("v2", { service: { exit: { code: 1, after: 5 * second } } });
  const ended = await stage.deploy("v2");
  await expectFailed(stage, ended, 3);
  expect(stage.made("UpdateService")).toHaveLength(2);
  expect(await stage.running()).toEqual([stage.digest]);

  const well = await open();
  await well.release("v2");
  await well.deploy("v2");
  expect((await well.rollback()).exitCode).toBe(0);
  expect([await well.tag(), ...(await well.running())]).toEqual([well.digest, well.digest]);
});

test("fact 23: a failed roll-out says that the migration was not undone", async () => {
  const stage = await open();
  await stage.release("v2", { service: { healthy: "never" } });
  const ended = await stage.deploy("v2");
  await expectFailed(stage, ended, 3);
  expect(ended.result.wayOut.join()).toContain("The migration was not undone");
});

test("fact 24: a retag puts the same manifest, in a repository of immutable tags too, and twice is success", async () => {
  const stage = await open({ immutableTags: true });
  const digest = await stage.release("v2");
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  expect([await stage.tag(), await stage.tag(SAMPLE.candidate)]).toEqual([digest, digest]);
  const sent = new Set(stage.made("PutImage").map(({ input }) => input.imageDigest));
  expect([...sent]).toEqual([digest]);
});

test("every fact has its scenario", async () => {
  const { readFileSync } = await import("node:fs");
  const text = readFileSync(__filename, "utf8");
  const named = new Set([...text.matchAll(/"fact (\d+):/g)].map(([, number]) => Number(number)));
  expect([...named].sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, at) => at + 1));
});
