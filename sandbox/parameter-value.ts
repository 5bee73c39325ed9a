import type { World, WorldObject } from "./world";

/** The value of a parameter in the clear: the newest of what Terraform, a person or the API wrote. */
export function parameterValue(world: World, object: WorldObject): string | undefined {
  const open = object.attributes.insecure_value;
  return (
    world.reveal(object, "value") ??
    world.reveal(object, "value_wo") ??
    (typeof open === "string" && open !== "" ? open : undefined)
  );
}
