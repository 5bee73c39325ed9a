import type { ServiceContract } from "../modules/contract";
import type { Context } from "./context";
import { Interrupted } from "./errors";
import type { Stage } from "./events";
import { groupKey } from "./facts";
import { type RegistryImage, reportedDigests, short } from "./image";
import type { ImagePlan } from "./plan";
import { putBack, type TagState } from "./promote";
import { type ForcedDeployment, force, type RolloutEnd, watch, watchRollback } from "./rollout";

/** Which services go back, and how: one that ECS rolls back itself is followed, the others are forced. */
interface Affected {
  forced: readonly ServiceContract[];
  rolledBack?: { service: ServiceContract; deployment: ForcedDeployment };
}

/**
 * Goes back after a failure: the tag first, then the services that run the image or try to. Where there is no way back,
 * nothing is put back.
 * @returns what is so now, one line each.
 */
export async function restore(context: Context, image: ImagePlan, affected: Affected): Promise<string[]> {
  const { previous } = image;
  const { forced, rolledBack } = affected;
  if (!previous) {
    const names = [...forced, ...(rolledBack ? [rolledBack.service] : [])].map(({ name }) => name);
    await putBack(context, image);
    return [
      `The tag ${groupKey(image)} was not moved back: no successful deployment ran another image.`,
      ...(rolledBack ? [`What ECS rolls ${names.join(", ")} back to is not known: look at status.`] : []),
    ];
  }
  const tag = await putBack(context, image);
  const notes = [TAG_NOTES[tag](groupKey(image), short(previous.digest))];
  const isBack = tag === "moved" || tag === "as before";
  if (rolledBack) notes.push(...(await followRollback(context, rolledBack, previous, isBack)));
  if (!isBack) return notes;
  for (const service of forced) notes.push(await bringBack(context, service, previous));
  return notes;
}

const TAG_NOTES: Record<TagState, (tag: string, digest: string) => string> = {
  moved: (tag, digest) => `The tag ${tag} names ${digest} again.`,
  "as before": (tag, digest) => `The tag ${tag} names ${digest} as before.`,
  left: (tag) => `The tag ${tag} was not moved back: see above.`,
  unknown: (tag, digest) => `Whether the tag ${tag} names ${digest} again is unknown: see above.`,
};

/** ECS's own rollback, watched to its end. Where it fails, the image before is forced once. */
async function followRollback(
  context: Context,
  { service, deployment }: NonNullable<Affected["rolledBack"]>,
  previous: RegistryImage,
  mayForce: boolean,
): Promise<string[]> {
  const { name, platform } = service;
  const end = await told(context, "put back", service, `ECS rolls ${deployment.id} back`, () =>
    watchRollback(context, service, deployment, reportedDigests(previous, platform)),
  ).catch((error: unknown): RolloutEnd => {
    // Nothing of ours is under way: why the roll-out failed is worth more than that somebody did not wait for the rest.
    if (!(error instanceof Interrupted)) throw error;
    return { kind: "unknown", reason: `${error.message} while ECS rolls it back`, lastLines: [] };
  });
  const note = backOrNot(name, previous, end);
  const mayHelp = (end.kind === "failed" || end.kind === "rolled back") && mayForce;
  return mayHelp ? [note, await bringBack(context, service, previous)] : [note];
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
    return backOrNot(service.name, previous, end);
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    const why = error instanceof Error ? error.message : String(error);
    return `${service.name} is NOT back on ${short(previous.digest)}: ${why}`;
  }
}

const backOrNot = (name: string, { digest }: RegistryImage, end: RolloutEnd) =>
  end.kind === "succeeded"
    ? `${name} runs ${short(digest)} again.`
    : end.kind === "unknown"
      ? `Whether ${name} is back on ${short(digest)} is unknown: ${end.reason}. Look at status.`
      : `${name} is NOT back on ${short(digest)} (${end.kind}: ${end.reason}): look at status.`;

/** Watches one forced deployment, and tells its beginning and end. */
export function rollOut(
  context: Context,
  stage: Stage,
  service: ServiceContract,
  image: RegistryImage,
  { id: deploymentId, createdAt }: ForcedDeployment,
): Promise<RolloutEnd> {
  const digests = reportedDigests(image, service.platform);
  const undo = stage === "roll out" ? ", rollback undoes it" : "";
  return told(
    context,
    stage,
    service,
    `deployment ${deploymentId}`,
    () => watch(context, { stage, service, deploymentId, createdAt, digests }),
    `Deployment ${deploymentId} goes on by itself: status shows it${undo}.`,
  );
}

async function told(
  { events }: Context,
  stage: Stage,
  { name: subject }: ServiceContract,
  what: string,
  watched: () => Promise<RolloutEnd>,
  onInterrupt = "ECS's rollback goes on by itself: status shows it.",
): Promise<RolloutEnd> {
  const say = (state: "started" | "succeeded" | "failed", text: string) =>
    events.emit({ type: "stage", stage, subject, state, text });
  say("started", what);
  try {
    const end = await watched();
    if (end.kind === "succeeded") say("succeeded", end.detail);
    else say("failed", `${end.kind}: ${end.reason}`);
    return end;
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    say("failed", error.message);
    error.wayOut.push(onInterrupt);
    throw error;
  }
}
