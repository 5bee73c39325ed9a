import { AwsError } from "../deploy/aws/error";
import { appRunnerRegion } from "../modules/contract/move";
import type { AppRunnerService, Minute } from "./aws/minutes";
import type { Move } from "./move";

const MINUTE = 60_000;
/** How far back a metric has minutes. Source: "Metrics retention", CloudWatch guide. */
const KEPT = 15 * 24 * 60 * MINUTE;

/** The answer to the question who calls the old address directly, past the distribution. */
export type Callers =
  /** Somebody does: how often, and when last. */
  | { readonly called: string }
  /** Nobody does, or it cannot be seen from here: which, and why. */
  | { readonly told: string };

/** Places where other platforms show who calls a service by the platform's own address. */
const PLATFORMS: readonly [RegExp, string][] = [
  [/\.herokuapp\.com$/, "heroku logs --source heroku has the router's line of each request"],
  [/\.on\.aws$/, "its load balancer's metric RequestCount (CloudWatch, AWS/ApplicationELB) must be 0"],
];

/**
 * The callers of the old address itself, such as webhooks and installed apps, as the platform counts them: App Runner, where the
 * service is in this account. Another platform is named, with the place where it shows them.
 * @param since milliseconds since the epoch
 */
export async function callersOf(move: Move, origin: string, since: number): Promise<Callers> {
  const { hostname } = new URL(origin);
  const region = appRunnerRegion(origin);
  const unseen = (why: string) => ({ told: `not seen from here: who calls ${origin} directly. ${why}` });
  if (region === undefined) {
    const [, place] = PLATFORMS.find(([name]) => name.test(hostname)) ?? [];
    return unseen(place ?? "The platform's own log of requests says so");
  }
  try {
    const service = await move.aws.appRunnerService(hostname, region);
    if (!service)
      return unseen(
        `No service of App Runner's in ${region} of account ${move.contract.account} has that address. Where another account has it, look there: its metric Requests (CloudWatch, AWS/AppRunner) must be 0`,
      );
    const to = move.clock.now();
    // Whole minutes: in the one that it begins in, our own requests may be.
    const from = Math.ceil(Math.max(since, to - KEPT) / MINUTE) * MINUTE;
    if (from >= to) return unseen("CloudWatch counts by whole minutes, and --quiet is shorter");
    return counted(service, from, await move.aws.minutesOfAppRunner(service, region, { from, to }));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return unseen(
      `App Runner was not asked: ${error.message}. npx slipway policy ${move.contract.environment} --for move prints what it takes`,
    );
  }
}

function counted(
  { name }: AppRunnerService,
  from: number,
  minutes: readonly Pick<Minute, "at" | "requests">[],
): Callers {
  const last = minutes.at(-1);
  if (!last)
    return {
      told: `App Runner counts no request to ${name} since ${timeOf(from)}; the last three minutes may not be counted yet`,
    };
  const requests = minutes.reduce((all, one) => all + one.requests, 0);
  return {
    called: `App Runner counts ${requests === 1 ? "1 request" : `${requests} requests`} to ${name} since ${timeOf(from)}, the last at ${timeOf(last.at)}`,
  };
}

const timeOf = (time: number) => `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
