import { expect, test } from "vitest";
import { contractParameter } from "../../modules/contract";
import { policy } from "../../modules/contract/policy";
import { SAMPLE } from "../../sandbox/api/sample";
import { ACCOUNT } from "../../sandbox/world";
import { contractOf, putParameter } from "./support/contract";
import type { Stage } from "./support/driver";
import { open } from "./support/open";
import { when } from "./support/when";

/** Releases are pushed to `app`, tasks pull from `app-staging`. */
const apart = { ownRepository: true };
const UPLOADS = ["ecr:InitiateLayerUpload", "ecr:UploadLayerPart", "ecr:CompleteLayerUpload"];

const repository = async (stage: Stage, name: string, region = SAMPLE.region) =>
  (await stage.state()).repositories[`${region}/${name}`];

/** Operations, each with the repository that it touched. */
const touched = (stage: Stage, ...operations: string[]) =>
  stage.sandbox.calls
    .filter(({ operation }) => operations.includes(operation))
    .map(({ operation, input }) => `${operation} ${input.repositoryName}`);

test("an image is copied, then its tags move: where releases are pushed to, nothing is written", async () => {
  const stage = await open(apart);
  const digest = await stage.release("v2");
  const before = await repository(stage, "app");
  const ended = await stage.deploy("v2");
  expect(ended.exitCode, ended.result.text).toBe(0);
  expect([await stage.running(), await stage.tag(), await stage.tag(SAMPLE.candidate)]).toEqual([
    [digest],
    digest,
    digest,
  ]);
  expect(await repository(stage, "app")).toEqual(before);
  const own = await repository(stage, "app-staging");
  expect(own?.images[digest]?.manifest).toBe(before?.images[digest]?.manifest);
  const changes = new Set(touched(stage, ...UPLOADS, "ecr:PutImage"));
  expect([...changes].sort()).toEqual(
    [...UPLOADS, "ecr:PutImage"].map((operation) => `${operation} app-staging`).sort(),
  );
  const stages = ended.events.flatMap((event) =>
    event.type === "stage" && event.state === "succeeded" ? event.stage : [],
  );
  expect(stages).toEqual(["check", "copy", "migrate", "promote", "roll out"]);
});

test("what is there is not copied again: a rollback, the same release, a part that arrived", async () => {
  const stage = await open(apart);
  await stage.release("v2");
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  stage.sandbox.calls.length = 0;
  expect((await stage.rollback()).exitCode).toBe(0);
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  expect(touched(stage, ...UPLOADS)).toEqual([]);
});

test("a rollback that finds no earlier image names the registry of the releases: it may be another account's", async () => {
  const stage = await open(apart);
  const ended = await stage.rollback();
  expect([ended.exitCode, ended.result.wayOut.at(-1)]).toEqual([
    1,
    `Those that there are: aws ecr describe-images --region ${SAMPLE.region} --registry-id ${ACCOUNT} --repository-name app`,
  ]);
});

test("a rollback to a release that never ran here copies it", async () => {
  const stage = await open(apart);
  const digest = await stage.release("v0");
  const ended = await stage.rollback({ to: digest });
  expect([ended.exitCode, await stage.tag()]).toEqual([0, digest]);
  expect(touched(stage, "ecr:CompleteLayerUpload")).toHaveLength(2);
});

test("an index is copied with every image that it names", async () => {
  const stage = await open(apart);
  const digest = await stage.push("v2", {}, [], ["amd64", "arm64"]);
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  const own = await repository(stage, "app-staging");
  const children = own?.images[digest]?.children ?? [];
  expect(children.map(({ architecture }) => architecture)).toEqual(["amd64", "arm64"]);
  for (const child of children) expect(own?.images).toHaveProperty([child.digest]);
});

test("a layer is copied in parts of the size that ECR asks for", async () => {
  const stage = await open(apart);
  const digest = await stage.sandbox.push({
    repository: SAMPLE.repository,
    region: SAMPLE.region,
    content: "x".repeat(11_000_000),
    tags: ["large"],
  });
  expect((await stage.deploy("large")).exitCode).toBe(0);
  expect(await stage.tag()).toBe(digest);
  const parts = stage.made("UploadLayerPart").map(({ input }) => [input.partFirstByte, input.partLastByte]);
  expect(parts.filter(([first]) => first === 10_485_760)).toHaveLength(2);
});

test("releases of another region are copied from there", async () => {
  const stage = await open(apart);
  const region = "eu-central-1";
  const { world } = stage.sandbox.host;
  await world.change(() => {
    const attributes = { name: "app", arn: `arn:aws:ecr:${region}:${ACCOUNT}:repository/app` };
    world.put({ type: "aws_ecr_repository", region, id: "app", origin: "terraform", attributes });
  });
  const contract = contractOf(apart);
  for (const { image } of contract.services) if (image.source) image.source.region = region;
  await putParameter(world, contractParameter("staging"), JSON.stringify(contract), 2);
  const digest = await stage.sandbox.push({ repository: "app", region, content: "v2", tags: ["v2"] });
  const ended = await stage.deploy("v2");
  expect([ended.exitCode, await stage.tag()]).toEqual([0, digest]);
  const read = stage
    .made("GetDownloadUrlForLayer")
    .map((call) => `${call.region} ${call.input.repositoryName}`);
  expect([...new Set(read)]).toEqual([`${region} app`]);
});

