import type { ServiceContract } from "../modules/contract";
import type { Context } from "./context";
import { eachOf } from "./each-of";
import { Interrupted } from "./errors";
import type { Stage } from "./events";
import { groupKey } from "./facts";
import { type RegistryImage, reportedDigests, shortDigest } from "./image";
import type { ImagePlan } from "./plan";
import { putBack, type TagState } from "./promote";
import { type ForcedDeployment, force, type Rollout, type RolloutEnd, watch, watchRollback } from "./rollout";
import { tellRollout } from "./verdict";

/** A service that goes back: one that ECS rolls back itself is followed, any other is forced. */
interface Affected {
  service: ServiceContract;
  /** The deployment of ours that ECS rolls back. */
  rolledBack?: ForcedDeployment;
}

/**
 * Goes back after a failure: the tag first, then the services that run the image or try to, so many at once. Where there is
 * no way back, nothing is put back.
 * @returns what is so now, one line each, and whether the tag is back: only then are services.
 */
export async function restore(
  context: Context,
  image: ImagePlan,
  affected: readonly Affected[],
  atOnce: number,
): Promise<{ notes: string[]; isBack: boolean }> {
  const { previous } = image;
  if (!previous) {
    const rolledBack = affected.filter((one) => one.rolledBack).map(({ service }) => service.name);
    await putBack(context, image);
    const notes = [
      `The tag ${groupKey(image)} was not moved back: no successful deployment ran another image.`,
      ...(rolledBack.length > 0
        ? [`What ECS rolls ${rolledBack.join(", ")} back to is not known: look at status.`]
        : []),
    ];
    return { notes, isBack: false };
  }
  const tag = await putBack(context, image);
  const isBack = tag === "moved" || tag === "as before";
  const notes = new Map<Affected, string[]>();
  await eachOf(atOnce, [...affected], async (one) => {
    const { service, rolledBack } = one;
    // What it ran before its login took over, where that is of this very deploy.
    const from = image.handOvers.get(service.name)?.from;
    const again = isBack ? () => bringBack(context, service, previous, from) : undefined;
    if (rolledBack) notes.set(one, await followRollback(context, service, rolledBack, previous, again));
    else if (again) notes.set(one, [await again()]);
  });
  const services = affected.flatMap((one) => notes.get(one) ?? []);
  return { notes: [TAG_NOTES[tag](groupKey(image), shortDigest(previous.digest)), ...services], isBack };
}

export const TAG_NOTES: Record<TagState, (tag: string, digest: string) => string> = {
  moved: (tag, digest) => `The tag ${tag} names ${digest} again.`,
  "as before": (tag, digest) => `The tag ${tag} names ${digest} as before.`,
  left: (tag) => `The tag ${tag} was not moved back: see above.`,
  unknown: (tag, digest) => `Whether the tag ${tag} names ${digest} again is unknown: see above.`,
};

/** ECS's own rollback, watched to its end. Where it fails, the image before is forced once. */
async function followRollback(
  context: Context,
  service: ServiceContract,
  deployment: ForcedDeployment,
  previous: RegistryImage,
  force: (() => Promise<string>) | undefined,
): Promise<string[]> {
  const { name, platform } = service;
  const told = { stage: "put back", subject: name, what: `ECS rolls ${deployment.id} back` } as const;
  const end = await tellRollout(context, told, () =>
    watchRollback(context, service, deployment, reportedDigests(previous, platform)),
  ).catch((error: unknown): RolloutEnd => {
    // Nothing of ours is under way: why the roll-out failed is worth more than that somebody did not wait for the rest.
    if (!(error instanceof Interrupted)) throw error;
    error.wayOut.push(`${name}: ECS's rollback goes on by itself: status shows it.`);
    return { kind: "unknown", reason: `${error.message} while ECS rolls it back`, lastLines: [] };
  });
  const note = backOrNot(name, previous, end);
  const mayHelp = end.kind === "failed" || end.kind === "rolled back";
  return mayHelp && force ? [note, await force()] : [note];
}

/** One more forced deployment, of the image that ran before. It cannot make the failure any better or worse. */
async function bringBack(
  context: Context,
  service: ServiceContract,
  previous: RegistryImage,
  taskDefinition: string | undefined,
): Promise<string> {
  let deployment: ForcedDeployment | undefined;
  try {
    deployment = await force({ ...context, aws: context.lasting }, service, taskDefinition);
    const end = await rollOut(context, "put back", service, previous, deployment);
    return backOrNot(service.name, previous, end);
  } catch (error) {
    if (error instanceof Interrupted) {
      if (deployment) error.wayOut.push(goesOn(service, deployment));
      throw error;
    }
    const why = error instanceof Error ? error.message : String(error);
    return `${service.name} is NOT back on ${shortDigest(previous.digest)}: ${why}`;
  }
}

const backOrNot = (name: string, { digest }: RegistryImage, end: RolloutEnd) =>
  end.kind === "succeeded"
    ? `${name} runs ${shortDigest(digest)} again.`
    : end.kind === "unknown"
      ? `Whether ${name} is back on ${shortDigest(digest)} is unknown: ${end.reason}. Look at status.`
      : `${name} is NOT back on ${shortDigest(digest)} (${end.kind}: ${end.reason}): look at status.`;

/** What is left behind of a deployment that nobody watches any more. */
export const goesOn = ({ name }: ServiceContract, { id }: ForcedDeployment, undo = "") =>
  `${name}: deployment ${id} goes on by itself: status shows it${undo}.`;

/** Watches one forced deployment, and tells its beginning and end. */
export function rollOut(
  context: Context,
  stage: Stage,
  service: ServiceContract,
  image: RegistryImage,
  deployment: ForcedDeployment,
): Promise<RolloutEnd> {
  const told = { stage, subject: service.name, what: `deployment ${deployment.id}` };
  return tellRollout(context, told, () => watch(context, rolloutOf(stage, service, image, deployment)));
}

/** Looks once more at a roll-out that had succeeded, and tells only that it did not last. */
export async function lookAgain(
  context: Context,
  service: ServiceContract,
  image: RegistryImage,
  deployment: ForcedDeployment,
): Promise<RolloutEnd> {
  const stage = "roll out";
  const end = await watch(context, rolloutOf(stage, service, image, deployment));
  if (end.kind !== "succeeded") {
    const text = `${end.kind}: ${end.reason}`;
    context.events.emit({ type: "stage", stage, subject: service.name, state: "failed", text });
  }
  return end;
}

function rolloutOf(
  stage: Stage,
  service: ServiceContract,
  image: RegistryImage,
  { id: deploymentId, createdAt }: ForcedDeployment,
): Rollout {
  return { stage, service, deploymentId, createdAt, digests: reportedDigests(image, service.platform) };
}
