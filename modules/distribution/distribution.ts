import { CloudfrontCachePolicy } from "@cdktf/provider-aws/lib/cloudfront-cache-policy";
import { CloudfrontDistribution } from "@cdktf/provider-aws/lib/cloudfront-distribution";
import { CloudfrontOriginRequestPolicy } from "@cdktf/provider-aws/lib/cloudfront-origin-request-policy";
import { CloudfrontResponseHeadersPolicy } from "@cdktf/provider-aws/lib/cloudfront-response-headers-policy";
import { CloudfrontVpcOrigin } from "@cdktf/provider-aws/lib/cloudfront-vpc-origin";
import { CloudwatchLogDelivery } from "@cdktf/provider-aws/lib/cloudwatch-log-delivery";
import { CloudwatchLogDeliveryDestination } from "@cdktf/provider-aws/lib/cloudwatch-log-delivery-destination";
import { CloudwatchLogDeliverySource } from "@cdktf/provider-aws/lib/cloudwatch-log-delivery-source";
import { DataAwsCloudfrontCachePolicy } from "@cdktf/provider-aws/lib/data-aws-cloudfront-cache-policy";
import { DataAwsCloudfrontOriginRequestPolicy } from "@cdktf/provider-aws/lib/data-aws-cloudfront-origin-request-policy";
import { DataAwsRoute53Zone } from "@cdktf/provider-aws/lib/data-aws-route53-zone";
import type { LbListenerRule } from "@cdktf/provider-aws/lib/lb-listener-rule";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import type { Wafv2WebAcl } from "@cdktf/provider-aws/lib/wafv2-web-acl";
import { Fn } from "cdktf";
import { Construct } from "constructs";
import { CLOUDFRONT_REGION } from "../../aws/cloudfront";
import { Front } from "../move/front";
import { type MoveFrom, wildcardFor } from "../move/props";
import type { MoveState } from "../move/state";
import type { DistributionConfiguration } from "./props";
import { nameOf } from "../names";
import type { Network } from "../network/network";
import { addressOf, ITSELF } from "../stack";
import { AccessLogs } from "./access-logs";
import { Certificate } from "./certificate";
import { LoadBalancer } from "./load-balancer";
import { createWebAcl } from "./web-acl";

const ORIGIN = "load-balancer";
/** Seconds in a year. */
const YEAR = 31_536_000;
const METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"];

interface Props {
  readonly name: string;
  readonly region: string;
  readonly distribution: DistributionConfiguration;
  readonly network: Network;
  /** The AWS account's id. */
  readonly account: string;
  /** The old platform that it stands in front of, too, while its compute moves in. */
  readonly from: MoveFrom | false;
  /** Names that the old platform never had: the new side alone answers them meanwhile. */
  readonly newHosts: readonly string[];
  /** How far the move has come, while there is one. */
  readonly move: MoveState | undefined;
}

/** CloudFront in front of an internal load balancer: the only way in from the internet. */
export class Distribution extends Construct {
  readonly accessLogs: AccessLogs | undefined;
  /** The own names' public zone, where Route 53 holds it. */
  readonly zone: DataAwsRoute53Zone | undefined;
  /** Absent without own names, and where certificates were given. */
  readonly certificate: Certificate | undefined;
  readonly loadBalancer: LoadBalancer;
  readonly vpcOrigin: CloudfrontVpcOrigin;
  readonly webAcl: Wafv2WebAcl | undefined;
  readonly securityHeaders: CloudfrontResponseHeadersPolicy;
  /** What makes it answer for an old platform, too, for as long as a move takes. */
  readonly front: Front | undefined;
  readonly distribution: CloudfrontDistribution;

