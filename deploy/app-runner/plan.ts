import type { AppRunnerServiceContract } from "../../modules/contract/app-runner";
import { groupKey, imageGroups, type Reading } from "../facts";
import { type RegistryImage, shortDigest } from "../image";
import type { ImagePlan } from "../plan";
import type { AppRunnerFacts, AppRunnerImageGroup, ServiceFacts } from "./facts";
import type { MigrationHere } from "./migrate";

/** A service on its way to an image, as it was found. */
export interface Lane extends ServiceFacts {
  readonly contract: AppRunnerServiceContract;
}

/** An image that is to run in some services, and what those ran before. */
export interface AppRunnerImagePlan
  extends Omit<AppRunnerImageGroup, "services">,
    Pick<ImagePlan, "copiedFrom" | "tagged" | "previous"> {
  readonly image: RegistryImage;
  /** In the contract's order. */
  readonly lanes: readonly Lane[];
}

export interface AppRunnerPlan {
  /** All of them come before any promotion. */
  readonly migrations: readonly MigrationHere[];
  readonly images: readonly AppRunnerImagePlan[];
}

/**
 * What will be done, from what was found.
 * @param facts for which every check passed.
 */
export function makeAppRunnerPlan(
  facts: AppRunnerFacts,
  services: readonly AppRunnerServiceContract[],
  skipMigrations: boolean,
): AppRunnerPlan {
  const images = imageGroups(services).map((group) => imagePlan(facts, group));
  const migrations = images.flatMap(({ image, lanes }) =>
    lanes.flatMap(({ contract: service }) =>
      service.migration && !skipMigrations ? [{ service, migration: service.migration, image }] : [],
    ),
  );
  return { migrations, images };
}

function imagePlan(facts: AppRunnerFacts, group: AppRunnerImageGroup): AppRunnerImagePlan {
  const { wanted, copiedFrom, tagged, previous } = valueIn(facts.images.get(groupKey(group)));
  if (!wanted) throw new Error(`no image for ${groupKey(group)}: the checks must have failed`);
  const { repository, tag, source } = group;
  return {
    repository,
    tag,
    source,
    image: wanted,
    copiedFrom,
    tagged,
    previous: previous?.digest === wanted.digest ? undefined : previous,
    lanes: group.services.map((contract) => ({ contract, ...valueIn(facts.services.get(contract.name)) })),
  };
}

function valueIn<T>(reading: Reading<T> | undefined): T {
  if (reading && "value" in reading) return reading.value;
  throw reading?.error ?? new Error("a reading is missing");
}

/** The plan in words, one line per step. */
export function appRunnerSteps({ migrations, images }: AppRunnerPlan): string[] {
  return [
    ...images.flatMap(({ image, copiedFrom, repository }) =>
      copiedFrom
        ? [`copy: ${shortDigest(image.digest)} from ${copiedFrom.repository} into ${repository}`]
        : [],
    ),
    ...migrations.map(
      ({ service, migration, image }) =>
        `migrate: run \`${migration.command.join(" ")}\` here, before ${shortDigest(image.digest)} of ${service.name}`,
    ),
    ...images.flatMap((image) => [
      promotion(image),
      ...image.lanes.map(({ contract, service }) =>
        service
          ? `roll out ${contract.name}: have App Runner deploy ${contract.service}, follow the operation to its end`
          : `${contract.name} is not made yet: write the release down, so that the next apply makes it`,
      ),
    ]),
  ];
}

const promotion = ({ image, tagged, ...group }: AppRunnerImagePlan) =>
  image.digest === tagged?.digest
    ? `promote: ${groupKey(group)} names ${shortDigest(image.digest)} already`
    : `promote: move ${groupKey(group)} from ${tagged ? shortDigest(tagged.digest) : "nothing"} to ${shortDigest(image.digest)}`;
