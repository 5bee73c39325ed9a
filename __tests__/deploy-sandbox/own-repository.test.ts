import { UpdateServiceCommand } from "@aws-sdk/client-ecs";
import { expect, test } from "vitest";
import { contractParameter } from "../../modules/contract";
import { addSample, SAMPLE } from "../../sandbox/api/sample";
import { ACCOUNT } from "../../sandbox/world";
import { contractOf, putParameter } from "./support/contract";
import { minute, type Stage } from "./support/driver";
import { open } from "./support/open";

const apart = { ownRepository: true };
const OWN = "app-staging";
const second = (arn: string) => arn.replace(/:1$/, ":2");

/** What an apply of bootstrap changes: `app` is immutable, and the environment has a repository beside it. */
async function applyBootstrap(stage: Stage): Promise<void> {
  const { world } = stage.sandbox.host;
  const before = world.list({ type: "aws_ecs_task_definition" }).map((object) => structuredClone(object));
  await addSample(world, apart);
  await world.change(() => {
    for (const object of before) world.put(object);
  });
}

/** What the apply of the environment after it changes: revisions that pull from there, and the contract. */
async function applyEnvironment(stage: Stage): Promise<void> {
  const { world } = stage.sandbox.host;
  await world.change(() => {
    for (const { attributes, ...object } of world.list({ type: "aws_ecs_task_definition" })) {
      const text = String(attributes.container_definitions).replaceAll("/app:", `/${OWN}:`);
      const arn = second(String(attributes.arn));
      world.put({
        ...object,
        id: arn,
        attributes: { ...attributes, arn, revision: 2, container_definitions: text },
      });
    }
    for (const { attributes, ...object } of world.list({ type: "aws_ecs_service" }))
      world.put({ ...object, attributes: { ...attributes, task_definition: second(SAMPLE.definition) } });
  });
  const contract = contractOf(apart);
  for (const service of contract.services) {
    service.taskDefinition = second(service.taskDefinition);
    if (service.migration) service.migration.taskDefinition = second(service.migration.taskDefinition);
  }
  await putParameter(world, contractParameter("staging"), JSON.stringify(contract), 2);
  stage.repository = OWN;
  await stage.sandbox.advance(15 * minute);
}

/** The services' tasks that ever ended, and why. */
const ended = async (stage: Stage) =>
  Object.values((await stage.state()).tasks)
    .filter(({ service, stopCode }) => service && stopCode)
    .map(({ stopCode }) => stopCode);

/** The revision that the service runs. */
const runs = async (stage: Stage) =>
  Object.values((await stage.state()).services)[0]?.deployments.find(({ status }) => status === "PRIMARY")
    ?.taskDefinition;

test("bootstrap, copy-image, apply: tasks move to the environment's own repository, and none fails", async () => {
  const stage = await open();
  await applyBootstrap(stage);
  const copied = await stage.copyImage({ to: OWN });
  const digest = stage.digest.slice(0, 19);
  expect([copied.exitCode, copied.result.text]).toEqual([
    0,
    `${OWN}:staging names ${digest}, as runs now: apply next.`,
  ]);
  const again = await stage.copyImage({ to: OWN });
  expect([again.exitCode, again.result.text]).toEqual([0, `${OWN}:staging names ${digest} already.`]);
  await applyEnvironment(stage);
  expect([await runs(stage), await stage.running()]).toEqual([second(SAMPLE.definition), [stage.digest]]);
  expect(new Set(await ended(stage))).toEqual(new Set(["ServiceSchedulerInitiated"]));
  const next = await stage.release("v2");
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  expect([await stage.tag(), await stage.running()]).toEqual([next, [next]]);
  expect((await stage.rollback()).exitCode).toBe(0);
  expect(await stage.running()).toEqual([stage.digest]);
});

