import { Netmask } from "netmask";
import { applyChange, identity } from "../provider/apply";
import { plan } from "../provider/plan";
import { loadSchema } from "../schema/cache";
import type { BlockSchema } from "../schema/types";
import type { Fields } from "../wire/value";
import { keyOf, type World, type WorldObject } from "../world";
import { KINDS } from "./kinds";
import { zonesOf } from "./network-checks";

/** Where the name goes, for types that have no "name". */
export const NAMED_BY = [
  "name",
  "bucket",
  "identifier",
  "key_name",
  "alarm_name",
  "family",
  "domain_name",
  "url",
  "aws_service_name",
  "quota_code",
  "service_name",
];

/** What else a type needs; a person would be asked for it in the console, or be offered it. */
const NEEDED: Record<string, Fields | ((world: World, region: string) => Fields)> = {
  aws_vpc: { cidr_block: "172.31.0.0/16", enable_dns_hostnames: true },
  aws_subnet: nextSubnet,
  aws_internet_gateway: (world, region) => ({ vpc_id: lastVpc(world, region)?.id ?? null }),
  aws_ssm_parameter: { type: "String", value: "by hand" },
  aws_iam_role: { assume_role_policy: '{"Version":"2012-10-17","Statement":[]}' },
  aws_db_instance: {
    engine: "postgres",
    instance_class: "db.t4g.micro",
    allocated_storage: 20,
    password: "by-hand-only",
  },
  aws_servicequotas_service_quota: { service_code: "ec2", value: 1000 },
  aws_key_pair: { public_key: "ssh-ed25519 AAAA sandbox" },
};

/** Makes an object as a person would in the console: with the type's own defaults, and unknown to Terraform. */
export function makeByHand(
  world: World,
  type: string,
  name: string,
  more: Fields = {},
  region = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? "us-east-1",
): WorldObject {
  const schema = loadSchema("resource", type) as BlockSchema;
  const key = NAMED_BY.find((attribute) => schema.attributes[attribute]);
  const needed = NEEDED[type];
  const config: Fields = {
    ...(key ? { [key]: name } : { tags: { Name: name } }),
    ...(typeof needed === "function" ? needed(world, region) : needed),
    ...more,
  };
  for (const attribute of Object.keys(schema.attributes)) config[attribute] ??= null;
  for (const [block, nested] of Object.entries(schema.blocks))
    config[block] ??= nested.nesting === "single" ? null : [];
  const kind = KINDS[type] ?? {};
  const { planned } = plan({
    schema,
    kind,
    defaults: { region, tags: {} },
    prior: undefined,
    proposed: config,
    config,
  });
  const state = applyChange(world, { type, kind, schema, region, planned, prior: undefined, config });
  const object = world.list({ type, region }).find((one) => one.id === identity(state)) as WorldObject;
  if (!AN_ID.test(name) || object.id === name) return world.put({ ...object, origin: "person" });
  return renamed(world, { ...object, origin: "person" }, name);
}

/** A name that is an id: it is what a configuration asks by. */
const AN_ID = /^(vpc|subnet|igw)-[0-9a-f]{8,17}$/;

/** An object under another id, with what came with it. */
export function renamed(world: World, object: WorldObject, id: string): WorldObject {
  const put = (one: WorldObject) =>
    world.put(JSON.parse(JSON.stringify(one).replaceAll(object.id, id)) as WorldObject);
  for (const part of world.list().filter(({ owner }) => owner === keyOf(object))) put(part);
  world.remove(object);
  return put(object);
}

const lastVpc = (world: World, region: string) =>
  world.list({ type: "aws_vpc", region }).findLast(({ origin }) => origin === "person");

/** The next /20 of the VPC that was made last, in the next zone. */
function nextSubnet(world: World, region: string): Fields {
  const vpc = lastVpc(world, region);
  if (!vpc) return {};
  const before = world.list({ type: "aws_subnet", region, where: { vpc_id: vpc.id } }).length;
  const zones = zonesOf(region);
  return {
    vpc_id: vpc.id,
    cidr_block: new Netmask(`${new Netmask(String(vpc.attributes.cidr_block)).base}/20`)
      .next(before)
      .toString(),
    availability_zone: zones[before % zones.length] ?? null,
  };
}
