import { tmpdir } from "node:os";
import { expect, onTestFinished, test, vi } from "vitest";
import { contractParameter } from "../../modules/contract";
import { SAMPLE } from "../../sandbox/api/sample";
import { contractOf, putParameter } from "./support/contract";
import { type Ended, minute, second, type Stage } from "./support/driver";
import { open } from "./support/open";
import { when } from "./support/when";

const slowly = { migration: { exit: { code: 0, after: 30 * second } } };

/** No migration goes on, and the tag names what the service is asked to run. */
async function expectClean(stage: Stage): Promise<void> {
  await stage.sandbox.advance(5 * minute);
  for (const task of await stage.migrations()) expect(task.lastStatus).toBe("STOPPED");
  expect(await stage.running()).toEqual([await stage.tag()]);
}

const STAGES: [stage: string, text: string, deployed: boolean][] = [
  ["check", "", false],
  ["migrate", "migrate up", false],
  ["migrate", "task arn:", false],
  ["migrate", "running", false],
  ["promote", "sha256", false],
  ["promote", "→", false],
  ["roll out", "deployment ecs-svc", true],
  ["roll out", "1 of 1 running", true],
];

test.each(STAGES)(
  "Ctrl-C at %s %s: deployed %s, and nothing left behind",
  async (stageName, text, deployed) => {
    const stage = await open();
    const digest = await stage.release("v2", slowly);
    const ended = await stage.deploy("v2", {
      on: (event, signal) => when(stageName, text, signal)(event),
    });
    expect(ended.exitCode).toBe(130);
    await expectClean(stage);
    expect(await stage.tag()).toBe(deployed ? digest : stage.digest);
  },
);

test("Ctrl-C while a failed service is brought back: the tag is back already", async () => {
  const stage = await open({ breaker: { enable: false, rollback: false } });
  await stage.release("v2", { service: { exit: { code: 1, after: 5 * second } } });
  const ended = await stage.deploy("v2", {
    on: (event, signal) => when("put back", "ecs-svc", signal)(event),
  });
  expect(ended.exitCode).toBe(130);
  await expectClean(stage);
  expect(await stage.tag()).toBe(stage.digest);
});

/** Where a runner dies: before a call reaches AWS, or after it did its work. */
const DEATHS: [operation: string, kind: "reset" | "lost", skip: number][] = [
  ["ssm:GetParameter", "reset", 0],
  ["ecs:DescribeClusters", "reset", 0],
  ["ecr:PutImage", "lost", 0],
  ["ecs:RunTask", "reset", 0],
  ["ecs:RunTask", "lost", 0],
  ["logs:GetLogEvents", "reset", 0],
  ["ecr:PutImage", "reset", 1],
  ["ecr:PutImage", "lost", 1],
  ["ecs:UpdateService", "reset", 0],
  ["ecs:UpdateService", "lost", 0],
  ["ecs:DescribeServices", "lost", 3],
];

test.each(DEATHS)(
  "the runner dies at %s (%s, after %d): run again, it ends with the truth",
  async (...death) => {
    const [operation, kind, skip] = death;
    const stage = await open();
    const digest = await stage.release("v2", slowly);
    await stage.dies({ operation, kind, skip });
    let again = await stage.deploy("v2");
    if (again.exitCode === 5) {
      // What the dead runner left behind is another deployment in progress until it has ended.
      expect(again.result.wayOut.join()).toContain("in progress");
      await stage.sandbox.advance(3 * minute);
      again = await stage.deploy("v2");
    }
    expect([again.exitCode, await stage.tag()]).toEqual([0, digest]);
    await expectClean(stage);
  },
);

test("the runner dies between promotion and deployment, and the image is bad: the way back is what ran", async () => {
  const stage = await open();
  await stage.release("v2", { service: { exit: { code: 1, after: 100 } } });
  await stage.dies({ operation: "ecs:UpdateService", kind: "reset" });
  const again = await stage.deploy("v2");
  expect([again.exitCode, await stage.tag()]).toEqual([3, stage.digest]);
  await expectClean(stage);
});

test("two deploys of one image at once share one migration", async () => {
  const stage = await open();
  const digest = await stage.release("v2", slowly);
  const both = await stage.together(["v2", "v2"]);
  expect(both.map(({ exitCode }) => exitCode)).toContain(0);
  expect([(await stage.migrations()).length, await stage.tag()]).toEqual([1, digest]);
  await expectClean(stage);
});

