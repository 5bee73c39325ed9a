import { createHash } from "node:crypto";
import type { World, WorldObject } from "../world";
import { GLOBAL } from "../world";
import { AwsError, type Kind, type Kinds, type Reference, text } from "./kind";
import { arn, between, json, length, pattern } from "./rules";

const nameShape = pattern(/^[\w+=,.@-]+$/, "must match [\\w+=,.@-]");
const path = pattern(/^\/(.*\/)?$/, "must begin and end with a slash");
const toRole: Reference = { type: "aws_iam_role", by: "name" };
const noEntity = (what: string) => ({
  code: "NoSuchEntity",
  message: `The ${what} with name {value} cannot be found.`,
});
const created = () => new Date().toISOString().replace(/\.\d+Z$/, "Z");

/** IAM unique ids: a prefix per kind of entity and 17 characters (IAM User Guide, "IAM identifiers"). */
function uniqueId(prefix: string, seed: string): string {
  const bytes = createHash("sha256").update(seed).digest();
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return prefix + [...bytes.subarray(0, 17)].map((byte) => alphabet.charAt(byte % 32)).join("");
}

const policyInUse = { code: "DeleteConflict", message: "Cannot delete a policy attached to entities." };

/** IAM (limits: IAM User Guide, "IAM and AWS STS quotas, name requirements, and character limits"). */
export const iam: Kinds = {
  aws_iam_role: {
    nameLength: 64,
    made: {
      id: "{name}",
      arn: ({ attributes, account }) =>
        `arn:aws:iam::${account}:role${text(attributes, "path")}${text(attributes, "name")}`,
      unique_id: ({ hex }) => uniqueId("AROA", hex(32)),
      create_date: created,
    },
    defaults: { path: "/", max_session_duration: 3600, force_detach_policies: false },
    replace: ["name", "name_prefix", "path"],
    exclusive: [["name", "name_prefix"]],
    rules: {
      name: [length(1, 64), nameShape],
      name_prefix: [length(1, 38), nameShape],
      assume_role_policy: [json, policyDocument],
      max_session_duration: between(3600, 43200),
      path,
      permissions_boundary: arn("iam"),
      description: length(0, 1000),
    },
    refs: { permissions_boundary: { type: "aws_iam_policy", by: "arn" } },
    unique: { by: ["name"], code: "EntityAlreadyExists" },
    missing: noEntity("role"),
    inUse: {
      code: "DeleteConflict",
      message: "Cannot delete entity, must detach all policies and instance profiles first: {value}",
    },
    check: ({ attributes }) => {
      if (sizeOf(attributes.assume_role_policy) <= 2048) return;
      const said = "Cannot exceed quota for ACLSizePerRole: 2048";
      throw new AwsError("LimitExceeded", said, "assume_role_policy");
    },
  },
  aws_iam_policy: {
    nameLength: 128,
    made: {
      arn: ({ attributes, account }) =>
        `arn:aws:iam::${account}:policy${text(attributes, "path")}${text(attributes, "name")}`,
      id: "{arn}",
      policy_id: ({ hex }) => uniqueId("ANPA", hex(32)),
      attachment_count: 0,
    },
    defaults: { path: "/" },
    replace: ["name", "name_prefix", "path", "description"],
    exclusive: [["name", "name_prefix"]],
    rules: { name: [length(1, 128), nameShape], policy: [json, policyDocument, size(6144)], path },
    unique: { by: ["name"], code: "EntityAlreadyExists" },
    missing: { code: "NoSuchEntity", message: "Policy {value} does not exist or is not attachable." },
    inUse: policyInUse,
    refresh: ({ attributes }, world) => ({
      attachment_count: world.list({
        type: "aws_iam_role_policy_attachment",
        where: { policy_arn: attributes.arn ?? null },
      }).length,
    }),
  },
  aws_iam_role_policy: {
    nameLength: 128,
    made: { id: "{role}:{name}" },
    replace: ["name", "name_prefix", "role"],
    exclusive: [["name", "name_prefix"]],
    rules: { name: [length(1, 128), nameShape], policy: [json, policyDocument, size(10240)] },
    refs: { role: toRole },
    check: ({ world, attributes, before }) => {
      const where = { role: text(attributes, "role") };
      const others = world
        .list({ type: "aws_iam_role_policy", where })
        .filter(({ id }) => id !== text(before, "id"));
      const sizes = [attributes, ...others.map((other) => other.attributes)].map(({ policy }) =>
        sizeOf(policy),
      );
      if (sizes.reduce((sum, size) => sum + size, 0) <= 10_240) return;
      const said = `Maximum policy size of 10240 bytes exceeded for role ${where.role}`;
      throw new AwsError("LimitExceeded", said, "policy");
    },
  },
  aws_iam_role_policy_attachment: {
    made: { id: "{role}/{policy_arn}" },
    replace: ["role", "policy_arn"],
    rules: { policy_arn: arn("iam") },
    refs: { role: toRole, policy_arn: { type: "aws_iam_policy", by: "arn" } },
    check: ({ world, attributes }) => {
      const count = world.list({
        type: "aws_iam_role_policy_attachment",
        where: { role: attributes.role as string },
      }).length;
      if (count >= 10)
        throw new AwsError("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10", "policy_arn");
    },
  },
  aws_iam_instance_profile: {
    nameLength: 128,
    made: {
      id: "{name}",
      arn: ({ attributes, account }) =>
        `arn:aws:iam::${account}:instance-profile${text(attributes, "path")}${text(attributes, "name")}`,
      unique_id: ({ hex }) => uniqueId("AIPA", hex(32)),
      create_date: created,
    },
    defaults: { path: "/" },
    replace: ["name", "name_prefix", "path"],
    exclusive: [["name", "name_prefix"]],
    rules: { name: [length(1, 128), nameShape], path },
    refs: { role: toRole },
    unique: { by: ["name"], code: "EntityAlreadyExists" },
    missing: { code: "NoSuchEntity", message: "Instance Profile {value} cannot be found." },
  },
  aws_iam_openid_connect_provider: {
    made: {
      arn: ({ attributes, account }) =>
        `arn:aws:iam::${account}:oidc-provider/${text(attributes, "url").replace("https://", "")}`,
      id: "{arn}",
      thumbprint_list: ["2b18947a6a9fc7764fd8b5fb18a863b0c6dac24f"],
    },
    replace: ["url"],
    rules: {
      url: pattern(/^https:\/\/[^?#]+$/, 'must be a URL that begins with "https://"'),
      client_id_list: length(1, 255),
    },
    // IAM keeps the URL without its scheme, and the provider takes both for the same.
    plan: (planned, before) => {
      if (before && text(planned, "url").replace("https://", "") === before.url) planned.url = before.url;
      return undefined;
    },
    check: ({ world, type, attributes, before }) => {
      const url = text(attributes, "url").replace("https://", "");
      attributes.url = url;
      if (!before && world.find({ type, where: { url } }))
        throw new AwsError("EntityAlreadyExists", `Provider with url https://${url} already exists.`, "url");
    },
    missing: { code: "NoSuchEntity", message: "OpenIDConnect Provider not found for arn {value}" },
  },
  aws_iam_service_linked_role: {
    made: {
      name: ({ attributes }) => serviceRoleName(text(attributes, "aws_service_name")),
      path: "/aws-service-role/{aws_service_name}/",
      arn: ({ attributes, account }) =>
        `arn:aws:iam::${account}:role${text(attributes, "path")}${text(attributes, "name")}`,
      id: "{arn}",
      unique_id: ({ hex }) => uniqueId("AROA", hex(32)),
      create_date: created,
    },
    replace: ["aws_service_name", "custom_suffix"],
    rules: { aws_service_name: pattern(/\./, "must be a service's domain, such as ecs.amazonaws.com") },
    check: ({ world, type, attributes, before }) => {
      const service = text(attributes, "aws_service_name");
      if (before || !world.find({ type, where: { aws_service_name: service } })) return;
      const said = `Service role name ${serviceRoleName(service)} has been taken in this account, please try a different suffix.`;
      throw new AwsError("InvalidInput", said, "aws_service_name");
    },
    // IAM asks the service, which refuses while it has something ("Using service-linked roles for Amazon ECS").
    removable: ({ world, object }) => {
      if (object.attributes.aws_service_name !== "ecs.amazonaws.com") return;
      const clusters = world.list({ type: "aws_ecs_cluster" }).map(({ id }) => id);
      if (clusters.length === 0) return;
      const said = `The service-linked role ${object.attributes.name} is still used by ${clusters.join(", ")}: delete these first.`;
      throw new AwsError("DeletionTaskFailed", said);
    },
  },
  aws_iam_user: named("user", "AIDA", 64),
  aws_iam_group: named("group", "AGPA", 128),
};

function named(word: string, prefix: string, longest: number): Kind {
  return {
    made: {
      id: "{name}",
      arn: ({ attributes, account }) =>
        `arn:aws:iam::${account}:${word}${text(attributes, "path")}${text(attributes, "name")}`,
      unique_id: ({ hex }) => uniqueId(prefix, hex(32)),
    },
    defaults: { path: "/" },
    rules: { name: [length(1, longest), nameShape], path },
    unique: { by: ["name"], code: "EntityAlreadyExists" },
    missing: noEntity(word),
  };
}

/** IAM counts no white space. */
function sizeOf(policy: unknown): number {
  return String(policy ?? "").replace(/\s/g, "").length;
}

function size(limit: number) {
  return (value: unknown) => {
    const bytes = sizeOf(value);
    return bytes > limit
      ? `LimitExceeded: the policy has ${bytes} characters without white space, of at most ${limit}`
      : undefined;
  };
}

/** The parts that every policy needs; IAM calls anything else a MalformedPolicyDocument. */
function policyDocument(value: unknown): string | undefined {
  const said = "MalformedPolicyDocument:";
  let document: { Version?: string; Statement?: unknown };
  try {
    document = JSON.parse(String(value));
  } catch {
    return undefined;
  }
  if (document.Version && !["2012-10-17", "2008-10-17"].includes(document.Version)) {
    return `${said} Version must be 2012-10-17 or 2008-10-17`;
  }
  const statements = [document.Statement ?? []].flat() as Record<string, unknown>[];
  if (statements.length === 0) return `${said} a policy needs at least one Statement`;
  for (const statement of statements) {
    if (!["Allow", "Deny"].includes(String(statement.Effect))) return `${said} Effect must be Allow or Deny`;
    if (!statement.Action && !statement.NotAction) return `${said} a statement needs an Action`;
  }
  return undefined;
}

const SERVICE_ROLES: Record<string, string> = {
  "ecs.amazonaws.com": "AWSServiceRoleForECS",
  "autoscaling.amazonaws.com": "AWSServiceRoleForAutoScaling",
  "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
  "rds.amazonaws.com": "AWSServiceRoleForRDS",
  "spot.amazonaws.com": "AWSServiceRoleForEC2Spot",
};

function serviceRoleName(service: string): string {
  const word = service.split(".")[0] ?? "";
  return SERVICE_ROLES[service] ?? `AWSServiceRoleFor${word.charAt(0).toUpperCase()}${word.slice(1)}`;
}

/** Policies of AWS's own that container environments use. Any other name is unknown, as a misspelt one is to AWS. */
export const MANAGED_POLICIES = [
  "AdministratorAccess",
  "PowerUserAccess",
  "ReadOnlyAccess",
  "SecurityAudit",
  "job-function/ViewOnlyAccess",
  "AmazonSSMManagedInstanceCore",
  "AmazonSSMReadOnlyAccess",
  "AmazonECS_FullAccess",
  "AmazonS3ReadOnlyAccess",
  "AmazonEC2ContainerRegistryReadOnly",
  "AmazonEC2ContainerRegistryPowerUser",
  "AmazonEC2ContainerRegistryPullOnly",
  "CloudWatchAgentServerPolicy",
  "CloudWatchLogsFullAccess",
  "AWSXRayDaemonWriteAccess",
  "IAMReadOnlyAccess",
  "service-role/AmazonEC2ContainerServiceforEC2Role",
  "service-role/AmazonEC2ContainerServiceEventsRole",
  "service-role/AmazonECSTaskExecutionRolePolicy",
  "service-role/AmazonECSInfrastructureRolePolicyForVolumes",
  "service-role/AmazonRDSEnhancedMonitoringRole",
  "service-role/AWSLambdaBasicExecutionRole",
];

/** AWS's managed policies, which every account has. */
export function makeManagedPolicies(world: World): void {
  for (const name of MANAGED_POLICIES) {
    const id = `arn:aws:iam::aws:policy/${name}`;
    const at = name.lastIndexOf("/") + 1;
    const attributes = {
      id,
      arn: id,
      name: name.slice(at),
      path: `/${name.slice(0, at)}`,
      tags: null,
      tags_all: {},
    };
    world.put({
      type: "aws_iam_policy",
      region: GLOBAL,
      id,
      attributes,
      origin: "aws",
    } satisfies WorldObject);
  }
}
