import { createHash } from "node:crypto";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { DbInstance } from "@cdktf/provider-aws/lib/db-instance";
import { DbParameterGroup } from "@cdktf/provider-aws/lib/db-parameter-group";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Token } from "cdktf";
import { Construct } from "constructs";
import type { DatabaseContract } from "../contract";
import type { DatabaseConfiguration } from "../environment/props";
import { nameOf } from "../names";
import type { Network } from "../network/network";
import { admit, groupLifecycle } from "../security-group";
import { addressOf, ITSELF } from "../stack";
import { RandomPassword } from "./random-password";

const PORT = 5432;

/**
 * Parameters that a running Postgres takes over; all others wait for a restart, which RDS insists on for the static
 * ones and accepts for any. Source: pg_settings, contexts sighup, superuser and user.
 */
const immediate =
  /^(log_|autovacuum(?!_freeze|_multixact|_max_workers|_worker_slots)|auto_explain\.|checkpoint_|commit_(delay|siblings)|cpu_|effective_|enable_|idle_|jit$|jit_|lock_timeout|maintenance_work_mem|max_(parallel_|wal_size|standby_|slot_wal)|min_wal_size|random_page_cost|seq_page_cost|search_path|statement_timeout|synchronous_commit|tcp_|temp_|vacuum_|work_mem|default_|deadlock_timeout|bgwriter_|wal_compression|hash_mem_multiplier|pgaudit\.(log|role)|pg_stat_statements\.track)/;

