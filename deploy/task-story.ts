import type { Task, TaskStopCode } from "@aws-sdk/client-ecs";

/** Who or what ended a task: a retry helps against `infrastructure`, a new image against `application`. */
export type StopCause = "application" | "start" | "infrastructure" | "person" | "scheduler";

/** Every stop code of ECS; a new one does not compile until it is placed here. */
export const STOP_CAUSES: Record<TaskStopCode, StopCause> = {
  EssentialContainerExited: "application",
  TaskFailedToStart: "start",
  SpotInterruption: "infrastructure",
  TerminationNotice: "infrastructure",
  InfrastructureHealth: "infrastructure",
  UserInitiated: "person",
  ServiceSchedulerInitiated: "scheduler",
};

const HOST_GONE = /host ec2 .*terminated|instance .*terminated/i;

/** Older agents leave the code out: then the reason tells, or that a container has an exit code. */
export function stopCause(task: Task): StopCause {
  const known = task.stopCode && STOP_CAUSES[task.stopCode];
  if (known) return known;
  if (HOST_GONE.test(task.stoppedReason ?? "")) return "infrastructure";
  return task.containers?.some(({ exitCode }) => exitCode !== undefined) ? "application" : "start";
}

/** What the usual exit codes mean, where the number alone helps nobody. */
const EXIT_CODES: Record<number, string> = {
  126: "the command cannot be executed; often an image for another processor",
  127: "the command was not found in the image",
  137: "killed, mostly for using more memory than the task has",
  139: "segmentation fault",
  143: "asked to stop",
};

const CAUSE_WORDS: Record<StopCause, string> = {
  application: "exited",
  start: "never started",
  infrastructure: "lost its machine",
  person: "was stopped by a person or another program",
  scheduler: "was stopped by ECS",
};

/** The container that carries the image. The order of `containers` is not that of the definition. */
export const containerOf = (task: Task, name: string) => task.containers?.find((one) => one.name === name);

/** Whether the container has started, whatever became of it. */
export const hasRun = (task: Task, name: string) =>
  task.startedAt !== undefined || containerOf(task, name)?.exitCode !== undefined;

/** The last part of a task's ARN: also the last part of its log stream's name. */
export const taskId = (task: Pick<Task, "taskArn">) => task.taskArn?.split("/").at(-1) ?? "";

/** Why a task stopped, in one line: exit code of the right container, its reason, the task's reason. */
export function stopStory(task: Task, containerName: string): string {
  const container = containerOf(task, containerName);
  const code = container?.exitCode;
  const meaning = code === undefined ? undefined : EXIT_CODES[code];
  // That an essential container exited says nothing more than its exit code.
  const exited = code !== undefined && task.stopCode === "EssentialContainerExited";
  const taskReason = [task.stopCode, task.stoppedReason].filter(Boolean).join(": ");
  const parts = [
    `task ${taskId(task)} ${CAUSE_WORDS[stopCause(task)]}`,
    code === undefined ? "" : `exit code ${code}${meaning ? ` (${meaning})` : ""}`,
    container?.reason ?? "",
    exited ? "" : taskReason,
  ];
  return parts.filter(Boolean).join("; ");
}
