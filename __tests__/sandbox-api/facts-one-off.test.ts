import { FilterLogEventsCommand, GetLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeTasksCommand, ListTasksCommand, StopTaskCommand } from "@aws-sdk/client-ecs";
import { expect, test } from "vitest";
import { SAMPLE } from "../../sandbox/api/sample";
import { bench, failure, minutes, second, started } from "./support";

test("1: without managed scaling a full cluster answers 200 with failures and no task", async () => {
  const at = await bench({ managedScaling: false, memory: 3000 });
  const answer = await at.run();
  expect(answer.tasks).toEqual([]);
  expect(answer.failures?.[0]).toMatchObject({ reason: "RESOURCE:MEMORY" });
  expect(answer.failures?.[0]?.arn).toContain(":container-instance/");
});

test("1: CPU and a disconnected agent have their own reasons", async () => {
  const cpu = await bench({ managedScaling: false, cpu: 1500 });
  expect((await cpu.run()).failures?.[0]?.reason).toBe("RESOURCE:CPU");
  await cpu.sandbox.instances((instance) => {
    instance.agentConnected = false;
  });
  expect((await cpu.run()).failures?.[0]?.reason).toBe("AGENT");
});

test("1: with managed scaling the task waits in PROVISIONING until the group has scaled out", async () => {
  const at = await bench({ memory: 3000 });
  const arn = await started(at);
  const waiting = await at.task(arn);
  expect([waiting.lastStatus, waiting.containerInstanceArn]).toEqual(["PROVISIONING", undefined]);
  await at.advance(minutes(1));
  expect((await at.task(arn)).lastStatus).toBe("PROVISIONING");
  await at.advance(minutes(3));
  expect(await at.task(arn)).toMatchObject({ lastStatus: "STOPPED", stopCode: "EssentialContainerExited" });
});

test("1: capacity that never comes ends the task", async () => {
  const at = await bench({ memory: 3000 });
  await at.sandbox.shortage([SAMPLE.provider]);
  const arn = await started(at);
  await at.advance(minutes(32));
  const task = await at.task(arn);
  expect(task).toMatchObject({
    lastStatus: "STOPPED",
    stopCode: "TaskFailedToStart",
    stoppedReason: "EMPTY CAPACITY PROVIDER",
  });
  expect(task.containers?.[0]?.exitCode).toBeUndefined();
});

test("2: the same client token answers the same task, other parameters conflict", async () => {
  const at = await bench();
  const first = await started(at, { clientToken: "once" });
  expect(await started(at, { clientToken: "once" })).toBe(first);
  const error = await failure(at.run({ clientToken: "once", startedBy: "another" }));
  expect(error).toMatchObject({ name: "ConflictException", resourceIds: [first] });
  expect((await failure(at.run({ clientToken: "x".repeat(65) }))).name).toBe("InvalidParameterException");
});

test("3: strategy and launch type exclude each other", async () => {
  const at = await bench();
  const strategy = { capacityProviderStrategy: [{ capacityProvider: SAMPLE.provider, weight: 1 }] };
  expect((await failure(at.run({ ...strategy, launchType: "EC2" }))).message).toContain(
    "both a launch type and capacity provider strategy",
  );
  expect(await started(at, strategy)).toContain(":task/");
});

test("3: network configuration is refused for bridge and required for awsvpc", async () => {
  const network = { networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } } };
  const bridge = await bench();
  expect((await failure(bridge.run(network))).message).toContain("not valid for the given networkMode");
  const fargate = await bench({ fargate: true });
  const strategy = { capacityProviderStrategy: [{ capacityProvider: "FARGATE", weight: 1 }] };
  expect((await failure(fargate.run(strategy))).message).toContain("Network Configuration must be provided");
  const arn = await started(fargate, { ...strategy, ...network });
  await fargate.advance(minutes(1));
  expect(await fargate.task(arn)).toMatchObject({
    launchType: "FARGATE",
    capacityProviderName: "FARGATE",
    lastStatus: "STOPPED",
  });
});

