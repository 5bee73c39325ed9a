import { DataAwsEc2ManagedPrefixList } from "@cdktf/provider-aws/lib/data-aws-ec2-managed-prefix-list";
import { Lb } from "@cdktf/provider-aws/lib/lb";
import { LbListener } from "@cdktf/provider-aws/lib/lb-listener";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Construct } from "constructs";
import type { DistributionConfiguration } from "../environment/props";
import { nameOf } from "../names";
import type { Network } from "../network/network";
import { admit, groupLifecycle } from "../security-group";
import { ITSELF } from "../stack";
import type { AccessLogs } from "./access-logs";

/** Inside the VPC; CloudFront speaks TLS with the people outside. */
export const LISTENER_PORT = 80;

/** What a listener answers to that no service claims. */
export const notFound = {
  type: "fixed-response",
  fixedResponse: { contentType: "text/plain", messageBody: "Not found", statusCode: "404" },
} as const;

/** An internal load balancer that admits CloudFront, and answers 404 to what no service claims. */
export class LoadBalancer extends Construct {
  readonly securityGroup: SecurityGroup;
  readonly loadBalancer: Lb;
  readonly listener: LbListener;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: {
      readonly name: string;
      readonly network: Network;
      readonly distribution: DistributionConfiguration;
      readonly accessLogs: AccessLogs | undefined;
    },
  ) {
    super(scope, id);
    this.securityGroup = this.createSecurityGroup();
    this.admitCloudFront();
    this.loadBalancer = this.createLoadBalancer();
    this.listener = this.createListener();
  }

  private createSecurityGroup() {
    return new SecurityGroup(this, ITSELF, {
      name: nameOf("aws_security_group", this.props.name, "load-balancer"),
      description: "Load balancer: admits CloudFront",
      vpcId: this.props.network.vpc.id,
      tags: { Name: `${this.props.name}-load-balancer` },
      lifecycle: groupLifecycle,
    });
  }

  /**
   * The prefix list works from the first apply on, unlike the group that CloudFront makes with its first VPC origin.
   * It weighs 55 of a group's 60 rules: one port only. Source: "Restrict access with VPC origins", CloudFront guide.
   */
  private admitCloudFront() {
    const prefixList = new DataAwsEc2ManagedPrefixList(this, "cloudfront", {
      name: "com.amazonaws.global.cloudfront.origin-facing",
    });
    admit(this, "from_cloudfront", {
      to: this.securityGroup,
      port: LISTENER_PORT,
      prefixList: prefixList.id,
      description: "CloudFront's origin-facing servers",
    });
  }

  private createLoadBalancer() {
    const { name, network, distribution, accessLogs } = this.props;
    return new Lb(this, "internal", {
      name: nameOf("aws_lb", name),
      internal: true,
      loadBalancerType: "application",
      securityGroups: [this.securityGroup.id],
      subnets: network.subnets.private.map(({ id }) => id),
      // Longer than CloudFront waits, or a kept-alive connection is closed under a request.
      idleTimeout: distribution.timeout + 10,
      dropInvalidHeaderFields: true,
      enableDeletionProtection: distribution.deletionProtection,
      lifecycle: { preventDestroy: distribution.deletionProtection },
      ...(accessLogs && {
        accessLogs: { enabled: true, bucket: accessLogs.bucket.id, prefix: "load-balancer" },
      }),
      ...(accessLogs && { dependsOn: [accessLogs.policy] }),
    });
  }

  private createListener() {
    return new LbListener(this, "http", {
      loadBalancerArn: this.loadBalancer.arn,
      port: LISTENER_PORT,
      protocol: "HTTP",
      defaultAction: [notFound],
    });
  }
}
