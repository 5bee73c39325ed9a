import { applyChange, identity } from "../provider/apply";
import { plan } from "../provider/plan";
import { loadSchema } from "../schema/cache";
import type { BlockSchema } from "../schema/types";
import type { Fields } from "../wire/value";
import type { World, WorldObject } from "../world";
import { KINDS } from "./kinds";

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
];

/** What else a type needs; a person would be asked for it in the console. */
const NEEDED: Record<string, Fields> = {
  aws_vpc: { cidr_block: "172.31.0.0/16" },
  aws_ssm_parameter: { type: "String", value: "by hand" },
  aws_iam_role: { assume_role_policy: '{"Version":"2012-10-17","Statement":[]}' },
  aws_db_instance: {
    engine: "postgres",
    instance_class: "db.t4g.micro",
    allocated_storage: 20,
    password: "by-hand-only",
  },
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
  const config: Fields = { ...(key ? { [key]: name } : { tags: { Name: name } }), ...NEEDED[type], ...more };
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
  return world.put({ ...object, origin: "person" });
}
