import type { World } from "../world";

/** Something that stands for a secret without telling it: equal values look equal. */
export function fingerprint(world: World, value: string): string {
  return Buffer.from(world.vault.fingerprint(value)).toString("base64");
}
