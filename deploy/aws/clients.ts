import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { ECRClient } from "@aws-sdk/client-ecr";
import { ECSClient } from "@aws-sdk/client-ecs";
import { RDSClient } from "@aws-sdk/client-rds";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient, type STSClientConfig } from "@aws-sdk/client-sts";
import { lookup } from "node:dns";
import type { LookupFunction } from "node:net";
import { profileFor } from "../../terminal/profile";
import type { Written } from "../environment-file";
import { refused } from "../errors";

export interface Clients {
  region: string;
  /** The environment's file, where that says which region it is. */
  regionFile?: string | undefined;
  ecs: ECSClient;
  ecr: ECRClient;
  /** The one of another region, where releases may be pushed to. */
  ecrIn(region: string): ECRClient;
  ssm: SSMClient;
  logs: CloudWatchLogsClient;
  rds: RDSClient;
  sts: STSClient;
  /** Makes one more client as these are: same identity, patience, and region unless another is named. */
  make<C extends Client>(kind: new (config: Shared) => C, region?: string): C;
}

type Client = { middlewareStack: object };
type Shared = Required<Pick<STSClientConfig, "region" | "credentials" | "maxAttempts" | "requestHandler">>;

/** A call that has not answered by then is treated as a broken connection, in milliseconds. */
const CONNECT_TIMEOUT = 5_000;
const REQUEST_TIMEOUT = 15_000;

/**
 * The official clients. Region, credentials and `AWS_ENDPOINT_URL` are found as the AWS CLI finds them
 * (environment, profile, SSO, OIDC, instance). The SDK itself does not retry: `retry.ts` does, on our clock.
 * @param written what the environment's file says: it is there, whatever the machine has configured, with the profile that a
 *   variable names for its account
 * @param fallback asked when the machine has none configured
 */
export async function makeClients(
  written: Pick<Written, "file" | "region" | "account"> | undefined,
  fallback: () => string | undefined,
): Promise<Clients> {
  const profile = profileFor(written?.account, process.env);
  const transport = {
    ...(profile && { profile }),
    maxAttempts: 1,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      throwOnRequestTimeout: true,
      // AWS itself speaks TLS: this is for stand-ins alone.
      httpAgent: { keepAlive: true, maxSockets: 50, lookup: lookUpLocalhost },
    },
  };
  const region = written?.region ?? (await configuredRegion(new STSClient(transport), fallback));
  const sts = new STSClient({ ...transport, region });
  // One resolved identity for all: an SSO or OIDC exchange is made once.
  const shared = { ...transport, region, credentials: sts.config.credentials };
  const clients = {
    sts,
    ecs: new ECSClient(shared),
    ecr: new ECRClient(shared),
    ssm: new SSMClient(shared),
    logs: new CloudWatchLogsClient(shared),
    rds: new RDSClient(shared),
  };
  for (const client of Object.values(clients)) prepare(client);
  const ecrIn = (there: string) =>
    there === region ? clients.ecr : prepare(new ECRClient({ ...shared, region: there }));
  const more = <C extends Client>(kind: new (config: Shared) => C, there = region) =>
    prepare(new kind({ ...shared, region: there }));
  return { region, regionFile: written?.region && written.file, ...clients, ecrIn, make: more };
}

/**
 * The address of a name. All that end in `.localhost` are this machine's (RFC 6761), which many a resolver does not know: the
 * SDK puts an account's number in front of an endpoint's name for key-value stores.
 */
const lookUpLocalhost: LookupFunction = (name, options, callback) =>
  lookup(name.endsWith(".localhost") ? "127.0.0.1" : name, options, callback);

function prepare<C extends Client>(client: C): C {
  const stack = client.middlewareStack as STSClient["middlewareStack"];
  // It copies every answer for a log that nobody keeps.
  stack.remove("loggerMiddleware");
  correctClock(stack);
  return client;
}

/**
 * Makes a call once more when AWS refused its signature because this machine's clock is wrong: the SDK has then taken
 * the time from the answer, and would sign anew itself if it retried.
 */
function correctClock(stack: STSClient["middlewareStack"]): void {
  stack.add(
    (next) => async (args) => {
      try {
        return await next(args);
      } catch (error) {
        const { $metadata } = error as { $metadata?: { clockSkewCorrected?: boolean } };
        if (!$metadata?.clockSkewCorrected) throw error;
        return next(args);
      }
    },
    { step: "initialize", name: "correctClock" },
  );
}

/** AWS_REGION, AWS_DEFAULT_REGION, the profile's: the AWS CLI's order, of which the SDK knows all but the second. */
async function configuredRegion(client: STSClient, fallback: () => string | undefined): Promise<string> {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  if (!AWS_REGION && AWS_DEFAULT_REGION) return AWS_DEFAULT_REGION;
  try {
    return await client.config.region();
  } catch {
    const region = fallback();
    if (region) return region;
    throw refused(
      "No AWS region is configured.",
      "Set AWS_REGION, or AWS_PROFILE to a profile with a region.",
    );
  }
}
