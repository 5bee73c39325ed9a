import { isKnownStatic } from "../../aws/postgres-parameters";
import { type Fields, UNKNOWN } from "../wire/value";
import type { Attributes } from "../world";
import { AwsError, type Kinds, type Problem, type Situation, text, texts } from "./kind";
import { forgetWaits, rememberStart, rememberWaits } from "./rds-waiting";
import { between, length, oneOf, pattern } from "./rules";

const PORTS: Record<string, number> = { postgres: 5432, mysql: 3306, mariadb: 3306 };
const ENGINES = [
  "custom-oracle-ee",
  "custom-sqlserver-ee",
  "db2-ae",
  "db2-se",
  "mariadb",
  "mysql",
  "oracle-ee",
  "oracle-se2",
  "postgres",
  "sqlserver-ee",
  "sqlserver-ex",
  "sqlserver-se",
  "sqlserver-web",
];
const POSTGRES_MAJORS = ["13", "14", "15", "16", "17", "18"];
const identifier = [
  length(1, 63),
  pattern(/^[0-9a-z-]+$/, "only lowercase alphanumeric characters and hyphens allowed"),
  pattern(/^[a-z]/, "first character must be a letter"),
  pattern(/^(?!.*--).*[^-]$/, "cannot contain two consecutive hyphens or end with a hyphen"),
];

/** What RDS changes in the maintenance window unless told otherwise. Source: "Using the schedule modifications setting". */
const SCHEDULED = [
  "allocated_storage",
  "engine_version",
  "instance_class",
  "iops",
  "multi_az",
  "port",
  "storage_throughput",
  "storage_type",
];

