import { setMaxListeners } from "node:events";
import type { ServiceContract } from "../modules/contract";
import type { Context } from "./context";
import { eachOf } from "./each-of";
import { DeployError, Interrupted } from "./errors";
import type { Outcome } from "./events";
import { EXIT, type ExitCode } from "./exit-code";
import { groupKey } from "./facts";
import { shortDigest } from "./image";
import type { ImagePlan, Plan } from "./plan";
import { promote, putBack } from "./promote";
import { goesOn, lookAgain, restore, rollOut } from "./restore";
import { type ForcedDeployment, force, type RolloutEnd } from "./rollout";

/** What became of each service: filled in as it becomes known, so that a failure can report it too. */
export interface ServiceReport {
  name: string;
  outcome: Outcome;
  deployment: string | null;
}

/** One service on its way to an image. */
interface Lane {
  service: ServiceContract;
  /** Undefined until ECS has accepted it. */
  deployment?: ForcedDeployment;
  /** Undefined until it has begun and ended. */
  end?: LaneEnd;
  /** When its tasks were last seen to run the image, in milliseconds since the epoch. */
  provedAt?: number;
}

/** How a lane ended: as its deployment did, or before it. */
interface LaneEnd {
  kind: Outcome | "not told" | "interrupted";
  /** The sentence that says so. */
  message: string;
  wayOut?: string[];
  lastLines?: string[];
}

/** Another service of the group has failed, and all of them go back. */
class Abandoned extends Error {
  constructor(failed: ServiceContract) {
    super(`given up: ${failed.name} failed`);
  }
}

/**
 * Promotes and rolls out, image by image in the contract's order. Services that share an image are rolled out side by side.
 * @param atOnce how many services roll out at the same time, at most.
 */
export async function release(
  context: Context,
  { images }: Plan,
  atOnce: number,
  report: ServiceReport[],
): Promise<void> {
  const groups = images.map((image) => ({
    image,
    lanes: image.services.map((service): Lane => ({ service })),
  }));
  for (const { image, lanes } of groups) {
    await releaseImage(context, image, lanes, atOnce, report).catch((error: unknown) => {
      const all = groups.flatMap((group) => group.lanes);
      const rest = all
        .filter(({ deployment, end }) => !deployment && (!end || end.kind === "interrupted"))
        .map(({ service }) => service.name);
      const noted = error instanceof DeployError || error instanceof Interrupted;
      if (noted && rest.length > 0 && rest.length < all.length) {
        error.wayOut.push(`Not told to deploy: ${rest.join(", ")}.`);
      }
      throw error;
    });
  }
}

async function releaseImage(
  context: Context,
  image: ImagePlan,
  lanes: Lane[],
  atOnce: number,
  report: ServiceReport[],
): Promise<void> {
  await promoteOrUndo(context, image);
  await rollOutTogether(context, image, lanes, atOnce, report);
  await proveTogether(context, image, lanes, report);
  const error = await groupError(context, image, lanes, atOnce);
  if (error) throw error;
}

/** Until ECS has accepted a deployment nothing runs the image: whatever happens, the tag must not name it. */
async function promoteOrUndo(context: Context, image: ImagePlan): Promise<void> {
  try {
    await promote(context, image);
    context.signal.throwIfAborted();
  } catch (error) {
    if (error instanceof Interrupted) await putBack(context, image);
    else if (error instanceof DeployError && error.exitCode === EXIT.rolloutFailed) {
      error.wayOut.push(...(await restore(context, image, [], 1)).notes);
    }
    throw error;
  }
}

/**
 * Rolls the services out, so many at once. After the first that does not succeed no further one is begun; a failure also
 * ends the watching of the others, because all go back.
 */
async function rollOutTogether(
  context: Context,
  image: ImagePlan,
  lanes: readonly Lane[],
  atOnce: number,
  report: ServiceReport[],
): Promise<void> {
  const group = new AbortController();
  const signal = AbortSignal.any([context.signal, group.signal]);
  setMaxListeners(0, signal);
  const together = { ...context, signal };
  const waiting = [...lanes];
  await eachOf(atOnce, waiting, async (lane) => {
    lane.end = await ride(together, image, lane, report);
    if (lane.end.kind !== "succeeded") waiting.length = 0;
    if (FAILURES.has(lane.end.kind)) group.abort(new Abandoned(lane.service));
  });
}

/** Proofs that are no more milliseconds apart count as one moment's: a look comes after 3 s, and AWS may be slow. */
const ONE_MOMENT = 10_000;

/**
 * Looks once more at all, where one ended long before another: the last word says what runs now. Where one is found to be coming
 * back after a crash, the others may crash while it is waited for, and all are looked at again.
 */
async function proveTogether(
  context: Context,
  { image }: ImagePlan,
  lanes: readonly Lane[],
  report: ServiceReport[],
): Promise<void> {
  const { clock, limits } = context;
  const deadline = clock.now() + limits.rollout;
  const proofs = lanes.map(({ provedAt = 0 }) => provedAt);
  let apart = Math.max(...proofs) - Math.min(...proofs);
  while (apart > ONE_MOMENT && lanes.every(({ end }) => end?.kind === "succeeded")) {
    const began = clock.now();
    if (began > deadline) {
      const reason = "the services of its image were never seen to run at the same time";
      for (const lane of lanes)
        lane.end = noteEnd(context, lane, { kind: "unknown", reason, lastLines: [] }, report);
      return;
    }
    await eachOf(lanes.length, [...lanes], async (lane) => {
      const { service, deployment } = lane;
      if (!deployment) return;
      lane.end = await endOf(lane, report, async () =>
        noteEnd(context, lane, await lookAgain(context, service, image, deployment), report),
      );
    });
    apart = clock.now() - began;
  }
}

