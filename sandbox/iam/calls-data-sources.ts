import type { Line } from "./line";

/** The calls of each data source, and of each ephemeral resource. */
export const dataSourceCalls: Readonly<Record<string, readonly Line[]>> = {
  // What sts:GetCallerIdentity answers, everybody may know: it cannot be denied.
  aws_caller_identity: [],
  aws_region: [],
  aws_partition: [],
  aws_iam_policy_document: [],
  aws_availability_zones: ["ec2:DescribeAvailabilityZones"],
  aws_cloudfront_cache_policy: [
    "cloudfront:ListCachePolicies",
    "cloudfront:GetCachePolicy cache-policy/{id}",
  ],
  aws_cloudfront_origin_request_policy: [
    "cloudfront:ListOriginRequestPolicies",
    "cloudfront:GetOriginRequestPolicy origin-request-policy/{id}",
  ],
  aws_ec2_managed_prefix_list: [
    "ec2:DescribeManagedPrefixLists",
    "ec2:GetManagedPrefixListEntries prefix-list/{id}",
  ],
  aws_ecr_repository: [
    "ecr:DescribeRepositories repository/{name}",
    "ecr:ListTagsForResource repository/{name}",
    "ecr:DescribeImages repository/{name}",
  ],
  aws_iam_openid_connect_provider: [
    "iam:ListOpenIDConnectProviders",
    "iam:GetOpenIDConnectProvider {url:provider}",
  ],
  aws_iam_role: ["iam:GetRole {name:role-named}"],
  aws_iam_roles: ["iam:ListRoles"],
  aws_internet_gateway: ["ec2:DescribeInternetGateways"],
  aws_route_tables: ["ec2:DescribeRouteTables"],
  aws_route53_zone: [
    "route53:ListHostedZones",
    "route53:GetHostedZone hostedzone/{zone_id}",
    "route53:ListResourceRecordSets hostedzone/{zone_id}",
    "route53:ListTagsForResource hostedzone/{zone_id}",
  ],
  aws_secretsmanager_random_password: ["secretsmanager:GetRandomPassword"],
  aws_security_group: ["ec2:DescribeSecurityGroups"],
  aws_ssm_parameter: ["ssm:GetParameter {arn}", "kms:Decrypt {key_id:key} via ssm"],
  aws_subnet: ["ec2:DescribeSubnets"],
  aws_vpc: ["ec2:DescribeVpcs", "ec2:DescribeVpcAttribute vpc/{id}", "ec2:DescribeRouteTables"],
};
