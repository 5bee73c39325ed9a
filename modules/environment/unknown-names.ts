import { instanceTypes } from "../../aws/instance-types";
import { instanceClasses } from "../../aws/postgres";
import { regions, zonesOf } from "../../aws/zones";
import { type Mistake, show } from "../mistakes";
import { meant } from "../similar";
import type { AnyConfiguration } from "./any";

/**
 * Names that stand in no table here, and are taken as they are: AWS may have them since the tables were written. Each with the
 * known one that is nearest, which somebody may have meant.
 */
export function* unknownNames(configuration: AnyConfiguration): Generator<Mistake> {
  const { name, region } = configuration;
  yield* unless(regions, region, `${name}.region`);
  if (!("network" in configuration)) return;
  const { network, database, cluster } = configuration;
  if (network.vpc === undefined)
    for (const [index, zone] of network.zones.entries())
      yield* unless(zonesOf(region), zone, `${name}.network.zones.${index}`);
  if (database && !("url" in database))
    yield* unless(instanceClasses, database.instanceClass, `${name}.database.instanceClass`);
  for (const [provider, capacity] of Object.entries(cluster.capacity))
    for (const [index, type] of capacity.instanceTypes.entries()) {
      const path = `${name}.cluster.capacity.${provider}.instanceTypes.${index}`;
      yield* unless(instanceTypes, type, path, ": whether tasks fit it is not checked");
    }
}

/** The same of a region that stands elsewhere. */
export const unknownRegion = (path: string, region: string) => unless(regions, region, path);

function* unless(known: readonly string[], value: string, path: string, rest = ""): Generator<Mistake> {
  if (known.includes(value)) return;
  const near = meant(value, known);
  const hint = near === undefined ? "" : ` Did you mean ${show(near)}?`;
  yield { path, message: `${show(value)} is not known here, and taken as it is${rest}.${hint}` };
}
