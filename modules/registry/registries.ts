import type { Construct } from "constructs";
import { placeOf, type Releases } from "./place";
import type { RegistryConfiguration } from "./props";
import { Registry } from "./registry";

interface Props {
  /** The environment's name. */
  readonly environment: string;
  /** The account's id. */
  readonly account: string;
  readonly region: string;
  readonly registries: readonly RegistryConfiguration[];
  /** Undefined where somebody else provides the repositories. */
  readonly home: Releases | undefined;
}

/** The repositories of an environment, by the name of the one that releases are pushed to. */
export const createRegistries = (
  scope: Construct,
  { registries, home, ...props }: Props,
): ReadonlyMap<string, Registry> =>
  new Map(
    registries.map((registry) => [
      registry.repository,
      new Registry(scope, `registry_${registry.repository}`, {
        ...placeOf(registry, props.environment, home),
        ...props,
      }),
    ]),
  );
