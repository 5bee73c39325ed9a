import { parameterValue } from "../parameter-value";
import { loadSchema } from "../schema/cache";
import type { BlockSchema } from "../schema/types";
import { deepEqual } from "../wire/paths";
import { type Fields, isRecord, type Value } from "../wire/value";
import type { World, WorldObject } from "../world";
import { startRegion } from "./account";
import { AwsError, blocks, text, texts } from "./kind";
import { KINDS } from "./kinds";
import { digest, zoneId, zonesOf } from "./network-checks";
import { policyDocument } from "./policy-document";

interface DataQuery {
  world: World;
  region: string;
  config: Fields;
}

type Reader = (query: DataQuery) => Fields;

/** Data sources that do not simply describe one object of the same type. */
const READERS: Record<string, Reader> = {
  aws_caller_identity: ({ world: { account } }) => ({
    id: account,
    account_id: account,
    arn: `arn:aws:iam::${account}:user/sandbox`,
    user_id: "AIDASANDBOXSANDBOX000",
  }),
  aws_region: ({ region }) => ({
    id: region,
    name: region,
    region,
    description: region,
    endpoint: `ec2.${region}.amazonaws.com`,
  }),
  aws_partition: () => ({
    id: "aws",
    partition: "aws",
    dns_suffix: "amazonaws.com",
    reverse_dns_prefix: "com.amazonaws",
  }),
  aws_availability_zones: ({ region, config }) => {
    const names = zonesOf(region).filter((zone) => !texts(config, "exclude_names").includes(zone));
    return { id: region, names, zone_ids: names.map(zoneId), group_names: [region] };
  },
  aws_iam_policy_document: ({ config }) => policyDocument(config),
  aws_iam_role: ({ world, config }) => {
    const name = text(config, "name");
    const found = roles(world).find((role) => role.attributes.name === name);
    if (found) return described(found);
    const hint = `The sandbox can be given one: npx slipway sandbox --with iam_role:${name} <command>`;
    throw new AwsError("NoSuchEntity", `The role with name ${name} cannot be found.\n${hint}`, "name");
  },
  aws_iam_roles: ({ world, region, config }) => {
    const shape = new RegExp(text(config, "name_regex"));
    const found = roles(world)
      .map(({ attributes }) => attributes as Fields)
      .filter((role) => text(role, "path").startsWith(text(config, "path_prefix")))
      .filter((role) => shape.test(text(role, "name")));
    return {
      id: region,
      names: found.map((role) => text(role, "name")),
      arns: found.map((role) => text(role, "arn")),
    };
  },
  aws_iam_openid_connect_provider: (query) => {
    const url = text(query.config, "url").replace("https://", "");
    return describe("aws_iam_openid_connect_provider", {
      ...query,
      config: { ...query.config, url: url || null },
    });
  },
  aws_ssm_parameter: readParameter,
  aws_ami: ({ region, config }) => {
    const wanted = blocks(config, "filter").find((filter) => filter.name === "name");
    const name = (texts(wanted, "values")[0] ?? "al2023-ami-2023.9.*-x86_64").replaceAll("*", "20260101.0");
    const architecture = /arm64/.test(name) ? "arm64" : "x86_64";
    const id = `ami-${digest(region, name)}`;
    return {
      id,
      image_id: id,
      name,
      architecture,
      arn: `arn:aws:ec2:${region}::image/${id}`,
      state: "available",
      root_device_name: "/dev/xvda",
    };
  },
  aws_vpcs: many("aws_vpc"),
  aws_subnets: many("aws_subnet"),
  aws_route_tables: many("aws_route_table"),
  aws_security_groups: many("aws_security_group"),
  aws_prefix_list: (query) => describe("aws_ec2_managed_prefix_list", query),
};

