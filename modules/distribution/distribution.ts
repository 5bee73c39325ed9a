import { CloudfrontDistribution } from "@cdktf/provider-aws/lib/cloudfront-distribution";
import { CloudfrontResponseHeadersPolicy } from "@cdktf/provider-aws/lib/cloudfront-response-headers-policy";
import { CloudfrontVpcOrigin } from "@cdktf/provider-aws/lib/cloudfront-vpc-origin";
import { CloudwatchLogDelivery } from "@cdktf/provider-aws/lib/cloudwatch-log-delivery";
import { CloudwatchLogDeliveryDestination } from "@cdktf/provider-aws/lib/cloudwatch-log-delivery-destination";
import { CloudwatchLogDeliverySource } from "@cdktf/provider-aws/lib/cloudwatch-log-delivery-source";
import { DataAwsCloudfrontCachePolicy } from "@cdktf/provider-aws/lib/data-aws-cloudfront-cache-policy";
import { DataAwsCloudfrontOriginRequestPolicy } from "@cdktf/provider-aws/lib/data-aws-cloudfront-origin-request-policy";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import type { Wafv2WebAcl } from "@cdktf/provider-aws/lib/wafv2-web-acl";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import type { Configuration, DistributionConfiguration } from "../environment/props";
import { nameOf } from "../names";
import type { Network } from "../network/network";
import { addressOf, ITSELF } from "../stack";
import { AccessLogs } from "./access-logs";
import { CLOUDFRONT_REGION, Certificate } from "./certificate";
import { LISTENER_PORT, LoadBalancer } from "./load-balancer";
import { createWebAcl } from "./web-acl";

const ORIGIN = "load-balancer";
const METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"];

export interface DistributionProps {
  readonly configuration: Configuration;
  readonly distribution: DistributionConfiguration;
  readonly network: Network;
  /** The AWS account's id. */
  readonly account: string;
}

/** CloudFront in front of an internal load balancer: the only way in from the internet. */
export class Distribution extends Construct {
  readonly accessLogs: AccessLogs | undefined;
  readonly loadBalancer: LoadBalancer;
  readonly vpcOrigin: CloudfrontVpcOrigin;
  readonly certificate: Certificate | undefined;
  readonly webAcl: Wafv2WebAcl | undefined;
  readonly securityHeaders: CloudfrontResponseHeadersPolicy;
  readonly distribution: CloudfrontDistribution;

  private readonly name: string;
  private readonly props: DistributionConfiguration;

  constructor(
    scope: Construct,
    id: string,
    { configuration, distribution, network, account }: DistributionProps,
  ) {
    super(scope, id);
    const { name } = configuration;
    this.name = name;
    this.props = distribution;
    this.accessLogs = distribution.accessLogs
      ? new AccessLogs(this, "access_logs", { name, account, days: distribution.accessLogs.days })
      : undefined;
    this.loadBalancer = new LoadBalancer(this, "load_balancer", {
      name,
      network,
      distribution,
      accessLogs: this.accessLogs,
    });
    this.vpcOrigin = this.createVpcOrigin(network);
    this.certificate = distribution.domain
      ? new Certificate(this, "certificate", distribution.domain)
      : undefined;
    this.webAcl = distribution.waf ? createWebAcl(this, name, distribution.waf) : undefined;
    this.securityHeaders = this.createSecurityHeaders();
    this.distribution = this.createDistribution();
    this.pointDomain();
    this.deliverLogs();
  }

  /** Where people reach the environment. */
  get url(): string {
    return `https://${(this.props.domain && this.props.domain.names[0]) || this.distribution.domainName}`;
  }

  /**
   * CloudFront answers 409 to any change of an origin in use, tags included: it is never changed, and replaced,
   * under a name of its own, when the load balancer is. Source: hashicorp/terraform-provider-aws#40905.
   */
  private createVpcOrigin(network: Network) {
    const { loadBalancer } = this.loadBalancer;
    const { arn } = loadBalancer;
    return new CloudfrontVpcOrigin(this, "origin", {
      vpcOriginEndpointConfig: [
        {
          name: `${nameOf("aws_cloudfront_vpc_origin", this.name)}-${Fn.substr(Fn.sha1(arn), 0, 8)}`,
          arn,
          httpPort: LISTENER_PORT,
          httpsPort: 443,
          originProtocolPolicy: "http-only",
          originSslProtocols: [{ items: ["TLSv1.2"], quantity: 1 }],
        },
      ],
      timeouts: { create: "30m", update: "30m", delete: "30m" },
      dependsOn: [network.internetGateway],
      lifecycle: {
        createBeforeDestroy: true,
        ignoreChanges: "all",
        replaceTriggeredBy: [`${addressOf(loadBalancer)}.arn`],
      },
    });
  }

