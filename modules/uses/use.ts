import type { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";

/** Actions of the application on something, and on what. */
export interface Grant {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** Something that services use: where it is, what they may do with it, and the way in. */
export interface Use {
  /** What the service's variable holds. */
  readonly address: string;
  readonly grants: readonly Grant[];
  /** Where it is reached in the network; absent where it is reached through AWS's own endpoints. */
  readonly entrance?: { readonly securityGroup: SecurityGroup; readonly port: number };
}

export interface UseProps<Configuration> {
  /** The environment's name, and the AWS account's id. */
  readonly environment: string;
  readonly account: string;
  readonly name: string;
  readonly options: Configuration;
}