/** RDS instances and parameter groups (RDS API Reference; limits: CreateDBInstance). */
export const rds: Kinds = {
  aws_db_instance: {
    nameLength: 63,
    made: {
      id: ({ hex }) => `db-${hex(26, "resource").toUpperCase()}`,
      resource_id: "{id}",
      arn: "arn:aws:rds:{region}:{account}:db:{identifier}",
      address: ({ attributes, region, account }) => {
        let hash = 0;
        for (const letter of account + region) hash = (hash * 31 + letter.charCodeAt(0)) % 2_000_000_000;
        return `${text(attributes, "identifier")}.c${hash.toString(36)}.${region}.rds.amazonaws.com`;
      },
      port: ({ attributes }) => PORTS[text(attributes, "engine")] ?? 5432,
      endpoint: "{address}:{port}",
      hosted_zone_id: "Z2R2ITUGPM61AM",
      status: "available",
      engine_version: (situation) => sourceOf(situation)?.engine_version ?? "17.6",
      allocated_storage: (situation) => sourceOf(situation)?.allocated_storage ?? 20,
      db_subnet_group_name: (situation) => sourceOf(situation)?.db_subnet_group_name ?? "default",
      engine_version_actual: ({ attributes }) => fullVersion(text(attributes, "engine_version")),
      availability_zone: ({ world, region, attributes }) => {
        const group = world.get("aws_db_subnet_group", region, text(attributes, "db_subnet_group_name"));
        const subnet = world.get(
          "aws_subnet",
          region,
          texts(group?.attributes as Fields, "subnet_ids")[0] ?? "",
        );
        return (subnet?.attributes.availability_zone as string) ?? `${region}a`;
      },
      parameter_group_name: ({ attributes }) =>
        `default.${text(attributes, "engine")}${text(attributes, "engine_version").split(".")[0]}`,
      option_group_name: ({ attributes }) =>
        `default:${text(attributes, "engine")}-${text(attributes, "engine_version").split(".")[0]}`,
      backup_window: "03:00-03:30",
      maintenance_window: "sun:04:00-sun:04:30",
      ca_cert_identifier: "rds-ca-rsa2048-g1",
      username: (situation) =>
        sourceOf(situation)?.username ??
        (text(situation.attributes, "engine") === "postgres" ? "postgres" : "admin"),
      license_model: ({ attributes }) =>
        text(attributes, "engine") === "postgres" ? "postgresql-license" : "general-public-license",
      kms_key_id: ({ attributes, region, account }) =>
        attributes.storage_encrypted === true
          ? `arn:aws:kms:${region}:${account}:key/00000000-0000-4000-8000-0000000000db`
          : "",
      performance_insights_kms_key_id: ({ attributes, region, account }) =>
        attributes.performance_insights_enabled === true
          ? `arn:aws:kms:${region}:${account}:key/00000000-0000-4000-8000-0000000000db`
          : "",
      performance_insights_retention_period: ({ attributes }) =>
        attributes.performance_insights_enabled === true ? 7 : 0,
      iops: ({ attributes }) => (text(attributes, "storage_type") === "gp3" ? 3000 : 0),
      storage_throughput: ({ attributes }) => (text(attributes, "storage_type") === "gp3" ? 125 : 0),
    },
    defaults: {
      apply_immediately: false,
      auto_minor_version_upgrade: true,
      backup_retention_period: 0,
      backup_target: "region",
      copy_tags_to_snapshot: false,
      customer_owned_ip_enabled: false,
      database_insights_mode: "standard",
      dedicated_log_volume: false,
      delete_automated_backups: true,
      deletion_protection: false,
      engine: "postgres",
      engine_lifecycle_support: "open-source-rds-extended-support",
      iam_database_authentication_enabled: false,
      monitoring_interval: 0,
      multi_az: false,
      network_type: "IPV4",
      performance_insights_enabled: false,
      publicly_accessible: false,
      skip_final_snapshot: false,
      storage_encrypted: false,
      storage_type: "gp2",
      monitoring_role_arn: "",
    },
    replace: [
      "availability_zone",
      "backup_target",
      "character_set_name",
      "db_name",
      "engine",
      "kms_key_id",
      "snapshot_identifier",
      "storage_encrypted",
      "timezone",
      "username",
    ],
    renew: {
      address: ["identifier", "identifier_prefix"],
      endpoint: ["identifier", "identifier_prefix", "port"],
      arn: ["identifier"],
      engine_version_actual: ["engine_version"],
    },
    exclusive: [
      ["identifier", "identifier_prefix"],
      ["password", "password_wo", "manage_master_user_password"],
    ],
    rules: {
      identifier,
      identifier_prefix: [
        length(1, 36),
        pattern(/^[a-z][0-9a-z-]*$/, "only lowercase alphanumeric characters and hyphens allowed"),
      ],
      engine: oneOf(...ENGINES),
      instance_class: pattern(
        /^db\.[a-z0-9-]+\.[a-z0-9]+$/,
        "Invalid DB Instance class: a class looks like db.t4g.micro",
      ),
      allocated_storage: between(5, 65536),
      backup_retention_period: between(0, 35),
      storage_type: oneOf("standard", "gp2", "gp3", "io1", "io2"),
      monitoring_interval: oneOf(0, 1, 5, 10, 15, 30, 60),
      port: between(1150, 65535),
      final_snapshot_identifier: pattern(
        /^[A-Za-z](?!.*--)[0-9A-Za-z-]*[0-9A-Za-z]$/,
        "must begin with a letter, and contain only alphanumeric characters and single hyphens",
      ),
      backup_window: pattern(/^\d\d:\d\d-\d\d:\d\d$/, 'must satisfy the format of "hh24:mi-hh24:mi"'),
      maintenance_window: pattern(
        /^\w{3}:\d\d:\d\d-\w{3}:\d\d:\d\d$/,
        'must satisfy the format of "ddd:hh24:mi-ddd:hh24:mi"',
      ),
      enabled_cloudwatch_logs_exports: oneOf(
        "agent",
        "alert",
        "audit",
        "diag.log",
        "error",
        "general",
        "iam-db-auth-error",
        "listener",
        "notify.log",
        "oemagent",
        "postgresql",
        "slowquery",
        "trace",
        "upgrade",
      ),
      db_name: [
        length(1, 63),
        pattern(
          /^[A-Za-z_][0-9A-Za-z_]*$/,
          "must begin with a letter and contain only alphanumeric characters and underscores",
        ),
      ],
    },
    verify: verifyInstance,
    refs: {
      db_subnet_group_name: { type: "aws_db_subnet_group", by: "name" },
      // A source that is deleted leaves its replica alone, as an instance of its own.
      replicate_source_db: { type: "aws_db_instance", by: "identifier", holds: false },
      vpc_security_group_ids: { type: "aws_security_group" },
      monitoring_role_arn: { type: "aws_iam_role", by: "arn", holds: false },
      parameter_group_name: {
        type: "aws_db_parameter_group",
        by: "name",
        part: (value) => (value.startsWith("default.") ? undefined : value),
      },
    },
    unique: { by: ["identifier"], code: "DBInstanceAlreadyExists", message: "DB instance already exists" },
    missing: { code: "DBInstanceNotFound", message: "DBInstance {value} not found." },
    importAs: ["{identifier}"],
    check: (situation) => {
      checkReplication(situation);
      checkInstance(situation);
      schedule(situation);
    },
    after: rememberStart,
    removable: ({ world, object, attributes, region }) => {
      const name = String(object.attributes.identifier);
      if (object.attributes.deletion_protection === true) {
        const said = `Cannot delete protected DB Instance, please disable deletion protection and try again. (${name})`;
        throw new AwsError("InvalidParameterCombination", said, "deletion_protection");
      }
      if (attributes.skip_final_snapshot === true) return;
      if (text(object.attributes as Fields, "replicate_source_db")) {
        const said = "FinalDBSnapshotIdentifier can not be specified when deleting a replica instance";
        throw new AwsError("InvalidParameterCombination", said, "skip_final_snapshot");
      }
      const snapshot = text(attributes, "final_snapshot_identifier");
      if (!snapshot) {
        const said = "final_snapshot_identifier is required when skip_final_snapshot is false";
        throw new AwsError("InvalidParameterCombination", said, "final_snapshot_identifier");
      }
      if (world.get("aws_db_snapshot", region, snapshot)) {
        const said = `Cannot create the snapshot because a snapshot with the identifier ${snapshot} already exists.`;
        throw new AwsError("DBSnapshotAlreadyExists", said, "final_snapshot_identifier");
      }
    },
    removed: ({ world, object, attributes, region }) => {
      const id = text(attributes, "final_snapshot_identifier");
      if (attributes.skip_final_snapshot === true || !id) return;
      const snapshot = {
        id,
        db_snapshot_identifier: id,
        db_instance_identifier: object.attributes.identifier ?? null,
      };
      world.put({ type: "aws_db_snapshot", region, id, attributes: snapshot, origin: "aws" });
    },
  },
  aws_db_parameter_group: {
    nameLength: 255,
    made: { id: "{name}", arn: "arn:aws:rds:{region}:{account}:pg:{name}" },
    defaults: {
      description: "Managed by Terraform",
      skip_destroy: false,
      "parameter.apply_method": "immediate",
    },
    replace: ["name", "name_prefix", "family", "description"],
    exclusive: [["name", "name_prefix"]],
    rules: {
      name: [
        length(1, 255),
        pattern(
          /^[0-9a-z][0-9a-z.-]*$/,
          "only lowercase alphanumeric characters, periods, and hyphens allowed",
        ),
        pattern(
          /^[a-z](?!.*--).*[^-]$|^[a-z]$/,
          "must begin with a letter, and hold no two consecutive hyphens",
        ),
      ],
      family: pattern(/^[a-z0-9.-]+$/, "no such parameter group family"),
      "parameter.apply_method": oneOf("immediate", "pending-reboot"),
    },
    unique: { by: ["name"], code: "DBParameterGroupAlreadyExists" },
    missing: { code: "DBParameterGroupNotFound", message: "DBParameterGroup not found: {value}" },
    inUse: {
      code: "InvalidDBParameterGroupState",
      message:
        "One or more database instances are still members of this parameter group {value}, so the group cannot be deleted",
    },
    check: ({ attributes }) => {
      checkApplyMethods(attributes);
      const family = text(attributes, "family");
      if (family.startsWith("postgres") && !POSTGRES_MAJORS.includes(family.slice("postgres".length))) {
        throw new AwsError(
          "InvalidParameterValue",
          `ParameterGroupFamily ${family} is not a valid parameter group family`,
          "family",
        );
      }
    },
  },
};

