import { DataAwsCallerIdentity } from "@cdktf/provider-aws/lib/data-aws-caller-identity";
import type { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import type { Construct } from "constructs";
import { inAccount, releasesOf } from "../account";
import { boundaryArn } from "../boundary";
import { byName } from "../by-name";
import { CONTRACT_VERSION } from "../contract";
import type { AppRunnerContract } from "../contract/app-runner";
import { writeContract } from "../contract/write";
import { ExternalDatabase } from "../database/external";
import type { Releases } from "../registry/place";
import { createRegistries } from "../registry/registries";
import type { Registry } from "../registry/registry";
import { type Project, SlipwayStack } from "../stack";
import { ExistingAppRunnerService } from "./existing";
import type { AppRunnerConfiguration } from "./props";
import { AppRunnerService } from "./service";
import type { Shipped } from "./shipped";

/** An environment on App Runner, in one stack: services, their roles and parameters, and nothing that they would share but a database that is elsewhere. */
export class AppRunnerEnvironment extends SlipwayStack {
  /** The AWS account's id. */
  readonly account: string;
  /** Secrets and logs lie under AWS's own key. */
  readonly key = undefined;
  /** By the name of the repository that releases are pushed to. */
  readonly registries: ReadonlyMap<string, Registry>;
  /** The Postgres that services use, where any does. */
  readonly externalDatabase: ExternalDatabase | undefined;
  /** Services that are made here, by name; a wrong name is an error that says the right ones. */
  readonly services: Readonly<Record<string, AppRunnerService>>;
  /** All services, those that somebody else makes among them, in the order of deployment. */
  readonly shipped: readonly Shipped[];
  /** What deploy reads. */
  readonly contractParameter: SsmParameter;

  constructor(
    scope: Construct,
    readonly configuration: AppRunnerConfiguration,
    project: Project,
  ) {
    const { name, region, after } = configuration;
    const own = inAccount(project, configuration.account);
    super(scope, name, { ...own, region });
    if (after.length > 0) this.addOverride("//.after", after);
    this.account = new DataAwsCallerIdentity(this, "caller", {}).accountId;
    if (own.bootstrap && own.bootstrap.github)
      this.boundary = boundaryArn(project.project, name, this.account);
    this.registries = this.createRegistries(releasesOf(project, configuration.account));
    this.externalDatabase = this.createExternalDatabase();
    this.shipped = this.createServices();
    this.services = byName(
      "service",
      this.shipped.flatMap((one) => (one instanceof AppRunnerService ? [[one.own.name, one] as const] : [])),
    );
    this.contractParameter = writeContract(this, this.contract());
  }

  private createRegistries(home: Releases | undefined) {
    const { name: environment, region, registries } = this.configuration;
    return createRegistries(this, { environment, account: this.account, region, registries, home });
  }

  private createExternalDatabase() {
    const { account } = this;
    const { name, region, services } = this.configuration;
    return services.some(({ database }) => database)
      ? new ExternalDatabase(this, "database", { name, account, region })
      : undefined;
  }

  private createServices(): Shipped[] {
    const { account, configuration, externalDatabase: database } = this;
    const { name: environment, region } = configuration;
    return configuration.services.map((service) => {
      const registry = this.registries.get(service.registry.repository);
      if (registry === undefined) throw new Error(`No registry for ${service.name}.`);
      const id = `service_${service.name}`;
      const { existing } = service;
      const props = { account, environment, region, service, registry, database };
      return existing
        ? new ExistingAppRunnerService(this, id, { ...props, service: { ...service, existing } })
        : new AppRunnerService(this, id, props);
    });
  }

  private contract(): AppRunnerContract {
    const { name, region, services } = this.configuration;
    const domain = services.find((service) => service.domain !== undefined)?.domain;
    return {
      version: CONTRACT_VERSION,
      platform: "app-runner",
      environment: name,
      account: this.account,
      region,
      tags: { ...this.tags },
      url: domain === undefined ? null : `https://${domain}`,
      services: this.shipped.map((service) => service.contract),
    };
  }
}
