import { DeployError, Interrupted } from "../errors";

import { EXIT } from "../exit-code";
import { groupKey } from "../facts";
import { type RegistryImage, shortDigest } from "../image";
import { promote, putBack } from "../promote";
import type { ServiceReport } from "../release";
import { TAG_NOTES } from "../restore";
import type { FinalVerdict } from "../verdict";
import type { AppRunnerContext } from "./context";
import type { AppRunnerImagePlan, Lane } from "./plan";
import { noteRelease, tellRelease } from "./releases";
import { begin, follow } from "./rollout";

/** A lane that was begun: its operation, and how that ended. */
interface Begun {
  readonly lane: Lane;
  readonly operation: string;
  readonly end: FinalVerdict;
}

/**
 * Promotes an image, and has App Runner deploy the services that run it, one after the other. After a failure the tag goes back, and
 * so does every service that App Runner has not taken back itself.
 * @throws DeployError or Interrupted for every end but success
 */
export async function releaseImage(
  context: AppRunnerContext,
  plan: AppRunnerImagePlan,
  report: ServiceReport[],
): Promise<void> {
  await promoteOrUndo(context, plan);
  const begun: Begun[] = [];
  for (const lane of plan.lanes) {
    if (!lane.service) {
      await noteFirst(context, plan, lane);
      continue;
    }
    const operation = await beginOrUndo(context, plan, lane, begun);
    const entry: ServiceReport = { name: lane.contract.name, outcome: "unknown", deployment: operation };
    report.push(entry);
    const end = await followOrLeave(context, lane, operation);
    const one = { lane, operation, end: await proved(context, plan, end) };
    begun.push(one);
    entry.outcome = one.end.kind;
    if (one.end.kind !== "succeeded") throw await endOf(context, plan, begun, one);
    await tellRelease(context, lane.contract, { digest: plan.image.digest, operation });
  }
}

/** Until App Runner has accepted a deployment nothing runs the image: whatever happens, the tag must not name it. */
async function promoteOrUndo(context: AppRunnerContext, plan: AppRunnerImagePlan): Promise<void> {
  try {
    await promote(context, plan);
    context.signal.throwIfAborted();
  } catch (error) {
    const refused = error instanceof DeployError && error.exitCode === EXIT.rolloutFailed;
    if (error instanceof Interrupted || refused) await putBack(context, plan);
    throw error;
  }
}

/** The next apply makes the service, of the image that the tag names. */
async function noteFirst(context: AppRunnerContext, plan: AppRunnerImagePlan, lane: Lane): Promise<void> {
  const { events, contract } = context;
  const { name } = lane.contract;
  await noteRelease(context, lane.contract, { digest: plan.image.digest, operation: null });
  const text = `nothing runs yet: npx slipway apply ${contract.environment} makes ${name}, of this image`;
  events.emit({ type: "stage", stage: "roll out", subject: name, state: "skipped", text });
}

/** The operation's id. A service that was not told to deploy leaves the others of its image behind it: those go back. */
async function beginOrUndo(
  context: AppRunnerContext,
  plan: AppRunnerImagePlan,
  { contract, service, operations }: Lane,
  begun: readonly Begun[],
): Promise<string> {
  const isAutomatic = service?.SourceConfiguration?.AutoDeploymentsEnabled === true;
  const before = new Set(operations.flatMap(({ Id }) => Id ?? []));
  try {
    return await begin(context, contract, isAutomatic ? before : undefined);
  } catch (error) {
    const isTold = error instanceof DeployError && error.exitCode === EXIT.unknown;
    if (!isTold && (error instanceof DeployError || error instanceof Interrupted))
      error.wayOut.push(...(await goBack(context, plan, begun)));
    throw error;
  }
}

async function followOrLeave(
  context: AppRunnerContext,
  { contract }: Lane,
  operation: string,
): Promise<FinalVerdict> {
  try {
    return await follow(context, "roll out", contract, operation);
  } catch (error) {
    if (error instanceof Interrupted)
      error.wayOut.push(
        `${contract.name}: operation ${operation} goes on by itself: status shows it, rollback undoes it.`,
      );
    throw error;
  }
}

