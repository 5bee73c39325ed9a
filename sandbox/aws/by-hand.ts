import { applyChange } from "../provider/apply";
import { plan } from "../provider/plan";
import { loadSchema } from "../schema/cache";
import type { BlockSchema } from "../schema/types";
import type { Fields } from "../wire/value";
import type { World, WorldObject } from "../world";
import { KINDS } from "./kinds";

/** Makes an object as a person would in the console: the type's own defaults, and nothing of Terraform's. */
export function makeByHand(
  world: World,
  type: string,
  name: string,
  more: Fields = {},
  region = process.env.AWS_REGION ?? "us-east-1",
): WorldObject {
  const schema = loadSchema("resource", type) as BlockSchema;
  const config: Fields = { ...(schema.attributes.name ? { name } : { bucket: name }), ...more };
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
  const object = world.find({ type, id: String(state.id) }) as WorldObject;
  return world.put({ ...object, origin: "person" });
}
