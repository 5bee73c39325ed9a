import type { AppRunnerServiceContract } from "../../modules/contract/app-runner";
import { AwsError } from "../aws/error";
import { DeployError } from "../errors";
import type { Stage } from "../events";
import { EXIT } from "../exit-code";
import { done, notYet, poll } from "../poll";
import type { AppRunnerContext } from "./context";
import { type FinalVerdict, tellRollout } from "../verdict";
import { isDeployment, operationVerdict } from "./operation-verdict";

/** How long App Runner may take to see by itself that a tag moved, in milliseconds: it looks every minute or so. */
const SEES_TAG = 180_000;

/**
 * Has App Runner deploy what the tag names, or finds the deployment that it began by itself where somebody switched that on.
 * @param before the operations from before the tag moved, by id, where a moved tag begins one by itself
 * @returns the operation's id
 * @throws DeployError 5 when App Runner is at work on something else, 3 when it refuses, 4 when nobody can say.
 */
export async function begin(
  context: AppRunnerContext,
  { name, arn }: AppRunnerServiceContract,
  before?: ReadonlySet<string>,
): Promise<string> {
  const { aws } = context;
  try {
    const known = new Set((await aws.operations(arn)).flatMap(({ Id }) => Id ?? []));
    const own = before && (await ownDeployment(context, arn, before));
    const id = own ?? (await aws.startDeployment(arn, known));
    if (!id)
      throw new DeployError(EXIT.unknown, "App Runner accepted the deployment but names no operation.");
    return id;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    if (error.kind === "lost")
      throw new DeployError(EXIT.unknown, `Whether ${name} deploys is unknown. ${error.message}`, [
        "Look at status: if no operation is in progress, deploy again.",
      ]);
    if (error.code === "InvalidStateException")
      throw new DeployError(
        EXIT.superseded,
        `${name} was not told to deploy: App Runner is at work on it. ${error.message}`,
      );
    throw new DeployError(EXIT.rolloutFailed, `${name} was not told to deploy. ${error.message}`);
  }
}

/** The deployment that a moved tag begins by itself. */
async function ownDeployment(
  context: AppRunnerContext,
  arn: string,
  known: ReadonlySet<string>,
): Promise<string | undefined> {
  const { aws, clock } = context;
  const deadline = clock.now() + SEES_TAG;
  return poll(context, async () => {
    const fresh = (await aws.operations(arn)).find((one) => isDeployment(one) && !known.has(one.Id ?? ""));
    return fresh || clock.now() >= deadline ? done(fresh?.Id) : notYet;
  });
}

/** Follows an operation to its end, and tells its beginning and end. */
export function follow(
  context: AppRunnerContext,
  stage: Stage,
  service: AppRunnerServiceContract,
  operationId: string,
): Promise<FinalVerdict> {
  const told = { stage, subject: service.name, what: `operation ${operationId}` };
  return tellRollout(context, told, () => watch(context, stage, service, operationId));
}

async function watch(
  context: AppRunnerContext,
  stage: Stage,
  { name: subject, arn }: AppRunnerServiceContract,
  operationId: string,
): Promise<FinalVerdict> {
  const { aws, clock, limits, events } = context;
  const deadline = clock.now() + limits.rollout;
  let told = "";
  try {
    return await poll<FinalVerdict>(context, async () => {
      const operations = await aws.operations(arn);
      const service = await aws.appRunnerService(arn);
      const verdict = operationVerdict({ now: clock.now(), deadline, operationId, operations, service });
      if (verdict.kind !== "in progress") return done(verdict);
      if (verdict.detail !== told) events.emit({ type: "progress", stage, subject, text: verdict.detail });
      told = verdict.detail;
      return notYet;
    });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { kind: "unknown", reason: `the operation cannot be followed. ${error.message}` };
  }
}
