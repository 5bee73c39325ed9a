import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import type { Construct } from "constructs";
import { type AppRunnerServiceContract, NO_RELEASES } from "../contract/app-runner";
import type { ExternalDatabase } from "../database/external";
import { literal } from "../literal";
import { type Registry, tagsOf } from "../registry/registry";
import type { AppRunnerServiceConfiguration } from "./props";

/** A service that deploy ships releases to, whoever makes it. */
export interface Shipped {
  readonly own: AppRunnerServiceConfiguration;
  /** The App Runner service's name. */
  readonly name: string;
  /** The name of the parameter that deploy writes its releases down in. */
  readonly releasedName: string;
  /** What deploy needs to know of it. */
  readonly contract: AppRunnerServiceContract;
}

export interface ShippedProps {
  /** The account's id. */
  readonly account: string;
  /** The environment's name. */
  readonly environment: string;
  readonly region: string;
  readonly service: AppRunnerServiceConfiguration;
  readonly registry: Registry;
  readonly database: ExternalDatabase | undefined;
}

export const releasedName = ({ environment, service }: Pick<ShippedProps, "environment" | "service">) =>
  `/${environment}/app-runner/${service.name}`;

/** The parameter of a service's releases: deploy writes it, applies leave it alone. */
export const createReleased = (scope: Construct, props: ShippedProps): SsmParameter =>
  new SsmParameter(scope, "released", {
    name: releasedName(props),
    description: "Releases of an App Runner service, written by deploy",
    type: "String",
    tier: "Intelligent-Tiering",
    insecureValue: NO_RELEASES,
    lifecycle: { ignoreChanges: ["insecure_value"] },
  });

/**
 * What deploy is told of a service, but for what App Runner calls it.
 * @param config plain variables that migrations get
 */
export function contractOf(
  props: ShippedProps,
  config: Readonly<Record<string, string>>,
): Omit<AppRunnerServiceContract, "service" | "arn" | "secrets"> {
  const { account, environment, service, registry, database } = props;
  const { name, existing, migrations, database: urls } = service;
  return {
    name,
    platform: "linux/amd64",
    image: {
      repository: registry.repository?.name ?? registry.name,
      ...tagsOf(environment),
      ...(existing?.tag !== undefined && { tag: existing.tag }),
      ...(registry.source && { source: { account, ...registry.source } }),
    },
    released: releasedName(props),
    migration:
      migrations && urls && database
        ? { command: migrations.command.map(literal), url: database.url.name, urls: [...urls], config }
        : null,
  };
}
