import type { Kind, Situation } from "../aws/kind";
import { KINDS } from "../aws/kinds";
import { checkUnused } from "../aws/references";
import type { BlockSchema } from "../schema/types";
import type { Fields } from "../wire/value";
import type { World, WorldObject } from "../world";

/** Removes an object from the world, in the order that AWS enforces; one with skip_destroy is only left alone. */
export function removeObject(
  world: World,
  object: WorldObject,
  kind: Kind,
  schema: BlockSchema,
  state: Fields,
): void {
  if (state.skip_destroy === true) {
    world.put({ ...object, origin: "left" });
    return;
  }
  const situation: Situation & { object: WorldObject } = {
    world,
    type: object.type,
    region: object.region,
    account: world.account,
    schema,
    attributes: state,
    before: state,
    secrets: {},
    object,
    hex: (length) => world.digits(`${object.type}|${object.id}|removed`, length),
  };
  kind.removable?.(situation);
  checkUnused(KINDS, world, object);
  world.remove(object);
  kind.removed?.(situation);
}
