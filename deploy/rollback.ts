import type { ServiceContract } from "../modules/contract";
import type { Context } from "./context";
import { refused } from "./errors";
import { groupKey, type ImageGroup, imageGroups, type Wanted } from "./facts";
import { successfulDigests } from "./history";
import { type ImageReference, reportedDigests } from "./image";

/**
 * Where a rollback goes without `--to`: for each image, to the newest deployment that ECS completed with
 * another one than the tag names now. ECS remembers 90 days of them.
 */
export async function rollbackTargets(
  context: Context,
  services: readonly ServiceContract[],
): Promise<Wanted> {
  const targets = new Map<string, ImageReference>();
  for (const group of imageGroups(services)) {
    targets.set(groupKey(group), { digest: await previousDigest(context, group) });
  }
  return (group) => targets.get(groupKey(group)) ?? null;
}

async function previousDigest(context: Context, group: ImageGroup): Promise<string> {
  const { aws, contract } = context;
  const [service] = group.services;
  if (!service) throw refused(`No service runs ${groupKey(group)}.`);
  const [tagged] = await aws.images(group.repository, [{ imageTag: group.tag }]);
  const current = tagged ? reportedDigests(tagged.image, service.platform) : new Set<string>();
  for await (const digest of successfulDigests(aws, contract.cluster, service))
    if (!current.has(digest)) return digest;
  const { repository, region, account } = group.source ?? { ...group, ...contract };
  throw refused(
    `${service.name} has no earlier successful deployment with another image.`,
    "Name the image: --to sha256:…",
    `Those that there are: aws ecr describe-images --region ${region} --registry-id ${account} --repository-name ${repository}`,
  );
}
