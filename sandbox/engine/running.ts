import { type Run, runFor } from "./behaviour";
import { parameterValue } from "../parameter-value";
import { findParameter, findTargetGroup } from "./catalog";
import { commandLine } from "./folder-image";
import { writeTaskLog } from "./log-streams";
import { architectureOf, deploymentOf } from "./pulling";
import { addEvent } from "./service-events";
import { plan, type Sim } from "./sim";
import type { Container, Definition, Task } from "./state";
import { beginStop } from "./stopping";
import { commandOf, setStatus, taskLabel } from "./tasks";

const PLACEHOLDER = /placeholder/i;

/** Containers start. */
export function start(sim: Sim, task: Task): void {
  const definition = sim.state.definitions[task.definition];
  setStatus(task, "ACTIVATING");
  for (const container of task.containers) {
    const run = runOf(sim, task, container, definition);
    if (run?.startError !== undefined) {
      container.reason = `CannotStartContainerError: ${run.startError}`;
      const told = task.launchType === "FARGATE" ? container.reason : "Task failed to start";
      beginStop(sim, task, "TaskFailedToStart", told);
      return;
    }
  }
  for (const container of task.containers) startContainer(sim, task, container, definition);
  // A real process has to show first that it stays.
  if (!task.containers.some(({ process }) => process?.state === "wanted"))
    plan(sim, sim.pace.report, "report", task.arn);
}

function startContainer(
  sim: Sim,
  task: Task,
  container: Container,
  definition: Definition | undefined,
): void {
  container.lastStatus = "RUNNING";
  container.startedAt = sim.state.time;
  bindPort(sim, container, definition);
  if (!canExecute(sim, task, container, definition)) return;
  const command = commandOf(task, container, definition);
  const scripted = runOf(sim, task, container, definition);
  if (!scripted && runsForReal(sim, container, definition, command)) return;
  if (scripted) play(sim, task, container, definition, scripted);
  else pretend(sim, task, container, command);
}

/** Wants a real process where a folder stands for the image and says what to run. */
function runsForReal(
  sim: Sim,
  container: Container,
  definition: Definition | undefined,
  given: string[],
): boolean {
  const { folder } = container;
  if (folder === undefined || !sim.real) return false;
  const entryPoint = definition?.containers.find(({ name }) => name === container.name)?.entryPoint;
  const command = commandLine(folder, entryPoint, given);
  if (command.length === 0) return false;
  container.process = { folder, command, state: "wanted" };
  return true;
}

function runOf(
  sim: Sim,
  task: Task,
  container: Container,
  definition: Definition | undefined,
): Run | undefined {
  return runFor(sim.state.behaviours[container.manifest ?? ""], commandOf(task, container, definition));
}

/** An image of the wrong architecture starts, and its first instruction does not. */
function canExecute(sim: Sim, task: Task, container: Container, definition: Definition | undefined): boolean {
  const machine = architectureOf(sim, task, definition);
  const repositories = Object.values(sim.state.repositories);
  const image = repositories.map(({ images }) => images[container.manifest ?? ""]).find(Boolean);
  if (!image?.platform || image.platform.architecture === machine) return true;
  const [program = "/docker-entrypoint.sh"] = commandOf(task, container, definition);
  writeTaskLog(sim, task, container, `exec ${program}: exec format error`);
  exitAfter(sim, task, container, 100, 1);
  return false;
}

/** Bridge mode with host port 0: the agent picks one from the ephemeral range. */
function bindPort(sim: Sim, container: Container, definition: Definition | undefined): void {
  const mapping = definition?.containers.find(({ name }) => name === container.name)?.portMappings?.[0];
  if (!mapping?.containerPort) return;
  const dynamic = definition?.networkMode === "bridge" && !mapping.hostPort;
  container.hostPort = dynamic
    ? 32768 + (++sim.state.sequence % 28000)
    : (mapping.hostPort ?? mapping.containerPort);
}

function play(
  sim: Sim,
  task: Task,
  container: Container,
  definition: Definition | undefined,
  run: Run,
): void {
  const defined = definition?.containers.find(({ name }) => name === container.name);
  for (const { after, text } of run.log ?? [])
    plan(sim, after, "log", container.arn, JSON.stringify({ task: task.arn, text }));
  const refused = run.refusesPlaceholders
    ? (defined?.secrets ?? []).find(({ valueFrom }) => PLACEHOLDER.test(secret(sim, task, valueFrom)))
    : undefined;
  if (refused) {
    writeTaskLog(sim, task, container, `fatal: ${refused.name} is still a placeholder`);
    exitAfter(sim, task, container, 200, 1);
    return;
  }
  if (run.outOfMemory !== undefined) {
    exitAfter(
      sim,
      task,
      container,
      run.outOfMemory,
      137,
      "OutOfMemoryError: Container killed due to memory usage",
    );
    return;
  }
  if (run.exit) exitAfter(sim, task, container, run.exit.after, run.exit.code);
  else if (!task.service && container.essential) exitAfter(sim, task, container, sim.pace.pretend, 0);
}

