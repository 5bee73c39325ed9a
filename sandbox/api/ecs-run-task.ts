import { createHash } from "node:crypto";
import type * as ecs from "@aws-sdk/client-ecs";
import { resolveDefinition } from "../engine/applied";
import { type Cluster, FARGATE_PROVIDERS, findProvider } from "../engine/catalog";
import { findPlace } from "../engine/placement";
import { settle } from "../engine/engine";
import type { Definition, Task } from "../engine/state";
import { createTask, launchTypeOf, type NewTask, pickProvider, reservation } from "../engine/tasks";
import { type Call, type Operations, operation } from "./call";
import { clusterOf } from "./ecs-find";
import { taskView } from "./ecs-views";
import { AwsFailure } from "./errors";

export const RUN_TASK: Operations = {
  RunTask: operation<ecs.RunTaskRequest, ecs.RunTaskResponse>(["taskDefinition"], runTask),
};

const invalid = (message: string) => new AwsFailure("InvalidParameterException", message);
const client = (message: string) => new AwsFailure("ClientException", message);

/** A token is remembered for a day. */
const TOKEN_LIFE = 24 * 60 * 60 * 1000;

function runTask(call: Call, input: ecs.RunTaskRequest): ecs.RunTaskResponse {
  const cluster = clusterOf(call, input.cluster);
  const definition = checkRequest(call, cluster, input);
  const known = repeated(call, cluster, input);
  if (known) return { tasks: known.map((task) => taskView(call.sim, task)), failures: [] };
  const tasks: Task[] = [];
  const failures: ecs.Failure[] = [];
  for (let index = 0; index < (input.count ?? 1); index++) {
    const started = startOne(call, cluster, definition, input, tasks);
    if ("id" in started) tasks.push(started);
    else failures.push(...started.failures);
  }
  if (input.clientToken && tasks.length > 0)
    call.sim.state.tokens[`${cluster.arn}|${input.clientToken}`] = {
      request: fingerprint(input),
      tasks: tasks.map(({ arn }) => arn),
      at: call.sim.state.time,
    };
  settle(call.sim);
  return { tasks: tasks.map((task) => taskView(call.sim, task)), failures };
}

/** What ECS refuses before it looks for a place. */
function checkRequest(call: Call, cluster: Cluster, input: ecs.RunTaskRequest): Definition {
  const definition = resolveDefinition(call.sim, call.region, input.taskDefinition ?? "");
  if (!definition) throw client("Unable to describe task definition.");
  if (definition.inactive) throw client("TaskDefinition is inactive");
  if ((input.count ?? 1) < 1 || (input.count ?? 1) > 10) throw invalid("Count must be between 1 and 10.");
  if ((input.startedBy?.length ?? 0) > 128) throw invalid("StartedBy can not be longer than 128 characters.");
  if ((input.clientToken?.length ?? 0) > 64)
    throw invalid("ClientToken can not be longer than 64 characters.");
  const strategy = input.capacityProviderStrategy ?? [];
  if (strategy.length > 0 && input.launchType)
    throw invalid(
      "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
    );
  for (const { capacityProvider } of strategy)
    if (!cluster.providers.includes(capacityProvider ?? ""))
      throw invalid(
        `The specified capacity provider '${capacityProvider}' is not associated with the cluster. Specify a capacity provider that is associated with the cluster and try again.`,
      );
  const network = input.networkConfiguration?.awsvpcConfiguration;
  if (definition.networkMode === "awsvpc" && !network)
    throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  if (definition.networkMode !== "awsvpc" && network)
    throw invalid("Network Configuration is not valid for the given networkMode of this task definition.");
  if (network && (network.subnets ?? []).length === 0) throw invalid("subnets can not be empty.");
  const fargate =
    input.launchType === "FARGATE" ||
    strategy.some((one) => FARGATE_PROVIDERS.includes(one.capacityProvider ?? ""));
  if (fargate && !definition.compatibilities.includes("FARGATE"))
    throw invalid("Task definition does not support launch_type FARGATE.");
  for (const { name } of input.overrides?.containerOverrides ?? [])
    if (!definition.containers.some((container) => container.name === name))
      throw invalid(`Override for container named ${name} is not a container in the TaskDefinition.`);
  return definition;
}

/** The tasks of the same request before, if its token was used. Another request with that token is refused. */
function repeated(call: Call, cluster: Cluster, input: ecs.RunTaskRequest): Task[] | undefined {
  const token = input.clientToken && call.sim.state.tokens[`${cluster.arn}|${input.clientToken}`];
  if (!token || token.at + TOKEN_LIFE < call.sim.state.time) return undefined;
  if (token.request !== fingerprint(input))
    throw new AwsFailure(
      "ConflictException",
      "The specified client token is already in use with different parameters.",
      400,
      { resourceIds: token.tasks },
    );
  return token.tasks.map((arn) => call.sim.state.tasks[arn]).filter((task) => task !== undefined);
}

function fingerprint(input: ecs.RunTaskRequest): string {
  const sorted = Object.fromEntries(Object.entries(input).sort(([one], [other]) => one.localeCompare(other)));
  return createHash("sha256").update(JSON.stringify(sorted)).digest("hex");
}

function startOne(
  call: Call,
  cluster: Cluster,
  definition: Definition,
  input: ecs.RunTaskRequest,
  siblings: Task[],
): Task | { failures: ecs.Failure[] } {
  const { sim } = call;
  const given = input.capacityProviderStrategy ?? [];
  const strategy = given.length > 0 || input.launchType ? given : cluster.defaultStrategy;
  const taken = (name: string) => siblings.filter((task) => task.provider === name).length;
  const provider = pickProvider(strategy, taken);
  const launchType = launchTypeOf(provider, input.launchType === "FARGATE" ? "FARGATE" : "EC2");
  const wanted: NewTask = {
    cluster: cluster.arn,
    region: call.region,
    definition,
    group: input.group ?? `family:${definition.family}`,
    launchType,
    ...(provider === undefined ? {} : { provider }),
    ...(input.startedBy === undefined ? {} : { startedBy: input.startedBy }),
    ...(input.overrides === undefined ? {} : { overrides: input.overrides }),
    ...(input.networkConfiguration === undefined ? {} : { network: input.networkConfiguration }),
    tags: input.tags ?? [],
    exec: input.enableExecuteCommand ?? false,
  };
  if (launchType === "FARGATE") {
    const short = sim.state.shortages.includes(provider ?? "FARGATE");
    const reason =
      "Capacity is unavailable at this time. Please try again later or in a different availability zone";
    return short ? { failures: [{ reason }] } : createTask(sim, wanted);
  }
  // With managed scaling a task without a place waits in PROVISIONING; otherwise the request fails for it.
  const managed = provider !== undefined && findProvider(sim.world, call.region, provider)?.managedScaling;
  const place = findPlace(sim, {
    ...wanted,
    definition: definition.arn,
    ...reservation(definition, input.overrides),
  });
  if (managed || "instance" in place) return createTask(sim, wanted);
  if (place.failures.length === 0) throw invalid("No Container Instances were found in your cluster.");
  return { failures: place.failures.map(({ reason, instance }) => ({ arn: instance.arn, reason })) };
}
