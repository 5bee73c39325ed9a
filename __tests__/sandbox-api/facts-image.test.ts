import { BatchGetImageCommand, PutImageCommand } from "@aws-sdk/client-ecr";
import { DescribeServiceRevisionsCommand, StopTaskCommand, UpdateServiceCommand } from "@aws-sdk/client-ecs";
import { expect, test } from "vitest";
import { SAMPLE } from "../../sandbox/api/sample";
import type { Attributes, WorldObject } from "../../sandbox/world";
import { bench, failure, minutes, started, runOf } from "./support";

const pull = (digest: string) => ({ repository: SAMPLE.repository, region: SAMPLE.region, digest });

test("19: a tag that moves changes nothing until a forced deployment", async () => {
  const at = await bench({ desired: 2 });
  const moved = await at.push("second", {}, [SAMPLE.tag]);
  const [first] = Object.values((await at.sandbox.state()).tasks).filter(({ service }) => service);
  await at.ecs.send(new StopTaskCommand({ cluster: SAMPLE.cluster, task: first?.arn }));
  await at.advance(minutes(3));
  const digests = async () =>
    Object.values((await at.sandbox.state()).tasks)
      .filter((task) => task.service && task.desiredStatus === "RUNNING")
      .map(({ containers }) => containers[0]?.digest);
  expect(await digests()).toEqual([at.digest, at.digest]);
  await at.force();
  await at.advance(minutes(5));
  expect(await digests()).toEqual([moved, moved]);
});

test("19: the service revision names the pinned digest; deleting it breaks restarts", async () => {
  const at = await bench();
  const { id, digest } = await at.release("second");
  await at.advance(minutes(5));
  const arn = (await runOf(at, id))?.targetServiceRevisionArn as string;
  const { serviceRevisions } = await at.ecs.send(
    new DescribeServiceRevisionsCommand({ serviceRevisionArns: [arn] }),
  );
  expect(serviceRevisions?.[0]?.containerImages).toMatchObject([
    { containerName: "web", imageDigest: digest },
  ]);
  await at.sandbox.host.run((sim) => {
    delete sim.state.repositories[`${pull(digest).region}/${pull(digest).repository}`]?.images[digest];
    for (const instance of Object.values(sim.state.instances)) instance.cache = {};
  });
  const [task] = Object.values((await at.sandbox.state()).tasks).filter((one) => one.startedBy === id);
  await at.ecs.send(new StopTaskCommand({ cluster: SAMPLE.cluster, task: task?.arn }));
  await at.advance(minutes(2));
  expect((await at.service()).runningCount).toBe(0);
});

test("20: a one-off task resolves its tag by itself, when it pulls", async () => {
  const at = await bench();
  const { tasks } = await at.run();
  const moved = await at.push("other", {}, [SAMPLE.candidate]);
  await at.advance(minutes(1));
  expect((await at.task(tasks?.[0]?.taskArn as string)).containers?.[0]?.imageDigest).toBe(moved);
});

test("20: an index and its platform's manifest have different digests", async () => {
  for (const fargate of [false, true]) {
    const at = await bench({ fargate });
    const index = await at.sandbox.push({
      repository: SAMPLE.repository,
      region: SAMPLE.region,
      content: "both",
      tags: [SAMPLE.tag],
      architectures: ["amd64", "arm64"],
    });
    const id = await at.force();
    await at.advance(minutes(5));
    const task = Object.values((await at.sandbox.state()).tasks).find((one) => one.startedBy === id);
    const { images } = await at.ecr.send(
      new BatchGetImageCommand({ repositoryName: SAMPLE.repository, imageIds: [{ imageDigest: index }] }),
    );
    const children = (JSON.parse(images?.[0]?.imageManifest ?? "{}") as { manifests: { digest: string }[] })
      .manifests;
    expect(task?.containers[0]?.digest).toBe(fargate ? children[0]?.digest : index);
  }
});

test("21: on an instance the cached image runs when the pull fails; on Fargate there is none", async () => {
  const at = await bench();
  const first = await started(at);
  await at.advance(minutes(1));
  const bad = await at.push("unpullable", { pull: { error: "i/o timeout" } }, [SAMPLE.candidate]);
  const again = await started(at);
  await at.advance(minutes(1));
  const task = await at.task(again);
  expect(task.containers?.[0]).toMatchObject({ exitCode: 0, imageDigest: at.digest });
  expect(task.containers?.[0]?.imageDigest).not.toBe(bad);
  expect(first).not.toBe(again);
});