/** A static parameter waits for a reboot. Source: ModifyDBParameterGroup, ApplyMethod. */
function checkApplyMethods(attributes: Fields): void {
  const major = text(attributes, "family").replace("postgres", "");
  const parameters = Array.isArray(attributes.parameter) ? (attributes.parameter as Fields[]) : [];
  for (const parameter of parameters) {
    if (text(parameter, "apply_method") !== "immediate" || !isKnownStatic(major, text(parameter, "name")))
      continue;
    throw new AwsError(
      "InvalidParameterCombination",
      `cannot use immediate apply method for static parameter: ${text(parameter, "name")}`,
      "parameter",
    );
  }
}

/** Keeps for the maintenance window what RDS would change there; until then the instance is as it was. */
function schedule(situation: Situation): void {
  const { attributes, before } = situation;
  if (!before) return;
  if (attributes.apply_immediately === true) {
    forgetWaits(situation);
    return;
  }
  const waits = SCHEDULED.filter(
    (name) => attributes[name] !== UNKNOWN && (attributes[name] ?? null) !== (before[name] ?? null),
  );
  rememberWaits(situation, Object.fromEntries(waits.map((name) => [name, attributes[name]])) as Attributes);
  const major = (fields: Fields) => text(fields, "engine_version").split(".")[0];
  // A group of the next major version fits the instance once it has that version.
  const waiting = major(attributes) === major(before) ? SCHEDULED : [...SCHEDULED, "parameter_group_name"];
  for (const name of waiting) if (attributes[name] !== UNKNOWN) attributes[name] = before[name] ?? null;
}

