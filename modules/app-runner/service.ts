import { ApprunnerAutoScalingConfigurationVersion } from "@cdktf/provider-aws/lib/apprunner-auto-scaling-configuration-version";
import { ApprunnerCustomDomainAssociation } from "@cdktf/provider-aws/lib/apprunner-custom-domain-association";
import { ApprunnerService } from "@cdktf/provider-aws/lib/apprunner-service";
import type { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import type { AppRunnerServiceContract } from "../contract/app-runner";
import { type Link, linkTo } from "../database/connection";
import { HandWritten } from "../hand-written";
import { literal } from "../literal";
import { nameOf } from "../names";
import { tagsOf } from "../registry/registry";
import { addressOf, ITSELF } from "../stack";
import type { AppRunnerServiceConfiguration } from "./props";
import { AppRunnerRoles } from "./roles";
import { contractOf, createReleased, releasedName, type Shipped, type ShippedProps } from "./shipped";

/** A service of App Runner, which runs what the environment's tag names whenever deploy tells it to. */
export class AppRunnerService extends Construct implements Shipped {
  /** Parameters that people write, by variable. */
  readonly secrets: Readonly<Record<string, HandWritten>>;
  readonly roles: AppRunnerRoles;
  /** What deploy wrote down of its releases. */
  readonly released: SsmParameter;
  readonly scaling: ApprunnerAutoScalingConfigurationVersion;
  /** There from the apply after the first release on: App Runner makes no service of an image that is not there. */
  readonly service: ApprunnerService;
  readonly domain: ApprunnerCustomDomainAssociation | undefined;

  /** The service's configuration. */
  readonly own: AppRunnerServiceConfiguration;
  /** How often it is there, in Terraform's words: once, where anything was released. */
  private readonly count: string;
  /** ARN of the service, empty while it is not there: a local, since what is chosen stands within JSON, where an expression could not be quoted. */
  private readonly arn: TerraformLocal;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ShippedProps,
  ) {
    super(scope, id);
    this.own = props.service;
    this.secrets = this.createSecrets();
    this.roles = this.createRoles();
    this.released = createReleased(this, props);
    this.count = `\${length(jsondecode(${addressOf(this.released)}.insecure_value).released) > 0 ? 1 : 0}`;
    this.scaling = this.createScaling();
    this.service = this.createService();
    this.domain = this.createDomain();
    this.arn = new TerraformLocal(this, "arn", `\${join("", ${addressOf(this.service)}[*].arn)}`);
  }

  /** What deploy needs to know of this service. */
  get contract(): AppRunnerServiceContract {
    const { link } = this;
    return {
      ...contractOf(this.props, this.config),
      service: this.name,
      arn: this.arn.asString,
      secrets: Object.fromEntries(
        Object.entries({ ...this.secrets, ...link.handWritten }).map(([variable, { name }]) => [
          variable,
          name,
        ]),
      ),
      secretFolder: this.secretFolder,
    };
  }

  /** The App Runner service's name. */
  get name(): string {
    return nameOf("aws_apprunner_service", this.props.environment, this.own.name);
  }

  /** The name of the parameter that deploy writes its releases down in. */
  get releasedName(): string {
    return releasedName(this.props);
  }

  private get secretFolder(): string {
    return `/${this.props.environment}/service/${this.own.name}/`;
  }

  private get link(): Link {
    return linkTo(this.props.database, this.own.database && { urls: this.own.database });
  }

  private get config(): Record<string, string> {
    const { domain, config } = this.own;
    const url = domain === undefined ? "" : `https://${domain}`;
    return Object.fromEntries(
      Object.entries(config).map(([name, value]) => [
        name,
        literal(value).replaceAll(/\$URL(?!\w)/g, () => url),
      ]),
    );
  }

  private createSecrets() {
    const { account, region } = this.props;
    return Object.fromEntries(
      this.own.secrets.map((variable) => [
        variable,
        new HandWritten(this, `secret_${variable}`, {
          name: `${this.secretFolder}${variable}`,
          account,
          region,
        }),
      ]),
    );
  }

  private createRoles() {
    return new AppRunnerRoles(this, "roles", {
      environment: this.props.environment,
      service: this.own,
      repositoryArn: this.props.registry.arn,
      parameterArns: [
        ...new Set([...Object.values(this.secrets).map(({ arn }) => arn), ...this.link.parameterArns]),
      ],
    });
  }

  /** A change makes another one, which the service has before the old one goes. */
  private createScaling() {
    const { min, max, concurrency } = this.own.scaling;
    return new ApprunnerAutoScalingConfigurationVersion(this, "scaling", {
      autoScalingConfigurationName: nameOf(
        "aws_apprunner_auto_scaling_configuration_version",
        this.props.environment,
        this.own.name,
      ),
      minSize: min,
      maxSize: max,
      maxConcurrency: concurrency,
      lifecycle: { createBeforeDestroy: true },
    });
  }

  private createService() {
    const { own, props, roles } = this;
    const { health } = own;
    const secrets = Object.entries(this.secrets).map(([variable, { arn }]) => [variable, arn] as const);
    const service = new ApprunnerService(this, ITSELF, {
      serviceName: this.name,
      autoScalingConfigurationArn: this.scaling.arn,
      sourceConfiguration: {
        // A release is told to App Runner by deploy, which follows it to its end.
        autoDeploymentsEnabled: false,
        authenticationConfiguration: { accessRoleArn: roles.access.arn },
        imageRepository: {
          imageRepositoryType: "ECR",
          imageIdentifier: `${props.registry.url}:${tagsOf(props.environment).tag}`,
          imageConfiguration: {
            port: String(own.port),
            runtimeEnvironmentVariables: this.config,
            runtimeEnvironmentSecrets: { ...Object.fromEntries(secrets), ...this.link.secrets },
          },
        },
      },
      instanceConfiguration: {
        cpu: String(own.cpu),
        memory: String(own.memory),
        instanceRoleArn: roles.instance.arn,
      },
      healthCheckConfiguration: {
        protocol: "HTTP",
        path: health.path,
        interval: health.interval,
        timeout: Math.min(health.interval, 2),
        healthyThreshold: 1,
        unhealthyThreshold: health.failures,
      },
      dependsOn: [...roles.policies],
    });
    service.addOverride("count", this.count);
    return service;
  }

  private createDomain() {
    if (this.own.domain === undefined) return undefined;
    const association = new ApprunnerCustomDomainAssociation(this, "domain", {
      domainName: this.own.domain,
      enableWwwSubdomain: false,
      serviceArn: `\${${addressOf(this.service)}[0].arn}`,
    });
    association.addOverride("count", this.count);
    return association;
  }
}
