import type { ServiceContract } from "../modules/contract";
import type { Context } from "./context";
import { DeployError, Interrupted } from "./errors";
import type { Outcome } from "./events";
import { EXIT } from "./exit-code";
import { groupKey } from "./facts";
import { short } from "./image";
import type { ImagePlan, Plan } from "./plan";
import { promote, putBack } from "./promote";
import { restore, rollOut } from "./restore";
import { type ForcedDeployment, force, type RolloutEnd } from "./rollout";

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
  if (end.kind !== "succeeded") throw await failure(context, step, deployment, end);
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
      error.wayOut.push(...(await restore(context, image, { forced: before })));
    }
    throw error;
  }
}

async function failure(
  context: Context,
  { service, image, before }: ServiceRelease,
  deployment: ForcedDeployment,
  end: Exclude<RolloutEnd, { kind: "succeeded" }>,
): Promise<DeployError> {
  const { name } = service;
  const tag = groupKey(image);
  if (end.kind === "superseded") {
    return new DeployError(EXIT.superseded, `${name}: ${end.reason}.`, [
      `The tag ${tag} is left as it is: it belongs to whoever came after. Look at status.`,
    ]);
  }
  if (end.kind === "unknown") {
    return new DeployError(EXIT.unknown, `What became of ${name} is unknown: ${end.reason}.`, [
      `The tag ${tag} still names ${short(image.image.digest)}. Look at status; rollback undoes it.`,
    ]);
  }
  const rolledBack = end.kind === "rolled back";
  const affected = rolledBack
    ? { forced: before, rolledBack: { service, deployment } }
    : { forced: [...before, service] };
  const what = rolledBack ? "was rolled back" : "failed";
  return new DeployError(
    EXIT.rolloutFailed,
    `The roll-out of ${name} ${what}: ${end.reason}.`,
    await restore(context, image, affected),
    end.lastLines,
  );
}
