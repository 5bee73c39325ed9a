import { DataAwsEc2ManagedPrefixList } from "@cdktf/provider-aws/lib/data-aws-ec2-managed-prefix-list";
import { Lb } from "@cdktf/provider-aws/lib/lb";
import { LbListener } from "@cdktf/provider-aws/lib/lb-listener";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Construct } from "constructs";
import type { DistributionConfiguration } from "./props";
import { nameOf } from "../names";
import type { Network } from "../network/network";
import { allowIngress, groupLifecycle } from "../security-group";
import { ITSELF } from "../stack";
import type { AccessLogs } from "./access-logs";

const HTTP = 80;
const HTTPS = 443;

/** TLS 1.2 and 1.3 with forward secrecy. Source: "Security policies for your Application Load Balancer". */
const TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/** What a listener answers to that no service claims. */
export const notFound = {
  type: "fixed-response",
  fixedResponse: { contentType: "text/plain", messageBody: "Not found", statusCode: "404" },
} as const;

/**
 * An internal load balancer that admits CloudFront, and answers 404 to what no service claims. With a certificate it speaks HTTPS
 * alone, so that X-Forwarded-Proto says https.
 */
export class LoadBalancer extends Construct {
  /** The listener's. */
  readonly port: number;
  readonly securityGroup: SecurityGroup;
  /** Admits CloudFront to the HTTPS listener: its prefix list fills the rules of a group. */
  readonly httpsGroup: SecurityGroup | undefined;
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
      /** ARN of a certificate in the environment's region; without it the listener speaks HTTP. */
      readonly certificate: string | undefined;
    },
  ) {
    super(scope, id);
    const cloudfront = new DataAwsEc2ManagedPrefixList(this, "cloudfront", {
      name: "com.amazonaws.global.cloudfront.origin-facing",
    });
    this.port = props.certificate ? HTTPS : HTTP;
    this.securityGroup = this.createSecurityGroup(
      ITSELF,
      "load-balancer",
      "Load balancer: admits CloudFront",
    );
    // With a certificate nothing listens here; the rule stays for the minutes in which CloudFront moves to HTTPS.
    this.admitCloudFront("from_cloudfront", this.securityGroup, HTTP, cloudfront);
    this.httpsGroup = props.certificate ? this.createHttpsGroup(cloudfront) : undefined;
    this.loadBalancer = this.createLoadBalancer();
    this.listener = this.createListener();
  }

  private createSecurityGroup(id: string, name: string, description: string) {
    return new SecurityGroup(this, id, {
      name: nameOf("aws_security_group", this.props.name, name),
      description,
      vpcId: this.props.network.vpc.id,
      tags: { Name: `${this.props.name}-${name}` },
      lifecycle: groupLifecycle,
    });
  }

  private createHttpsGroup(cloudfront: DataAwsEc2ManagedPrefixList) {
    const description = "Load balancer: admits CloudFront to HTTPS";
    const group = this.createSecurityGroup("https_group", "load-balancer-https", description);
    this.admitCloudFront("https_from_cloudfront", group, HTTPS, cloudfront);
    return group;
  }

  /**
   * The prefix list works from the first apply on, unlike the group that CloudFront makes with its first VPC origin.
   * The list weighs 55 of a group's 60 rules: one port only. Source: "Restrict access with VPC origins", CloudFront guide.
   */
  private admitCloudFront(
    id: string,
    to: SecurityGroup,
    port: number,
    { id: prefixList }: DataAwsEc2ManagedPrefixList,
  ) {
    allowIngress(this, id, { to, port, prefixList, description: "CloudFront's origin-facing servers" });
  }

  private createLoadBalancer() {
    const { name, network, distribution, accessLogs } = this.props;
    return new Lb(this, "internal", {
      name: nameOf("aws_lb", name),
      internal: true,
      loadBalancerType: "application",
      securityGroups: [this.securityGroup.id, ...(this.httpsGroup ? [this.httpsGroup.id] : [])],
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

  /** Each protocol's has an address of its own: the one that goes serves until CloudFront has left it. */
  private createListener() {
    const { certificate } = this.props;
    return new LbListener(this, certificate ? "https" : "http", {
      loadBalancerArn: this.loadBalancer.arn,
      port: this.port,
      ...(certificate
        ? { protocol: "HTTPS", sslPolicy: TLS_POLICY, certificateArn: certificate }
        : { protocol: "HTTP" }),
      defaultAction: [notFound],
      lifecycle: { createBeforeDestroy: true },
    });
  }
}
