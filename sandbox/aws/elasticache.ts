import type { Fields } from "../wire/value";
import { AwsError, type Kinds, type Problem, type Situation, text } from "./kind";
import { between, length, oneOf, pattern } from "./rules";

/** Parts of host names that stand for regions; others are written out. Seen in ElastiCache's endpoints. */
const SHORT: Record<string, string> = { "us-east-1": "use1", "us-west-2": "usw2", "eu-west-1": "euw1" };

/** Caches (ElastiCache API Reference: CreateReplicationGroup; the provider's own checks of aws_elasticache_replication_group). */
export const elasticache: Kinds = {
  aws_elasticache_replication_group: {
    made: {
      id: "{replication_group_id}",
      arn: "arn:aws:elasticache:{region}:{account}:replicationgroup:{replication_group_id}",
      port: 6379,
      engine: "redis",
      engine_version: ({ attributes }) => (text(attributes, "engine") === "valkey" ? "8.0" : "7.1"),
      engine_version_actual: ({ attributes }) => `${text(attributes, "engine_version")}.1`,
      parameter_group_name: ({ attributes }) => parameterGroup(attributes),
      primary_endpoint_address: (situation) => endpoint(situation, "master"),
      reader_endpoint_address: (situation) => endpoint(situation, "replica"),
      configuration_endpoint_address: null,
      num_cache_clusters: 1,
      num_node_groups: 1,
      replicas_per_node_group: ({ attributes }) => Number(attributes.num_cache_clusters ?? 1) - 1,
      member_clusters: ({ attributes }) =>
        Array.from(
          { length: Number(attributes.num_cache_clusters ?? 1) },
          (_, index) => `${text(attributes, "replication_group_id")}-${String(index + 1).padStart(3, "0")}`,
        ),
      cluster_enabled: false,
      cluster_mode: "disabled",
      at_rest_encryption_enabled: ({ attributes }) => String(text(attributes, "engine") === "valkey"),
      transit_encryption_enabled: ({ attributes }) => text(attributes, "engine") === "valkey",
      transit_encryption_mode: ({ attributes }) =>
        attributes.transit_encryption_enabled === true ? "required" : "",
      auto_minor_version_upgrade: "true",
      data_tiering_enabled: false,
      global_replication_group_id: "",
      ip_discovery: "ipv4",
      network_type: "ipv4",
      apply_immediately: null,
      maintenance_window: "sun:06:00-sun:07:00",
      snapshot_window: "03:00-04:00",
      security_group_names: [],
    },
    defaults: { automatic_failover_enabled: false, multi_az_enabled: false },
    renew: {
      engine_version_actual: ["engine_version"],
      member_clusters: ["num_cache_clusters"],
      replicas_per_node_group: ["num_cache_clusters"],
    },
    replace: [
      "replication_group_id",
      "at_rest_encryption_enabled",
      "data_tiering_enabled",
      "kms_key_id",
      "network_type",
      "port",
      "snapshot_arns",
      "snapshot_name",
      "subnet_group_name",
    ],
    rules: {
      replication_group_id: [
        length(1, 40),
        pattern(
          /^[a-zA-Z](?!.*--)[a-zA-Z0-9-]*(?<!-)$/,
          "must begin with a letter, and hold letters, digits and single hyphens between",
        ),
      ],
      engine: oneOf("redis", "valkey"),
      engine_version: pattern(
        /^(\d+\.\d+|6\.x|[1-5]\.\d+\.\d+)$/,
        "is no version; from 7 on there are two parts",
      ),
      node_type: pattern(/^cache\.[a-z0-9]+\.[a-z0-9]+$/, "is no node type, such as cache.t4g.micro"),
      snapshot_retention_limit: between(0, 35),
      description: length(1, 255),
    },
    verify: verifyGroup,
    refs: {
      subnet_group_name: { type: "aws_elasticache_subnet_group", by: "name" },
      security_group_ids: { type: "aws_security_group" },
    },
    unique: {
      by: ["replication_group_id"],
      code: "ReplicationGroupAlreadyExists",
      message: "Replication group with specified ID already exists.",
    },
    missing: { code: "ReplicationGroupNotFoundFault", message: "ReplicationGroup not found: {value}" },
    check: checkGroup,
  },
};

const parameterGroup = (attributes: Fields) => {
  const [major = "8"] = text(attributes, "engine_version").split(".");
  return text(attributes, "engine") === "valkey" ? `default.valkey${major}` : `default.redis${major}`;
};

function endpoint({ attributes, region, hex }: Situation, role: "master" | "replica"): string {
  const id = text(attributes, "replication_group_id").toLowerCase();
  const tail = `${SHORT[region] ?? region.replaceAll("-", "")}.cache.amazonaws.com`;
  const own = hex(6, "endpoint");
  if (attributes.transit_encryption_enabled === true) return `${role}.${id}.${own}.${tail}`;
  return role === "master" ? `${id}.${own}.ng.0001.${tail}` : `${id}-ro.${own}.ng.0001.${tail}`;
}

function verifyGroup(config: Fields): Problem[] {
  const problems: Problem[] = [];
  const single = typeof config.num_cache_clusters === "number" ? config.num_cache_clusters < 2 : false;
  if (config.automatic_failover_enabled === true && single) {
    const message = `"num_cache_clusters": must be at least 2 if automatic_failover_enabled is true`;
    problems.push({ path: "num_cache_clusters", message });
  }
  if (config.multi_az_enabled === true && config.automatic_failover_enabled !== true) {
    const message = "automatic_failover_enabled must be true if multi_az_enabled is true";
    problems.push({ path: "automatic_failover_enabled", message });
  }
  const token = config.auth_token;
  if (typeof token === "string" && config.transit_encryption_enabled === false) {
    const message = "auth_token needs transit_encryption_enabled";
    problems.push({ path: "auth_token", message });
  }
  return problems;
}

function checkGroup({ attributes }: Situation): void {
  const valkey = text(attributes, "engine") === "valkey";
  const version = Number.parseFloat(text(attributes, "engine_version"));
  const known = valkey ? version >= 7.2 && version < 9 : version < 7.2;
  if (text(attributes, "engine_version") === "" || known) return;
  const said = `Cannot find version ${text(attributes, "engine_version")} for ${text(attributes, "engine")}`;
  throw new AwsError("InvalidParameterCombination", said, "engine_version");
}