  private createSecurityHeaders() {
    return new CloudfrontResponseHeadersPolicy(this, "security_headers", {
      name: nameOf("aws_cloudfront_response_headers_policy", this.name, "security"),
      securityHeadersConfig: {
        strictTransportSecurity: {
          accessControlMaxAgeSec: 31_536_000,
          includeSubdomains: true,
          override: false,
        },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: "SAMEORIGIN", override: false },
        referrerPolicy: { referrerPolicy: "strict-origin-when-cross-origin", override: false },
      },
    });
  }

  private createDistribution() {
    const { domain, priceClass, cachedPaths, timeout } = this.props;
    const behavior = this.behaviors();
    return new CloudfrontDistribution(this, ITSELF, {
      comment: this.name,
      enabled: true,
      isIpv6Enabled: true,
      httpVersion: "http2and3",
      priceClass,
      aliases: domain ? [...domain.names] : undefined,
      webAclId: this.webAcl?.arn,
      origin: [
        {
          originId: ORIGIN,
          domainName: this.loadBalancer.loadBalancer.dnsName,
          vpcOriginConfig: {
            vpcOriginId: this.vpcOrigin.id,
            originReadTimeout: timeout,
            originKeepaliveTimeout: 5,
          },
        },
      ],
      defaultCacheBehavior: { ...behavior("Managed-CachingDisabled"), allowedMethods: METHODS },
      orderedCacheBehavior: cachedPaths.map((pathPattern) => ({
        ...behavior("Managed-CachingOptimized"),
        pathPattern,
        allowedMethods: ["GET", "HEAD", "OPTIONS"],
      })),
      restrictions: { geoRestriction: { restrictionType: "none" } },
      viewerCertificate: this.certificate
        ? {
            acmCertificateArn: this.certificate.validation.certificateArn,
            sslSupportMethod: "sni-only",
            minimumProtocolVersion: "TLSv1.2_2021",
          }
        : { cloudfrontDefaultCertificate: true },
    });
  }

  /** Every cookie, header and query string reaches the service; only what is named as cached is cached. */
  private behaviors() {
    const everything = new DataAwsCloudfrontOriginRequestPolicy(this, "all_viewer", {
      name: "Managed-AllViewer",
    });
    const policies = new Map<string, DataAwsCloudfrontCachePolicy>();
    return (cachePolicy: "Managed-CachingDisabled" | "Managed-CachingOptimized") => {
      const policy =
        policies.get(cachePolicy) ??
        new DataAwsCloudfrontCachePolicy(this, cachePolicy, { name: cachePolicy });
      policies.set(cachePolicy, policy);
      return {
        targetOriginId: ORIGIN,
        viewerProtocolPolicy: "redirect-to-https",
        cachedMethods: ["GET", "HEAD"],
        compress: true,
        cachePolicyId: policy.id,
        originRequestPolicyId: everything.id,
        responseHeadersPolicyId: this.securityHeaders.id,
      };
    };
  }

  private pointDomain() {
    if (!this.certificate || !this.props.domain) return;
    const alias = {
      name: this.distribution.domainName,
      zoneId: this.distribution.hostedZoneId,
      evaluateTargetHealth: false,
    };
    for (const name of this.props.domain.names) {
      for (const type of ["A", "AAAA"]) {
        new Route53Record(this, `${name}_${type}`, {
          zoneId: this.certificate.zone.zoneId,
          name,
          type,
          alias,
        });
      }
    }
  }

  /** CloudFront's own logging needs bucket ACLs; delivery through CloudWatch does not. */
  private deliverLogs() {
    if (!this.accessLogs) return;
    const source = new CloudwatchLogDeliverySource(this, "log_source", {
      region: CLOUDFRONT_REGION,
      name: nameOf("aws_cloudwatch_log_delivery", this.name, "cloudfront"),
      logType: "ACCESS_LOGS",
      resourceArn: this.distribution.arn,
    });
    const destination = new CloudwatchLogDeliveryDestination(this, "log_destination", {
      region: CLOUDFRONT_REGION,
      name: nameOf("aws_cloudwatch_log_delivery", this.name, "access-logs"),
      outputFormat: "json",
      deliveryDestinationConfiguration: [
        { destinationResourceArn: `${this.accessLogs.bucket.arn}/cloudfront` },
      ],
      dependsOn: [this.accessLogs.policy],
    });
    new CloudwatchLogDelivery(this, "log_delivery", {
      region: CLOUDFRONT_REGION,
      deliverySourceName: source.name,
      deliveryDestinationArn: destination.arn,
    });
  }
}