/** A success that somebody else's promotion may have had a part in is none that we can tell. */
async function proved(
  { lasting }: AppRunnerContext,
  { repository, tag, image }: AppRunnerImagePlan,
  end: FinalVerdict,
): Promise<FinalVerdict> {
  if (end.kind !== "succeeded") return end;
  const [tagged] = await lasting.images(repository, [{ imageTag: tag }]);
  if (tagged?.image.digest === image.digest) return end;
  const now = tagged ? shortDigest(tagged.image.digest) : "nothing";
  return {
    kind: "superseded",
    reason: `somebody moved ${repository}:${tag} to ${now} while App Runner deployed: which of the two images runs it does not tell`,
  };
}

/** The error for a lane that did not succeed, after what can be put back was. */
async function endOf(
  context: AppRunnerContext,
  plan: AppRunnerImagePlan,
  begun: readonly Begun[],
  { lane, operation, end }: Begun,
): Promise<DeployError> {
  const { name } = lane.contract;
  const others = begun.filter((one) => one.lane !== lane);
  const still = others.map(
    (one) => `${one.lane.contract.name} was told to run ${shortDigest(plan.image.digest)}.`,
  );
  switch (end.kind) {
    case "succeeded":
      throw new Error(`${name} succeeded`);
    case "superseded":
      return new DeployError(EXIT.superseded, `${name}: ${end.reason}.`, [
        `The tag ${groupKey(plan)} is left as it is: it belongs to whoever came after. Look at status.`,
        ...still,
      ]);
    case "unknown":
      return new DeployError(EXIT.unknown, `What became of ${name} is unknown: ${end.reason}.`, [
        `The tag ${groupKey(plan)} still names ${shortDigest(plan.image.digest)}. Look at status; rollback undoes it.`,
        ...still,
      ]);
    case "failed":
    case "rolled back": {
      const what = end.kind === "failed" ? "failed" : "was rolled back";
      const logs = `Its own lines: aws logs tail /aws/apprunner/${lane.contract.arn.split("/").slice(1).join("/")}/application --since 1h`;
      const notes = await goBack(context, plan, begun);
      return new DeployError(EXIT.rolloutFailed, `The roll-out of ${name} ${what}: ${end.reason}.`, [
        ...notes,
        logs,
        `Operation ${operation} is all that App Runner tells of it.`,
      ]);
    }
  }
}

/** Goes back: the tag first, then the services that run the image or try to. @returns what is so now, one line each */
async function goBack(
  context: AppRunnerContext,
  plan: AppRunnerImagePlan,
  begun: readonly Begun[],
): Promise<string[]> {
  const { previous } = plan;
  const tag = await putBack(context, plan);
  if (!previous) return [`The tag ${groupKey(plan)} was not moved back: no release before it is known.`];
  const notes = [TAG_NOTES[tag](groupKey(plan), shortDigest(previous.digest))];
  for (const { lane, end } of begun) {
    const { name } = lane.contract;
    if (end.kind === "rolled back") notes.push(`App Runner itself took ${name} back to what ran before.`);
    else if (tag === "moved" || tag === "as before") notes.push(await bringBack(context, lane, previous));
  }
  return notes;
}

/** One service back on the image before, which the tag names again; Ctrl-C does not end it. */
async function bringBack(
  context: AppRunnerContext,
  { contract }: Lane,
  { digest }: RegistryImage,
): Promise<string> {
  const { name } = contract;
  const lasting = { ...context, aws: context.lasting, signal: new AbortController().signal };
  try {
    const operation = await begin(lasting, contract);
    const end = await follow(lasting, "put back", contract, operation);
    if (end.kind !== "succeeded")
      return `${name} is NOT back on ${shortDigest(digest)} (${end.kind}: ${end.reason}): look at status.`;
    await tellRelease(context, contract, { digest, operation });
    return `${name} is back on ${shortDigest(digest)}, as far as App Runner tells.`;
  } catch (error) {
    if (!(error instanceof DeployError)) throw error;
    return `${name} is NOT back on ${shortDigest(digest)} (${error.message}): look at status.`;
  }
}
