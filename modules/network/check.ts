import { zonesOf } from "../../aws/zones";
import { type Mistake, show } from "../mistakes";
import type { ExistingNetworkConfiguration, OwnNetworkConfiguration } from "./props";
import { kinds } from "./subnets";

/**
 * What its zones cannot be. Paths are relative to the environment.
 * @param written the zones as they stand in the file: how many, or their names
 */
export function* checkZones(
  { zones }: OwnNetworkConfiguration,
  region: string,
  written: number | readonly string[] | undefined,
): Generator<Mistake> {
  const known = zonesOf(region);
  if (typeof written === "number" && written > known.length) {
    yield {
      path: "network.zones",
      message: `${written} zones are asked for, ${region} has ${known.length}: ${known.join(", ")}. If yours has more, name them.`,
    };
  }
  for (const [index, zone] of zones.entries()) {
    // One more letter may be a zone that is not known here, see unknown-names.ts.
    if (zone.slice(0, -1) !== region || !/[a-z]$/.test(zone)) {
      yield {
        path: `network.zones.${index}`,
        message: `${show(zone)} is no zone of ${region}; there are ${known.join(", ")}.`,
      };
    } else if (zones.indexOf(zone) !== index) {
      yield { path: `network.zones.${index}`, message: `${show(zone)} is named twice.` };
    }
  }
}

/** Subnets that cannot be both private and public. Paths are relative to the environment. */
export function* checkSubnets({ subnets }: ExistingNetworkConfiguration): Generator<Mistake> {
  for (const kind of kinds.filter((one) => one !== "public")) {
    const open = subnets[kind].find((id) => subnets.public.includes(id));
    if (open !== undefined) {
      yield {
        path: `network.subnets.${kind}`,
        message: `${show(open)} stands among the public ones, too; leave it in one place.`,
      };
      return;
    }
  }
}
