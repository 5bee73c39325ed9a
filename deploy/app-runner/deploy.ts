import type { AppRunnerServiceContract } from "../../modules/contract/app-runner";
import { leaves, NO_OTHER_DEPLOYMENT } from "../check";
import { copyImage } from "../copy";
import { type DeployRequest, noteMigrations, type Report, tellChecks } from "../deploy";
import { refused } from "../errors";
import { groupKey, imageGroups, type Wanted } from "../facts";
import { shortDigest } from "../image";
import { appRunnerChecks } from "./check";
import type { AppRunnerContext } from "./context";
import { type AppRunnerFacts, readAppRunnerFacts } from "./facts";
import { migrateHere } from "./migrate";
import { type AppRunnerPlan, appRunnerSteps, makeAppRunnerPlan } from "./plan";
import { releaseImage } from "./release";
import { readReleases } from "./releases";
import { waitForOperations } from "./wait";

/** A release for services of App Runner. */
export interface AppRunnerRequest
  extends Pick<DeployRequest, "wanted" | "skipMigrations" | "dryRun" | "wait"> {
  /** In the contract's order. */
  services: readonly AppRunnerServiceContract[];
}

/**
 * Ships a release to App Runner: check, copy, migrate here, promote, deploy, follow.
 * @returns what was done, in a sentence, and what of it is not proved.
 * @throws DeployError or Interrupted for every other end.
 */
export async function deployToAppRunner(
  context: AppRunnerContext,
  request: AppRunnerRequest,
  report: Report,
): Promise<string> {
  const facts = await checkAppRunner(context, request);
  const plan = makeAppRunnerPlan(facts, request.services, request.skipMigrations);
  context.events.emit({ type: "plan", steps: appRunnerSteps(plan) });
  report.images = plan.images.map(({ repository, tag, image, previous }) => ({
    repository,
    tag,
    digest: image.digest,
    previous: previous?.digest ?? null,
  }));
  if (request.dryRun) return "Dry run: nothing was changed.";
  for (const image of plan.images) await copyImage(context, image);
  for (const migration of plan.migrations) await migrateHere(context, migration);
  try {
    for (const image of plan.images) await releaseImage(context, image, report.services);
  } catch (error) {
    if (plan.migrations.length > 0) noteMigrations(error);
    throw error;
  }
  return deployed(context, plan);
}

/** Reads, judges and shows the checks. @throws DeployError 1 when one failed, 5 when App Runner is at work here. */
export async function checkAppRunner(
  context: AppRunnerContext,
  request: Pick<AppRunnerRequest, "services" | "wanted" | "skipMigrations" | "wait">,
): Promise<AppRunnerFacts> {
  const { contract, clock, limits } = context;
  const { services, wanted, skipMigrations } = request;
  const deadline = clock.now() + limits.rollout;
  return tellChecks(context, async () => {
    for (;;) {
      const facts = await readAppRunnerFacts(context, services, wanted, skipMigrations);
      const tree = appRunnerChecks(facts, { contract, services, wanted });
      const busy = leaves(tree, "busy");
      const passes = busy.length > 0 && busy.every(({ name }) => name === NO_OTHER_DEPLOYMENT);
      const isHopeless = !passes || leaves(tree, "failed").length > 0;
      if (!request.wait || isHopeless || clock.now() >= deadline) return { facts, tree };
      await waitForOperations(context, services, deadline);
    }
  });
}

function deployed({ contract }: AppRunnerContext, { images }: AppRunnerPlan): string {
  const lanes = images.flatMap((image) => image.lanes);
  const digests = [...new Set(images.map(({ image }) => shortDigest(image.digest)))].join(", ");
  const names = (made: boolean) =>
    lanes
      .flatMap(({ contract: { name }, service }) => ((service !== undefined) === made ? name : []))
      .join(", ");
  const [run, wait] = [names(true), names(false)];
  return [
    ...(run
      ? [
          `${run} deployed: App Runner's operation succeeded while the tag named ${digests}; it tells no digest, so nothing more proves the image.`,
        ]
      : []),
    ...(wait
      ? [
          `${digests} is promoted for ${wait}, and nothing runs yet: npx slipway apply ${contract.environment} makes it.`,
        ]
      : []),
  ].join(" ");
}

/**
 * Where a rollback goes without `--to`: for each image, to the newest release that deploy wrote down of another one than the tag
 * names now.
 * @throws DeployError 1 where there is none
 */
export async function appRunnerRollbackTargets(
  context: AppRunnerContext,
  services: readonly AppRunnerServiceContract[],
): Promise<Wanted> {
  const targets = new Map<string, string>();
  for (const group of imageGroups(services)) {
    const [service] = group.services;
    const [tagged] = await context.aws.images(group.repository, [{ imageTag: group.tag }]);
    const releases = service ? await readReleases(context, service) : [];
    const before = releases.find(({ digest }) => digest !== tagged?.image.digest);
    if (!before)
      throw refused(
        `${service?.name} has no earlier release of another image that deploy wrote down.`,
        "Name the image: --to sha256:…",
      );
    targets.set(groupKey(group), before.digest);
  }
  return (group) => {
    const digest = targets.get(groupKey(group));
    return digest === undefined ? null : { digest };
  };
}
