import { z } from "zod";
import {
  arn,
  CONTRACT_VERSION,
  type Contract,
  image,
  jsonOf,
  name,
  parseContract,
  readContract,
  url,
} from ".";

/** What an environment on App Runner tells whoever deploys into it, in the same place as any other. */
export type AppRunnerContract = z.infer<typeof contractSchema>;
export type AppRunnerServiceContract = AppRunnerContract["services"][number];

const service = z.object({
  /** The name in the environment file. */
  name,
  /** The App Runner service's name. */
  service: name,
  /** The App Runner service, by ARN; empty until an apply has made it, which the first release comes before. */
  arn: z.union([arn, z.literal("")]),
  /** Whether somebody else makes it: deploy ships to it, and nothing else changes it. */
  existing: z.boolean().optional(),
  platform: z.literal("linux/amd64"),
  image,
  /** SSM parameters that a person writes, by environment variable. */
  secrets: z.record(name, name),
  /** How their names begin: another one is written there before an apply gives it to the service. None where no apply does. */
  secretFolder: name.optional(),
  /** The parameter that deploy writes down in what it released: App Runner tells no digest. */
  released: name,
  migration: z
    .object({
      command: z.array(z.string()),
      /** The SecureString parameter that holds the database's URL, and the variables that the command gets it in. */
      url: name,
      urls: z.array(name),
      /** Plain variables of the service, which the command gets, too. */
      config: z.record(name, z.string()),
    })
    .nullable(),
});

const contractSchema = z.object({
  version: z.literal(CONTRACT_VERSION),
  platform: z.literal("app-runner"),
  environment: name,
  /** AWS account, twelve digits. */
  account: name,
  region: name,
  /** What secrets are tagged with when they are made, as everything else is. */
  tags: z.record(name, name),
  /** Where people reach the first service that has a domain; null without one. */
  url: url.nullable(),
  /** In the order in which they are deployed. */
  services: z.array(service),
});

/** Whether a contract is that of an environment on App Runner. */
export const isAppRunner = (contract: Contract | AppRunnerContract): contract is AppRunnerContract =>
  "platform" in contract;

/**
 * Reads the contract of an environment, wherever its services run.
 * @throws ContractError as `parseContract`
 */
export function parseAnyContract(text: string, source: string): Contract | AppRunnerContract {
  const platform = (jsonOf(text) as { platform?: unknown } | null | undefined)?.platform;
  return platform === "app-runner" ? readContract(text, source, contractSchema) : parseContract(text, source);
}

/** The releases of a service, as its parameter holds them. */
export type Releases = z.infer<typeof releasesSchema>;

const releasesSchema = z.object({
  version: z.literal(1),
  /** Newest first; what App Runner was not told of yet has no operation. Times are ISO 8601, UTC. */
  released: z.array(z.object({ digest: name, operation: name.nullable(), at: z.iso.datetime() })),
});

/** What the parameter says before anything was released. */
export const NO_RELEASES = JSON.stringify({ version: 1, released: [] } satisfies Releases);

/** Releases that are kept, so that the text stays far below what a parameter holds. */
export const MOST_RELEASES = 10;

/** The releases that a parameter tells; undefined where it does not hold what deploy writes. */
export function parseReleases(text: string): Releases | undefined {
  const parsed = releasesSchema.safeParse(jsonOf(text));
  return parsed.success ? parsed.data : undefined;
}
