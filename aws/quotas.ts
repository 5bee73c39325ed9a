/** What AWS gives an account by default. Read on 2026-11-21, from the source that each names. */
export interface Quota {
  /** As the Service Quotas console calls it. */
  readonly name: string;
  /** Service code of Service Quotas. */
  readonly service: string;
  /** The quota's code there; none where only AWS Support raises it. */
  readonly code?: string;
  readonly value: number;
  /** What the number holds for. */
  readonly of: "region" | "account";
  /** What a region has from the start: its default VPC, and that one's gateway. */
  readonly taken?: number;
  readonly source: string;
}

/** A quota on how many objects of a type there are. */
export interface CountQuota extends Quota {
  readonly type: string;
  /** Counted for each value of this argument, instead of all together. */
  readonly per?: string;
  /** AWS's refusal. */
  readonly refusal: string;
}

const VPC = "Amazon VPC user guide, Amazon VPC quotas";
const CLOUDFRONT = "Amazon CloudFront developer guide, Quotas";

export const countQuotas: readonly CountQuota[] = [
  {
    type: "aws_eip",
    name: "EC2-VPC Elastic IPs",
    service: "ec2",
    code: "L-0263D0A3",
    value: 5,
    of: "region",
    refusal: "AddressLimitExceeded",
    source: VPC,
  },
  {
    type: "aws_vpc",
    name: "VPCs per Region",
    service: "vpc",
    code: "L-F678F1CE",
    value: 5,
    of: "region",
    taken: 1,
    refusal: "VpcLimitExceeded",
    source: VPC,
  },
  {
    type: "aws_internet_gateway",
    name: "Internet gateways per Region",
    service: "vpc",
    code: "L-A4707A72",
    value: 5,
    of: "region",
    taken: 1,
    refusal: "InternetGatewayLimitExceeded",
    source: VPC,
  },
  {
    type: "aws_egress_only_internet_gateway",
    name: "Egress-only internet gateways per Region",
    service: "vpc",
    code: "L-45FE3B85",
    value: 5,
    of: "region",
    refusal: "GatewayLimitExceeded",
    source: VPC,
  },
  {
    type: "aws_vpc_ipv6_cidr_block_association",
    per: "vpc_id",
    name: "IPv6 CIDR blocks per VPC",
    service: "vpc",
    code: "L-085A6257",
    value: 5,
    of: "region",
    refusal: "CidrLimitExceeded",
    source: VPC,
  },
  {
    type: "aws_subnet",
    per: "vpc_id",
    name: "Subnets per VPC",
    service: "vpc",
    code: "L-407747CB",
    value: 200,
    of: "region",
    refusal: "SubnetLimitExceeded",
    source: VPC,
  },
  {
    type: "aws_vpc_security_group_ingress_rule",
    per: "security_group_id",
    name: "Inbound or outbound rules per security group",
    service: "vpc",
    code: "L-0EA8095F",
    value: 60,
    of: "region",
    refusal: "RulesPerSecurityGroupLimitExceeded",
    source: VPC,
  },
  {
    type: "aws_vpc_security_group_egress_rule",
    per: "security_group_id",
    name: "Inbound or outbound rules per security group",
    service: "vpc",
    code: "L-0EA8095F",
    value: 60,
    of: "region",
    refusal: "RulesPerSecurityGroupLimitExceeded",
    source: VPC,
  },
  {
    type: "aws_vpc_endpoint",
    per: "vpc_id",
    name: "Interface VPC endpoints per VPC",
    service: "vpc",
    code: "L-29B6F2EB",
    value: 50,
    of: "region",
    refusal: "VpcEndpointLimitExceeded",
    source: "AWS PrivateLink guide, AWS PrivateLink quotas",
  },
  {
    type: "aws_lb",
    name: "Application Load Balancers per Region",
    service: "elasticloadbalancing",
    code: "L-53DA6B97",
    value: 50,
    of: "region",
    refusal: "TooManyLoadBalancers",
    source: "Application Load Balancers guide, Quotas",
  },
  {
    type: "aws_lb_target_group",
    name: "Target Groups per Region",
    service: "elasticloadbalancing",
    code: "L-B22855CB",
    value: 3000,
    of: "region",
    refusal: "TooManyTargetGroups",
    source: "Application Load Balancers guide, Quotas",
  },
  {
    type: "aws_db_instance",
    name: "DB instances",
    service: "rds",
    code: "L-7B6409FD",
    value: 40,
    of: "region",
    refusal: "InstanceQuotaExceeded",
    source: "Amazon RDS user guide, Quotas and constraints",
  },
  {
    type: "aws_s3_bucket",
    name: "Buckets",
    service: "s3",
    code: "L-DC2B2D3D",
    value: 10_000,
    of: "account",
    refusal: "TooManyBuckets",
    source: "Amazon S3 user guide, Bucket quotas, limitations, and restrictions",
  },
  {
    type: "aws_cloudfront_vpc_origin",
    name: "VPC origins per AWS account",
    service: "cloudfront",
    value: 25,
    of: "account",
    refusal: "EntityLimitExceeded",
    source: CLOUDFRONT,
  },
  {
    type: "aws_cloudfront_cache_policy",
    name: "Cache policies per AWS account",
    service: "cloudfront",
    code: "L-7D134442",
    value: 20,
    of: "account",
    refusal: "TooManyCachePolicies",
    source: CLOUDFRONT,
  },
  {
    type: "aws_cloudfront_distribution",
    name: "Web distributions per AWS account",
    service: "cloudfront",
    code: "L-24B04930",
    value: 500,
    of: "account",
    refusal: "TooManyDistributions",
    source: CLOUDFRONT,
  },
];

/** NAT gateways, which are counted where their subnet lies. */
export const natGateways: Quota & { readonly refusal: string } = {
  name: "NAT gateways per Availability Zone",
  service: "vpc",
  code: "L-FE5A380F",
  value: 5,
  of: "region",
  refusal: "NatGatewayLimitExceeded",
  source: VPC,
};

/** The groups that one network interface has. */
export const securityGroups: Quota & { readonly refusal: string } = {
  name: "Security groups per network interface",
  service: "vpc",
  code: "L-2AFB9258",
  value: 5,
  of: "region",
  refusal: "SecurityGroupsPerInterfaceLimitExceeded",
  source: VPC,
};

/**
 * vCPUs that may run at once, of a new account: AWS raises them by itself as an account is used.
 * Sources: Amazon EC2 user guide, "Amazon EC2 instance type quotas"; AWS General Reference, "Amazon ECS endpoints and quotas".
 */
export const vcpuQuotas = {
  onDemand: {
    name: "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
    service: "ec2",
    code: "L-1216C47A",
    value: 5,
    of: "region",
    source: "Amazon EC2 user guide, Amazon EC2 instance type quotas",
  },
  spot: {
    name: "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
    service: "ec2",
    code: "L-34B43A08",
    value: 5,
    of: "region",
    source: "Amazon EC2 user guide, Amazon EC2 instance type quotas",
  },
} as const satisfies Record<string, Quota>;

export const quotas: readonly Quota[] = [
  ...countQuotas,
  natGateways,
  securityGroups,
  ...Object.values(vcpuQuotas),
];

/** What asks AWS for more. */
export const requestFor = ({ service, code }: Quota, region: string, wanted: number): string =>
  code === undefined
    ? "AWS Support Center, Create case, Service limit increase"
    : `aws service-quotas request-service-quota-increase --region ${region} --service-code ${service} --quota-code ${code} --desired-value ${wanted}`;
