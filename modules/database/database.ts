import { createHash } from "node:crypto";
import type { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { DbInstance } from "@cdktf/provider-aws/lib/db-instance";
import { DbParameterGroup } from "@cdktf/provider-aws/lib/db-parameter-group";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import type { SsmParameter, SsmParameterConfig } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Token } from "cdktf";
import { Construct } from "constructs";
import { applyType } from "../../aws/postgres-parameters";
import type { DatabaseContract } from "../contract";
import type { DatabaseConfiguration } from "./props";
import type { Key } from "../key/key";
import { nameOf } from "../names";
import type { Network } from "../network/network";
import { allowIngress, groupLifecycle } from "../security-group";
import { addressOf, ITSELF } from "../stack";
import { TerraformData } from "../terraform-data";
import type { Connection } from "./connection";
import { RandomPassword, StoredParameter } from "./ephemeral";
import { asTheyAre, createGenerated } from "./generated";
import { createLogGroups, EXPORTED_LOGS, logGroupsOf } from "./logs";
import { Replica } from "./replica";
import { DEFAULT_SCHEMA } from "./schema";

const PORT = 5432;

/** The SecureStrings of one version of the password. */
interface Secrets {
  readonly password: SsmParameter;
  readonly url: SsmParameter;
}

/**
 * RDS Postgres in subnets that lead nowhere. Its password is in no plan and no state: it is made up in one run, written
 * once, to a parameter whose name carries its version, and read back from there for the instance and the URL.
 */
export class Database extends Construct implements Connection {
  readonly port = PORT;
  readonly securityGroup: SecurityGroup;
  readonly parameterGroup: DbParameterGroup;
  readonly logGroups: readonly CloudwatchLogGroup[];
  readonly instance: DbInstance;
  readonly replica: Replica | undefined;
  /** SecureString: the master user's password. */
  readonly password: SsmParameter;
  /** A new id whenever the password was written, and so whenever the instance and the URL must be given it. */
  readonly passwordWritten: TerraformData;
  /** SecureString: the connection URL, password included. All services share it, whatever they call it. */
  readonly url: SsmParameter;
  private readonly stored: StoredParameter;
  private readonly predecessors: Secrets | undefined;
  private readonly schemas = new Map<string, Connection>();

  constructor(
    scope: Construct,
    id: string,
    private readonly props: {
      readonly name: string;
      readonly network: Network;
      readonly key: Key | undefined;
      readonly database: DatabaseConfiguration;
      /** Whether data moves in: the instance can follow another database, and count what is written. @default false */
      readonly moving?: boolean;
    },
  ) {
    super(scope, id);
    this.securityGroup = this.createSecurityGroup();
    this.parameterGroup = this.createParameterGroup();
    this.logGroups = createLogGroups(this, this.identifier, props.key);
    this.password = this.createPassword();
    this.passwordWritten = new TerraformData(this, "password_written", {
      password: this.password.arn,
    });
    this.stored = new StoredParameter(this, "stored_password", this.password.arn);
    this.instance = this.createInstance();
    this.replica = this.createReplica();
    this.url = this.createUrl();
    this.predecessors = this.keepPredecessors();
  }