test("Ctrl-C while it is copied: nothing was changed", async () => {
  const stage = await open(apart);
  await stage.release("v2");
  const ended = await stage.deploy("v2", { on: (event, signal) => when("copy", "sha256", signal)(event) });
  expect([ended.exitCode, await stage.tag(), await stage.tag(SAMPLE.candidate)]).toEqual([
    130,
    stage.digest,
    undefined,
  ]);
  expect(stage.made("RunTask")).toEqual([]);
});

test.each([
  ["ecr:BatchCheckLayerAvailability", "lost", 0],
  ["ecr:InitiateLayerUpload", "lost", 0],
  ["ecr:UploadLayerPart", "reset", 0],
  ["ecr:UploadLayerPart", "lost", 0],
  ["ecr:CompleteLayerUpload", "reset", 1],
  ["ecr:CompleteLayerUpload", "lost", 0],
  ["ecr:PutImage", "lost", 0],
] as const)(
  "%s %s after %d: copied all the same, and by the next runner where this one dies",
  async (operation, kind, skip) => {
    const passing = await open(apart);
    const digest = await passing.release("v2");
    await passing.sandbox.fault({ operation, kind, skip, count: 2 });
    expect([(await passing.deploy("v2")).exitCode, await passing.tag()]).toEqual([0, digest]);
    const deadly = await open(apart);
    await deadly.release("v2");
    await deadly.dies({ operation, kind, skip });
    expect(await deadly.tag()).toBe(deadly.digest);
    expect([(await deadly.deploy("v2")).exitCode, await deadly.tag()]).toEqual([0, digest]);
  },
);

test("what may not be copied ends the deploy before anything is changed", async () => {
  const stage = await open(apart);
  await stage.release("v2");
  await stage.sandbox.fault({ operation: "ecr:UploadLayerPart", kind: "denied" });
  const ended = await stage.deploy("v2");
  expect(ended.exitCode).toBe(1);
  expect(ended.result.text).toMatch(
    /^sha256:\w{12} could not be copied from app into app-staging\. ecr:UploadLayerPart: .*policy <environment>/,
  );
  expect(ended.result.wayOut.join()).toContain("No tag was moved");
  expect([stage.made("RunTask"), await stage.tag()]).toEqual([[], stage.digest]);
});

test("an image that was not pushed is looked for where releases are pushed to", async () => {
  const stage = await open(apart);
  const ended = await stage.deploy("v9");
  expect([ended.exitCode, ended.result.wayOut.join()]).toEqual([
    1,
    expect.stringContaining("the repository app has no image v9"),
  ]);
});

test("a rollback to a tag that the releases no longer have says that what ran is kept, and goes back to that by its digest", async () => {
  const stage = await open(apart);
  const digest = await stage.release("v2");
  expect((await stage.deploy("v2")).exitCode).toBe(0);
  const gone = await stage.rollback({ to: "v0" });
  expect([gone.exitCode, gone.result.wayOut.join()]).toEqual([
    1,
    expect.stringContaining(
      "what ran in staging is kept in app-staging by its digest, also when its tag is gone: npx slipway rollback staging, with --to sha256:…",
    ),
  ]);
  // Named as --to takes them: of a tag that is gone nobody knows the digest.
  expect(gone.result.wayOut.join()).toContain(`; newest first: ${digest}, ${stage.digest}`);
  const back = await stage.rollback({ to: stage.digest });
  expect([back.exitCode, await stage.tag()]).toEqual([0, stage.digest]);
});

test("a dry run says what would be copied, and app:v2 names the service's image", async () => {
  const stage = await open(apart);
  const digest = await stage.release("v2");
  const ended = await stage.deploy("app:v2", { dryRun: true });
  const [plan] = ended.events.flatMap((event) => (event.type === "plan" ? [event.steps] : []));
  expect(plan?.[0]).toBe(`copy: ${digest.slice(0, 19)} from app into app-staging`);
  expect(touched(stage, ...UPLOADS, "ecr:PutImage")).toEqual([]);
});

test("the policy allows exactly the calls that are made of ECR", async () => {
  const stage = await open(apart);
  await stage.release("v2");
  await stage.deploy("v2");
  await stage.status();
  const made = touched(stage, ...stage.sandbox.calls.map(({ operation }) => operation))
    .filter((call) => call.startsWith("ecr:"))
    .map((call) => call.replace(" ", ` arn:aws:ecr:${SAMPLE.region}:${ACCOUNT}:repository/`));
  const allowed = policy(contractOf(apart))
    .Statement.flatMap(({ Action, Resource }) =>
      Action.flatMap((action) => Resource.map((resource) => `${action} ${resource}`)),
    )
    .filter((line) => line.startsWith("ecr:"));
  expect(made.filter((call) => !allowed.includes(call))).toEqual([]);
  // Of the environment's own repository a platform is read where the image is there already.
  const unused = allowed.filter((line) => !made.includes(line));
  expect(unused).toEqual([
    `ecr:GetDownloadUrlForLayer arn:aws:ecr:${SAMPLE.region}:${ACCOUNT}:repository/app-staging`,
  ]);
});

test("status tells a release by the tags that it was pushed with", async () => {
  const stage = await open(apart);
  await stage.release("v2");
  await stage.deploy("v2");
  const { events } = await stage.status();
  const [shown] = events.flatMap((event) => (event.type === "status" ? event.services : []));
  expect(shown?.tag.name).toBe("app-staging:staging");
  expect(shown?.running.map(({ tags }) => tags)).toEqual([["staging", "staging-candidate", "v2"]]);
});
