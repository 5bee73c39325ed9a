import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shortDigest } from "../../deploy/image";
import { type AppRunnerServiceProps, appRunner } from "../../modules/app-runner";
import { parseAnyContract } from "../../modules/contract/app-runner";
import { appRunnerPolicy } from "../../modules/contract/app-runner-policy";
import { GLOBAL, type WorldObject } from "../../sandbox/world";
import { synthesizeAppRunner } from "../modules/support/synthesize";
import { InProcessStack } from "../terraform/support/in-process";
import { Growth, REGION } from "./support/growth";

const ACCOUNT = "123456789012";
const ARN = `arn:aws:apprunner:${REGION}:${ACCOUNT}:service/shop/8fe1e10304f84fd2b0df550fe98a71fa`;
const IMAGE = `${ACCOUNT}.dkr.ecr.${REGION}.amazonaws.com/app:latest`;
const ACCESS = `arn:aws:iam::${ACCOUNT}:role/of-the-console`;

const web: AppRunnerServiceProps = {
  existing: { arn: ARN, tag: "latest" },
  database: ["DATABASE_URL"],
  migrations: [process.execPath, "-e", "console.log('migrates')"],
};

/** What people click together in the console. */
const source = {
  auto_deployments_enabled: false,
  authentication_configuration: [{ access_role_arn: ACCESS }],
  image_repository: [
    {
      image_identifier: IMAGE,
      image_repository_type: "ECR",
      image_configuration: [{ port: "8080", runtime_environment_variables: { A: "b" } }],
    },
  ],
};

