import { Lb } from "@cdktf/provider-aws/lib/lb";
import { LbListener } from "@cdktf/provider-aws/lib/lb-listener";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Route53Zone } from "@cdktf/provider-aws/lib/route53-zone";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Construct } from "constructs";
import type { AccessLogs } from "../distribution/access-logs";
import { notFound } from "../distribution/load-balancer";
import { nameOf } from "../names";
import type { Network } from "../network/network";
import { groupLifecycle } from "../security-group";
import { ITSELF } from "../stack";

/** Inside the VPC, where nobody else listens. */
export const INTERNAL_PORT = 80;

export interface InternalProps {
  readonly name: string;
  readonly network: Network;
  readonly accessLogs: AccessLogs | undefined;
}

/**
 * The load balancer between services, which knows them by host: `http://api.staging.services.internal`. Nobody is
 * admitted but the services that say they call one. It is no Service Connect, whose names only tasks of services know:
 * migrations, schedules and one-off commands call other services, too.
 * Source: "Amazon ECS Service Connect components", ECS guide.
 */
export class Internal extends Construct {
  readonly securityGroup: SecurityGroup;
  readonly loadBalancer: Lb;
  readonly listener: LbListener;
  readonly zone: Route53Zone;
  /** Every name in the zone. */
  readonly record: Route53Record;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: InternalProps,
  ) {
    super(scope, id);
    this.securityGroup = this.createSecurityGroup();
    this.loadBalancer = this.createLoadBalancer();
    this.listener = this.createListener();
    this.zone = this.createZone();
    this.record = this.createRecord();
  }

  /** The host of a service, as the listener tells them apart. */
  hostOf(service: string): string {
    return `${service}.${this.zone.name}`;
  }

  private createSecurityGroup() {
    return new SecurityGroup(this, ITSELF, {
      name: nameOf("aws_security_group", this.props.name, "between", "services"),
      description: "Load balancer between services",
      vpcId: this.props.network.vpc.id,
      tags: { Name: `${this.props.name}-between-services` },
      lifecycle: groupLifecycle,
    });
  }

  private createLoadBalancer() {
    const { name, network, accessLogs } = this.props;
    return new Lb(this, "load_balancer", {
      name: nameOf("aws_lb", name, "between", "services"),
      internal: true,
      loadBalancerType: "application",
      securityGroups: [this.securityGroup.id],
      subnets: network.subnets.private.map(({ id }) => id),
      dropInvalidHeaderFields: true,
      ...(accessLogs && {
        accessLogs: { enabled: true, bucket: accessLogs.bucket.id, prefix: "load-balancer" },
        dependsOn: [accessLogs.policy],
      }),
    });
  }

  private createListener() {
    return new LbListener(this, "http", {
      loadBalancerArn: this.loadBalancer.arn,
      port: INTERNAL_PORT,
      protocol: "HTTP",
      defaultAction: [notFound],
    });
  }

  /** Below `services.internal`, since AWS has names of its own below `internal`: `ec2.internal`. */
  private createZone() {
    const { name, network } = this.props;
    return new Route53Zone(this, "zone", {
      name: `${name}.services.internal`,
      comment: `Services of ${name} that only services call`,
      vpc: [{ vpcId: network.vpc.id }],
    });
  }

  private createRecord() {
    return new Route53Record(this, "record", {
      zoneId: this.zone.zoneId,
      name: "*",
      type: "A",
      alias: {
        name: this.loadBalancer.dnsName,
        zoneId: this.loadBalancer.zoneId,
        evaluateTargetHealth: false,
      },
    });
  }
}
