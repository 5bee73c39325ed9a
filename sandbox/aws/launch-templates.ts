import type { Fields } from "../wire/value";
import type { World, WorldObject } from "../world";

/** A group's launch templates, wherever in its arguments they are named. */
export function templatesOf(
  world: World,
  {
    region,
    attributes,
  }: { readonly region: string; readonly attributes: Fields | WorldObject["attributes"] },
): WorldObject[] {
  const named = JSON.stringify(attributes);
  return world.list({ type: "aws_launch_template", region }).filter(({ id }) => named.includes(`"${id}"`));
}