test("two deploys of different images at once: one is deployed, the other refuses", async () => {
  const stage = await open();
  const digests = [await stage.release("v2", slowly), await stage.release("v3", slowly)];
  const both = await stage.together(["v2", "v3"]);
  const codes = both.map(({ exitCode }) => exitCode);
  expect([...codes].sort()).toEqual([0, 5]);
  expect(await stage.tag()).toBe(digests[codes.indexOf(0)]);
  await expectClean(stage);
});

test.each([
  ["the migration", "migrate", "running", 4],
  ["the roll-out", "roll out", "deployment ecs-svc", 4],
])(
  "credentials that expire during %s: the outcome is unknown, and said so",
  async (_, stageName, text, code) => {
    const stage = await open();
    await stage.release("v2", slowly);
    const expire = () => stage.sandbox.fault({ operation: "*", kind: "expired" });
    const ended = await stage.deploy("v2", { on: when(stageName, text, expire) });
    expect(ended.exitCode).toBe(code);
    expect(ended.result.text).toMatch(/unknown|could not be watched/);
    expect(ended.output).toMatch(/expired/i);
  },
);

test("credentials of another account are refused before anything is changed", async () => {
  const stage = await open({ identities: { AKIAOTHER: { account: "999999999999" } } });
  await stage.release("v2");
  stage.use({ AWS_ACCESS_KEY_ID: "AKIAOTHER" });
  await expectRefused(stage, await stage.deploy("v2"), /there is no environment staging here/i);
  const outputs = stage.outputs(contractOf());
  await expectRefused(stage, await stage.deploy("v2", { outputs }), /account 999999999999/);
});

test("another region, without a file that says the right one, is refused before anything is changed", async () => {
  const stage = await open();
  const cwd = vi.spyOn(process, "cwd").mockReturnValue(tmpdir());
  onTestFinished(() => cwd.mockRestore());
  await stage.release("v2");
  stage.use({ AWS_REGION: "eu-west-1" });
  await expectRefused(stage, await stage.deploy("v2"), /does not exist in eu-west-1/);
  const outputs = stage.outputs(contractOf());
  await expectRefused(stage, await stage.deploy("v2", { outputs }), /set AWS_REGION=us-west-2/);
});

test.each([
  ["alone", ["arm64"]],
  ["in an index", ["arm64", "arm64"]],
] as const)("an image for another processor, %s, is refused by a check", async (_, architectures) => {
  const stage = await open();
  await stage.push("v2", {}, [], [...architectures]);
  await expectRefused(stage, await stage.deploy("v2"), /platform of web: .*linux\/arm64/);
});

test("a service at desired 0, a worker without a load balancer, and Fargate are deployed", async () => {
  for (const settings of [
    { desired: 0 },
    { worker: true },
    { fargate: true },
    { worker: true, fargate: true },
  ]) {
    const stage = await open(settings);
    const digest = await stage.release("v2");
    expect([(await stage.deploy("v2")).exitCode, await stage.tag()]).toEqual([0, digest]);
    expect(await stage.running()).toEqual(settings.desired === 0 ? [] : [digest]);
  }
});

test("an environment without a contract, or with an older one, says what to apply", async () => {
  const stage = await open();
  await stage.release("v2");
  const name = contractParameter("staging");
  await putParameter(stage.sandbox.host.world, name, '{"version":0}', 2);
  await expectRefused(stage, await stage.deploy("v2"), /contract of version 0.*npx slipway apply/);
  await expectRefused(stage, await stage.deploy("v2", { outputs: stage.outputs({}) }), /npx slipway apply/);
});

test("a secret that is not set is refused, by name", async () => {
  const stage = await open();
  await stage.release("v2");
  const { world } = stage.sandbox.host;
  await world.change(() => {
    const secret = world.find({ type: "aws_ssm_parameter", where: { name: SAMPLE.secret } });
    if (secret) world.remove(secret);
  });
  const ended = await stage.deploy("v2");
  await expectRefused(stage, ended, /API_KEY.*is not set: npx slipway secret set staging API_KEY/);
  expect(stage.made("GetParameter").map(({ input }) => input.Name)).toEqual([contractParameter("staging")]);
});

test("the environment's tag moved by somebody else during the migration is theirs", async () => {
  const stage = await open();
  await stage.release("v2", slowly);
  const theirs = await stage.release("v3");
  const move = () => stage.sandbox.retag(SAMPLE.region, SAMPLE.repository, SAMPLE.tag, theirs);
  const ended = await stage.deploy("v2", { on: when("migrate", "running", move) });
  expect([ended.exitCode, stage.made("UpdateService").length, await stage.tag()]).toEqual([5, 0, theirs]);
});

