import type { GetCallerIdentityRequest, GetCallerIdentityResponse } from "@aws-sdk/client-sts";
import { type Operations, operation } from "./call";

export const STS: Operations = {
  GetCallerIdentity: operation<GetCallerIdentityRequest, GetCallerIdentityResponse>([], ({ caller }) => ({
    Account: caller.account,
    UserId: `AROASANDBOXSANDBOX000:${caller.arn.slice(caller.arn.lastIndexOf("/") + 1)}`,
    Arn: caller.arn,
  })),
};
