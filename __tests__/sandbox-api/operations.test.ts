import {
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
} from "@aws-sdk/client-cloudwatch-logs";
import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  GetAuthorizationTokenCommand,
  PutImageCommand,
} from "@aws-sdk/client-ecr";
import {
  CreateClusterCommand,
  DescribeCapacityProvidersCommand,
  DescribeClustersCommand,
  DescribeContainerInstancesCommand,
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  DescribeTasksCommand,
  ListContainerInstancesCommand,
  ListServicesCommand,
  ListTagsForResourceCommand,
  StopTaskCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";
import {
  DescribeParametersCommand,
  GetParameterCommand,
  GetParametersByPathCommand,
  GetParametersCommand,
  PutParameterCommand,
} from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { expect, test } from "vitest";
import { SAMPLE } from "../../sandbox/api/sample";
import { bench, failure, minutes, started } from "./support";

const cluster = SAMPLE.cluster;

test("clusters, capacity providers and container instances", async () => {
  const at = await bench();
  const { clusters, failures } = await at.ecs.send(
    new DescribeClustersCommand({ clusters: [cluster, "nowhere"] }),
  );
  expect(clusters).toMatchObject([
    { clusterName: cluster, status: "ACTIVE", runningTasksCount: 1, registeredContainerInstancesCount: 1 },
  ]);
  expect(clusters?.[0]?.capacityProviders).toEqual([SAMPLE.provider, "FARGATE", "FARGATE_SPOT"]);
  expect(failures).toMatchObject([{ reason: "MISSING" }]);
  const providers = await at.ecs.send(
    new DescribeCapacityProvidersCommand({ capacityProviders: [SAMPLE.provider] }),
  );
  expect(providers.capacityProviders).toMatchObject([
    { status: "ACTIVE", autoScalingGroupProvider: { managedScaling: { status: "ENABLED" } } },
  ]);
  const { containerInstanceArns = [] } = await at.ecs.send(new ListContainerInstancesCommand({ cluster }));
  const { containerInstances } = await at.ecs.send(
    new DescribeContainerInstancesCommand({ cluster, containerInstances: containerInstanceArns }),
  );
  expect(containerInstances).toMatchObject([
    { status: "ACTIVE", agentConnected: true, runningTasksCount: 1 },
  ]);
  const memory = (name: "registeredResources" | "remainingResources") =>
    containerInstances?.[0]?.[name]?.find((one) => one.name === "MEMORY")?.integerValue ?? 0;
  expect(memory("registeredResources") - memory("remainingResources")).toBe(512);
});

test("services and task definitions", async () => {
  const at = await bench();
  expect((await at.ecs.send(new ListServicesCommand({ cluster }))).serviceArns).toEqual([
    (await at.service()).serviceArn,
  ]);
  const missing = await at.ecs.send(new DescribeServicesCommand({ cluster, services: ["nothing"] }));
  expect(missing.failures).toMatchObject([
    { arn: expect.stringContaining("service/staging/nothing"), reason: "MISSING" },
  ]);
  const { taskDefinition } = await at.ecs.send(
    new DescribeTaskDefinitionCommand({ taskDefinition: "staging-web" }),
  );
  expect(taskDefinition).toMatchObject({
    taskDefinitionArn: SAMPLE.definition,
    status: "ACTIVE",
    networkMode: "bridge",
  });
  expect(taskDefinition?.containerDefinitions?.[0]?.name).toBe("web");
  const unknown = new UpdateServiceCommand({ cluster, service: "nothing" });
  expect((await failure(at.ecs.send(unknown))).name).toBe("ServiceNotFoundException");
  const wrong = new UpdateServiceCommand({ cluster, service: SAMPLE.service, taskDefinition: "nothing" });
  expect((await failure(at.ecs.send(wrong))).name).toBe("ClientException");
});

test("what is missing or unknown is refused in AWS's words", async () => {
  const at = await bench();
  expect((await failure(at.run({ taskDefinition: undefined }))).message).toBe(
    "TaskDefinition can not be blank.",
  );
  expect((await failure(at.run({ cluster: "nowhere" }))).message).toBe("Cluster not found.");
  expect((await failure(at.run({ taskDefinition: "nothing" }))).message).toBe(
    "Unable to describe task definition.",
  );
  expect((await failure(at.run({ overrides: { containerOverrides: [{ name: "who" }] } }))).message).toBe(
    "Override for container named who is not a container in the TaskDefinition.",
  );
  expect((await failure(at.ecs.send(new DescribeTasksCommand({ cluster, tasks: [] })))).name).toBe(
    "InvalidParameterException",
  );
  expect((await failure(at.ecs.send(new StopTaskCommand({ cluster, task: "nothing" })))).message).toBe(
    "The referenced task was not found.",
  );
  const error = await failure(at.ecs.send(new CreateClusterCommand({ clusterName: "x" })));
  expect(error.name).toBe("UnknownOperationException");
  expect(error.message).toContain("does not stand in for ecs:CreateCluster");
  const bare = await fetch(at.sandbox.endpoint, { method: "POST" });
  expect(await bare.json()).toMatchObject({ __type: "MissingAuthenticationTokenException" });
});

test("tags of a task", async () => {
  const at = await bench();
  const resourceArn = await started(at, { tags: [{ key: "by", value: "me" }] });
  await at.ecs.send(
    new TagResourceCommand({
      resourceArn,
      tags: [
        { key: "by", value: "you" },
        { key: "release", value: "v1" },
      ],
    }),
  );
  await at.ecs.send(new UntagResourceCommand({ resourceArn, tagKeys: ["by"] }));
  expect((await at.ecs.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual([
    { key: "release", value: "v1" },
  ]);
});

test("images: described, deleted, refused", async () => {
  const at = await bench();
  const repositoryName = SAMPLE.repository;
  const second = await at.push("second", {}, ["v2", "also"]);
  const { imageDetails } = await at.ecr.send(
    new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag: "v2" }] }),
  );
  expect(imageDetails).toMatchObject([{ imageDigest: second, imageTags: ["v2", "also"] }]);
  const describe = (imageTag: string) =>
    at.ecr.send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag }] }));
  expect((await failure(describe("nothing"))).name).toBe("ImageNotFoundException");
  const { failures } = await at.ecr.send(
    new BatchGetImageCommand({ repositoryName, imageIds: [{ imageTag: "nothing" }] }),
  );
  expect(failures).toMatchObject([{ failureCode: "ImageNotFound" }]);
  await at.ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageTag: "also" }] }));
  expect((await describe("v2")).imageDetails?.[0]?.imageTags).toEqual(["v2"]);
  await at.ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds: [{ imageDigest: second }] }));
  expect((await failure(describe("v2"))).name).toBe("ImageNotFoundException");
  const put = (imageManifest: string, imageDigest?: string) =>
    failure(at.ecr.send(new PutImageCommand({ repositoryName, imageManifest, imageTag: "x", imageDigest })));
  expect((await put('{"config":{"digest":"sha256:1"},"layers":[]}')).name).toBe("LayersNotFoundException");
  expect((await put('{"manifests":[{"digest":"sha256:1"}]}')).name).toBe("ReferencedImagesNotFoundException");
  expect((await put("{}", "sha256:1")).name).toBe("ImageDigestDoesNotMatchException");
  expect((await put("not json")).name).toBe("InvalidParameterException");
});

