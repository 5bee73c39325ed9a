import { AwsError } from "./aws/error";
import type { Aws } from "./aws/gateway";
import type { Context } from "./context";
import { eachOf } from "./each-of";
import { DeployError } from "./errors";
import { EXIT } from "./exit-code";
import { partsOf, type RegistryImage, shortDigest } from "./image";
import type { ImagePlan } from "./plan";

/** Layers that are copied at the same time, at most: a part of each is in memory. */
const AT_ONCE = 3;

const MEGABYTE = 1_000_000;

/**
 * Copies an image to where tasks pull it, without a tag: whatever becomes of it, nothing runs it. Bytes, and so digests, are the
 * same there. What the repository has already, as most layers of the release before, is not copied again.
 * @throws DeployError 1 when it could not be copied.
 */
export async function copyImage(
  { aws, events }: Pick<Context, "aws" | "events">,
  { copiedFrom, repository, image }: Pick<ImagePlan, "copiedFrom" | "repository" | "image">,
): Promise<void> {
  if (!copiedFrom) return;
  const subject = repository;
  const say = (state: "started" | "succeeded" | "failed", text: string) =>
    events.emit({ type: "stage", stage: "copy", subject, state, text });
  say("started", `${shortDigest(image.digest)} from ${copiedFrom.repository}`);
  const progress = (text: string) => events.emit({ type: "progress", stage: "copy", subject, text });
  try {
    await copyInto({ aws, from: copiedFrom, repository, progress }, image);
    say("succeeded", `${shortDigest(image.digest)} from ${copiedFrom.repository}`);
  } catch (error) {
    say("failed", error instanceof Error ? error.message : String(error));
    if (!(error instanceof AwsError)) throw error;
    throw new DeployError(
      EXIT.refused,
      `${shortDigest(image.digest)} could not be copied from ${copiedFrom.repository} into ${repository}. ${error.message}`,
      ["No tag was moved, and no service was told to deploy: what arrived is not copied again."],
    );
  }
}

interface Copy {
  readonly aws: Aws;
  readonly from: NonNullable<ImagePlan["copiedFrom"]>;
  readonly repository: string;
  readonly progress: (text: string) => void;
}

/** Copies what an image is made of before it: a repository takes no image whose parts it does not have. */
async function copyInto(copy: Copy, image: RegistryImage): Promise<void> {
  const { aws, from, repository, progress } = copy;
  const { blobs, images } = partsOf(image);
  for (const imageDigest of images) {
    const [part] = await aws.images(from, [{ imageDigest }]);
    if (part) await copyInto(copy, part.image);
  }
  const missing = await aws.missingBlobs(repository, blobs);
  await eachOf(AT_ONCE, missing, async (blob) => {
    await aws.copyBlob(from, repository, blob);
    progress(`${shortDigest(blob.digest)}, ${Math.ceil(blob.size / MEGABYTE)} MB`);
  });
  await aws.putImage(repository, image);
}