test("the environment's tag moved by somebody else during a roll-out that fails is not put back", async () => {
  const stage = await open();
  await stage.release("v2", { service: { healthy: "never" } });
  const theirs = await stage.release("v3");
  const move = () => stage.sandbox.retag(SAMPLE.region, SAMPLE.repository, SAMPLE.tag, theirs);
  const ended = await stage.deploy("v2", { on: when("roll out", "1 of 1 running", move) });
  expect([ended.exitCode, await stage.tag()]).toEqual([3, theirs]);
  expect(ended.output).toContain("somebody else moved it");
});

test("a spot interruption during the migration: the image is not to blame", async () => {
  const stage = await open();
  await stage.release("v2", { migration: { exit: { code: 0, after: 10 * minute } } });
  const take = async () => {
    const [task] = await stage.migrations();
    if (task) await stage.sandbox.interrupt(task.arn);
  };
  const ended = await stage.deploy("v2", { on: when("migrate", "running", take) });
  expect([ended.exitCode, await stage.tag()]).toEqual([2, stage.digest]);
  expect(ended.result.wayOut.join()).toContain("The image is not to blame");
});

test("a spot interruption during the roll-out only delays it", async () => {
  const stage = await open();
  const digest = await stage.release("v2");
  const take = async () => {
    const tasks = Object.values((await stage.state()).tasks);
    const task = tasks.find(({ service, lastStatus }) => service && lastStatus === "RUNNING");
    if (task) await stage.sandbox.interrupt(task.arn);
  };
  const ended = await stage.deploy("v2", { on: when("roll out", "1 of 1 running", take) });
  expect([ended.exitCode, await stage.tag()]).toEqual([0, digest]);
  await expectClean(stage);
});

test("tasks that live for 50 seconds each are no success between two crashes", async () => {
  const stage = await open({ fargate: true });
  await stage.release("v2", { service: { exit: { code: 9, after: 50 * second } } });
  const ended = await stage.deploy("v2");
  expect([ended.exitCode, await stage.tag()]).toEqual([3, stage.digest]);
  expect(ended.result.text).toContain("3 tasks crashed");
});

test("a crash loop after RUNNING without a load balancer is found out after ECS called it complete", async () => {
  const stage = await open({ worker: true });
  await stage.release("v2", { service: { exit: { code: 1, after: 2 * second } } });
  const ended = await stage.deploy("v2");
  expect([ended.exitCode, await stage.tag()]).toEqual([3, stage.digest]);
  await expectClean(stage);
});

test.each([true, false])(
  "the circuit breaker opens (rollback %s): exit 3, the old image runs",
  async (rollback) => {
    const stage = await open({ breaker: { enable: true, rollback } });
    await stage.release("v2", { service: { startError: "no such file" } });
    const ended = await stage.deploy("v2");
    expect([ended.exitCode, await stage.tag()]).toEqual([3, stage.digest]);
    expect(ended.result.text).toContain("no such file");
    await expectClean(stage);
  },
);

test("a capacity shortage that ends is waited for", async () => {
  const stage = await short();
  const digest = await stage.release("v2");
  stage.clock.in(6 * minute, () => stage.sandbox.shortage([]));
  expect([(await stage.deploy("v2")).exitCode, await stage.tag()]).toEqual([0, digest]);
});

test("a capacity shortage that does not end: the migration is given up and its task stopped", async () => {
  const stage = await short();
  await stage.release("v2");
  const ended = await stage.deploy("v2");
  expect([ended.exitCode, await stage.tag(), ended.result.seconds < 22 * 60]).toEqual([
    2,
    stage.digest,
    true,
  ]);
  expect(ended.result.text).toContain("no machine with room");
  await expectClean(stage);
});

/** One task fills a machine, and no second machine can be had. */
async function short(): Promise<Stage> {
  const stage = await open({ memory: 3000 });
  await stage.sandbox.shortage([SAMPLE.provider]);
  return stage;
}

async function expectRefused(stage: Stage, ended: Ended, reason: RegExp): Promise<void> {
  expect(ended.exitCode).toBe(1);
  expect(`${ended.result.text} ${ended.result.wayOut.join(" ")}`).toMatch(reason);
  expect([...stage.made("PutImage"), ...stage.made("RunTask"), ...stage.made("UpdateService")]).toEqual([]);
  expect(await stage.tag()).toBe(stage.digest);
}

test.each([10, -10, 24 * 60])(
  "a clock that AWS's is %d minutes ahead of: corrected, and deployed",
  async (ahead) => {
    const stage = await open();
    stage.sandbox.setAhead(ahead * minute);
    const digest = await stage.release("v2");
    const { exitCode } = await stage.deploy("v2");
    expect(exitCode).toBe(0);
    expect(await stage.running()).toEqual([digest]);
  },
);
