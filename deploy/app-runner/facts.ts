import type { CustomDomain, OperationSummary, Service } from "@aws-sdk/client-apprunner";
import type { AppRunnerServiceContract } from "../../modules/contract/app-runner";
import {
  byKey,
  type Facts,
  groupKey,
  type ImageFacts,
  type ImageGroup,
  imageGroups,
  keptOf,
  platformsOf,
  type Reading,
  reading,
  released,
  type Wanted,
} from "../facts";
import type { RegistryImage } from "../image";
import type { AppRunnerContext } from "./context";
import { type Reached, reach } from "./reach";
import { type Release, readReleases } from "./releases";

/** What App Runner says of one service. */
export interface ServiceFacts {
  /** Undefined until an apply has made it. */
  readonly service: Service | undefined;
  /** Newest first. */
  readonly operations: readonly OperationSummary[];
  readonly target: string;
  readonly domains: readonly CustomDomain[];
  /** What deploy wrote down, newest first. */
  readonly releases: readonly Release[];
}

/** All that a deployment to App Runner needs to know before it changes anything. */
export interface AppRunnerFacts
  extends Pick<Facts, "region" | "regionFile" | "caller" | "parameters" | "images"> {
  /** By the service's name. */
  readonly services: ReadonlyMap<string, Reading<ServiceFacts>>;
  /** How the database's URL looks from here, by its parameter; empty where nothing migrates. */
  readonly databases: ReadonlyMap<string, Reading<Reached | undefined>>;
}

export type AppRunnerImageGroup = ImageGroup<AppRunnerServiceContract>;

export async function readAppRunnerFacts(
  context: AppRunnerContext,
  services: readonly AppRunnerServiceContract[],
  wanted: Wanted,
  skipMigrations: boolean,
): Promise<AppRunnerFacts> {
  const { aws } = context;
  const secrets = new Set(services.flatMap((one) => Object.values(one.secrets)));
  const urls = new Set(
    skipMigrations ? [] : services.flatMap(({ migration }) => (migration ? migration.url : [])),
  );
  const found = byKey(
    [...services],
    ({ name }) => name,
    (one) => readService(context, one),
  );
  const [caller, parameters, databases, serviceFacts, images] = await Promise.all([
    reading(aws.caller()),
    reading(aws.describeParameters([...secrets])),
    byKey(
      [...urls],
      (name) => name,
      async (name) => {
        const url = await aws.secret(name);
        return url === undefined ? undefined : reach(url);
      },
    ),
    found,
    byKey(imageGroups(services), groupKey, async (group) => readImage(context, group, wanted, await found)),
  ]);
  const { region, regionFile } = aws;
  return { region, regionFile, caller, parameters, databases, services: serviceFacts, images };
}

async function readService(
  context: AppRunnerContext,
  contract: AppRunnerServiceContract,
): Promise<ServiceFacts> {
  const { aws } = context;
  const releases = await readReleases(context, contract);
  const service = contract.arn === "" ? undefined : await aws.appRunnerService(contract.arn);
  if (!service) return { service, operations: [], target: "", domains: [], releases };
  const [operations, { target, domains }] = await Promise.all([
    aws.operations(contract.arn),
    aws.customDomains(contract.arn),
  ]);
  return { service, operations, target, domains, releases };
}

async function readImage(
  { aws }: AppRunnerContext,
  group: AppRunnerImageGroup,
  wantedOf: Wanted,
  services: AppRunnerFacts["services"],
): Promise<ImageFacts> {
  const wanted = wantedOf(group) ?? { tag: group.tag };
  const asked = "tag" in wanted ? { imageTag: wanted.tag } : { imageDigest: wanted.digest };
  const both = asked.imageTag === group.tag ? [asked] : [asked, { imageTag: group.tag }];
  const found = await aws.images(group.repository, both);
  const tagged = found.find(({ tag }) => tag === group.tag)?.image;
  const own = found.find(({ tag, image: { digest } }) =>
    "tag" in wanted ? tag === wanted.tag : digest === wanted.digest,
  )?.image;
  const { image, copiedFrom } = await released(aws, group, wanted, own);
  const releases = group.services.flatMap(({ name }) => {
    const read = services.get(name);
    return read && "value" in read ? [read.value.releases] : [];
  });
  const last = await lastReleased(aws, group, tagged, releases);
  const ran = releases[0]?.map(({ digest }) => digest) ?? [];
  return {
    wanted: image,
    copiedFrom,
    tagged,
    running: last?.digest,
    ...(!image && group.source && { kept: await keptOf(aws, group.repository, new Set(ran)) }),
    // Of a service that was there before deploy came, the tag is all that tells what it ran.
    previous: last ?? (group.services.some(({ existing }) => existing) ? tagged : undefined),
    platforms: image ? await platformsOf(aws, copiedFrom ?? group.repository, image) : [],
  };
}

/** What a successful release ran last, as the repository still has it: what runs, as far as anybody can tell. */
async function lastReleased(
  aws: AppRunnerContext["aws"],
  { repository }: AppRunnerImageGroup,
  tagged: RegistryImage | undefined,
  [releases = []]: readonly (readonly Release[])[],
): Promise<RegistryImage | undefined> {
  if (tagged && releases[0]?.digest === tagged.digest) return tagged;
  for (const { digest } of releases) {
    const [found] = await aws.images(repository, [{ imageDigest: digest }]);
    if (found) return found.image;
  }
  return undefined;
}
