import { needsInternet } from "../../aws/image-registries";
import { parameterValue } from "../parameter-value";
import { isForAll, routesOf } from "../routes";
import { text, texts } from "./attributes";
import { findParameter, logGroupExists } from "./catalog";
import { type Resolved, resolveImage } from "./images";
import { plan, type Sim } from "./sim";
import type { Container, Definition, Deployment, Task } from "./state";
import { beginStop } from "./stopping";

/** What the agent found out about the images of a task; kept in the plan until the pull is over. */
interface Pulled {
  container: string;
  resolved: Resolved;
}

/** The agent begins: images are resolved now, and so a tag that moves later does not matter to this task. */
export function pull(sim: Sim, task: Task): void {
  task.pullStartedAt = sim.state.time;
  if (task.lastStatus === "PROVISIONING") task.lastStatus = "PENDING";
  const definition = sim.state.definitions[task.definition];
  const pulled = task.containers.map((container): Pulled & { took: number } => {
    const { resolved, took } = pullImage(sim, task, container, definition);
    return { container: container.name, resolved, took };
  });
  const took = Math.max(...pulled.map((one) => one.took));
  plan(sim, took, "pulled", task.arn, JSON.stringify(pulled.map(({ took: _, ...one }) => one)));
}

function pullImage(
  sim: Sim,
  task: Task,
  container: Container,
  definition: Definition | undefined,
): { resolved: Resolved; took: number } {
  const architecture = architectureOf(sim, task, definition);
  const pinned = deploymentOf(sim, task)?.digests[container.name];
  const reference = pinned
    ? `${container.image.replace(/(:[^/:]+)?(@.*)?$/, "")}@${pinned}`
    : container.image;
  const cache = task.instance ? sim.state.instances[task.instance]?.cache : undefined;
  let resolved = resolveImage(sim, reference, architecture);
  const behaviour = "manifest" in resolved ? sim.state.behaviours[resolved.manifest] : undefined;
  if (behaviour?.pull?.error) resolved = { error: behaviour.pull.error };
  if (needsInternet(reference, task.region) && !leadsOut(sim, task))
    resolved = { error: outOfReach(reference) };
  if ("error" in resolved) {
    // ECS_IMAGE_PULL_BEHAVIOR=default: "if the pull fails, the cached image is used" (container agent's documentation).
    const cached = cache?.[reference];
    return cached === undefined
      ? { resolved, took: sim.pace.failingPull }
      : { resolved: fromCache(sim, cached), took: sim.pace.failingPull };
  }
  const known =
    cache && Object.values(cache).some((one) => "manifest" in resolved && one.endsWith(resolved.manifest));
  if (cache) cache[reference] = `${resolved.digest} ${resolved.manifest}`;
  return { resolved, took: behaviour?.pull?.duration ?? (known ? sim.pace.cachedPull : sim.pace.pull) };
}

/** Whether a task's machine, or its own interface, reaches the internet; what lies in no known subnet does. */
function leadsOut({ state, world }: Sim, { network, instance = "", region }: Task): boolean {
  const group = world
    .list({ type: "aws_autoscaling_group", region })
    .find(({ attributes }) => text(attributes, "name") === state.instances[instance]?.group);
  const own = network?.awsvpcConfiguration?.subnets;
  const subnets = (own ?? texts(group?.attributes, "vpc_zone_identifier")).filter((id) =>
    world.get("aws_subnet", region, id),
  );
  const ways = subnets.map((id) => routesOf(world, region, id));
  return (
    ways.length === 0 ||
    ways.some((routes) => routes.some((route) => isForAll(route, "0.0.0.0/0") || isForAll(route, "::/0")))
  );
}

/** Docker's words where nothing answers, in short. */
const outOfReach = (image: string) =>
  `pull image manifest has been retried 5 time(s): failed to resolve ref ${image}: failed to do request: dial tcp: i/o timeout`;

function fromCache(sim: Sim, cached: string): Resolved {
  const [digest = "", manifest = ""] = cached.split(" ");
  const images = Object.values(sim.state.repositories).map((repository) => repository.images[manifest]);
  const image = images.find(Boolean);
  const resolved: Resolved = { digest, manifest };
  if (image?.platform) resolved.platform = image.platform.architecture;
  if (image?.folder) resolved.folder = image.folder;
  return resolved;
}

export function architectureOf(
  sim: Sim,
  task: Task,
  definition: Definition | undefined,
): Definition["architecture"] {
  const instance = task.instance ? sim.state.instances[task.instance] : undefined;
  return instance?.architecture ?? definition?.architecture ?? "amd64";
}

export function deploymentOf(sim: Sim, task: Task): Deployment | undefined {
  const service = task.service ? sim.state.services[task.service] : undefined;
  return service?.deployments.find(({ id }) => id === task.startedBy);
}

/** The images are here, or not. */
export function pulled(sim: Sim, task: Task, detail: string): void {
  task.pullStoppedAt = sim.state.time;
  const images = JSON.parse(detail) as Pulled[];
  for (const { container: name, resolved } of images) {
    const container = task.containers.find((one) => one.name === name) as Container;
    if ("error" in resolved) {
      container.reason = `CannotPullContainerError: ${resolved.error}`;
      failToStart(sim, task, container.reason);
      return;
    }
    // Docker on EC2 reports what was named, containerd on Fargate the platform's own manifest.
    container.digest = task.launchType === "FARGATE" ? resolved.manifest : resolved.digest;
    container.manifest = resolved.manifest;
    pin(sim, task, name, resolved.digest);
    if (resolved.folder) container.folder = resolved.folder;
  }
  const refusal = initialize(sim, task);
  if (refusal) {
    (task.containers[0] as Container).reason = refusal;
    failToStart(sim, task, refusal);
    return;
  }
  plan(sim, sim.pace.start, "start", task.arn);
}

/** The first task of a deployment decides which digest a tag means to all of them (software version consistency). */
function pin(sim: Sim, task: Task, container: string, digest: string): void {
  const deployment = deploymentOf(sim, task);
  if (deployment) deployment.digests[container] ??= digest;
}

/** Secrets and log groups must be there before a container starts. */
function initialize(sim: Sim, task: Task): string | undefined {
  const definition = sim.state.definitions[task.definition];
  for (const container of definition?.containers ?? []) {
    for (const { valueFrom } of container.secrets ?? []) {
      const parameter = findParameter(sim.world, task.region, valueFrom ?? "");
      if (parameter && parameterValue(sim.world, parameter) !== undefined) continue;
      return `ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 1 time(s): invalid parameters: ${valueFrom}`;
    }
    const options = container.logConfiguration?.options ?? {};
    const group = options["awslogs-group"];
    if (container.logConfiguration?.logDriver !== "awslogs" || !group) continue;
    const region = options["awslogs-region"] ?? task.region;
    if (options["awslogs-create-group"] === "true" || logGroupExists(sim.world, region, group)) continue;
    return "CannotStartContainerError: Error response from daemon: failed to initialize logging driver: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.";
  }
  return undefined;
}

/** Fargate names the reason itself; on EC2 it is the container's, and the task only "failed to start". */
function failToStart(sim: Sim, task: Task, reason: string): void {
  const told = task.launchType === "FARGATE" ? reason : "Task failed to start";
  beginStop(sim, task, "TaskFailedToStart", told);
}