test("4: a new task is MISSING for a moment", async () => {
  const at = await bench({ pace: { lag: 2 * second } });
  const arn = await started(at);
  const ask = () => at.ecs.send(new DescribeTasksCommand({ cluster: SAMPLE.cluster, tasks: [arn] }));
  expect(await ask()).toMatchObject({ tasks: [], failures: [{ arn, reason: "MISSING" }] });
  await at.advance(2 * second);
  expect((await ask()).tasks).toHaveLength(1);
});

test("6: a container that never started has no exit code, and says why", async () => {
  const at = await bench();
  await at.sandbox.retag(SAMPLE.region, SAMPLE.repository, SAMPLE.candidate, "sha256:gone");
  await at.sandbox.instances((instance) => {
    instance.cache = {};
  });
  const arn = await started(at);
  await at.advance(minutes(1));
  const task = await at.task(arn);
  expect(task).toMatchObject({ stopCode: "TaskFailedToStart", stoppedReason: "Task failed to start" });
  expect(task.startedAt).toBeUndefined();
  expect(task.containers?.[0]?.exitCode).toBeUndefined();
  expect(task.containers?.[0]?.reason).toMatch(/^CannotPullContainerError: .*not found$/);
});

test("6: on Fargate the task itself names the reason", async () => {
  const at = await bench({ fargate: true });
  await at.sandbox.behave(at.digest, { pull: { error: "i/o timeout" } });
  const arn = await started(at, {
    launchType: "FARGATE",
    networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } },
  });
  await at.advance(minutes(1));
  expect((await at.task(arn)).stoppedReason).toBe("CannotPullContainerError: i/o timeout");
});

test("6: a sidecar dies with the task, and its place in the list is not the definition's", async () => {
  const at = await bench({ sidecar: true });
  const orders = new Set<string>();
  for (let count = 0; count < 6; count++) {
    const arn = await started(at);
    await at.advance(minutes(1));
    const containers = (await at.task(arn)).containers ?? [];
    orders.add(containers.map(({ name }) => name).join());
    expect(containers.find(({ name }) => name === "web")?.exitCode).toBe(0);
    expect(containers.find(({ name }) => name === "proxy")?.exitCode).toBe(143);
  }
  expect(orders).toEqual(new Set(["web,proxy", "proxy,web"]));
});

test("6: a container that ignores SIGTERM dies with 137 after its stop timeout", async () => {
  const at = await bench({ stopTimeout: 10 });
  await at.sandbox.behave(at.digest, { run: { stop: "ignore", exit: { code: 0, after: minutes(60) } } });
  const arn = await started(at);
  await at.advance(minutes(1));
  await at.ecs.send(new StopTaskCommand({ cluster: SAMPLE.cluster, task: arn, reason: "interrupted" }));
  expect(await at.task(arn)).toMatchObject({ lastStatus: "STOPPING", desiredStatus: "STOPPED" });
  await at.advance(9 * second);
  expect((await at.task(arn)).lastStatus).toBe("STOPPING");
  await at.advance(3 * second);
  const task = await at.task(arn);
  expect(task).toMatchObject({
    lastStatus: "STOPPED",
    stopCode: "UserInitiated",
    stoppedReason: "interrupted",
  });
  expect(task.containers?.[0]?.exitCode).toBe(137);
});