  /** What the names of the log groups match that RDS writes an environment's logs to. */
  static logGroups(environment: string): string[] {
    const names = [nameOf("aws_db_instance", environment), nameOf("aws_db_instance", environment, "replica")];
    return names.map((name) => `${logGroupsOf(name)}/*`);
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
      logs: [...this.logGroups, ...(this.replica?.logGroups ?? [])].map((group) => group.name),
      instances: this.instances.map(({ identifier }) => identifier),
    };
  }

  /** The instance, and the replica where there is one. */
  get instances(): DbInstance[] {
    return [this.instance, ...(this.replica ? [this.replica.instance] : [])];
  }

  /** GiB that it has room for at once, whatever it may grow to. */
  get storage(): number {
    return this.props.database.storage;
  }

  /** What clients of libpq read, the password left out. */
  get variables(): Connection["variables"] {
    const { username, name, urlParameters } = this.props.database;
    return {
      PGHOST: this.instance.address,
      ...(this.replica && { PGHOST_REPLICA: this.replica.instance.address }),
      PGPORT: String(PORT),
      PGUSER: username,
      PGDATABASE: name,
      PGSSLMODE: urlParameters.sslmode ?? "require",
    };
  }

  /** ARNs of the parameters that tasks read, with or without the URL, of this version and of the one before. */
  parameterArns(url: boolean): string[] {
    const versions: Secrets[] = [this, ...(this.predecessors ? [this.predecessors] : [])];
    return versions.flatMap((one) => [one.password.arn, ...(url ? [one.url.arn] : [])]);
  }

  secretArns(urls: readonly string[]): Record<string, string> {
    const named = urls.map((variable) => [variable, this.url.arn] as const);
    return { PGPASSWORD: this.password.arn, ...Object.fromEntries(named) };
  }

  handWritten() {
    return {};
  }

  /** The master user's connection, in which what names no schema is in this one: for those who migrate it. */
  within(schema: string): Connection {
    if (schema === DEFAULT_SCHEMA) return this;
    const known = this.schemas.get(schema) ?? this.createAccess(schema);
    this.schemas.set(schema, known);
    return known;
  }

  private createAccess(schema: string): Connection {
    const options = `-csearch_path=${schema}`;
    const kind = `url_${schema}`;
    const url = this.createUrl(kind, { options });
    const before = this.keepUrl(kind, { options });
    return {
      variables: { ...this.variables, PGOPTIONS: options },
      secretArns: (urls) => ({
        PGPASSWORD: this.password.arn,
        ...Object.fromEntries(urls.map((variable) => [variable, url.arn])),
      }),
      parameterArns: (named) => [
        ...this.parameterArns(false),
        ...(named ? [url.arn, ...(before ? [before.arn] : [])] : []),
      ],
      handWritten: () => ({}),
    };
  }

  /** Opens the port to the members of a group. */
  admit(id: string, from: SecurityGroup, description: string) {
    return allowIngress(this, `from_${id}`, { to: this.securityGroup, port: PORT, from, description });
  }

  /** A group that answers, and calls nobody: no rule leads out. */
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
    const parameters = {
      "rds.force_ssl": "1",
      ...this.props.database.parameters,
      ...(this.props.moving && { "rds.logical_replication": "1" }),
    };
    return new DbParameterGroup(this, "parameters", {
      name: nameOf("aws_db_parameter_group", this.props.name, `postgres${major}`),
      family: `postgres${major}`,
      description: `${this.props.name}, Postgres ${major}`,
      parameter: Object.entries(parameters).map(([name, value]) => ({
        name,
        value,
        applyMethod: this.applyMethod(name, value),
      })),
      skipDestroy: deletionProtection && !applyImmediately,
      lifecycle: { createBeforeDestroy: true },
    });
  }

  /**
   * At once where RDS can. It answers `pending-reboot` for what is already its family's default, and every plan would show
   * a difference otherwise: `rds.force_ssl` is on since Postgres 15.
   */
  private applyMethod(name: string, value: string) {
    const isDefault = name === "rds.force_ssl" && value === "1";
    return !isDefault && applyType(this.major, name) === "dynamic" ? "immediate" : "pending-reboot";
  }

  private createPassword() {
    const random = new RandomPassword(this, "random_password", 32);
    return this.createSecret("password", this.props.database.passwordVersion, "password", random.value);
  }

  private createInstance() {
    const { database, network } = this.props;
    const written = addressOf(this.passwordWritten);
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
      passwordWo: this.stored.value,
      passwordWoVersion: Token.asNumber(`\${parseint(substr(sha256(${written}.id), 0, 7), 16)}`),
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
      enabledCloudwatchLogsExports: [...EXPORTED_LOGS],
      applyImmediately: database.applyImmediately,
      dependsOn: [...this.logGroups],
      // Protection that shows in the plan: RDS would refuse only when half of the environment is gone.
      lifecycle: { preventDestroy: database.deletionProtection },
    });
  }

  private createReplica() {
    const { name, key, database } = this.props;
    if (database.replicas === 0) return undefined;
    const { instance: source, securityGroup, parameterGroup } = this;
    return new Replica(this, "replica", { name, key, database, source, securityGroup, parameterGroup });
  }

  /** The URL's parameter is made anew whenever what it says changes: a write in place that fails would pass for done. */
  private createUrl(kind = "url", more: Readonly<Record<string, string>> = {}) {
    const version = this.props.database.passwordVersion;
    return this.createSecret(kind, version, this.urlName(more), this.ownUrl(more), {
      replaceTriggeredBy: [addressOf(this.passwordWritten), `${addressOf(this.instance)}.address`],
    });
  }

  /**
   * The secrets of the version before, as they are, until the next rotation: tasks that start while one is under way, or
   * after one that failed, find what their task definition names.
   */
  private keepPredecessors(): Secrets | undefined {
    const url = this.keepUrl();
    if (url === undefined) return undefined;
    const version = this.props.database.passwordVersion - 1;
    return {
      password: this.createSecret("password", version, "password", this.stored.value, asTheyAre),
      url,
    };
  }

  private keepUrl(kind = "url", more: Readonly<Record<string, string>> = {}): SsmParameter | undefined {
    const version = this.props.database.passwordVersion - 1;
    if (version === 0) return undefined;
    return this.createSecret(kind, version, this.urlName(more), this.ownUrl(more), asTheyAre);
  }

  private createSecret(
    kind: string,
    version: number,
    name: string,
    value: string,
    lifecycle?: SsmParameterConfig["lifecycle"],
  ) {
    const { name: environment, key } = this.props;
    const path = `/${environment}/database/${version}/${name}`;
    return createGenerated(this, `${kind}_${version}`, { name: path, value, key, lifecycle });
  }

  private ownUrl(more: Readonly<Record<string, string>> = {}): string {
    return this.urlOf(this.props.database.username, this.stored.value, more);
  }

  /** The connection URL of one of its users. @param more parameters of the URL beside those of the configuration */
  urlOf(user: string, password: string, more: Readonly<Record<string, string>> = {}): string {
    const host = `${this.instance.address}:${PORT}`;
    const query = this.queryWith(more);
    return `postgres://${user}:${password}@${host}/${this.props.database.name}${query && `?${query}`}`;
  }

  /** What the name of a URL's SecureString ends in: other parameters of the URL are another one. */
  urlName(more: Readonly<Record<string, string>> = {}): string {
    return `url-${createHash("sha256").update(this.queryWith(more)).digest("hex").slice(0, 8)}`;
  }

  private queryWith(more: Readonly<Record<string, string>>): string {
    return new URLSearchParams({ ...this.props.database.urlParameters, ...more }).toString();
  }

  private get identifier() {
    return nameOf("aws_db_instance", this.props.name);
  }

  /** `17` of 17.6. */
  get major() {
    return this.props.database.engineVersion.split(".")[0] ?? "";
  }
}
