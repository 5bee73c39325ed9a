import type { ImageSource, ServiceContract } from "../modules/contract";
import { rightCaller } from "./caller";
import type { Context } from "./context";
import { copyImage } from "./copy";
import { refused } from "./errors";
import { groupKey, type ImageGroup, imageGroups, runningDigest } from "./facts";
import { type RegistryImage, shortDigest } from "./image";

/**
 * Copies the image that runs, and the tag that names it, into the repository that an apply is going to let tasks pull from. Doing
 * it again changes nothing.
 * @param to its name; without one that of the contract, for whoever has applied already
 * @returns what was done, in a sentence.
 * @throws DeployError 1 where the repository has another image under the tag, or it is not clear which one is meant.
 */
export async function copyRunning(
  context: Context,
  services: readonly ServiceContract[],
  to: string | undefined,
): Promise<string> {
  await rightCaller(context, "Nothing was copied.");
  const groups = imageGroups(services);
  if (to !== undefined && groups.length > 1)
    throw refused(
      `--to ${to}: the services run images of several repositories: ${groups.map(groupKey).join(", ")}.`,
      "Copy one after the other: --service, once for each service of the same repository.",
    );
  const done: string[] = [];
  for (const group of groups) done.push(await copyGroup(context, group, to));
  return done.join(" ");
}

async function copyGroup(context: Context, group: ImageGroup, to: string | undefined): Promise<string> {
  const { aws, contract } = context;
  const repository = to ?? (group.source && group.repository);
  if (repository === undefined)
    throw refused(
      `${groupKey(group)} is where releases are pushed to, and what it is to be copied into is not known.`,
      `Name the repository: npx slipway copy-image ${contract.environment} --to ${group.repository}-${contract.environment}`,
    );
  const { tag } = group;
  const [there] = await aws.images(repository, [{ imageTag: tag }]);
  const found = await running(context, group);
  if (!found) return `Nothing runs as ${groupKey(group)} yet: there is nothing to copy.`;
  const { image, from } = found;
  const [digest, copy] = [shortDigest(image.digest), `${repository}:${tag}`];
  if (there?.image.digest === image.digest) return `${copy} names ${digest} already.`;
  if (there)
    throw refused(
      `${copy} names ${shortDigest(there.image.digest)}, and ${digest} runs: nothing was copied.`,
      `Deploy the one that is meant: npx slipway deploy ${contract.environment} --image ${image.digest}`,
    );
  await copyImage(context, { copiedFrom: from, repository, image });
  await aws.tagImage(repository, tag, image);
  return `${copy} names ${digest}, as runs now: apply next.`;
}

/** The image that the tag names, and where it is; where tasks were to pull from elsewhere already, the one that they still run. */
async function running(
  { aws, contract }: Context,
  { repository, tag, source, services }: ImageGroup,
): Promise<{ image: RegistryImage; from: ImageSource } | undefined> {
  const own = { repository, region: contract.region, account: contract.account };
  const [tagged] = await aws.images(own, [{ imageTag: tag }]);
  if (tagged) return { image: tagged.image, from: own };
  const from = source ?? own;
  const imageDigest = await runningDigest(aws, contract.cluster, services);
  const [found] = imageDigest ? await aws.images(from, [{ imageDigest }]) : [];
  return found && { image: found.image, from };
}