/** The instance that a replica copies, in the same region. */
function sourceOf({ world, region, attributes }: Situation): Fields | undefined {
  const identifier = text(attributes, "replicate_source_db");
  if (!identifier) return undefined;
  return world.find({ type: "aws_db_instance", region, where: { identifier } })?.attributes as
    | Fields
    | undefined;
}

/** Replicas are made from backups, and keep their source's on. Source: "Creating a read replica", RDS user guide. */
function checkReplication(situation: Situation): void {
  const { world, region, attributes, before } = situation;
  const source = before ? undefined : sourceOf(situation);
  if (source && Number(source.backup_retention_period ?? 0) === 0) {
    const said =
      "Automated backups are not enabled for this database instance. To enable automated backups, use ModifyDBInstance to set the backup retention period to a non-zero value.";
    throw new AwsError("InvalidDBInstanceState", said, "replicate_source_db");
  }
  const replica =
    before &&
    Number(before.backup_retention_period) > 0 &&
    attributes.backup_retention_period === 0 &&
    world.find({
      type: "aws_db_instance",
      region,
      where: { replicate_source_db: text(attributes, "identifier") },
    });
  if (replica) {
    const said = `Automated backups cannot be disabled while ${replica.attributes.identifier} is a read replica of the instance`;
    throw new AwsError("InvalidParameterCombination", said, "backup_retention_period");
  }
}

function fullVersion(version: string): string {
  return version.includes(".") ? version : `${version}.1`;
}

function verifyInstance(config: Fields): Problem[] {
  const problems: Problem[] = [];
  const { max_allocated_storage: max, allocated_storage: size } = config;
  if (typeof max === "number" && max > 0 && typeof size === "number" && max <= size) {
    problems.push({
      path: "max_allocated_storage",
      message: `max_allocated_storage ${max} must be greater than allocated_storage ${size}`,
    });
  }
  const interval = config.monitoring_interval;
  if (typeof interval === "number" && interval > 0 && (config.monitoring_role_arn ?? null) === null) {
    problems.push({
      path: "monitoring_role_arn",
      message: "monitoring_role_arn is required when monitoring_interval is not 0",
    });
  }
  return problems;
}

function checkInstance({ world, region, attributes, secrets, before }: Situation): void {
  const source = ["snapshot_identifier", "replicate_source_db"].some((name) => text(attributes, name));
  const password = secrets.password_wo ?? text(attributes, "password");
  const none = !source && attributes.manage_master_user_password !== true && password === "";
  if (!before && none) {
    throw new AwsError(
      "InvalidParameterValue",
      "The parameter MasterUserPassword must be provided and must not be blank.",
      "password_wo",
    );
  }
  // "MasterUserPassword", CreateDBInstance.
  if (password !== "" && !/^[^\s/'"@]{8,128}$/.test(password)) {
    throw new AwsError(
      "InvalidParameterValue",
      "The parameter MasterUserPassword is not a valid password: 8 to 128 printable characters without /, ', \", @ and spaces.",
      "password_wo",
    );
  }
  const version = text(attributes, "engine_version");
  const engine = text(attributes, "engine");
  if (engine === "postgres" && version && !POSTGRES_MAJORS.includes(version.split(".")[0] ?? "")) {
    throw new AwsError(
      "InvalidParameterCombination",
      `Cannot find version ${version} for postgres`,
      "engine_version",
    );
  }
  const group = world.get("aws_db_parameter_group", region, text(attributes, "parameter_group_name"));
  const family = String(group?.attributes.family ?? "");
  if (group && version && engine === "postgres" && family !== `postgres${version.split(".")[0]}`) {
    const said = `The parameter group ${group.id} with DBParameterGroupFamily ${family} can't be used for this instance. Please use a parameter group with DBParameterGroupFamily postgres${version.split(".")[0]}.`;
    throw new AwsError("InvalidParameterCombination", said, "parameter_group_name");
  }
  const storage = Number(attributes.allocated_storage ?? 0);
  if (!source && text(attributes, "storage_type") !== "standard" && storage < 20) {
    throw new AwsError(
      "InvalidParameterValue",
      `Invalid storage size for engine name ${engine} and storage type ${text(attributes, "storage_type")}: ${storage}`,
      "allocated_storage",
    );
  }
  if (storage < Number(before?.allocated_storage ?? 0)) {
    throw new AwsError(
      "InvalidParameterCombination",
      `The allocated storage can't be reduced from ${before?.allocated_storage} to ${storage}`,
      "allocated_storage",
    );
  }
  if (
    ["admin", "rdsadmin", "postgres_admin", "rds_superuser"].includes(text(attributes, "username")) &&
    engine === "postgres"
  ) {
    throw new AwsError(
      "InvalidParameterValue",
      `MasterUsername ${text(attributes, "username")} cannot be used as it is a reserved word used by the engine`,
      "username",
    );
  }
}
