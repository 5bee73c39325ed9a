import type { Cluster, Service, Task } from "@aws-sdk/client-ecs";
import type { ParameterMetadata } from "@aws-sdk/client-ssm";
import type { Finding } from "../dns/records";
import type { Contract, ImageSource, ServiceContract } from "../modules/contract";
import type { Aws, Repository } from "./aws/gateway";
import type { FindRecord } from "./context";
import { Interrupted } from "./errors";
import { COMMIT, type Standing, standings } from "./git";
import { successfulDigests } from "./history";
import { type ImageReference, manifestContent, type RegistryImage, reportedDigests } from "./image";
import type { Databases } from "./database-checks";
import { madeLogins } from "./logins";
import { containerOf } from "./task-story";
import { isStopped } from "./one-off-verdict";

/** A reading that may have failed: the check that needs it says why, the others go on. */
export type Reading<T> = { value: T } | { error: unknown };

/** What of a service says which image it runs. */
type Runs = Pick<ServiceContract, "image">;

/** Services that run the same tag of the same repository: their image moves in one step. */
export interface ImageGroup<Service extends Runs = ServiceContract> {
  repository: string;
  tag: string;
  /** Where releases are pushed to, where that is another repository. */
  source: ImageSource | undefined;
  services: Service[];
}

export interface ImageFacts {
  /** The image that was asked for; undefined when no repository has it. */
  wanted: RegistryImage | undefined;
  /** The repository to copy it from; undefined where tasks pull it already. */
  copiedFrom: ImageSource | undefined;
  /** What the environment's tag names now. */
  tagged: RegistryImage | undefined;
  /** The digest that the tasks run, as ECS reports it. */
  running: string | undefined;
  /** Where to go back to: what a successful deployment ran last. */
  previous: RegistryImage | undefined;
  /** Where the wanted tag is gone: what ran lately and is kept without one, by digest, newest first. */
  kept?: readonly string[];
  /** What the wanted image was built for; empty when that could not be read. */
  platforms: string[];
  /** How the commit that is released stands to those that what runs was built of, where somebody asked. */
  order?: Reading<ReadonlyMap<string, Standing>> | undefined;
}

/** All that a deployment needs to know before it changes anything. Reading it changes nothing. */
export interface Facts {
  region: string;
  /** The file of the environment, where that says it. */
  regionFile?: string | undefined;
  caller: Reading<{ account: string; arn: string }>;
  cluster: Reading<Cluster | undefined>;
  services: Reading<Service[]>;
  /** By `repository:tag`. */
  images: Map<string, Reading<ImageFacts>>;
  parameters: Reading<ReadonlyMap<string, ParameterMetadata>>;
  /** The logins that were made, as deploy wrote them down. */
  made: Reading<ReadonlySet<string>>;
  /** Every visible task of a migration, running or stopped, by the migration's task definition. */
  migrations: Map<string, Reading<Task[]>>;
  /** Running tasks of the services whose tasks are to have an IPv6 address, by the service's name. */
  dualStack: Map<string, Reading<Task[]>>;
  /** What name servers say of the contract's records; empty where nobody asked. */
  records: Reading<Finding[]>;
  /** What RDS says of the contract's instances; empty where nobody asked. */
  databases: Databases;
}

/** What nothing of a deployment needs, and is asked for by whoever wants to know. */
export interface Beside {
  /** Asks name servers for the contract's records. */
  readonly find?: FindRecord | undefined;
  /** Whether RDS is asked what waits for a reboot or the maintenance window. */
  readonly databases?: boolean;
  /** The commit that is released: compared with what runs. */
  readonly commit?: string | undefined;
}

export async function reading<T>(promise: Promise<T>): Promise<Reading<T>> {
  try {
    return { value: await promise };
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    return { error };
  }
}

export const groupKey = ({ repository, tag }: Pick<ImageGroup, "repository" | "tag">) =>
  `${repository}:${tag}`;

