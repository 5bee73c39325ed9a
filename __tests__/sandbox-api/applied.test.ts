import { UpdateServiceCommand } from "@aws-sdk/client-ecs";
import { expect, test } from "vitest";
import { addSample, SAMPLE } from "../../sandbox/api/sample";
import { bench, failure, minutes, second, type Settings } from "./support";

test("a new task definition starts a deployment; the old one is INACTIVE", async () => {
  const at = await bench();
  const before = (await at.service()).deployments?.[0]?.id;
  const { world } = at.sandbox.host;
  await world.change(() => {
    const [definition] = world.list({ type: "aws_ecs_task_definition", where: { family: "staging-web" } });
    const [service] = world.list({ type: "aws_ecs_service" });
    if (!definition || !service) throw new Error("nothing applied");
    const arn = SAMPLE.definition.replace(/:1$/, ":2");
    world.remove(definition);
    world.put({ ...definition, id: arn, attributes: { ...definition.attributes, arn, revision: 2 } });
    world.update(service, { task_definition: arn });
  });
  await at.advance(minutes(5));
  const service = await at.service();
  expect(service.deployments).toHaveLength(1);
  expect(service.deployments?.[0]?.id).not.toBe(before);
  expect(service.taskDefinition).toMatch(/:2$/);
  expect((await failure(at.run({ taskDefinition: SAMPLE.definition }))).message).toBe(
    "TaskDefinition is inactive",
  );
});

test("a service on a deregistered task definition takes no forced deployment after ten minutes", async () => {
  const at = await bench();
  const force = () =>
    at.ecs.send(
      new UpdateServiceCommand({
        cluster: SAMPLE.cluster,
        service: SAMPLE.service,
        forceNewDeployment: true,
      }),
    );
  const { world } = at.sandbox.host;
  await world.change(() => {
    for (const one of world.list({ type: "aws_ecs_task_definition", where: { family: "staging-web" } }))
      world.remove(one);
  });
  await at.advance(minutes(9));
  await force();
  await at.advance(minutes(2));
  expect((await failure(force())).message).toBe("TaskDefinition is inactive");
});

test("an unchanged apply changes nothing", async () => {
  const at = await bench();
  const before = (await at.service()).deployments?.[0]?.id;
  await addSample(at.sandbox.host.world, {});
  await at.advance(minutes(1));
  expect((await at.service()).deployments?.[0]?.id).toBe(before);
});

test("UpdateService and a rollback show up in the applied world", async () => {
  const at = await bench();
  await at.ecs.send(
    new UpdateServiceCommand({ cluster: SAMPLE.cluster, service: SAMPLE.service, desiredCount: 2 }),
  );
  const [object] = at.sandbox.host.world.list({ type: "aws_ecs_service" });
  expect(object?.attributes.desired_count).toBe(2);
  expect((await at.service()).deployments).toHaveLength(1);
});

test("a destroyed service drains and is INACTIVE; its instances go with their capacity provider", async () => {
  const at = await bench();
  const { world } = at.sandbox.host;
  const destroy = (type: string) =>
    world.change(() => {
      for (const object of world.list({ type })) world.remove(object);
    });
  await destroy("aws_ecs_service");
  await at.advance(second);
  expect((await at.service()).status).toBe("DRAINING");
  await at.advance(minutes(2));
  expect(await at.service()).toMatchObject({ status: "INACTIVE", runningCount: 0 });
  await destroy("aws_ecs_capacity_provider");
  await at.advance(second);
  expect((await at.sandbox.state()).instances).toEqual({});
});

test.each<[string, Settings]>([
  ["a worker without a load balancer", { worker: true }],
  ["a service on Fargate", { fargate: true }],
  ["a container with its own health check", { healthCheck: true }],
  ["an arm64 service", { architecture: "ARM64", group: { minimum: 1, maximum: 2, type: "t4g.medium" } }],
])("%s comes up", async (_, settings) => {
  const at = await bench(settings);
  expect((await at.service()).deployments).toMatchObject([{ rolloutState: "COMPLETED", runningCount: 1 }]);
});