describe.sequential("a service of App Runner's that was there before", () => {
  const stack = new InProcessStack();
  const { world } = stack;
  let growth: Growth;
  let first = "";

  const theirs = (type: string, id: string, attributes: WorldObject["attributes"], region = REGION) =>
    world.change(() => void world.put({ type, region, id, origin: "person", attributes }));
  const configure = (changed: WorldObject["attributes"]) =>
    world.change(() => {
      const object = world.find({ type: "aws_apprunner_service" });
      if (!object) throw new Error("No service.");
      world.update(object, changed);
    });
  const latest = async () => (await growth.sandbox.state()).repositories[`${REGION}/app`]?.tags.latest;

  beforeAll(async () => {
    growth = await Growth.open({
      world,
      apply: (web) => {
        stack.configure(
          synthesizeAppRunner(appRunner({ region: REGION, registry: "app", services: { web } }), "growth")
            .json,
        );
        return stack.apply();
      },
      plan: () => stack.run("plan"),
      remove: () => stack.remove(),
    });
    await theirs("aws_ecr_repository", "app", {
      name: "app",
      arn: `arn:aws:ecr:${REGION}:${ACCOUNT}:repository/app`,
      repository_url: IMAGE.replace(":latest", ""),
      image_tag_mutability: "MUTABLE",
    });
    await theirs("aws_iam_role", "of-the-console", { name: "of-the-console", arn: ACCESS }, GLOBAL);
    first = await growth.push("v0");
    await growth.sandbox.retag(REGION, "app", "latest", first);
    await theirs("aws_apprunner_service", ARN, {
      arn: ARN,
      service_name: "shop",
      service_id: ARN.slice(-32),
      service_url: `abc.${REGION}.awsapprunner.com`,
      status: "RUNNING",
      source_configuration: [source],
      instance_configuration: [{ cpu: "1024", memory: "2048", instance_role_arn: "" }],
      health_check_configuration: [{ protocol: "TCP", path: "/", interval: 5, unhealthy_threshold: 5 }],
    });
    await growth.settle();
  });
  afterAll(() => growth.close());

  it("is left as it is by an apply, which makes two parameters", async () => {
    const before = JSON.stringify(world.list({ type: "aws_apprunner_service" }));
    const { code, output } = await growth.apply(web);
    expect(code, output).toBe(0);
    expect(output).toContain("Plan: 2 to add, 0 to change, 0 to destroy.");
    expect(JSON.stringify(world.list({ type: "aws_apprunner_service" }))).toBe(before);
    await growth.secret("/growth/database/url", await growth.answeringUrl());
  });

  it("is checked as it is configured: what is so-so is said", async () => {
    const { exitCode, output } = await growth.check();
    expect(exitCode, output).toBe(0);
    expect(output).toContain(`${IMAGE}, pulled as ${ACCESS}`);
    expect(output).toContain("TCP on port 8080: a deployment succeeds as soon as something listens there");
    expect((await growth.status()).output).toContain("no release was written down");
  });

  it("takes its first release by deploy's order, and the tag names what it named where App Runner rolls it back", async () => {
    await growth.push("bad", { exit: { code: 1, after: 2_000 } });
    const { exitCode, result } = await growth.deploy("bad");
    expect(exitCode).toBe(3);
    expect(result.wayOut).toContain(`The tag app:latest names ${shortDigest(first)} again.`);
    expect(result.wayOut).toContain("App Runner itself took web back to what ran before.");
    expect(await latest()).toBe(first);
    const good = await growth.push("v1");
    const { exitCode: code, events, output } = await growth.deploy("v1");
    expect(code, output).toBe(0);
    const stages = events.flatMap((event) =>
      event.type === "stage" && event.state === "succeeded" ? [event.stage] : [],
    );
    expect(stages).toEqual(["check", "migrate", "promote", "roll out"]);
    expect(await latest()).toBe(good);
    expect(await growth.service()).toMatchObject({ arn: ARN, digest: good, status: "RUNNING" });
    expect(growth.releases()).toMatchObject([{ digest: good }]);
    expect((await growth.plan()).output).toContain("No changes.");
  });

  const [repository] = source.image_repository;
  it.each([
    [
      "another tag",
      { image_repository: [{ ...repository, image_identifier: IMAGE.replace("latest", "prod") }] },
      'say in environments/growth.ts, of web, existing: { arn: "…", tag: "prod" }',
    ],
    [
      "another repository",
      { image_repository: [{ ...repository, image_identifier: IMAGE.replace("app:", "api:") }] },
      'say in environments/growth.ts, of web, registry: "api"',
    ],
    [
      "another account's",
      { image_repository: [{ ...repository, image_identifier: IMAGE.replace("123", "999") }] },
      "configure that where the service is made",
    ],
    [
      "one digest for ever",
      { image_repository: [{ ...repository, image_identifier: `${IMAGE}@sha256:${"0".repeat(64)}` }] },
      "configure that where the service is made",
    ],
    [
      "code",
      { image_repository: [], code_repository: [{ repository_url: "https://github.com/a/b" }] },
      "App Runner builds it of code, and deploy ships images",
    ],
    ["no access role", { authentication_configuration: [] }, "no access role pulls it: give the service one"],
  ])("is refused with nothing changed where it runs %s", async (_what, changed, why) => {
    const [before, operations] = [await latest(), (await growth.service()).operations.length];
    await configure({ source_configuration: [{ ...source, ...changed }] });
    const { exitCode, result } = await growth.deploy("v0");
    await configure({ source_configuration: [source] });
    await growth.settle();
    expect(exitCode).toBe(1);
    expect(result.wayOut.join("\n")).toContain(why);
    expect(await latest()).toBe(before);
    const begun = (await growth.service()).operations.filter(({ type }) => type === "START_DEPLOYMENT");
    expect(begun.length).toBeLessThanOrEqual(operations);
  });

  it("is followed where App Runner deploys by itself, which the check says", async () => {
    await configure({ source_configuration: [{ ...source, auto_deployments_enabled: true }] });
    await growth.settle();
    const deployments = async () =>
      (await growth.service()).operations.filter(({ type }) => type === "START_DEPLOYMENT").length;
    const before = await deployments();
    const { exitCode, output } = await growth.rollback({ to: first });
    expect(exitCode, output).toBe(0);
    expect(output).toContain("they are on, and come before any migration where somebody pushes that tag");
    expect(await deployments()).toBe(before + 1);
    expect(await growth.service()).toMatchObject({ digest: first });
  });

  it("is the one service that whoever deploys may touch", () => {
    const parameter = growth.parameter("/growth/deploy");
    const contract = parseAnyContract(String(parameter && world.reveal(parameter, "value")), "the sandbox");
    if (!("platform" in contract)) throw new Error("Not on App Runner.");
    const { Statement } = appRunnerPolicy(contract);
    const deploys = Statement.filter(({ Action }) =>
      [Action].flat().some((one) => one.startsWith("apprunner:")),
    );
    expect(deploys.map(({ Resource }) => Resource)).toEqual([[ARN]]);
  });

  it("is still there when the environment is not", async () => {
    const { code, output } = await stack.run("destroy", "-auto-approve");
    expect(code, output).toBe(0);
    expect(await growth.service()).toMatchObject({ arn: ARN, status: "RUNNING" });
  });
});
