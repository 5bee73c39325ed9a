import { DataAwsIamOpenidConnectProvider } from "@cdktf/provider-aws/lib/data-aws-iam-openid-connect-provider";
import { IamOpenidConnectProvider } from "@cdktf/provider-aws/lib/iam-openid-connect-provider";
import { Construct } from "constructs";
import { document } from "../policy";
import { ITSELF } from "../stack";
import type { GithubConfiguration } from "./props";

const ISSUER = "token.actions.githubusercontent.com";
const AUDIENCE = "sts.amazonaws.com";

/** What a workflow runs for, as its token's subject says. `v*` stands for tags like v1.2. */
export const subjects = {
  pullRequest: "pull_request",
  branch: (branch: string) => `ref:refs/heads/${branch}`,
  releases: "ref:refs/tags/v*",
  environment: (environment: string) => `environment:${environment}`,
};

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

  /** The trust policy of a role that these repositories' workflows may assume, when they run for one of these. */
  trust(repositories: readonly string[], runFor: readonly string[]): string {
    return document([
      {
        Effect: "Allow",
        Action: "sts:AssumeRoleWithWebIdentity",
        Principal: { Federated: this.provider.arn },
        Condition: {
          StringEquals: { [`${ISSUER}:aud`]: AUDIENCE },
          StringLike: {
            [`${ISSUER}:sub`]: repositories.flatMap((repository) =>
              runFor.map((what) => `repo:${repository}:${what}`),
            ),
          },
        },
      },
    ]);
  }
}