test("repositories and the registry's token", async () => {
  const at = await bench({ immutableTags: true });
  const { repositories } = await at.ecr.send(
    new DescribeRepositoriesCommand({ repositoryNames: [SAMPLE.repository] }),
  );
  expect(repositories).toMatchObject([
    {
      repositoryUri: "123456789012.dkr.ecr.us-west-2.amazonaws.com/app",
      imageTagMutability: "IMMUTABLE_WITH_EXCLUSION",
      imageTagMutabilityExclusionFilters: [{ filter: "staging*" }],
    },
  ]);
  const unknown = new DescribeRepositoriesCommand({ repositoryNames: ["nothing"] });
  expect((await failure(at.ecr.send(unknown))).name).toBe("RepositoryNotFoundException");
  const { authorizationData } = await at.ecr.send(new GetAuthorizationTokenCommand({}));
  expect(Buffer.from(authorizationData?.[0]?.authorizationToken ?? "", "base64").toString()).toMatch(/^AWS:/);
});

test("parameters: read, listed, changed by hand", async () => {
  const at = await bench();
  const read = async (WithDecryption: boolean) =>
    (await at.ssm.send(new GetParameterCommand({ Name: SAMPLE.secret, WithDecryption }))).Parameter;
  expect(await read(true)).toMatchObject({ Value: "set by hand", Version: 1, Type: "SecureString" });
  expect((await read(false))?.Value).not.toContain("set by hand");
  const put = (Overwrite: boolean) =>
    at.ssm.send(
      new PutParameterCommand({ Name: SAMPLE.secret, Value: "changed", Overwrite, Type: "SecureString" }),
    );
  expect((await failure(put(false))).name).toBe("ParameterAlreadyExists");
  expect((await put(true)).Version).toBe(2);
  expect(await read(true)).toMatchObject({ Value: "changed", Version: 2 });
  expect(at.sandbox.secret(SAMPLE.secret)).toBe("changed");
  const many = await at.ssm.send(new GetParametersCommand({ Names: [SAMPLE.secret, "/nothing"] }));
  expect([many.Parameters?.length, many.InvalidParameters]).toEqual([1, ["/nothing"]]);
  const { Parameters } = await at.ssm.send(
    new DescribeParametersCommand({
      ParameterFilters: [{ Key: "Name", Option: "BeginsWith", Values: ["/staging/"] }],
    }),
  );
  expect(Parameters).toMatchObject([{ Name: SAMPLE.secret, Version: 2 }]);
  const path = await at.ssm.send(new GetParametersByPathCommand({ Path: "/staging", Recursive: true }));
  expect(path.Parameters).toHaveLength(1);
  expect((await failure(at.ssm.send(new GetParameterCommand({ Name: "/nothing" })))).name).toBe(
    "ParameterNotFound",
  );
  await at.ssm.send(new PutParameterCommand({ Name: "/new", Value: "x", Type: "String" }));
  expect((await at.ssm.send(new GetParameterCommand({ Name: "/new:1" }))).Parameter?.Value).toBe("x");
  expect((await failure(at.ssm.send(new GetParameterCommand({ Name: "/new:7" })))).name).toBe(
    "ParameterVersionNotFound",
  );
});

