import type { ContainerDefinition } from "@aws-sdk/client-ecs";
import type { LogTarget } from "./logs";
import type { Sim } from "./sim";
import type { Container, Definition, Task } from "./state";

/** Where a container's output goes with the driver awslogs: stream `prefix/container/task-id`. */
export function logTarget(task: Task, definition: ContainerDefinition | undefined): LogTarget | undefined {
  const configuration = definition?.logConfiguration;
  const options = configuration?.options ?? {};
  const group = options["awslogs-group"];
  if (configuration?.logDriver !== "awslogs" || !group) return undefined;
  const prefix = options["awslogs-stream-prefix"];
  return {
    region: options["awslogs-region"] ?? task.region,
    group,
    stream: prefix ? `${prefix}/${definition?.name}/${task.id}` : task.id,
  };
}

/** Where the output of a task's container goes, by the task's definition. */
export function containerTarget(
  task: Task,
  container: Container,
  definition: Definition | undefined,
): LogTarget | undefined {
  return logTarget(
    task,
    definition?.containers.find(({ name }) => name === container.name),
  );
}

/** Adds a line to a container's stream. CloudWatch shows it a little later. */
export function writeLog(sim: Sim, target: LogTarget, message: string, at = sim.state.time): void {
  sim.logs.append(target, [message], at, at + sim.pace.logLag);
}

/** Adds a line to the stream of a task's container, wherever its definition sends it. */
export function writeTaskLog(sim: Sim, task: Task, container: Container, message: string): void {
  const target = containerTarget(task, container, sim.state.definitions[task.definition]);
  if (target) writeLog(sim, target, message);
}
