import type * as ecs from "@aws-sdk/client-ecs";
import { hex } from "../engine/sim";
import { type Call, type Operations, operation } from "./call";
import { clusterOf, findTask } from "./ecs-find";
import { AwsFailure } from "./errors";

export const EXECUTE_COMMAND: Operations = {
  ExecuteCommand: operation<ecs.ExecuteCommandRequest, ecs.ExecuteCommandResponse>(
    ["command", "task"],
    executeCommand,
  ),
};

const invalid = (message: string) => new AwsFailure("InvalidParameterException", message);

/** Answers with a session as AWS does; nobody listens at its address. Source: ExecuteCommand, ECS API reference. */
function executeCommand(call: Call, input: ecs.ExecuteCommandRequest): ecs.ExecuteCommandResponse {
  const cluster = clusterOf(call, input.cluster);
  const task = findTask(call, cluster, input.task ?? "");
  if (!task) throw invalid("The referenced task was not found.");
  if (!input.interactive) throw invalid("Interactive is the only mode supported currently.");
  const container = task.containers.find(
    ({ name }) => name === (input.container ?? task.containers[0]?.name),
  );
  if (!container || (!input.container && task.containers.length > 1))
    throw invalid("Container name is required and must be one of the task's containers.");
  if (!task.exec || task.lastStatus !== "RUNNING")
    throw invalid(
      "The execute command failed because execute command was not enabled when the task was run or the execute command agent isn’t running. Wait and try again or run a new task with execute command enabled and try again.",
    );
  const sessionId = `ecs-execute-command-${hex(call.sim, 26)}`;
  return {
    clusterArn: cluster.arn,
    taskArn: task.arn,
    containerName: container.name,
    containerArn: `${task.arn.replace(":task/", ":container/")}/${container.name}`,
    interactive: true,
    session: {
      sessionId,
      streamUrl: `wss://ssmmessages.${call.region}.amazonaws.com/v1/data-channel/${sessionId}?role=publish_subscribe`,
      tokenValue: hex(call.sim, 64),
    },
  };
}