test("a secret that is still a placeholder makes a container crash that refuses it", async () => {
  const at = await bench({
    secret: "placeholder: set this parameter by hand",
    behaviour: { run: { refusesPlaceholders: true } },
  });
  const arn = await started(at);
  await at.advance(minutes(1));
  expect((await at.task(arn)).containers?.[0]?.exitCode).toBe(1);
  const streams = await at.logs.send(
    new DescribeLogStreamsCommand({
      logGroupName: SAMPLE.logGroup,
      logStreamNamePrefix: "web-migration/",
      orderBy: undefined,
    }),
  );
  const { events } = await at.logs.send(
    new GetLogEventsCommand({
      logGroupName: SAMPLE.logGroup,
      logStreamName: streams.logStreams?.[0]?.logStreamName,
    }),
  );
  expect(events?.[0]?.message).toBe("fatal: API_KEY is still a placeholder");
});

test("log groups and who calls", async () => {
  const at = await bench();
  const { logGroups } = await at.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: "/staging" }));
  expect(logGroups).toMatchObject([{ logGroupName: SAMPLE.logGroup, retentionInDays: 7 }]);
  const unknown = new DescribeLogStreamsCommand({ logGroupName: "/nothing" });
  expect((await failure(at.logs.send(unknown))).name).toBe("ResourceNotFoundException");
  expect(await at.sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
    Account: "123456789012",
    Arn: "arn:aws:sts::123456789012:assumed-role/sandbox/sandbox",
  });
});
