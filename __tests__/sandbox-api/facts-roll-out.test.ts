import {
  DescribeServiceDeploymentsCommand,
  DescribeTasksCommand,
  ListTasksCommand,
  StopServiceDeploymentCommand,
  type Task,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";
import { expect, test } from "vitest";
import { SAMPLE } from "../../sandbox/api/sample";
import { bench, failure, minutes, second, runOf } from "./support";

test("10: the answer of UpdateService carries the new deployment while reads are still stale", async () => {
  const at = await bench({ pace: { lag: 2 * second } });
  const before = (await at.service()).deployments?.[0]?.id;
  const { id } = await at.release("second");
  expect(id).not.toBe(before);
  expect((await at.service()).deployments?.map((one) => one.id)).toEqual([before]);
  await at.advance(2 * second);
  expect((await at.service()).deployments?.map((one) => one.id)).toEqual([id, before]);
});

test("11: a service looks stable after a rollback, and at desired count 0", async () => {
  const at = await bench();
  await at.release("broken", { run: { exit: { code: 1, after: 100 } } });
  await at.advance(minutes(5));
  const service = await at.service();
  expect([service.deployments?.length, service.runningCount]).toEqual([1, service.desiredCount]);
  await at.ecs.send(
    new UpdateServiceCommand({ cluster: SAMPLE.cluster, service: SAMPLE.service, desiredCount: 0 }),
  );
  await at.advance(minutes(2));
  const { id } = await at.release("never started");
  await at.advance(10 * second);
  expect((await at.service()).deployments).toMatchObject([
    { id, rolloutState: "COMPLETED", runningCount: 0 },
  ]);
});

test("12 and 13: a rollback returns to the old deployment's id; ours is gone, and resolved through its service deployment", async () => {
  const at = await bench();
  const before = (await at.service()).deployments?.[0];
  const { id } = await at.release("broken", { run: { exit: { code: 1, after: 100 } } });
  const states = new Set<string>();
  for (let step = 0; step < 120; step++) {
    await at.advance(second);
    states.add((await runOf(at, id))?.status as string);
  }
  expect([...states]).toEqual(["IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"]);
  const after = await at.service();
  expect(after.deployments).toMatchObject([{ id: before?.id, status: "PRIMARY", rolloutState: "COMPLETED" }]);
  expect(after.events?.map(({ message }) => message)).toContain(
    `(service web) rolling back to deployment ${before?.id}.`,
  );
  const { serviceDeployments } = await at.ecs.send(
    new DescribeServiceDeploymentsCommand({
      serviceDeploymentArns: [(await runOf(at, id))?.serviceDeploymentArn as string],
    }),
  );
  expect(serviceDeployments?.[0]).toMatchObject({
    status: "ROLLBACK_SUCCESSFUL",
    deploymentCircuitBreaker: { status: "TRIGGERED", failureCount: 3, threshold: 3 },
    rollback: { serviceRevisionArn: expect.stringContaining((before?.id ?? "").replace("ecs-svc/", "")) },
  });
});

test("12: while it rolls back, ours is FAILED and ACTIVE", async () => {
  const at = await bench({ stopTimeout: 30 });
  const { id } = await at.release("broken", { run: { healthy: "never", stop: "ignore" } });
  let found = false;
  for (let step = 0; step < 300 && !found; step++) {
    await at.advance(2 * second);
    const deployments = (await at.service()).deployments ?? [];
    found = deployments.some(
      (one) => one.id === id && one.status === "ACTIVE" && one.rolloutState === "FAILED",
    );
    if (found)
      expect(deployments[0]?.rolloutStateReason).toMatch(
        /^ECS deployment circuit breaker: rolling back to deploymentId ecs-svc\/\d+\.$/,
      );
  }
  expect(found).toBe(true);
});

test("12: a newer deployment supersedes ours, which stops", async () => {
  const at = await bench();
  const first = await at.release("second");
  await at.advance(second);
  const newer = await at.release("third");
  expect((await runOf(at, first.id))?.status).toBe("STOPPED");
  await at.advance(minutes(5));
  expect((await at.service()).deployments).toMatchObject([{ id: newer.id, rolloutState: "COMPLETED" }]);
  expect((await runOf(at, newer.id))?.status).toBe("SUCCESSFUL");
});

test("13: a deployment can be stopped by request, with and without a rollback", async () => {
  for (const [stopType, states] of [
    ["ROLLBACK", ["ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"]],
    ["ABORT", ["STOP_REQUESTED", "STOPPED"]],
  ] as const) {
    const at = await bench();
    const { id } = await at.release("slow", { pull: { duration: minutes(2) } });
    await at.advance(second);
    await at.ecs.send(
      new StopServiceDeploymentCommand({
        serviceDeploymentArn: (await runOf(at, id))?.serviceDeploymentArn,
        stopType,
      }),
    );
    const seen = new Set<string>();
    for (let step = 0; step < 200; step++) {
      seen.add((await runOf(at, id))?.status as string);
      await at.advance(second);
    }
    expect([...seen]).toEqual(states);
    const over = (await runOf(at, id))?.serviceDeploymentArn;
    expect(
      (await failure(at.ecs.send(new StopServiceDeploymentCommand({ serviceDeploymentArn: over })))).name,
    ).toBe("ConflictException");
  }
});

test("13: without rollback the deployment fails and stays", async () => {
  const at = await bench({ breaker: { enable: true, rollback: false } });
  const { id } = await at.release("broken", { run: { exit: { code: 1, after: 100 } } });
  await at.advance(minutes(5));
  const service = await at.service();
  expect(service.deployments).toMatchObject([
    { id, rolloutState: "FAILED", runningCount: 0 },
    { status: "ACTIVE", runningCount: 1 },
  ]);
  expect((await runOf(at, id))?.status).toBe("STOPPED");
});

test("14: a crash after RUNNING never trips the breaker", async () => {
  const at = await bench();
  const { id } = await at.release("loops", { run: { exit: { code: 2, after: 5 * second } } });
  await at.advance(minutes(20));
  const mine = (await at.service()).deployments?.find((one) => one.id === id);
  expect(mine).toMatchObject({ status: "PRIMARY", rolloutState: "IN_PROGRESS", failedTasks: 0 });
  const { taskArns = [] } = await at.ecs.send(
    new ListTasksCommand({ cluster: SAMPLE.cluster, startedBy: id, desiredStatus: "STOPPED" }),
  );
  expect(taskArns.length).toBeGreaterThan(20);
});

test("14: failed health checks count although tasks were RUNNING", async () => {
  const at = await bench();
  const { id } = await at.release("sick", { run: { healthy: "never" } });
  await at.advance(minutes(15));
  expect((await runOf(at, id))?.status).toBe("ROLLBACK_SUCCESSFUL");
  const { taskArns } = await at.ecs.send(
    new ListTasksCommand({ cluster: SAMPLE.cluster, startedBy: id, desiredStatus: "STOPPED" }),
  );
  const { tasks } = await at.ecs.send(new DescribeTasksCommand({ cluster: SAMPLE.cluster, tasks: taskArns }));
  const failed = (tasks as Task[]).filter(({ stoppedReason }) =>
    stoppedReason?.startsWith("Task failed ELB health checks in (target-group "),
  );
  expect(failed).toHaveLength(3);
  expect(failed[0]).toMatchObject({ stopCode: "ServiceSchedulerInitiated" });
});

test("15: stop-before-start at full capacity warns, and then succeeds", async () => {
  const at = await bench({ managedScaling: false, memory: 3000, minimumPercent: 0, maximumPercent: 100 });
  const { id } = await at.release("second");
  await at.advance(minutes(5));
  const service = await at.service();
  expect(service.deployments).toMatchObject([{ id, rolloutState: "COMPLETED" }]);

  const tight = await bench({
    managedScaling: false,
    memory: 3000,
    minimumPercent: 0,
    maximumPercent: 200,
  });
  const newerRelease = await tight.release("second");
  await tight.advance(minutes(5));
  const after = await tight.service();
  expect(after.deployments).toMatchObject([{ id: newerRelease.id, rolloutState: "COMPLETED" }]);
  expect(
    after.events?.some(({ message }) =>
      message?.includes(
        "was unable to place a task because no container instance met all of its requirements",
      ),
    ),
  ).toBe(true);
});

test("16: events are at most 100, newest first, each with an id", async () => {
  const at = await bench();
  await at.release("loops", { run: { exit: { code: 2, after: 3 * second } } });
  await at.advance(minutes(30));
  const events = (await at.service()).events ?? [];
  expect(events).toHaveLength(100);
  expect(new Set(events.map(({ id }) => id)).size).toBe(100);
  const times = events.map(({ createdAt }) => Number(createdAt));
  expect(times).toEqual([...times].sort((one, other) => other - one));
});

test("17: ListTasks has pages; DescribeTasks takes at most 100", async () => {
  const at = await bench({ memory: 16, cpu: 8 });
  for (let count = 0; count < 11; count++) await at.run({ count: 10, startedBy: "many" });
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const one = await at.ecs.send(
      new ListTasksCommand({ cluster: SAMPLE.cluster, startedBy: "many", nextToken }),
    );
    expect(one.taskArns?.length).toBeLessThanOrEqual(100);
    arns.push(...(one.taskArns ?? []));
    nextToken = one.nextToken;
  } while (nextToken);
  expect(new Set(arns).size).toBe(110);
  expect(
    (await failure(at.ecs.send(new DescribeTasksCommand({ cluster: SAMPLE.cluster, tasks: arns })))).name,
  ).toBe("InvalidParameterException");
});