test.each([
  ["Fargate", true],
  ["an instance", false],
])(
  "a public registry's image is pulled where a route leads to the internet alone: on %s",
  async (_, fargate) => {
    const at = await bench({ fargate, sidecar: true });
    const { world } = at.sandbox.host;
    const put = (type: string, id: string, attributes: Attributes) =>
      world.put({ type, region: SAMPLE.region, id, attributes, origin: "terraform" });
    const network = fargate ? { awsvpcConfiguration: { subnets: ["subnet-1"] } } : undefined;
    const run = async () => {
      const input = { taskDefinition: SAMPLE.definition, ...(network && { networkConfiguration: network }) };
      const arn = await started(at, fargate ? { ...input, launchType: "FARGATE" } : input);
      await at.advance(minutes(2));
      return at.task(arn);
    };
    await world.change(() => {
      put("aws_vpc", "vpc-1", { main_route_table_id: "rtb-1" });
      put("aws_subnet", "subnet-1", { vpc_id: "vpc-1" });
      put("aws_route_table", "rtb-1", {});
      const group = world.get("aws_autoscaling_group", SAMPLE.region, "staging-spot") as WorldObject;
      world.update(group, { vpc_zone_identifier: ["subnet-1"] });
    });
    await at.sandbox.host.run((sim) => {
      for (const instance of Object.values(sim.state.instances)) instance.cache = {};
    });
    const refused = await run();
    expect(refused.stopCode).toBe("TaskFailedToStart");
    const proxy = refused.containers?.find(({ name }) => name === "proxy");
    expect(proxy?.reason).toMatch(/^CannotPullContainerError: .*public\.ecr\.aws\/proxy:1.*i\/o timeout$/);
    for (const [kind, block] of [
      ["destination_ipv6_cidr_block", "::/0"],
      ["destination_cidr_block", "0.0.0.0/0"],
    ] as const) {
      await world.change(() => put("aws_route", "r-1", { route_table_id: "rtb-1", [kind]: block }));
      const { containers = [] } = await run();
      expect(
        containers.filter(({ imageDigest }) => imageDigest),
        block,
      ).toHaveLength(2);
    }
  },
);

test("22: the old task definition with a moved tag runs the new image", async () => {
  const at = await bench();
  const { digest } = await at.release("second");
  await at.advance(minutes(5));
  const { service } = await at.ecs.send(
    new UpdateServiceCommand({
      cluster: SAMPLE.cluster,
      service: SAMPLE.service,
      taskDefinition: SAMPLE.definition,
      forceNewDeployment: true,
    }),
  );
  await at.advance(minutes(5));
  const task = Object.values((await at.sandbox.state()).tasks).find(
    (one) => one.startedBy === service?.deployments?.[0]?.id,
  );
  expect(task?.containers[0]?.digest).toBe(digest);
});

test("24: a retag is BatchGetImage and PutImage of the same manifest; again it exists already", async () => {
  const at = await bench();
  const digest = await at.push("release", {}, ["v1"]);
  const { images } = await at.ecr.send(
    new BatchGetImageCommand({ repositoryName: SAMPLE.repository, imageIds: [{ imageTag: "v1" }] }),
  );
  const put = () =>
    at.ecr.send(
      new PutImageCommand({
        repositoryName: SAMPLE.repository,
        imageManifest: images?.[0]?.imageManifest,
        imageManifestMediaType: images?.[0]?.imageManifestMediaType,
        imageTag: SAMPLE.tag,
        imageDigest: digest,
      }),
    );
  expect((await put()).image?.imageId).toEqual({ imageDigest: digest, imageTag: SAMPLE.tag });
  expect((await failure(put())).name).toBe("ImageAlreadyExistsException");
});

test("24: an immutable repository keeps its tags but those of its exclusion filters", async () => {
  const at = await bench({ immutableTags: true });
  const first = await at.push("one", {}, ["v1", "staging-x"]);
  await at.push("two", {}, ["v2"]);
  const { images } = await at.ecr.send(
    new BatchGetImageCommand({ repositoryName: SAMPLE.repository, imageIds: [{ imageTag: "v2" }] }),
  );
  const put = (imageTag: string) =>
    at.ecr.send(
      new PutImageCommand({
        repositoryName: SAMPLE.repository,
        imageManifest: images?.[0]?.imageManifest,
        imageTag,
      }),
    );
  expect((await failure(put("v1"))).name).toBe("ImageTagAlreadyExistsException");
  expect((await put("staging-x")).image?.imageId?.imageDigest).not.toBe(first);
});

test("an image of the wrong architecture: a single manifest crashes, an index has no descriptor", async () => {
  const at = await bench();
  const push = (architectures: ("arm64" | "amd64")[], index: boolean) =>
    at.sandbox.push({
      repository: SAMPLE.repository,
      region: SAMPLE.region,
      content: "arm",
      tags: [SAMPLE.candidate],
      architectures,
      index,
    });
  await push(["arm64"], false);
  const crashed = await started(at);
  await at.advance(minutes(1));
  expect((await at.task(crashed)).containers?.[0]).toMatchObject({ exitCode: 1 });
  const streams = at.sandbox.logs.streams(SAMPLE.region, SAMPLE.logGroup);
  const stream = streams.find(({ name }) => name.includes(crashed.split("/").at(-1) as string));
  expect(stream?.events[0]?.message).toContain("exec format error");
  await push(["arm64"], true);
  await at.sandbox.instances((instance) => {
    instance.cache = {};
  });
  const refused = await started(at);
  await at.advance(minutes(1));
  expect((await at.task(refused)).containers?.[0]?.reason).toContain(
    "does not contain descriptor matching platform",
  );
});