/** RDS Postgres in subnets that lead nowhere. Its password is in no plan and no state. */
export class Database extends Construct {
  readonly port = PORT;
  readonly securityGroup: SecurityGroup;
  readonly parameterGroup: DbParameterGroup;
  readonly logGroups: readonly CloudwatchLogGroup[];
  readonly instance: DbInstance;
  /** SecureString: the master user's password. */
  readonly password: SsmParameter;
  /** SecureString: the connection URL, password included. All services share it, whatever they call it. */
  readonly url: SsmParameter;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: {
      readonly name: string;
      readonly network: Network;
      readonly database: DatabaseConfiguration;
    },
  ) {
    super(scope, id);
    const password = new RandomPassword(this, "random_password", 32);
    this.securityGroup = this.createSecurityGroup();
    this.parameterGroup = this.createParameterGroup();
    this.logGroups = this.createLogGroups();
    this.instance = this.createInstance(password);
    this.password = this.createSecret("password", password.value);
    this.url = this.createSecret("url", this.connectionUrl(password));
  }

  /**
   * Of the password, and of what is written together with it: no run knows the password of another, so that changing the
   * rest of the URL takes a new one, too.
   */
  private get passwordVersion(): number {
    const { passwordVersion, urlParameters } = this.props.database;
    const hash = createHash("sha256").update(JSON.stringify(urlParameters)).digest();
    return passwordVersion * 2 ** 24 + hash.readUIntBE(0, 3);
  }

  /** Of what holds the password: an instance that takes the place of another has one of its own. */
  get secretVersion(): string {
    return `\${${this.passwordVersion} + parseint(substr(sha256(${addressOf(this.instance)}.resource_id), 0, 6), 16)}`;
  }

  /** What people need to ask it, without the password. */
  get contract(): DatabaseContract {
    const { username, name } = this.props.database;
    return {
      host: this.instance.address,
      port: PORT,
      name,
      user: username,
      password: this.password.name,
      logs: this.logGroups.map((group) => group.name),
    };
  }

  /** What clients of libpq read, the password left out. */
  get connection() {
    const { username, name, urlParameters } = this.props.database;
    return {
      PGHOST: this.instance.address,
      PGPORT: String(PORT),
      PGUSER: username,
      PGDATABASE: name,
      PGSSLMODE: urlParameters.sslmode ?? "require",
    };
  }

  /** Opens the port to the members of a group. */
  admit(id: string, from: SecurityGroup, description: string) {
    return admit(this, `from_${id}`, { to: this.securityGroup, port: PORT, from, description });
  }

  /** It answers, and calls nobody: no rule leads out. */
  private createSecurityGroup() {
    return new SecurityGroup(this, ITSELF, {
      name: nameOf("aws_security_group", this.props.name, "database"),
      description: "Database",
      vpcId: this.props.network.vpc.id,
      tags: { Name: `${this.props.name}-database` },
      lifecycle: groupLifecycle,
    });
  }

  /**
   * One per major version: an upgrade makes the next one before it leaves this one. An instance that is upgraded in its
   * maintenance window leaves the old one only then, so that AWS would refuse to delete it: it stays, and costs nothing.
   */
  private createParameterGroup() {
    const major = this.major;
    const { deletionProtection, applyImmediately } = this.props.database;
    const parameters = { "rds.force_ssl": "1", ...this.props.database.parameters };
    return new DbParameterGroup(this, "parameters", {
      name: nameOf("aws_db_parameter_group", this.props.name, `postgres${major}`),
      family: `postgres${major}`,
      description: `${this.props.name}, Postgres ${major}`,
      parameter: Object.entries(parameters).map(([name, value]) => ({
        name,
        value,
        applyMethod: immediate.test(name) ? "immediate" : "pending-reboot",
      })),
      skipDestroy: deletionProtection && !applyImmediately,
      lifecycle: { createBeforeDestroy: true },
    });
  }

  /** Made before RDS makes them, without an end to their retention. */
  private createLogGroups() {
    return ["postgresql", "upgrade"].map(
      (log) =>
        new CloudwatchLogGroup(this, `log_${log}`, {
          name: `/aws/rds/instance/${this.identifier}/${log}`,
          retentionInDays: 30,
        }),
    );
  }

  private createInstance(password: RandomPassword) {
    const { database, network } = this.props;
    return new DbInstance(this, "instance", {
      identifier: this.identifier,
      engine: "postgres",
      engineVersion: database.engineVersion,
      autoMinorVersionUpgrade: !database.engineVersion.includes("."),
      allowMajorVersionUpgrade: true,
      instanceClass: database.instanceClass,
      storageType: "gp3",
      allocatedStorage: database.storage,
      maxAllocatedStorage: database.maxStorage || undefined,
      storageEncrypted: true,
      dbName: database.name,
      username: database.username,
      passwordWo: password.value,
      passwordWoVersion: this.passwordVersion,
      port: PORT,
      dbSubnetGroupName: network.databaseSubnetGroup.name,
      vpcSecurityGroupIds: [this.securityGroup.id],
      parameterGroupName: this.parameterGroup.name,
      publiclyAccessible: false,
      multiAz: database.multiAz,
      caCertIdentifier: "rds-ca-rsa2048-g1",
      backupRetentionPeriod: database.backupDays,
      copyTagsToSnapshot: true,
      deletionProtection: database.deletionProtection,
      skipFinalSnapshot: !database.finalSnapshot,
      finalSnapshotIdentifier: database.finalSnapshot ? `${this.identifier}-final` : undefined,
      deleteAutomatedBackups: !database.finalSnapshot,
      performanceInsightsEnabled: database.performanceInsights,
      enabledCloudwatchLogsExports: ["postgresql", "upgrade"],
      applyImmediately: database.applyImmediately,
      dependsOn: [...this.logGroups],
      // Protection that shows in the plan: RDS would refuse only when half of the environment is gone.
      lifecycle: { preventDestroy: database.deletionProtection },
    });
  }

  private createSecret(id: string, value: string) {
    return new SsmParameter(this, id, {
      name: `/${this.props.name}/database/${id}`,
      description: `The database's ${id}, written by Terraform`,
      type: "SecureString",
      valueWo: value,
      valueWoVersion: Token.asNumber(this.secretVersion),
    });
  }

  private connectionUrl(password: RandomPassword) {
    const { username, name, urlParameters } = this.props.database;
    const query = new URLSearchParams(urlParameters).toString();
    const host = `${this.instance.address}:${PORT}`;
    return `postgres://${username}:${password.value}@${host}/${name}${query && `?${query}`}`;
  }

  private get identifier() {
    return nameOf("aws_db_instance", this.props.name);
  }

  private get major() {
    return this.props.database.engineVersion.split(".")[0];
  }
}
