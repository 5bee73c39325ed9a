import type { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { DbInstance } from "@cdktf/provider-aws/lib/db-instance";
import type { DbParameterGroup } from "@cdktf/provider-aws/lib/db-parameter-group";
import type { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Construct } from "constructs";
import type { DatabaseConfiguration } from "./props";
import type { Key } from "../key/key";
import { nameOf } from "../names";
import { ITSELF } from "../stack";
import { createLogGroups, EXPORTED_LOGS } from "./logs";

/**
 * A copy of the database that answers reads, some milliseconds behind. Users, data, subnets, storage, version and encryption are
 * its source's. Nothing is in it alone: AWS takes neither a password nor a final snapshot of one.
 */
export class Replica extends Construct {
  readonly logGroups: readonly CloudwatchLogGroup[];
  readonly instance: DbInstance;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: {
      readonly name: string;
      readonly key: Key | undefined;
      readonly database: DatabaseConfiguration;
      readonly source: DbInstance;
      readonly securityGroup: SecurityGroup;
      readonly parameterGroup: DbParameterGroup;
    },
  ) {
    super(scope, id);
    this.logGroups = createLogGroups(this, this.identifier, props.key);
    this.instance = this.createInstance();
  }

  private createInstance() {
    const { database, source, securityGroup, parameterGroup } = this.props;
    return new DbInstance(this, ITSELF, {
      identifier: this.identifier,
      replicateSourceDb: source.identifier,
      autoMinorVersionUpgrade: !database.engineVersion.includes("."),
      instanceClass: database.instanceClass,
      storageType: "gp3",
      maxAllocatedStorage: database.maxStorage || undefined,
      storageEncrypted: true,
      vpcSecurityGroupIds: [securityGroup.id],
      parameterGroupName: parameterGroup.name,
      publiclyAccessible: false,
      caCertIdentifier: "rds-ca-rsa2048-g1",
      copyTagsToSnapshot: true,
      deletionProtection: database.deletionProtection,
      skipFinalSnapshot: true,
      performanceInsightsEnabled: database.performanceInsights,
      enabledCloudwatchLogsExports: [...EXPORTED_LOGS],
      applyImmediately: database.applyImmediately,
      dependsOn: [...this.logGroups],
      lifecycle: { preventDestroy: database.deletionProtection },
    });
  }

  private get identifier() {
    return nameOf("aws_db_instance", this.props.name, "replica");
  }
}