/** In the contract's order. */
export function imageGroups<Service extends Runs>(services: readonly Service[]): ImageGroup<Service>[] {
  const groups = new Map<string, ImageGroup<Service>>();
  for (const service of services) {
    const { repository, tag, source } = service.image;
    const key = groupKey({ repository, tag });
    const group = groups.get(key) ?? { repository, tag, source, services: [] };
    group.services.push(service);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** A secret is named by its parameter's name or ARN; SSM describes it by name. */
export const parameterName = (reference: string) => reference.replace(/^arn:[^/]*:parameter(?=\/)/, "");

/** The image that each group is to run; null for the one that its tag names already. */
export type Wanted = (group: Omit<ImageGroup, "services">) => ImageReference | null;

export async function readFacts(
  aws: Aws,
  contract: Contract,
  services: readonly ServiceContract[],
  wanted: Wanted,
  { find, databases: askRds = false, commit }: Beside = {},
): Promise<Facts> {
  const { cluster } = contract;
  const families = new Set(services.flatMap(({ migration }) => migration?.taskDefinition ?? []));
  const secrets = new Set(services.flatMap((service) => Object.values(service.secrets).map(parameterName)));
  const names = services.map(({ service }) => service);
  const found = aws.services(cluster, names);
  const logins = contract.database?.logins;
  const madeText = logins ? aws.parameter(logins.made) : Promise.resolve(undefined);
  const [
    caller,
    clusterFacts,
    serviceFacts,
    parameters,
    made,
    records,
    databases,
    dualStack,
    migrations,
    images,
  ] = await Promise.all([
    reading(aws.caller()),
    reading(aws.cluster(cluster)),
    reading(found),
    reading(aws.describeParameters([...secrets])),
    reading(madeText.then(madeLogins)),
    reading(Promise.all(find ? (contract.dns ?? []).map(find) : [])),
    byKey(
      askRds ? (contract.database?.instances ?? []) : [],
      (name) => name,
      (name) => aws.database(name),
    ),
    byKey(
      services.filter(({ ipv6 }) => ipv6),
      ({ name }) => name,
      ({ service }) => aws.listTasks(cluster, { serviceName: service }, "RUNNING"),
    ),
    byKey(
      [...families],
      (family) => family,
      (family) => aws.familyTasks(cluster, family),
    ),
    byKey(imageGroups(services), groupKey, async (group) => {
      const image = await readImage(aws, cluster, group, wanted(group), found);
      const order = commit ? await reading(orderOf(aws, group, commit, image)) : undefined;
      return { ...image, order };
    }),
  ]);
  return {
    region: aws.region,
    regionFile: aws.regionFile,
    caller,
    cluster: clusterFacts,
    services: serviceFacts,
    parameters,
    made,
    records,
    databases,
    dualStack,
    migrations,
    images,
  };
}

export async function byKey<T, R>(items: T[], key: (item: T) => string, read: (item: T) => Promise<R>) {
  const entries = await Promise.all(
    items.map(async (item) => [key(item), await reading(read(item))] as const),
  );
  return new Map(entries);
}

export const unfinished = (tasks: readonly Task[]) => tasks.filter((task) => !isStopped(task));

async function readImage(
  aws: Aws,
  cluster: string,
  group: ImageGroup,
  reference: ImageReference | null,
  services: Promise<Service[]>,
): Promise<ImageFacts> {
  const wanted = reference ?? { tag: group.tag };
  const asked = "tag" in wanted ? { imageTag: wanted.tag } : { imageDigest: wanted.digest };
  const both = asked.imageTag === group.tag ? [asked] : [asked, { imageTag: group.tag }];
  const [found, running] = await Promise.all([
    aws.images(group.repository, both),
    runningDigest(aws, cluster, group.services),
  ]);
  const completed = isCompleted(await services, group);
  const tagged = found.find(({ tag }) => tag === group.tag)?.image;
  const own = found.find(({ tag, image: { digest } }) =>
    "tag" in wanted ? tag === wanted.tag : digest === wanted.digest,
  )?.image;
  const { image, copiedFrom } = await released(aws, group, wanted, own);
  return {
    wanted: image,
    copiedFrom,
    tagged,
    running,
    ...(!image && group.source && { kept: await keptOf(aws, group.repository, ranIn(aws, cluster, group)) }),
    previous: await previousImage(aws, cluster, group, tagged, completed ? running : undefined),
    platforms: image ? await platformsOf(aws, copiedFrom ?? group.repository, image) : [],
  };
}

/** Images are tagged with the commits that they are of. */
async function orderOf(
  aws: Aws,
  { repository, source }: ImageGroup,
  commit: string,
  { previous }: ImageFacts,
) {
  const details = previous && (await aws.imageDetails(source ?? repository, previous.digest));
  const commits = (details?.imageTags ?? []).filter((tag) => COMMIT.test(tag));
  return standings(commit, commits);
}

/**
 * The image that was asked for, and where it has to be copied from. A release's tag means what was pushed under it: of the tags in
 * the environment's own repository only the environment's is asked for.
 * @param own what the environment's own repository has under the reference
 */
export async function released(
  aws: Aws,
  { repository, tag, source }: Omit<ImageGroup, "services">,
  wanted: ImageReference,
  own: RegistryImage | undefined,
): Promise<{ image: RegistryImage | undefined; copiedFrom?: ImageSource | undefined }> {
  const isHere = "tag" in wanted ? wanted.tag === tag : own !== undefined;
  if (!source || isHere) return { image: own };
  const [found] = await aws.images(source, [
    "tag" in wanted ? { imageTag: wanted.tag } : { imageDigest: wanted.digest },
  ]);
  if (!found || "digest" in wanted) return { image: found?.image, copiedFrom: source };
  const copies = await aws.images(repository, [{ imageDigest: found.image.digest }]);
  return { image: found.image, copiedFrom: copies.length > 0 ? undefined : source };
}

/** Tasks that run now; the service's own list of deployments does not tell digests. */
export async function runningDigest(
  aws: Aws,
  cluster: string,
  services: readonly ServiceContract[],
): Promise<string | undefined> {
  for (const { service, container } of services) {
    const tasks = await aws.listTasks(cluster, { serviceName: service }, "RUNNING");
    const oldest = tasks
      .filter(({ lastStatus }) => lastStatus === "RUNNING")
      .sort((a, b) => (a.startedAt?.getTime() ?? 0) - (b.startedAt?.getTime() ?? 0));
    const digest = oldest.map((task) => containerOf(task, container)?.imageDigest).find(Boolean);
    if (digest) return digest;
  }
  return undefined;
}

/** Whether ECS completed what the services run now. */
const isCompleted = (found: readonly Service[], { services }: ImageGroup) =>
  services.every(({ service }) =>
    found
      .find(({ serviceName }) => serviceName === service)
      ?.deployments?.some(({ status, rolloutState }) => status === "PRIMARY" && rolloutState === "COMPLETED"),
  );

/**
 * What a successful deployment ran last, as the repository still has it. The tag is no proof: a deploy that was cut short
 * or failed may have moved it.
 * @param running the digest that a completed deployment runs now.
 */
async function previousImage(
  aws: Aws,
  cluster: string,
  { repository, services }: ImageGroup,
  tagged: RegistryImage | undefined,
  running: string | undefined,
): Promise<RegistryImage | undefined> {
  const [service] = services;
  if (!service) return undefined;
  const runs = (image: RegistryImage) =>
    running === undefined || reportedDigests(image, service.platform).has(running);
  if (running && tagged && runs(tagged)) return tagged;
  for await (const imageDigest of successfulDigests(aws, cluster, service)) {
    const [found] = await aws.images(repository, [{ imageDigest }]);
    if (found && runs(found.image)) return found.image;
  }
  if (!running) return undefined;
  const [found] = await aws.images(repository, [{ imageDigest: running }]);
  return found?.image;
}

/** The digests that the group's first service ran, newest first. */
const ranIn = (aws: Aws, cluster: string, { services: [service] }: ImageGroup) =>
  service ? successfulDigests(aws, cluster, service) : [];

/** The number of images that are offered in place of one that is gone. */
const OFFERED = 3;

/** The newest of these digests that a repository still has. */
export async function keptOf(
  aws: Aws,
  repository: Repository,
  digests: AsyncIterable<string> | Iterable<string>,
): Promise<string[]> {
  const kept: string[] = [];
  for await (const imageDigest of digests) {
    const [found] = await aws.images(repository, [{ imageDigest }]);
    if (found) kept.push(imageDigest);
    if (kept.length === OFFERED) break;
  }
  return kept;
}

export async function platformsOf(aws: Aws, repository: Repository, image: RegistryImage): Promise<string[]> {
  const content = manifestContent(image);
  if (content.kind === "index") return content.platforms.map(({ platform }) => platform);
  if (!content.configDigest) return [];
  try {
    const config = (await aws.blob(repository, content.configDigest)) as {
      os?: string;
      architecture?: string;
    };
    return config.os && config.architecture ? [`${config.os}/${config.architecture}`] : [];
  } catch (error) {
    if (error instanceof Interrupted) throw error;
    // The check then warns that the platform is unproved: a registry's download address may be out of reach.
    return [];
  }
}