/** Arguments of data sources that have another name in the resource. */
export const ALIASES: Record<string, Record<string, string>> = {
  aws_ecs_cluster: { cluster_name: "name" },
  aws_ecs_service: { service_name: "name", cluster_arn: "cluster" },
  aws_db_instance: { db_instance_identifier: "identifier" },
  aws_acm_certificate: { domain: "domain_name" },
  aws_security_group: { "group-name": "name", "group-id": "id" },
  aws_internet_gateway: { "attachment.vpc-id": "vpc-id", internet_gateway_id: "id" },
};

/** Arguments that steer the search and describe nothing. */
export const STEERING = [
  "most_recent",
  "private_zone",
  "statuses",
  "types",
  "with_decryption",
  "key_types",
  "filter",
  "tags",
  "timeouts",
  "region",
];

/** Reads a data source; what does not exist is refused as AWS does, with a word on how to add it. */
export async function readData(
  type: string,
  config: Fields,
  schema: BlockSchema,
  world: World,
  base: string,
): Promise<Fields> {
  const region = text(config, "region") || base;
  await startRegion(world, region);
  const query = { world, region, config };
  const reader = READERS[type];
  const found = reader ? reader(query) : describe(type, query);
  const known = Object.entries(found).filter(([name]) => schema.attributes[name] || schema.blocks[name]);
  return { ...config, ...(schema.attributes.region ? { region } : {}), ...Object.fromEntries(known) };
}

function many(type: string): Reader {
  return (query) => {
    const found = matching(type, query);
    return {
      id: query.region,
      ids: found.map((object) => object.id),
      arns: found.map((object) => object.attributes.arn as Value),
    };
  };
}

function describe(type: string, query: DataQuery): Fields {
  const found = matching(type, query);
  if (found.length === 1 || (found.length > 1 && query.config.most_recent === true)) {
    return described(found[found.length - 1] as WorldObject);
  }
  const asked = JSON.stringify(
    Object.fromEntries(Object.entries(query.config).filter(([, value]) => given(value))),
  );
  if (found.length > 1)
    throw new AwsError(
      "TooManyResults",
      `${found.length} ${type} match ${asked}: say more about the one that is meant`,
    );
  const code = KINDS[type]?.missing?.code ?? "NotFoundException";
  const name = ["name", "repository_name", "bucket", "domain", "cluster_name", "identifier", "id"]
    .map((key) => text(query.config, key))
    .find(Boolean);
  const hint = `${type.replace("aws_", "")}:${name ?? "<name>"}${regional(type) ? `@${query.region}` : ""}`;
  throw new AwsError(
    code,
    `no matching ${type} found for ${asked} in ${query.region}\nThe sandbox can be given one: npx slipway sandbox --with ${hint} <command>`,
  );
}

/** A data source tells all tags, the provider's default ones among them. */
function described({ attributes }: WorldObject): Fields {
  return { ...(attributes as Fields), tags: (attributes.tags_all as Value | undefined) ?? {} };
}

/** IAM lists the roles that services made for themselves among all others. */
function roles(world: World): WorldObject[] {
  return [...world.list({ type: "aws_iam_role" }), ...world.list({ type: "aws_iam_service_linked_role" })];
}

function regional(type: string): boolean {
  return loadSchema("resource", type)?.attributes.region !== undefined;
}

function given(value: Value): boolean {
  return value !== null && !(Array.isArray(value) && value.length === 0);
}

function matching(type: string, { world, region, config }: DataQuery): WorldObject[] {
  const tests: ((attributes: Fields) => boolean)[] = [];
  const alias = (name: string) => ALIASES[type]?.[name] ?? name;
  for (const [name, value] of Object.entries(config)) {
    if (STEERING.includes(name) || !given(value)) continue;
    tests.push((attributes) => same(attributes[alias(name)], value));
  }
  if (isRecord(config.tags)) tests.push((attributes) => hasTags(attributes, config.tags as Fields));
  for (const filter of blocks(config, "filter")) {
    const name = text(filter, "name");
    const values = texts(filter, "values");
    tests.push((attributes) => values.some((value) => same(filtered(attributes, name, alias(name)), value)));
  }
  const statuses = texts(config, "statuses");
  if (statuses.length > 0) tests.push((attributes) => statuses.includes(text(attributes, "status")));
  return world
    .list({ type, region })
    .filter(({ attributes }) => tests.every((test) => test(attributes as Fields)));
}

