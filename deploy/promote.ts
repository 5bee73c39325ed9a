import { AwsError } from "./aws/error";
import type { Aws } from "./aws/gateway";
import type { Context } from "./context";
import { DeployError } from "./errors";
import { EXIT } from "./exit-code";
import { groupKey } from "./facts";
import { shortDigest } from "./image";
import type { ImagePlan } from "./plan";

/** What of an image's plan the tag is moved by. */
type Promotion = Pick<ImagePlan, "repository" | "tag" | "image" | "tagged" | "previous">;

/** What the environment's tag names at this moment. */
async function taggedNow(aws: Aws, { repository, tag }: Promotion): Promise<string | undefined> {
  const [found] = await aws.images(repository, [{ imageTag: tag }]);
  return found?.image.digest;
}

/**
 * Moves the environment's tag: two calls, whatever the image's size.
 * @throws DeployError 5 when somebody else moved it since the checks, 3 when the registry refuses.
 */
export async function promote(
  {
    aws,
    contract,
    events,
  }: Pick<Context, "aws" | "events"> & { readonly contract: { readonly environment: string } },
  plan: Promotion,
): Promise<void> {
  const { repository, tag, image, tagged } = plan;
  const subject = groupKey(plan);
  const say = (state: "started" | "succeeded" | "failed" | "skipped", text: string) =>
    events.emit({ type: "stage", stage: "promote", subject, state, text });
  say("started", shortDigest(image.digest));
  try {
    const now = await taggedNow(aws, plan);
    if (now === image.digest) return say("skipped", `names ${shortDigest(image.digest)} already`);
    if (now !== tagged?.digest) throw movedMeanwhile(subject, now);
    await aws.tagImage(repository, tag, image);
    say("succeeded", `${tagged ? shortDigest(tagged.digest) : "nothing"} → ${shortDigest(image.digest)}`);
  } catch (error) {
    say("failed", error instanceof Error ? error.message : String(error));
    if (!(error instanceof AwsError)) throw error;
    throw new DeployError(EXIT.rolloutFailed, `${subject} could not be promoted. ${error.message}`, [
      "No service was told to deploy.",
      ...(error.code === "ImageTagAlreadyExistsException"
        ? [
            `The repository makes ${tag} immutable. Where bootstrap has made one for each environment, npx slipway plan ${contract.environment} says how tasks come there; else exclude the environments' tags from that.`,
          ]
        : []),
    ]);
  }
}

const movedMeanwhile = (subject: string, now: string | undefined) =>
  new DeployError(
    EXIT.superseded,
    `${subject} was moved to ${now ? shortDigest(now) : "nothing"} by somebody else during this deploy. The service was not touched.`,
    ["Find out who deploys, then deploy again."],
  );

/** What the tag names after it was to go back: the image before, somebody else's or ours, or nobody can say. */
export type TagState = "moved" | "as before" | "left" | "unknown";

/** Moves the tag back after a failure, also after Ctrl-C. Never over somebody else's promotion. */
export async function putBack(
  { lasting, events }: Pick<Context, "lasting" | "events">,
  plan: Promotion,
): Promise<TagState> {
  const { repository, tag, image, previous } = plan;
  const subject = groupKey(plan);
  const say = (state: "succeeded" | "failed" | "skipped", text: string) =>
    events.emit({ type: "stage", stage: "put back", subject, state, text });
  if (!previous) {
    say("skipped", `there is no other image to go back to: the tag still names ${shortDigest(image.digest)}`);
    return "left";
  }
  try {
    const now = await taggedNow(lasting, plan);
    if (now === previous.digest) return "as before";
    if (now !== image.digest) {
      say("skipped", `somebody else moved it to ${now ? shortDigest(now) : "nothing"}: left as it is`);
      return "left";
    }
    await lasting.tagImage(repository, tag, previous);
    say("succeeded", `${shortDigest(image.digest)} → ${shortDigest(previous.digest)}`);
    return "moved";
  } catch (error) {
    const lost = error instanceof AwsError && error.kind === "lost";
    const why = error instanceof Error ? error.message : String(error);
    say("failed", lost ? why : `the tag still names ${shortDigest(image.digest)}: ${why}`);
    return lost ? "unknown" : "left";
  }
}