function secret(sim: Sim, task: Task, from: string | undefined): string {
  const parameter = findParameter(sim.world, task.region, from ?? "");
  return (parameter && parameterValue(sim.world, parameter)) ?? "";
}

/** Nobody can say what this container does: one-off commands end well after a moment, services run on. */
function pretend(sim: Sim, task: Task, container: Container, command: readonly string[]): void {
  const what = command.length > 0 ? `"${command.join(" ")}"` : "the image's own command";
  const why = container.folder
    ? "neither the task definition nor a Dockerfile in its folder names a command"
    : "no folder stands for this image";
  const text = `sandbox: only pretends to run ${what}: ${why}, nothing is executed`;
  writeTaskLog(sim, task, container, text);
  sim.say(`${taskLabel(task, container)}: ${text.replace("sandbox: ", "")}`);
  if (!task.service && container.essential) exitAfter(sim, task, container, sim.pace.pretend, 0);
}

function exitAfter(
  sim: Sim,
  task: Task,
  container: Container,
  after: number,
  code: number,
  reason?: string,
): void {
  plan(sim, after, "exit", container.arn, JSON.stringify({ task: task.arn, code, reason }));
}

/** The agent reports: the task is RUNNING, and the load balancer begins to look at it. */
export function report(sim: Sim, task: Task): void {
  if (task.lastStatus === "RUNNING" || task.desiredStatus === "STOPPED") return;
  setStatus(task, "RUNNING");
  task.startedAt = sim.state.time;
  const deployment = deploymentOf(sim, task);
  if (deployment && !deployment.hasRun) {
    // "Once a service deployment has one or more successfully running tasks, the failed task count resets to zero."
    deployment.hasRun = true;
    deployment.failedTasks = 0;
  }
  const service = task.service ? sim.state.services[task.service] : undefined;
  if (service && service.spec.targets.length > 0) register(sim, task);
  watchContainers(sim, task);
}

function register(sim: Sim, task: Task): void {
  const service = task.service ? sim.state.services[task.service] : undefined;
  const target = service?.spec.targets[0];
  if (!service || !target) return;
  task.target = "initial";
  addEvent(sim, service, `registered 1 targets in (target-group ${target.group})`);
  const container = task.containers.find(({ name }) => name === target.container);
  if (!container || container.process) return;
  const group = findTargetGroup(sim.world, task.region, target.group);
  const interval = group?.interval ?? 30_000;
  const failures = interval * (group?.unhealthyAfter ?? 3);
  const run = runOf(sim, task, container, sim.state.definitions[task.definition]);
  // One passed check makes a new target healthy, whatever the threshold ("Health checks", ELB user guide).
  if (run?.healthy === "never") {
    plan(sim, failures, "sick", task.arn);
    return;
  }
  const answersAt = (container.startedAt ?? 0) + (run?.healthy ?? 0) - sim.state.time;
  const passes = Math.max(1, Math.ceil(answersAt / interval)) * interval;
  if (passes > failures) plan(sim, failures, "sick", task.arn);
  plan(sim, passes, "healthy", task.arn);
  if (run?.sick !== undefined) plan(sim, run.sick + failures, "sick", task.arn);
}

/** Health checks of the containers themselves. */
function watchContainers(sim: Sim, task: Task): void {
  const definition = sim.state.definitions[task.definition];
  for (const container of task.containers) {
    const check = definition?.containers.find(({ name }) => name === container.name)?.healthCheck;
    if (!check || container.process) continue;
    const run = runOf(sim, task, container, definition);
    const interval = (check.interval ?? 30) * 1000;
    const failing = (check.startPeriod ?? 0) * 1000 + interval * (check.retries ?? 3);
    const healthy = run?.healthy ?? 0;
    if (healthy === "never" || healthy > failing)
      plan(sim, failing, "container-sick", container.arn, task.arn);
    else
      plan(
        sim,
        Math.max(1, Math.ceil(healthy / interval)) * interval,
        "container-healthy",
        container.arn,
        task.arn,
      );
    if (run?.sick !== undefined)
      plan(sim, run.sick + interval * (check.retries ?? 3), "container-sick", container.arn, task.arn);
  }
}