function same(actual: Value | undefined, wanted: Value): boolean {
  if (typeof actual === "string" && typeof wanted === "string")
    return actual.replace(/\.$/, "") === wanted.replace(/\.$/, "");
  return deepEqual(actual, wanted);
}

function hasTags(attributes: Fields, wanted: Fields): boolean {
  const tags = isRecord(attributes.tags_all) ? attributes.tags_all : {};
  return Object.entries(wanted).every(([name, value]) => tags[name] === value);
}

/** AWS's filters are written vpc-id where the attribute is vpc_id; tag:Name looks at a tag. */
function filtered(attributes: Fields, name: string, alias: string): Value | undefined {
  const tag = /^tag:(.+)$/.exec(name)?.[1];
  if (tag) return isRecord(attributes.tags_all) ? attributes.tags_all[tag] : undefined;
  return attributes[alias.replaceAll("-", "_")] ?? (/^\w+-id$/.test(name) ? attributes.id : undefined);
}

const PUBLIC = /^\/aws\/service\/(ecs\/optimized-ami|ami-amazon-linux-latest|ami-minimal)\//;

/** Parameters that AWS publishes: images for ECS and Amazon Linux 2023 (SSM User Guide, "Calling AMI public parameters"). */
function publicParameter(name: string, region: string): string | undefined {
  const family = name.replace(/\/image_id$/, "");
  const image_id = `ami-${digest(region, family)}`;
  if (
    /^\/aws\/service\/ecs\/optimized-ami\/(amazon-linux-2023|amazon-linux-2)\/(arm64\/|gpu\/)?recommended\/image_id$/.test(
      name,
    )
  )
    return image_id;
  if (
    /^\/aws\/service\/ecs\/optimized-ami\/(amazon-linux-2023|amazon-linux-2)\/(arm64\/|gpu\/)?recommended$/.test(
      name,
    )
  ) {
    const arm = name.includes("/arm64/") ? "arm64" : "x86_64";
    const image_name = `al2023-ami-ecs-hvm-2023.0.20260101-kernel-6.1-${arm}`;
    return JSON.stringify({
      ecs_agent_version: "1.99.0",
      image_id,
      image_name,
      image_version: "2023.0.20260101",
      os: "Amazon Linux 2023",
      schema_version: 1,
    });
  }
  const plain =
    /^\/aws\/service\/ami-amazon-linux-latest\/al2023-ami-(minimal-)?kernel-(default|6\.1|6\.12)-(x86_64|arm64)$/;
  return plain.test(name) ? image_id : undefined;
}

function readParameter({ world, region, config }: DataQuery): Fields {
  const name = text(config, "name").replace(/^arn:aws:ssm:[^:]*:[^:]*:parameter/, "");
  const value = publicParameter(name, region);
  if (value !== undefined) {
    const arn = `arn:aws:ssm:${region}::parameter${name}`;
    return { id: name, name, arn, type: "String", value, insecure_value: value, version: 1 };
  }
  const object = world.get("aws_ssm_parameter", region, name);
  if (!object) {
    const hint = PUBLIC.test(name)
      ? "AWS publishes no such parameter, as far as the sandbox knows."
      : `The sandbox can be given one: npx slipway sandbox --with ssm_parameter:${name}@${region} <command>`;
    throw new AwsError(
      "ParameterNotFound",
      `reading SSM Parameter (${name}): couldn't find resource\n${hint}`,
      "name",
    );
  }
  const { arn, type, version } = object.attributes as Fields;
  const secret = parameterValue(world, object) ?? "";
  const clear = type === "SecureString" ? null : secret;
  return {
    id: name,
    name,
    arn: arn ?? null,
    type: type ?? null,
    version: version ?? null,
    value: secret,
    insecure_value: clear,
  };
}
