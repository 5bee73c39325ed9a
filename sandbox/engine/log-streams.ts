import type { ContainerDefinition } from "@aws-sdk/client-ecs";
import type { Sim } from "./sim";
import type { Container, Task } from "./state";

export interface LogTarget {
  region: string;
  group: string;
  stream: string;
}

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

/** Adds a line to a container's stream. CloudWatch shows it a little later. */
export function writeLog(sim: Sim, target: LogTarget, message: string, at = sim.state.time): void {
  const key = `${target.region}|${target.group}`;
  sim.state.logs[key] ??= {};
  const streams = sim.state.logs[key];
  streams[target.stream] ??= { createdAt: at, events: [] };
  streams[target.stream]?.events.push({ at, seenAt: at + sim.pace.logLag, message });
}

/** Adds a line to the stream of a task's container, wherever its definition sends it. */
export function writeTaskLog(sim: Sim, task: Task, container: Container, message: string): void {
  const definition = sim.state.definitions[task.definition]?.containers.find(
    ({ name }) => name === container.name,
  );
  const target = logTarget(task, definition);
  if (target) writeLog(sim, target, message);
}
