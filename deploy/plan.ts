import type { Task } from "@aws-sdk/client-ecs";
import type { Contract, ImageSource, ServiceContract } from "../modules/contract";
import { type Facts, groupKey, type ImageGroup, imageGroups, type Reading, unfinished } from "./facts";
import { type RegistryImage, reportedDigests, shortDigest } from "./image";
import { type HandOver, handOverOf, type LoginsPlan, sameLogins, usersIn, wantedLogins } from "./logins";
import { readStartedBy, startedBy } from "./started-by";
import { taskId } from "./task-story";

type Migration = NonNullable<ServiceContract["migration"]>;

export interface MigrationPlan {
  service: ServiceContract;
  migration: Migration;
  image: RegistryImage;
  /** Our mark on the task: the image, and who deploys. */
  startedBy: string;
  /** The migration of this very image that another run of ours started: waited for instead of started. */
  running: Task | undefined;
  /** ARNs of all tasks of this migration that ECS shows. */
  known: ReadonlySet<string>;
}

/** An image that is to run in some services, and what those run before. */
export interface ImagePlan extends ImageGroup {
  image: RegistryImage;
  /** The repository to copy it from; undefined where tasks pull it already. */
  copiedFrom: ImageSource | undefined;
  /** What the tag names before. */
  tagged: RegistryImage | undefined;
  /** Where a failure goes back to; undefined in a first deployment, and when the same image is deployed again. */
  previous: RegistryImage | undefined;
  /** By the service's name: those that run with their login from now on. */
  handOvers: ReadonlyMap<string, HandOver>;
}

export interface Plan {
  /** Undefined where the database has all that are wanted. */
  logins: LoginsPlan | undefined;
  /** All of them come before any promotion. */
  migrations: MigrationPlan[];
  /** In the contract's order, and so are the services of each. */
  images: ImagePlan[];
}

/**
 * What will be done, from what was found.
 * @param facts for which every check passed.
 */
export function makePlan(
  facts: Facts,
  {
    contract,
    services,
    skipMigrations,
    who,
  }: { contract: Contract; services: readonly ServiceContract[]; skipMigrations: boolean; who: string },
): Plan {
  const logins = skipMigrations ? undefined : loginsPlan(facts, contract, who);
  const made = logins ? new Set(logins.wanted) : valueIn(facts.made);
  const images = imageGroups(services).map((group) => imagePlan(facts, group, contract, made));
  if (skipMigrations) return { logins, migrations: [], images };
  const migrations = new Map<string, MigrationPlan>();
  for (const { service, image } of rolloutsOf(images)) {
    const { migration } = service;
    if (!migration || migrations.has(migration.taskDefinition)) continue;
    const tasks = valueIn(facts.migrations.get(migration.taskDefinition));
    const digests = reportedDigests(image.image, service.platform);
    const [running] = unfinished(tasks).filter((task) =>
      digests.has(readStartedBy(task.startedBy)?.digest ?? ""),
    );
    const mark = startedBy({ digest: image.image.digest, who });
    const known = new Set(tasks.map(({ taskArn }) => taskArn ?? ""));
    migrations.set(migration.taskDefinition, {
      service,
      migration,
      image: image.image,
      startedBy: mark,
      running,
      known,
    });
  }
  return { logins, migrations: [...migrations.values()], images };
}

function loginsPlan(facts: Facts, contract: Contract, who: string): LoginsPlan | undefined {
  const logins = contract.database?.logins;
  if (!logins) return undefined;
  const made = valueIn(facts.made);
  const wanted = wantedLogins(logins, made, contract.services, valueIn(facts.services));
  return sameLogins(wanted, made) ? undefined : { logins, wanted, who };
}

const rolloutsOf = (images: readonly ImagePlan[]) =>
  images.flatMap((image) => image.services.map((service) => ({ service, image })));

function imagePlan(
  facts: Facts,
  group: ImageGroup,
  contract: Contract,
  made: ReadonlySet<string>,
): ImagePlan {
  const { wanted, copiedFrom, tagged, previous } = valueIn(facts.images.get(groupKey(group)));
  if (!wanted) throw new Error(`no image for ${groupKey(group)}: the checks must have failed`);
  const other = previous?.digest === wanted.digest ? undefined : previous;
  const found = valueIn(facts.services);
  const handOvers = group.services.flatMap((service) => {
    const running = found.find(({ serviceName }) => serviceName === service.service);
    const handOver = handOverOf(contract, made, service, running);
    return handOver ? [[service.name, handOver] as const] : [];
  });
  return { ...group, image: wanted, copiedFrom, tagged, previous: other, handOvers: new Map(handOvers) };
}

function valueIn<T>(reading: Reading<T> | undefined): T {
  if (reading && "value" in reading) return reading.value;
  throw reading?.error ?? new Error("a reading is missing");
}

/** The plan in words, one line per step. */
export function planSteps({ logins, migrations, images }: Plan): string[] {
  return [
    ...images.flatMap(({ image, copiedFrom, repository }) =>
      copiedFrom
        ? [`copy: ${shortDigest(image.digest)} from ${copiedFrom.repository} into ${repository}`]
        : [],
    ),
    ...(logins ? [`logins: make ${usersIn(logins.wanted)} in the database, and end others`] : []),
    ...migrations.map(({ service, migration, image, running }) =>
      running
        ? `wait for the running migration of ${service.name}, task ${taskId(running)}`
        : `migrate: run \`${migration.command.join(" ")}\` in ${shortDigest(image.digest)} for ${service.name}`,
    ),
    ...images.flatMap((image) => [
      promotion(image),
      ...image.services.map(
        ({ name, service, other }) =>
          `roll out ${name}: force a deployment of ${service}${image.handOvers.has(name) ? (other ? " with the database that is used" : " with its own login") : ""}, prove the image`,
      ),
    ]),
  ];
}

const promotion = ({ image, tagged, ...group }: ImagePlan) =>
  image.digest === tagged?.digest
    ? `promote: ${groupKey(group)} names ${shortDigest(image.digest)} already`
    : `promote: move ${groupKey(group)} from ${tagged ? shortDigest(tagged.digest) : "nothing"} to ${shortDigest(image.digest)}`;
