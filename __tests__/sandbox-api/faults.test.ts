import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  ListServicesCommand,
  ListTasksCommand,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { expect, test } from "vitest";
import { SAMPLE } from "../../sandbox/api/sample";
import type { Fault } from "../../sandbox/engine/faults";
import { Bench, bench, failure, minutes, second, started } from "./support";

const list = (at: Bench) => at.ecs.send(new ListServicesCommand({ cluster: SAMPLE.cluster }));

test.each<[Fault["kind"], string, number]>([
  ["throttle", "ThrottlingException", 400],
  ["server", "ServerException", 500],
  ["denied", "AccessDeniedException", 400],
  ["expired", "ExpiredTokenException", 400],
])("%s answers %s, so often as scripted and no more", async (kind, name, status) => {
  const at = await bench();
  await at.sandbox.fault({ operation: "ecs:ListServices", kind, skip: 1, count: 2 });
  await list(at);
  for (let time = 0; time < 2; time++) {
    const error = await failure(list(at));
    expect(error.name).toBe(name);
    expect(error.$metadata?.httpStatusCode).toBe(status);
  }
  await list(at);
  await at.ecs.send(new ListTasksCommand({ cluster: SAMPLE.cluster }));
});

test("the SDK itself gets over throttling and 5xx", async () => {
  const at = await bench();
  await at.sandbox.fault(
    { operation: "ecs:*", kind: "server", count: 1 },
    { operation: "ecs:*", kind: "throttle", count: 1 },
  );
  const patient = new ECSClient({
    endpoint: at.sandbox.endpoint,
    region: SAMPLE.region,
    credentials: { accessKeyId: at.sandbox.accessKey, secretAccessKey: "s" },
    maxAttempts: 4,
  });
  expect((await patient.send(new ListServicesCommand({ cluster: SAMPLE.cluster }))).serviceArns).toHaveLength(
    1,
  );
});

test("a doubled call is done twice, and answered once", async () => {
  const at = await bench();
  await at.sandbox.fault({ operation: "ecs:UpdateService", kind: "double", count: 1 });
  const { cluster, service } = SAMPLE;
  await at.ecs.send(new UpdateServiceCommand({ cluster, service, forceNewDeployment: true }));
  const { serviceDeployments } = await at.ecs.send(new ListServiceDeploymentsCommand({ cluster, service }));
  expect(serviceDeployments).toHaveLength(3);
  expect(at.sandbox.calls.filter(({ operation }) => operation === "ecs:UpdateService")).toHaveLength(1);
});

test("a reset breaks the connection before anything happened, a lost answer after it", async () => {
  const at = await bench();
  await at.sandbox.fault({ operation: "ecs:RunTask", kind: "reset", count: 1 });
  expect((await failure(at.run({ clientToken: "one", startedBy: "me" }))).message).toMatch(
    /ECONNRESET|socket hang up/,
  );
  const mine = () => at.ecs.send(new ListTasksCommand({ cluster: SAMPLE.cluster, startedBy: "me" }));
  expect((await mine()).taskArns).toEqual([]);
  await at.sandbox.fault({ operation: "ecs:RunTask", kind: "lost", count: 1 });
  await failure(at.run({ clientToken: "one", startedBy: "me" }));
  const { taskArns } = await mine();
  expect(taskArns).toHaveLength(1);
  expect(await started(at, { clientToken: "one", startedBy: "me" })).toBe(taskArns?.[0]);
});

test("a slow answer takes virtual time", async () => {
  const at = await bench();
  await at.sandbox.fault({ operation: "*", kind: "slow", delay: 30 * second, count: 1 });
  const before = at.sandbox.clock.now();
  await list(at);
  expect(at.sandbox.clock.now() - before).toBe(30 * second);
});

test("stale reads answer the service before its last change, missing ones no task", async () => {
  const at = await bench();
  const before = (await at.service()).deployments?.[0]?.id;
  const { id } = await at.release("second");
  await at.sandbox.fault({ operation: "ecs:DescribeServices", kind: "stale", count: 1 });
  expect((await at.service()).deployments?.[0]?.id).toBe(before);
  expect((await at.service()).deployments?.[0]?.id).toBe(id);
  const arn = await started(at);
  await at.sandbox.fault({ operation: "ecs:DescribeTasks", kind: "missing", count: 1 });
  const { failures } = await at.ecs.send(new DescribeTasksCommand({ cluster: SAMPLE.cluster, tasks: [arn] }));
  expect(failures).toEqual([{ arn, reason: "MISSING" }]);
  expect((await at.task(arn)).taskArn).toBe(arn);
});

test("credentials can expire midway, and any error can be scripted", async () => {
  const at = await bench();
  await at.sandbox.fault({ operation: "*", kind: "expired", from: at.sandbox.clock.now() + minutes(1) });
  await list(at);
  await at.advance(minutes(1));
  expect((await failure(list(at))).name).toBe("ExpiredTokenException");
  expect((await failure(at.sts.send(new GetCallerIdentityCommand({})))).name).toMatch(/^ExpiredToken/);
  await at.sandbox.clearFaults();
  await at.sandbox.fault({
    operation: "ssm:GetParameter",
    kind: "error",
    code: "InvalidKeyId",
    message: "no key",
    count: 1,
  });
  const error = await failure(at.ssm.send(new GetParameterCommand({ Name: SAMPLE.secret })));
  expect([error.name, error.message]).toEqual(["InvalidKeyId", "no key"]);
});

test("another account sees nothing of ours; another region neither", async () => {
  const at = await bench({ identities: { AKIAOTHER: { account: "999999999999" } } });
  const other = new Bench(at.sandbox, "", "AKIAOTHER");
  expect((await other.sts.send(new GetCallerIdentityCommand({}))).Account).toBe("999999999999");
  expect((await failure(other.run())).name).toBe("ClusterNotFoundException");
  const abroad = new ECSClient({
    endpoint: at.sandbox.endpoint,
    region: "eu-west-1",
    credentials: { accessKeyId: at.sandbox.accessKey, secretAccessKey: "s" },
  });
  const describe = new DescribeServicesCommand({ cluster: SAMPLE.cluster, services: [SAMPLE.service] });
  expect((await failure(abroad.send(describe))).name).toBe("ClusterNotFoundException");
});

test("all calls are on record", async () => {
  const at = await bench();
  at.sandbox.calls.length = 0;
  await list(at);
  await failure(at.run({ cluster: "nowhere" }));
  expect(at.sandbox.calls.map(({ operation, error }) => [operation, error])).toEqual([
    ["ecs:ListServices", undefined],
    ["ecs:RunTask", "ClusterNotFoundException"],
  ]);
});

test.each([
  ["ahead", 10, /^Signature expired: \d{8}T\d{6}Z is now earlier than/],
  ["behind", -10, /^Signature not yet current: \d{8}T\d{6}Z is still later than/],
])(
  "a signature is refused when AWS's clock is %s by more than five minutes",
  async (_, minutesAhead, message) => {
    const at = await bench();
    at.sandbox.setAhead(minutes(minutesAhead) / 2 - Math.sign(minutesAhead) * 5 * second);
    await list(at);
    at.sandbox.setAhead(minutes(minutesAhead));
    const ecs = await failure(list(at));
    expect([ecs.name, ecs.message]).toEqual(["InvalidSignatureException", expect.stringMatching(message)]);
    const sts = await failure(at.sts.send(new GetCallerIdentityCommand({})));
    expect([sts.name, sts.message]).toEqual(["SignatureDoesNotMatch", expect.stringMatching(message)]);
    // The SDK has taken the time from the answer.
    await list(at);
  },
);
