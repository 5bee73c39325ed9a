import type { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import { Construct } from "constructs";
import type { AppRunnerServiceContract } from "../contract/app-runner";
import { literal } from "../literal";
import type { AppRunnerServiceConfiguration } from "./props";
import { contractOf, createReleased, releasedName, type Shipped, type ShippedProps } from "./shipped";

interface Props extends ShippedProps {
  readonly service: AppRunnerServiceConfiguration & Required<Pick<AppRunnerServiceConfiguration, "existing">>;
}

/** A service of App Runner's that somebody else makes and configures: releases alone come from here. */
export class ExistingAppRunnerService extends Construct implements Shipped {
  /** What deploy wrote down of its releases. */
  readonly released: SsmParameter;
  /** The service's configuration. */
  readonly own: AppRunnerServiceConfiguration;
  readonly name: string;
  readonly releasedName: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: Props,
  ) {
    super(scope, id);
    const [, name = ""] = props.service.existing.arn.split("/");
    this.own = props.service;
    this.name = name;
    this.releasedName = releasedName(props);
    this.released = createReleased(this, props);
  }

  get contract(): AppRunnerServiceContract {
    const { config, database: urls, existing } = this.props.service;
    const url = this.props.database?.url;
    return {
      ...contractOf(
        this.props,
        Object.fromEntries(Object.entries(config).map(([name, value]) => [name, literal(value)])),
      ),
      service: this.name,
      arn: existing.arn,
      existing: true,
      secrets: url ? Object.fromEntries((urls || []).map((variable) => [variable, url.name])) : {},
    };
  }
}