test("without the copy ECS goes back to what ran; check says the way, and a deploy refuses until then", async () => {
  const stage = await open();
  await applyBootstrap(stage);
  await applyEnvironment(stage);
  expect([await runs(stage), await stage.running()]).toEqual([SAMPLE.definition, [stage.digest]]);
  expect(await ended(stage)).toContain("TaskFailedToStart");
  const next = await stage.release("v2");
  const way = "npx slipway copy-image staging, then npx slipway apply staging";
  for (const refused of [await stage.check(), await stage.deploy("v2")])
    expect([refused.exitCode, refused.result.wayOut.join()]).toEqual([1, expect.stringContaining(way)]);
  const copied = await stage.copyImage();
  expect([copied.exitCode, await stage.tag()]).toEqual([0, stage.digest]);
  const { cluster, service } = SAMPLE;
  await stage.others.act(
    new UpdateServiceCommand({ cluster, service, taskDefinition: second(SAMPLE.definition) }),
  );
  await stage.sandbox.advance(5 * minute);
  expect([await runs(stage), await stage.running()]).toEqual([second(SAMPLE.definition), [stage.digest]]);
  expect([(await stage.deploy("v2")).exitCode, await stage.running()]).toEqual([0, [next]]);
});

test("a deploy between the two applies changes nothing that runs", async () => {
  const stage = await open();
  await applyBootstrap(stage);
  await stage.release("v2");
  const refused = await stage.deploy("v2");
  expect([refused.exitCode, refused.result.wayOut.join()]).toEqual([
    3,
    expect.stringContaining("npx slipway plan staging says how tasks come there"),
  ]);
  expect([await stage.tag(), await stage.running()]).toEqual([stage.digest, [stage.digest]]);
});

test("a deploy whose repository is not made yet says what makes it", async () => {
  const stage = await open();
  await stage.release("v2");
  const contract = JSON.stringify(contractOf(apart));
  await putParameter(stage.sandbox.host.world, contractParameter("staging"), contract, 2);
  const refused = await stage.deploy("v2");
  expect([refused.exitCode, refused.result.wayOut.join()]).toEqual([
    1,
    expect.stringMatching(
      /RepositoryNotFoundException: .* npx slipway apply bootstrap; in a further account/,
    ),
  ]);
});

test("copy-image moves no tag that names something else, and says what it lacks", async () => {
  const stage = await open();
  const nowhere = await stage.copyImage({ to: OWN });
  expect([nowhere.exitCode, nowhere.result.text]).toEqual([1, expect.stringContaining("RepositoryNotFound")]);
  await applyBootstrap(stage);
  const unsaid = await stage.copyImage();
  expect([unsaid.exitCode, unsaid.result.wayOut.join()]).toEqual([
    1,
    `Name the repository: npx slipway copy-image staging --to ${OWN}`,
  ]);
  const other = await stage.sandbox.push({
    repository: OWN,
    region: SAMPLE.region,
    content: "other",
    tags: ["staging"],
  });
  const taken = await stage.copyImage({ to: OWN });
  expect([taken.exitCode, taken.result.text]).toEqual([
    1,
    `${OWN}:staging names ${other.slice(0, 19)}, and ${stage.digest.slice(0, 19)} runs: nothing was copied.`,
  ]);
});

test("what runs is copied from where tasks pull it: the release may be gone from where it was pushed", async () => {
  const stage = await open(apart);
  const digest = await stage.release("v2");
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  const imageIds = [{ imageDigest: digest }, { imageDigest: stage.digest }];
  const input = { repositoryName: SAMPLE.repository, imageIds };
  const { accessKey } = stage.sandbox;
  const { region } = SAMPLE;
  const gone = await stage.sandbox.ask({
    service: "ecr",
    operation: "BatchDeleteImage",
    region,
    accessKey,
    input,
  });
  expect(gone).toMatchObject({ output: { failures: [] } });
  expect((await stage.rollback()).exitCode).toBe(0);
  const { world } = stage.sandbox.host;
  const name = "web-staging";
  await world.change(() => {
    const attributes = { name, arn: `arn:aws:ecr:${region}:${ACCOUNT}:repository/${name}` };
    world.put({ type: "aws_ecr_repository", region, id: name, origin: "terraform", attributes });
  });
  const copied = await stage.copyImage({ to: name });
  expect([copied.exitCode, copied.result.text]).toEqual([
    0,
    `${name}:staging names ${stage.digest.slice(0, 19)}, as runs now: apply next.`,
  ]);
});
