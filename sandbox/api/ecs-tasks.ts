import type * as ecs from "@aws-sdk/client-ecs";
import { resolveDefinition } from "../engine/applied";
import { settle } from "../engine/engine";
import { shortName } from "../engine/sim";
import { beginStop } from "../engine/stopping";
import { type Call, type Operations, operation, page, pageSize } from "./call";
import { clusterOf, findService, findTask, wholeArn } from "./ecs-find";
import { definitionView, taskView } from "./ecs-views";
import { AwsFailure } from "./errors";

export const TASKS: Operations = {
  StopTask: operation<ecs.StopTaskRequest, ecs.StopTaskResponse>(["task"], (call, input) => {
    const cluster = clusterOf(call, input.cluster);
    const task = findTask(call, cluster, input.task ?? "");
    if (!task) throw new AwsFailure("InvalidParameterException", "The referenced task was not found.");
    beginStop(call.sim, task, "UserInitiated", input.reason ?? "Task stopped by user");
    settle(call.sim);
    return { task: taskView(call.sim, task) };
  }),
  DescribeTasks: operation<ecs.DescribeTasksRequest, ecs.DescribeTasksResponse>(["tasks"], describeTasks),
  ListTasks: operation<ecs.ListTasksRequest, ecs.ListTasksResponse>([], listTasks),
  DescribeTaskDefinition: operation<ecs.DescribeTaskDefinitionRequest, ecs.DescribeTaskDefinitionResponse>(
    ["taskDefinition"],
    (call, input) => {
      const definition = resolveDefinition(call.sim, call.region, input.taskDefinition ?? "");
      if (!definition) throw new AwsFailure("ClientException", "Unable to describe task definition.");
      return { taskDefinition: definitionView(definition), tags: [] };
    },
  ),
};

/** At most 100 at once. Unknown ones are failures, not an error: so is a task that is too new to be seen. */
function describeTasks(call: Call, input: ecs.DescribeTasksRequest): ecs.DescribeTasksResponse {
  const cluster = clusterOf(call, input.cluster);
  const given = input.tasks ?? [];
  if (given.length > 100)
    throw new AwsFailure("InvalidParameterException", "Tasks cannot be more than 100 entries.");
  const tasks: ecs.Task[] = [];
  const failures: ecs.Failure[] = [];
  for (const one of given) {
    const task = findTask(call, cluster, one);
    const tooNew = task && task.createdAt + call.sim.pace.lag > call.sim.state.time;
    if (!task || tooNew || call.missing)
      failures.push({ arn: wholeArn(cluster, "task", one), reason: "MISSING" });
    else tasks.push(taskView(call.sim, task));
  }
  return { tasks, failures };
}

/** Source of the filters and of what excludes what: ListTasks in the ECS API reference. */
function listTasks(call: Call, input: ecs.ListTasksRequest): ecs.ListTasksResponse {
  const cluster = clusterOf(call, input.cluster);
  if (
    input.startedBy !== undefined &&
    (input.family ?? input.serviceName ?? input.containerInstance) !== undefined
  )
    throw new AwsFailure("InvalidParameterException", "Cannot specify startedBy with any other filter.");
  if (input.serviceName !== undefined && !findService(call, cluster, input.serviceName))
    throw new AwsFailure("ServiceNotFoundException", "Service not found.");
  const service =
    input.serviceName === undefined ? undefined : findService(call, cluster, input.serviceName)?.arn;
  const { sim } = call;
  const arns = Object.values(sim.state.tasks)
    .filter(
      (task) =>
        task.cluster === cluster.arn &&
        task.createdAt + sim.pace.lag <= sim.state.time &&
        task.desiredStatus === (input.desiredStatus ?? "RUNNING") &&
        (input.startedBy === undefined || task.startedBy === input.startedBy) &&
        (service === undefined || task.service === service) &&
        (input.family === undefined || sim.state.definitions[task.definition]?.family === input.family) &&
        (input.launchType === undefined || task.launchType === input.launchType) &&
        (input.containerInstance === undefined ||
          shortName(task.instance ?? "") === shortName(input.containerInstance)),
    )
    .map(({ arn }) => arn)
    .sort();
  const { items, ...next } = page(arns, input.nextToken, pageSize(input.maxResults, 100));
  return { taskArns: items, ...next };
}