test("6: a spot interruption and a lost host are told apart from the command's own end", async () => {
  const at = await bench();
  await at.sandbox.behave(at.digest, { run: { exit: { code: 0, after: minutes(60) } } });
  const arn = await started(at);
  await at.advance(minutes(1));
  await at.sandbox.interrupt(arn);
  await at.advance(minutes(3));
  const lost = await at.task(arn);
  expect(lost).toMatchObject({ stopCode: "TerminationNotice" });
  expect(lost.stoppedReason).toMatch(/^Host EC2 \(instance i-\w+\) terminated\.$/);
  expect(lost.containers?.[0]?.exitCode).toBeUndefined();

  const spot = await bench({ fargate: true });
  await spot.sandbox.behave(spot.digest, { run: { exit: { code: 0, after: minutes(60) } } });
  const one = await started(spot, {
    capacityProviderStrategy: [{ capacityProvider: "FARGATE_SPOT", weight: 1 }],
    networkConfiguration: { awsvpcConfiguration: { subnets: ["subnet-1"] } },
  });
  await spot.advance(minutes(1));
  await spot.sandbox.interrupt(one);
  await spot.advance(minutes(3));
  expect(await spot.task(one)).toMatchObject({
    stopCode: "SpotInterruption",
    stoppedReason: "Your Spot Task was interrupted.",
  });
});

test("7: a stopped task stays for an hour; a fast one was never RUNNING", async () => {
  const at = await bench();
  await at.sandbox.behave(at.digest, { run: { exit: { code: 0, after: 200 } } });
  const arn = await started(at);
  const seen = new Set<string>();
  for (let step = 0; step < 60; step++) {
    await at.advance(500);
    seen.add((await at.task(arn)).lastStatus as string);
  }
  expect(seen).toContain("STOPPED");
  expect(seen).not.toContain("RUNNING");
  const over = await at.task(arn);
  expect([over.startedAt, over.containers?.[0]?.exitCode]).toEqual([undefined, 0]);
  await at.advance(minutes(58));
  expect((await at.task(arn)).lastStatus).toBe("STOPPED");
  await at.advance(minutes(3));
  expect((await failure(at.task(arn))).message).toContain("MISSING");
});

test("8: the log stream appears late, and its token repeats at the end", async () => {
  const at = await bench({ pace: { logLag: 20 * second } });
  await at.sandbox.behave(at.digest, {
    run: {
      log: [
        { after: 0, text: "one" },
        { after: 500, text: "two" },
      ],
      exit: { code: 0, after: 2 * second },
    },
  });
  const arn = await started(at);
  const stream = `web-migration/web/${arn.split("/").at(-1)}`;
  const read = (nextToken?: string) =>
    at.logs.send(
      new GetLogEventsCommand({
        logGroupName: SAMPLE.logGroup,
        logStreamName: stream,
        startFromHead: true,
        nextToken,
        limit: 1,
      }),
    );
  await at.advance(12 * second);
  expect((await at.task(arn)).lastStatus).toBe("STOPPED");
  expect((await failure(read())).name).toBe("ResourceNotFoundException");
  await at.advance(20 * second);
  const first = await read();
  expect(first.events?.map(({ message }) => message)).toEqual(["one"]);
  const next = await read(first.nextForwardToken);
  expect(next.events?.map(({ message }) => message)).toEqual(["two"]);
  const end = await read(next.nextForwardToken);
  expect(end).toMatchObject({ events: [], nextForwardToken: next.nextForwardToken });
  const filtered = await at.logs.send(
    new FilterLogEventsCommand({
      logGroupName: SAMPLE.logGroup,
      logStreamNames: [stream],
      filterPattern: "tw",
    }),
  );
  expect(filtered.events?.map(({ message }) => message)).toEqual(["two"]);
});

test("9: startedBy is findable, and stands alone as a filter", async () => {
  const at = await bench();
  const arn = await started(at, { startedBy: "slipway/migrate" });
  const list = (more: object) =>
    at.ecs.send(new ListTasksCommand({ cluster: SAMPLE.cluster, startedBy: "slipway/migrate", ...more }));
  expect((await list({})).taskArns).toEqual([arn]);
  expect((await failure(list({ family: "staging-web" }))).name).toBe("InvalidParameterException");
  await at.advance(minutes(1));
  expect((await list({})).taskArns).toEqual([]);
  expect((await list({ desiredStatus: "STOPPED" })).taskArns).toEqual([arn]);
  expect((await failure(at.run({ startedBy: "x".repeat(129) }))).name).toBe("InvalidParameterException");
});