const FAILURES = new Set<LaneEnd["kind"]>(["failed", "rolled back", "not told"]);

/** One service from the request to the verdict on it. */
const ride = (context: Context, image: ImagePlan, lane: Lane, report: ServiceReport[]): Promise<LaneEnd> =>
  endOf(lane, report, async () => {
    context.signal.throwIfAborted();
    lane.deployment = await force(context, lane.service, image.handOvers.get(lane.service.name)?.to);
    report.push({ name: lane.service.name, outcome: "unknown", deployment: lane.deployment.id });
    const end = await rollOut(context, "roll out", lane.service, image.image, lane.deployment);
    return noteEnd(context, lane, end, report);
  });

/** How a lane ended, also where an error ended it. */
async function endOf(lane: Lane, report: ServiceReport[], work: () => Promise<LaneEnd>): Promise<LaneEnd> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Interrupted) return { kind: "interrupted", message: error.message };
    if (error instanceof Abandoned) return abandoned(lane.service, error, report);
    if (!(error instanceof DeployError)) throw error;
    const { message, wayOut } = error;
    return { kind: error.exitCode === EXIT.unknown ? "unknown" : "not told", message, wayOut };
  }
}

/** Writes a verdict down, for the lane and for the report. */
function noteEnd({ clock }: Context, lane: Lane, verdict: RolloutEnd, report: ServiceReport[]): LaneEnd {
  const end = laneEnd(lane.service, verdict);
  for (const entry of report) if (entry.name === lane.service.name) entry.outcome = end.kind;
  if (end.kind === "succeeded") lane.provedAt = clock.now();
  return end;
}

function abandoned({ name }: ServiceContract, { message }: Abandoned, report: ServiceReport[]): LaneEnd {
  for (const entry of report) if (entry.name === name) entry.outcome = "abandoned";
  return { kind: "abandoned", message };
}

function laneEnd({ name }: ServiceContract, end: RolloutEnd): LaneEnd & { kind: Outcome } {
  const { kind, lastLines } = end;
  if (kind === "succeeded") return { kind, message: end.detail };
  const messages = {
    failed: `The roll-out of ${name} failed: ${end.reason}.`,
    "rolled back": `The roll-out of ${name} was rolled back: ${end.reason}.`,
    superseded: `${name}: ${end.reason}.`,
    unknown: `What became of ${name} is unknown: ${end.reason}.`,
  };
  return { kind, message: messages[kind], lastLines };
}

/**
 * The verdict on the group as a whole. Somebody else's deployment comes first: the tag is theirs. Then a failure, after
 * which all go back; then Ctrl-C, after which what runs already stays.
 */
async function groupError(
  context: Context,
  image: ImagePlan,
  lanes: readonly Lane[],
  atOnce: number,
): Promise<DeployError | Interrupted | undefined> {
  const tag = groupKey(image);
  const ended = (...kinds: LaneEnd["kind"][]) => lanes.find(({ end }) => end && kinds.includes(end.kind));
  const superseded = ended("superseded");
  if (superseded) {
    const left = `The tag ${tag} is left as it is: it belongs to whoever came after. Look at status.`;
    return errorOf(EXIT.superseded, superseded, [left, ...othersNotes(image, lanes, superseded)]);
  }
  const failed = ended("failed", "rolled back", "not told");
  if (failed) {
    const told = lanes.filter(({ deployment, end }) => deployment || end?.kind === "unknown");
    const affected = told.map(({ service, deployment, end }) => ({
      service,
      ...(end?.kind === "rolled back" && deployment && { rolledBack: deployment }),
    }));
    const { notes, isBack } = await restore(context, image, affected, atOnce);
    const others = isBack ? lanes.filter(({ end }) => end && FAILURES.has(end.kind)) : lanes;
    return errorOf(EXIT.rolloutFailed, failed, [...othersNotes(image, others, failed), ...notes]);
  }
  const unknown = ended("unknown");
  if (ended("interrupted")) {
    const interrupted = context.signal.reason as Interrupted;
    const untouched = !unknown && lanes.every(({ deployment }) => !deployment);
    if (untouched) await putBack(context, image);
    else interrupted.wayOut.push(...othersNotes(image, lanes));
    return interrupted;
  }
  if (!unknown) return undefined;
  const still = `The tag ${tag} still names ${shortDigest(image.image.digest)}. Look at status; rollback undoes it.`;
  const own = unknown.end?.wayOut ?? [still];
  return errorOf(EXIT.unknown, unknown, [...own, ...othersNotes(image, lanes, unknown)]);
}

const errorOf = (exitCode: ExitCode, { end }: Lane, notes: string[]) =>
  new DeployError(exitCode, end?.message ?? "", notes, end?.lastLines);

/** What became of each service that does not go back, but for the one that the message is about. */
function othersNotes(image: ImagePlan, lanes: readonly Lane[], about?: Lane): string[] {
  return lanes.flatMap((lane) => {
    const { end, deployment, service } = lane;
    if (lane === about || !end) return [];
    if (end.kind === "succeeded") return `${service.name} runs ${shortDigest(image.image.digest)}.`;
    if (end.kind !== "interrupted" && end.kind !== "abandoned") return end.message;
    return deployment ? goesOn(service, deployment, ", rollback undoes it") : [];
  });
}
