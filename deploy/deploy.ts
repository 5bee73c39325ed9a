import type { ServiceContract } from "../modules/contract";
import { checks, leaves, NO_OTHER_DEPLOYMENT } from "./check";
import type { Context } from "./context";
import { copyImage } from "./copy";
import { DeployError, Interrupted } from "./errors";
import type { Check, Result } from "./events";
import { EXIT } from "./exit-code";
import { type Beside, type Facts, readFacts, type Wanted } from "./facts";
import { shortDigest } from "./image";
import { makeLogins } from "./logins";
import { migrate } from "./migrate";
import { makePlan, type Plan, planSteps } from "./plan";
import { release } from "./release";
import { whoami } from "./started-by";
import { waitForRollouts } from "./wait";

export interface DeployRequest {
  /** In the contract's order. */
  services: readonly ServiceContract[];
  wanted: Wanted;
  skipMigrations: boolean;
  /** Stop after the checks and the plan. */
  dryRun: boolean;
  /** Deploy even while another roll-out is in progress. */
  replace: boolean;
  /** Wait, as long as a roll-out may take, for one that is in progress. */
  wait: boolean;
  /** How many services of one image roll out at the same time, at most. */
  parallel: number;
  /** The commit that is released: refused where what runs is of a later one. */
  commit?: string | undefined;
}

/** Filled in on the way, so that a failure reports it too. */
export type Report = Pick<Result, "images" | "services">;

/**
 * Ships a release: check, copy, migrate, promote, roll out, verify.
 * @returns what was done, in a sentence.
 * @throws DeployError or Interrupted for every other end.
 */
export async function deploy(context: Context, request: DeployRequest, report: Report): Promise<string> {
  const facts = await check(context, request);
  const who = whoami(process.env, "value" in facts.caller ? facts.caller.value.arn : "");
  const plan = makePlan(facts, { ...request, contract: context.contract, who });
  context.events.emit({ type: "plan", steps: planSteps(plan) });
  report.images = imagesOf(plan);
  if (request.dryRun) return "Dry run: nothing was changed.";

  for (const image of plan.images) await copyImage(context, image);
  if (plan.logins) await makeLogins(context, plan.logins);
  for (const migration of plan.migrations) await migrate(context, migration);
  await release(context, plan, request.parallel, report.services).catch((error: unknown) => {
    if (plan.migrations.length > 0) noteMigrations(error);
    throw error;
  });
  return deployed(plan);
}

/** Reads, judges and shows the checks. @throws DeployError 1 when one failed, 5 when somebody else is at work. */
export const check = (context: Context, request: CheckedRequest): Promise<Facts> =>
  tellChecks(context, () => settled(context, request));

/**
 * Shows checks while they are made and when they were judged.
 * @throws DeployError 1 when one failed, 5 when somebody else is at work.
 */
export async function tellChecks<Found>(
  { contract, events }: Pick<Context, "events"> & { readonly contract: { readonly environment: string } },
  settle: () => Promise<{ facts: Found; tree: Check[] }>,
): Promise<Found> {
  events.emit({ type: "stage", stage: "check", subject: contract.environment, state: "started", text: "" });
  const { facts, tree } = await settle();
  const failed = leaves(tree, "failed");
  const busy = leaves(tree, "busy");
  events.emit({
    type: "stage",
    stage: "check",
    subject: contract.environment,
    state: failed.length + busy.length > 0 ? "failed" : "succeeded",
    text: `${leaves(tree, "ok").length} ok, ${leaves(tree, "warning").length} warnings, ${failed.length + busy.length} failed`,
  });
  events.emit({ type: "checks", checks: tree });
  if (failed.length > 0) {
    const wayOut = failed.map(({ name, detail }) => `${name}: ${detail}`);
    throw new DeployError(EXIT.refused, "A check failed; nothing was changed.", wayOut);
  }
  if (busy.length > 0) {
    const wayOut = busy.map(({ name, detail }) => `${name}: ${detail}`);
    throw new DeployError(EXIT.superseded, "Somebody else is at work here; nothing was changed.", wayOut);
  }
  return facts;
}

type CheckedRequest = Pick<DeployRequest, "services" | "wanted" | "replace" | "wait"> &
  Partial<Pick<DeployRequest, "skipMigrations">> &
  Beside;

/** The facts and what they come to; after a wait, where roll-outs of others are all that stands in the way. */
async function settled(context: Context, request: CheckedRequest) {
  const { contract, moveState, aws, clock, limits } = context;
  const deadline = clock.now() + limits.rollout;
  for (;;) {
    const facts = await readFacts(aws, contract, request.services, request.wanted, request);
    const tree = checks(facts, { ...request, contract, moveState });
    const busy = leaves(tree, "busy");
    const passes = busy.length > 0 && busy.every(({ name }) => name === NO_OTHER_DEPLOYMENT);
    const hopeless = !passes || leaves(tree, "failed").length > 0;
    if (!request.wait || hopeless || clock.now() >= deadline) return { facts, tree };
    await waitForRollouts(context, request.services, deadline);
  }
}

const imagesOf = (plan: Plan): Report["images"] =>
  plan.images.map(({ repository, tag, image, previous }) => ({
    repository,
    tag,
    digest: image.digest,
    previous: previous?.digest ?? null,
  }));

/** Going back does not undo the migration: said where the failure is read. */
export function noteMigrations(error: unknown): void {
  const note = "The migration was not undone: whatever runs now must get along with the new schema.";
  if (error instanceof DeployError || error instanceof Interrupted) error.wayOut.push(note);
}

function deployed({ images }: Plan): string {
  const names = images.flatMap(({ services }) => services.map(({ name }) => name));
  const digests = [...new Set(images.map(({ image }) => shortDigest(image.digest)))];
  return `${names.join(", ")} deployed: ${digests.join(", ")} runs.`;
}