  /** The distribution's configuration. */
  readonly own: DistributionConfiguration;
  private readonly name: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: Props,
  ) {
    super(scope, id);
    const { name, region, distribution, network, account, from } = props;
    this.name = name;
    this.own = distribution;
    this.accessLogs = distribution.accessLogs
      ? new AccessLogs(this, "access_logs", { name, account, days: distribution.accessLogs.days })
      : undefined;
    this.zone = this.findZone();
    this.certificate = this.createCertificate(region);
    this.loadBalancer = new LoadBalancer(this, "load_balancer", {
      name,
      network,
      distribution,
      accessLogs: this.accessLogs,
      certificate: this.certificateArns?.loadBalancer,
    });
    this.vpcOrigin = this.createVpcOrigin(network);
    this.webAcl = distribution.waf ? createWebAcl(this, name, distribution.waf) : undefined;
    this.securityHeaders = this.createSecurityHeaders();
    this.front = from ? this.createFront(from) : undefined;
    this.distribution = this.createDistribution();
    this.pointDomain();
    this.deliverLogs();
  }

  /** Where people reach the environment. */
  get url(): string {
    return `https://${(this.own.domain && this.own.domain.names[0]) || this.distribution.domainName}`;
  }

  /** CloudFront changes after these rules are there; those that they replace serve until it has. */
  follow(rules: readonly LbListenerRule[]) {
    this.distribution.dependsOn = [...(this.distribution.dependsOn ?? []), ...rules.map(addressOf)];
  }

  /** The certificates that CloudFront and the load balancer show, given or made; none without own names. */
  private get certificateArns() {
    const { domain } = this.own;
    if (!domain || !domain.certificate) return this.certificate?.arns;
    const { cloudfront, loadBalancer = cloudfront } = domain.certificate;
    return { cloudfront, loadBalancer };
  }

  private findZone() {
    const { domain } = this.own;
    if (!domain || domain.zone === false) return undefined;
    return new DataAwsRoute53Zone(this, "zone", { name: domain.zone, privateZone: false });
  }

  private createCertificate(region: string) {
    const { domain } = this.own;
    if (!domain || domain.certificate || !this.zone) return undefined;
    const { zone, wildcard } = this;
    return new Certificate(this, "certificate", { names: domain.names, wildcard, zone, region });
  }

  /**
   * CloudFront answers 409 to any change of an origin in use, tags included: it is never changed, and replaced,
   * under a name of its own, when the load balancer is. Source: hashicorp/terraform-provider-aws#40905. For the same reason
   * the one that speaks HTTPS is another one: the distribution leaves the first for it.
   */
  private createVpcOrigin(network: Network) {
    const { loadBalancer, listener, port } = this.loadBalancer;
    const { arn } = loadBalancer;
    const https = this.certificateArns !== undefined;
    const name = nameOf("aws_cloudfront_vpc_origin", this.name, ...(https ? ["https"] : []));
    return new CloudfrontVpcOrigin(this, https ? "https_origin" : "origin", {
      vpcOriginEndpointConfig: [
        {
          name: `${name}-${Fn.substr(Fn.sha1(arn), 0, 8)}`,
          arn,
          httpPort: https ? 80 : port,
          httpsPort: https ? port : 443,
          originProtocolPolicy: https ? "https-only" : "http-only",
          originSslProtocols: [{ items: ["TLSv1.2"], quantity: 1 }],
        },
      ],
      timeouts: { create: "30m", update: "30m", delete: "30m" },
      // The listener that goes outlives the origin that calls it.
      dependsOn: [...(network.internetGateway ? [network.internetGateway] : []), listener],
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
          accessControlMaxAgeSec: YEAR,
          includeSubdomains: this.own.hstsSubdomains,
          override: false,
        },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: "SAMEORIGIN", override: false },
        referrerPolicy: { referrerPolicy: "strict-origin-when-cross-origin", override: false },
      },
    });
  }

  private createFront(from: MoveFrom) {
    return new Front(this, "front", {
      name: this.name,
      from,
      newHosts: this.props.newHosts,
      newOrigin: ORIGIN,
      timeout: this.own.timeout,
    });
  }

  private createDistribution() {
    const { priceClass, cachedPaths, timeout } = this.own;
    const certificate = this.certificateArns?.cloudfront;
    return new CloudfrontDistribution(this, ITSELF, {
      comment: this.name,
      enabled: true,
      isIpv6Enabled: true,
      httpVersion: "http2and3",
      priceClass,
      aliases: this.aliases,
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
        ...(this.front ? [this.front.origin] : []),
      ],
      defaultCacheBehavior: { ...this.behavior(this.passOn()), allowedMethods: METHODS },
      // What one side says is not to be kept for viewers of the other.
      orderedCacheBehavior: this.cachedBehaviors(this.front ? [] : cachedPaths),
      restrictions: { geoRestriction: { restrictionType: "none" } },
      viewerCertificate: certificate
        ? {
            acmCertificateArn: certificate,
            sslSupportMethod: "sni-only",
            minimumProtocolVersion: "TLSv1.2_2021",
          }
        : { cloudfrontDefaultCertificate: true },
    });
  }

  /** One that another distribution has is not asked for until `slipway move` has taken it from there, or a wildcard is in its place. */
  private get aliases() {
    const { domain } = this.own;
    const { from, move } = this.props;
    if (!domain) return undefined;
    if (!move || from === false || from.distribution === undefined) return [...domain.names];
    const { wildcard } = this;
    if (wildcard) return [...domain.names.filter((name) => name !== from.domain), wildcard];
    return move.aliases(domain.names, from.domain);
  }

  private get wildcard() {
    const { from } = this.props;
    const { domain } = this.own;
    return from && domain ? wildcardFor(from, domain.zone) : undefined;
  }

  private behavior(policies: { readonly cachePolicyId: string; readonly originRequestPolicyId: string }) {
    return {
      targetOriginId: ORIGIN,
      viewerProtocolPolicy: "redirect-to-https",
      cachedMethods: ["GET", "HEAD"],
      compress: true,
      responseHeadersPolicyId: this.securityHeaders.id,
      ...policies,
      ...this.front?.behavior,
    };
  }

  /**
   * Caches nothing: every cookie, header and query string reaches the service, and beside them what CloudFront knows of the
   * viewer (CloudFront-Forwarded-Proto, CloudFront-Viewer-Address, …).
   */
  private passOn() {
    const cache = new DataAwsCloudfrontCachePolicy(this, "Managed-CachingDisabled", {
      name: "Managed-CachingDisabled",
    });
    const request = new DataAwsCloudfrontOriginRequestPolicy(this, "all_viewer", {
      name: "Managed-AllViewerAndCloudFrontHeaders-2022-06",
    });
    return { cachePolicyId: cache.id, originRequestPolicyId: request.id };
  }

  /**
   * Caches by host, path and query string for as long as the service says, and not at all where it says nothing. Cookies are
   * taken out of requests and answers, Authorization out of requests: both are left out of the two policies. Source:
   * "Cache content based on cookies", CloudFront guide.
   */
  private cachedBehaviors(paths: readonly string[]) {
    if (paths.length === 0) return [];
    const cache = new CloudfrontCachePolicy(this, "cached_paths", {
      name: nameOf("aws_cloudfront_cache_policy", this.name, "cached-paths"),
      minTtl: 0,
      defaultTtl: 0,
      maxTtl: YEAR,
      parametersInCacheKeyAndForwardedToOrigin: {
        cookiesConfig: { cookieBehavior: "none" },
        headersConfig: { headerBehavior: "whitelist", headers: { items: ["Host"] } },
        queryStringsConfig: { queryStringBehavior: "all" },
        enableAcceptEncodingGzip: true,
        enableAcceptEncodingBrotli: true,
      },
      lifecycle: { createBeforeDestroy: true },
    });
    const request = new CloudfrontOriginRequestPolicy(this, "cached_paths_request", {
      name: nameOf("aws_cloudfront_origin_request_policy", this.name, "cached-paths"),
      cookiesConfig: { cookieBehavior: "none" },
      headersConfig: { headerBehavior: "whitelist", headers: { items: ["CloudFront-Forwarded-Proto"] } },
      queryStringsConfig: { queryStringBehavior: "none" },
      lifecycle: { createBeforeDestroy: true },
    });
    const behavior = this.behavior({ cachePolicyId: cache.id, originRequestPolicyId: request.id });
    return paths.map((pathPattern) => ({
      ...behavior,
      pathPattern,
      allowedMethods: ["GET", "HEAD", "OPTIONS"],
    }));
  }

  /** The records that a person makes, where the names are kept elsewhere. */
  get dns(): { name: string; type: "CNAME"; value: string }[] | undefined {
    const { domain } = this.own;
    if (!domain || this.zone) return undefined;
    return this.ownNames.map((name) => ({ name, type: "CNAME", value: this.distribution.domainName }));
  }

  /** The names whose records are its own: not the one that `slipway move` leads here. */
  private get ownNames(): readonly string[] {
    const names = (this.own.domain && this.own.domain.names) || [];
    return names.filter((name) => name !== this.front?.domain);
  }

  private pointDomain() {
    const { domain } = this.own;
    if (!domain || !this.zone) return;
    const { domainName, hostedZoneId } = this.distribution;
    const alias = { name: domainName, zoneId: hostedZoneId, evaluateTargetHealth: false };
    for (const name of this.ownNames) {
      for (const type of ["A", "AAAA"]) {
        new Route53Record(this, `${name}_${type}`, { zoneId: this.zone.zoneId, name, type, alias });
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
