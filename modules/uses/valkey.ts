import { ElasticacheReplicationGroup } from "@cdktf/provider-aws/lib/elasticache-replication-group";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Construct } from "constructs";
import { nameOf } from "../names";
import type { Network } from "../network/network";
import { groupLifecycle } from "../security-group";
import { ITSELF } from "../stack";
import type { ValkeyConfiguration } from "./props";
import type { Grant, Use, UseProps } from "./use";

const PORT = 6379;

/**
 * A Valkey cache in subnets that lead nowhere, encrypted at rest and on its way. The security group is the lock: a
 * password would lie in the state, since the provider has no write-only argument for one.
 */
export class Valkey extends Construct implements Use {
  readonly securityGroup: SecurityGroup;
  readonly group: ElasticacheReplicationGroup;
  readonly grants: readonly Grant[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: UseProps<ValkeyConfiguration> & { readonly network: Network },
  ) {
    super(scope, id);
    this.securityGroup = this.createSecurityGroup();
    this.group = this.createGroup();
  }

  /** `rediss://`: with TLS. */
  get address(): string {
    return `rediss://${this.group.primaryEndpointAddress}:${PORT}`;
  }

  get entrance() {
    return { securityGroup: this.securityGroup, port: PORT };
  }

  /** A group that answers, and calls nobody: no rule leads out. */
  private createSecurityGroup() {
    const { environment, name, network } = this.props;
    return new SecurityGroup(this, ITSELF, {
      name: nameOf("aws_security_group", environment, name, "valkey"),
      description: `Cache ${name}`,
      vpcId: network.vpc.id,
      tags: { Name: `${environment}-${name}` },
      lifecycle: groupLifecycle,
    });
  }

  private createGroup() {
    const { environment, name, options, network } = this.props;
    const id = nameOf("aws_elasticache_replication_group", environment, name);
    const copies = options.replicas > 0;
    return new ElasticacheReplicationGroup(this, "group", {
      replicationGroupId: id,
      description: `${name} of ${environment}`,
      engine: "valkey",
      engineVersion: options.version,
      nodeType: options.nodeType,
      port: PORT,
      numCacheClusters: options.replicas + 1,
      automaticFailoverEnabled: copies,
      multiAzEnabled: copies,
      atRestEncryptionEnabled: "true",
      transitEncryptionEnabled: true,
      subnetGroupName: network.cacheSubnetGroup.name,
      securityGroupIds: [this.securityGroup.id],
      snapshotRetentionLimit: options.snapshotDays,
      finalSnapshotIdentifier: options.deletionProtection ? `${id}-final` : undefined,
      applyImmediately: true,
      lifecycle: { preventDestroy: options.deletionProtection },
    });
  }
}
