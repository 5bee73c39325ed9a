import type { ServiceContract } from "../modules/contract";
import type { Context } from "./context";
import { DeployError, Interrupted } from "./errors";
import type { Outcome, Stage } from "./events";
import { EXIT } from "./exit-code";
import { groupKey } from "./facts";
import { type RegistryImage, reportedDigests, short } from "./image";
import type { ImagePlan, Plan } from "./plan";
import { promote, putBack } from "./promote";
import { force, type RolloutEnd, watch } from "./rollout";

/** What became of each service: filled in as it becomes known, so that a failure can report it too. */
export interface ServiceReport {
  name: string;
  outcome: Outcome;
  deployment: string | null;
}

/** Promotes and rolls out, service by service in the contract's order. */
export async function release(context: Context, plan: Plan, report: ServiceReport[]): Promise<void> {
  const told = new Map<ImagePlan, ServiceContract[]>();
  for (const [index, { service, image }] of plan.rollouts.entries()) {
    const before = told.get(image) ?? [];
    const step = { service, image, before, first: !told.has(image) };
    await releaseService(context, step, report).catch((error: unknown) => {
      const rest = plan.rollouts.slice(index + 1).map((later) => later.service.name);
      const noted = error instanceof DeployError || error instanceof Interrupted;
      if (noted && rest.length > 0) error.wayOut.push(`Not told to deploy: ${rest.join(", ")}.`);
      throw error;
    });
    told.set(image, [...before, service]);
  }
}

interface ServiceRelease {
  service: ServiceContract;
  image: ImagePlan;
  /** Services that this run has already moved to the image. */
  before: ServiceContract[];
  /** Whether the image's tag is still to be moved. */
  first: boolean;
}

async function releaseService(
  context: Context,
  step: ServiceRelease,
  report: ServiceReport[],
): Promise<void> {
  const deployment = await promoteAndForce(context, step);
  const entry: ServiceReport = { name: step.service.name, outcome: "unknown", deployment: deployment.id };
  report.push(entry);
  const end = await rollOut(context, "roll out", step.service, step.image.image, deployment);
  entry.outcome = end.kind;
  if (end.kind !== "succeeded") throw await failure(context, step, end);
}

/**
 * Until ECS has accepted the deployment nothing runs the image: whatever happens, the tag must not name it.
 * Unless somebody else moved it, or the answer is lost; and after Ctrl-C what runs already stays.
 */
async function promoteAndForce(context: Context, { service, image, before, first }: ServiceRelease) {
  try {
    if (first) await promote(context, image);
    context.signal.throwIfAborted();
    return await force(context, service);
  } catch (error) {
    if (error instanceof Interrupted) {
      if (first) await putBack(context, image);
      else error.wayOut.push(`Not told to deploy: ${service.name}.`);
    } else if (error instanceof DeployError && error.exitCode === EXIT.rolloutFailed) {
      error.wayOut.push(...(await restore(context, image, before)));
    }
    throw error;
  }
}

/** Watches one forced deployment, and tells its beginning and end. */
async function rollOut(
  context: Context,
  stage: Stage,
  service: ServiceContract,
  image: RegistryImage,
  deployment: { id: string; createdAt: number },
): Promise<RolloutEnd> {
  const say = (state: "started" | "succeeded" | "failed", text: string) =>
    context.events.emit({ type: "stage", stage, subject: service.name, state, text });
  say("started", `deployment ${deployment.id}`);
  try {
    const digests = reportedDigests(image, service.platform);
    const { id: deploymentId, createdAt } = deployment;
    const end = await watch(context, { stage, service, deploymentId, createdAt, digests });
    if (end.kind === "succeeded") say("succeeded", end.detail);
    else say("failed", `${end.kind}: ${end.reason}`);
    return end;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    say("failed", error.message);
    const undo = stage === "roll out" ? ", rollback undoes it" : "";
    error.wayOut.push(`Deployment ${deployment.id} goes on by itself: status shows it${undo}.`);
    throw error;
  }
}

async function failure(
  context: Context,
  step: ServiceRelease,
  end: Exclude<RolloutEnd, { kind: "succeeded" }>,
): Promise<DeployError> {
  const { name } = step.service;
  const tag = groupKey(step.image);
  if (end.kind === "superseded") {
    return new DeployError(EXIT.superseded, `${name}: ${end.reason}.`, [
      `The tag ${tag} is left as it is: it belongs to whoever came after. Look at status.`,
    ]);
  }
  if (end.kind === "unknown") {
    return new DeployError(EXIT.unknown, `What became of ${name} is unknown: ${end.reason}.`, [
      `The tag ${tag} still names ${short(step.image.image.digest)}. Look at status; rollback undoes it.`,
    ]);
  }
  const { image, before, service } = step;
  if (end.kind === "rolled back") {
    const notes = [...(await restore(context, image, before)), `ECS brings ${name} back by itself.`];
    return new DeployError(
      EXIT.rolloutFailed,
      `The roll-out of ${name} was rolled back: ${end.reason}.`,
      notes,
      end.lastLines,
    );
  }
  const notes = await restore(context, image, [...before, service]);
  return new DeployError(
    EXIT.rolloutFailed,
    `The roll-out of ${name} failed: ${end.reason}.`,
    notes,
    end.lastLines,
  );
}

/** Goes back: the tag first, then those services that run the image, or try to. */
async function restore(
  context: Context,
  image: ImagePlan,
  services: readonly ServiceContract[],
): Promise<string[]> {
  const { previous } = image;
  const key = groupKey(image);
  if (!(await putBack(context, image)) || !previous) return [`The tag ${key} was not moved back: see above.`];
  const notes = [`The tag ${key} names ${short(previous.digest)} again.`];
  for (const service of services) notes.push(await bringBack(context, service, previous));
  return notes;
}

/** One more forced deployment, of the image that ran before. It cannot make the failure any better or worse. */
async function bringBack(
  context: Context,
  service: ServiceContract,
  previous: RegistryImage,
): Promise<string> {
  try {
    const deployment = await force({ ...context, aws: context.lasting }, service);
    const end = await rollOut(context, "put back", service, previous, deployment);
    return end.kind === "succeeded"
      ? `${service.name} runs ${short(previous.digest)} again.`
      : `${service.name} is NOT back on ${short(previous.digest)} (${end.kind}: ${end.reason}): look at status.`;
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return `${service.name} is NOT back on ${short(previous.digest)}: ${error instanceof Error ? error.message : error}`;
  }
}
