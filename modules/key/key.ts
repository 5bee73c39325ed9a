import { KmsAlias } from "@cdktf/provider-aws/lib/kms-alias";
import { KmsKey } from "@cdktf/provider-aws/lib/kms-key";
import { Construct } from "constructs";
import { document, type Statement } from "../policy";
import { ITSELF } from "../stack";

export interface KeyProps {
  /** The environment's name. */
  readonly name: string;
  readonly account: string;
  readonly region: string;
  /** Names of log groups that it encrypts, `*` for any; those under `/<name>/` are among them. */
  readonly logGroups: readonly string[];
}

/**
 * A KMS key of the environment's own, for its SecureStrings and log groups. Who may use it is said by IAM policies of the
 * account, where no other environment's roles have it.
 */
export class Key extends Construct {
  readonly key: KmsKey;
  readonly alias: KmsAlias;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: KeyProps,
  ) {
    super(scope, id);
    this.key = new KmsKey(this, ITSELF, {
      description: `Secrets and logs of ${props.name}`,
      enableKeyRotation: true,
      // What lies under a deleted key is lost: the longest time to come back in.
      deletionWindowInDays: 30,
      policy: document([this.admitAccount(), this.admitLogs()]),
    });
    this.alias = new KmsAlias(this, "alias", {
      name: `alias/${props.name}`,
      targetKeyId: this.key.keyId,
    });
  }

  get arn(): string {
    return this.key.arn;
  }

  /** The permission to read SecureStrings that lie under it, through Systems Manager alone. */
  get decryptSecrets(): Statement {
    return {
      sid: "DecryptSecrets",
      actions: ["kms:Decrypt"],
      resources: [this.arn],
      condition: { StringEquals: { "kms:ViaService": `ssm.${this.props.region}.amazonaws.com` } },
    };
  }

  /** IAM policies decide, as they do on everything else. Source: "Default key policy", KMS guide. */
  private admitAccount() {
    return {
      Sid: "Account",
      Effect: "Allow",
      Principal: { AWS: `arn:aws:iam::${this.props.account}:root` },
      Action: "kms:*",
      Resource: "*",
    };
  }

  /** Source: "Encrypt log data in CloudWatch Logs using AWS KMS", CloudWatch Logs guide. */
  private admitLogs() {
    const { name, account, region, logGroups } = this.props;
    return {
      Sid: "Logs",
      Effect: "Allow",
      Principal: { Service: `logs.${region}.amazonaws.com` },
      Action: ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
      Resource: "*",
      Condition: {
        ArnLike: {
          "kms:EncryptionContext:aws:logs:arn": [`/${name}/*`, ...logGroups].map(
            (group) => `arn:aws:logs:${region}:${account}:log-group:${group}`,
          ),
        },
      },
    };
  }
}
