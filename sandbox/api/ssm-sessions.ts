import type * as ssm from "@aws-sdk/client-ssm";
import { hex } from "../engine/sim";
import { type Call, type Operations, operation } from "./call";
import { AwsFailure } from "./errors";

export const SESSIONS: Operations = {
  StartSession: operation<ssm.StartSessionRequest, ssm.StartSessionResponse>(["Target"], startSession),
  TerminateSession: operation<ssm.TerminateSessionRequest, ssm.TerminateSessionResponse>(
    ["SessionId"],
    (_, input) => ({ SessionId: input.SessionId }),
  ),
};

/** Documents that open a session, with the parameters that each wants. Source: "Start a session", Session Manager. */
const DOCUMENTS: Readonly<Record<string, readonly string[]>> = {
  "SSM-SessionManagerRunShell": [],
  "AWS-StartPortForwardingSession": ["portNumber", "localPortNumber"],
  "AWS-StartPortForwardingSessionToRemoteHost": ["host", "portNumber", "localPortNumber"],
};

/** Answers with a session as AWS does; nobody listens at its address. */
function startSession(call: Call, input: ssm.StartSessionRequest): ssm.StartSessionResponse {
  const target = input.Target ?? "";
  const instances = call.sim.world.list({ type: "aws_instance", region: call.region });
  const instance = instances.find(({ id }) => id === target);
  if (!instance) throw new AwsFailure("TargetNotConnected", `${target} is not connected.`);
  const name = input.DocumentName ?? "SSM-SessionManagerRunShell";
  const takes = Object.hasOwn(DOCUMENTS, name) ? DOCUMENTS[name] : undefined;
  if (!takes) throw new AwsFailure("InvalidDocument", `Document with name ${name} does not exist.`);
  const strange = Object.keys(input.Parameters ?? {}).filter((one) => !takes.includes(one));
  if (strange.length > 0)
    throw new AwsFailure(
      "InvalidParameters",
      `Following parameters are not declared in the document: ${strange.join(", ")}.`,
    );
  const SessionId = `${call.caller.arn.split("/").at(-1)}-${hex(call.sim, 17)}`;
  return {
    SessionId,
    StreamUrl: `wss://ssmmessages.${call.region}.amazonaws.com/v1/data-channel/${SessionId}?role=publish_subscribe`,
    TokenValue: hex(call.sim, 64),
  };
}
