import { MOST_RELEASES, parseReleases, type Releases } from "../../modules/contract/app-runner";
import type { AppRunnerServiceContract } from "../../modules/contract/app-runner";
import { AwsError } from "../aws/error";
import type { AppRunnerContext } from "./context";

export type Release = Releases["released"][number];

/** The releases of a service that deploy wrote down, newest first; none where the parameter is not there. */
export async function readReleases(
  { aws }: Pick<AppRunnerContext, "aws">,
  { released }: Pick<AppRunnerServiceContract, "released">,
): Promise<readonly Release[]> {
  const text = await aws.parameter(released);
  return (text !== undefined && parseReleases(text)?.released) || [];
}

/**
 * Writes a release down in front of those before it, also after Ctrl-C.
 * @throws AwsError
 */
export async function noteRelease(
  context: Pick<AppRunnerContext, "lasting" | "clock">,
  service: Pick<AppRunnerServiceContract, "released">,
  { digest, operation }: Pick<Release, "digest" | "operation">,
): Promise<void> {
  const { lasting, clock } = context;
  const before = await readReleases({ aws: lasting }, service);
  const at = new Date(clock.now()).toISOString();
  const released = [{ digest, operation, at }, ...before].slice(0, MOST_RELEASES);
  const text: Releases = { version: 1, released };
  await lasting.writeParameter(service.released, JSON.stringify(text));
}

/** The same for a release that is whole without it: what could not be written is told. */
export async function tellRelease(
  context: Pick<AppRunnerContext, "lasting" | "clock" | "events">,
  service: AppRunnerServiceContract,
  release: Pick<Release, "digest" | "operation">,
): Promise<void> {
  try {
    await noteRelease(context, service, release);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const text = `${service.name}: this release could not be written down, and a rollback will not know of it. ${error.message}`;
    context.events.emit({ type: "warning", text });
  }
}
