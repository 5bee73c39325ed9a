/** Something that the emulator cannot do as AWS does, so that it is left out of the copies that are applied to it. */
export interface Gap {
  /** The resource type, or `data.` and that of a data source. */
  readonly what: string;
  /** The call that fails. */
  readonly call: string;
  readonly reason: string;
  /** Why no run tries whether it still holds. */
  readonly untried?: string;
  /** What others read of it, by attribute: they get this instead, and stay. */
  readonly values?: Readonly<Record<string, string>>;
  /** Only these arguments are what it cannot: the resource stays, and a second plan does not look at them. */
  readonly forgets?: readonly string[];
}

/** What moto 5.2.1 cannot. A row that a newer one can is said to be stale. */
export const gaps: readonly Gap[] = [
  {
    what: "data.aws_cloudfront_cache_policy",
    call: "cloudfront:ListCachePolicies",
    reason: "not implemented",
    values: { id: "4135ea2d-6df8-44a3-9df3-4b5a84be39ad" },
  },
  {
    what: "data.aws_cloudfront_origin_request_policy",
    call: "cloudfront:ListOriginRequestPolicies",
    reason: "not implemented",
    values: { id: "33f36d7e-f396-46d9-90e0-52428a34d9dc" },
  },
  {
    what: "aws_cloudfront_response_headers_policy",
    call: "cloudfront:CreateResponseHeadersPolicy",
    reason: "not implemented",
    values: { id: "67f7725c-6f97-4210-82d7-5512b31e9d03" },
  },
  {
    what: "aws_cloudfront_vpc_origin",
    call: "cloudfront:CreateVpcOrigin",
    reason: "not implemented",
    values: { id: "vo_0123456789abcdefghijkl" },
  },
  {
    what: "aws_instance",
    call: "ec2:RunInstances",
    reason: "wants the size of a root volume, which AWS takes from the image",
    values: { id: "i-0123456789abcdef0" },
  },
  {
    what: "aws_ecs_service",
    call: "ecs:CreateService",
    reason: "answers without the service's network configuration, at which provider 5.100.0 ends",
    untried: "the provider ends, whatever else it is at",
    values: { name: "web" },
  },
  {
    what: "aws_elasticache_subnet_group",
    call: "elasticache:DeleteCacheSubnetGroup",
    reason: "not implemented: makes it, and cannot take it away",
    values: { name: "staging" },
  },
  {
    what: "aws_db_instance",
    call: "rds:DescribeDBInstances",
    reason: "does not find an instance by its resource id, by which the provider waits for it",
    untried: "the provider looks for it for minutes",
    values: {
      address: "staging.c9akciq32rgs.us-west-2.rds.amazonaws.com",
      identifier: "staging",
      resource_id: "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    },
  },
  {
    what: "aws_appautoscaling_target",
    call: "application-autoscaling:RegisterScalableTarget",
    reason: "looks for the ECS service, which is left out",
  },
  {
    what: "aws_cloudwatch_log_delivery_source",
    call: "cloudfront:CreateDistribution",
    reason: "answers with an ARN that lacks a part, which the log delivery refuses",
  },
  {
    what: "data.aws_route53_zone",
    call: "route53:ListHostedZones",
    reason: "an empty account has no zone, and the option takes one that is there",
    values: { zone_id: "Z0123456789ABCDEFGHIJ" },
  },
  {
    what: "data.aws_vpc",
    call: "ec2:DescribeVpcs",
    reason: "an empty account has no VPC of this id, and the option takes one that is there",
    values: { id: "vpc-0123456789abcdef0" },
  },
  {
    what: "data.aws_subnet",
    call: "ec2:DescribeSubnets",
    reason: "an empty account has no subnet of this id, and the option takes one that is there",
    values: { id: "subnet-0000000000000000a", availability_zone: "us-west-2a" },
  },
  {
    what: "data.aws_internet_gateway",
    call: "ec2:DescribeInternetGateways",
    reason: "it would be that of the VPC that is there",
  },
  {
    what: "aws_vpc_security_group_ingress_rule",
    call: "ec2:DescribeSecurityGroupRules",
    reason: "keeps descriptions of addresses alone, not those of groups and prefix lists",
    forgets: ["description"],
  },
  {
    what: "aws_vpc_security_group_egress_rule",
    call: "ec2:DescribeSecurityGroupRules",
    reason: "keeps descriptions of addresses alone, not those of groups",
    forgets: ["description"],
  },
  {
    what: "aws_launch_template",
    call: "ec2:DescribeLaunchTemplateVersions",
    reason: "adds the template's own tags to those of what it launches",
    forgets: ["tag_specifications"],
  },
  {
    what: "aws_db_parameter_group",
    call: "rds:DescribeDBParameters",
    reason: "loses when a parameter is applied",
    forgets: ["parameter"],
  },
  {
    what: "aws_cloudfront_distribution",
    call: "cloudfront:GetDistribution",
    reason: "loses the VPC origin, and adds forwarded values and a minimum TLS support of its own",
    forgets: ["origin", "default_cache_behavior", "viewer_certificate"],
  },
];
