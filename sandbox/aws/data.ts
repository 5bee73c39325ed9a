import type { BlockSchema } from "../schema/types";
import type { Fields } from "../wire/value";
import type { World } from "../world";

export function readData(
  _type: string,
  config: Fields,
  _schema: BlockSchema,
  _world: World,
  _region: string,
): Fields {
  return config;
}
