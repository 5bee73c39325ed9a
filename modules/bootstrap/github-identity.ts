import { DataAwsIamOpenidConnectProvider } from "@cdktf/provider-aws/lib/data-aws-iam-openid-connect-provider";
import { IamOpenidConnectProvider } from "@cdktf/provider-aws/lib/iam-openid-connect-provider";
import { Construct } from "constructs";
import { ITSELF } from "../stack";
import type { GithubConfiguration } from "./props";
import { AUDIENCE, ISSUER, type Trusted, trustPolicy } from "./trust";

/** GitHub as an identity provider: a workflow's token is exchanged for a role, and no key exists. */
export class GithubIdentity extends Construct {
  readonly provider: IamOpenidConnectProvider | DataAwsIamOpenidConnectProvider;

  constructor(scope: Construct, id: string, { provider }: GithubConfiguration) {
    super(scope, id);
    const url = `https://${ISSUER}`;
    // No thumbprint: AWS trusts GitHub's certificate authority. Source: "Configuring OpenID Connect in AWS", GitHub documentation.
    this.provider =
      provider === "create"
        ? new IamOpenidConnectProvider(this, ITSELF, { url, clientIdList: [AUDIENCE] })
        : new DataAwsIamOpenidConnectProvider(this, ITSELF, { url });
  }

  /** The trust policy of a role that these may assume. */
  trust(trusted: readonly Trusted[]): string {
    return trustPolicy(this.provider.arn, trusted);
  }
}
