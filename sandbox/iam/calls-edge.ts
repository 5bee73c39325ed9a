import type { Rows } from "./rows";

const balancerTags = (resource: string) =>
  ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags", resource] as const;
const certificateReads = [
  "acm:DescribeCertificate certificate/{arn:last}",
  "acm:ListTagsForCertificate certificate/{arn:last}",
];

const cloudfrontPolicy = (name: string, resource: string) => ({
  create: [`cloudfront:Create${name}`],
  read: [`cloudfront:Get${name} ${resource}/{id}`],
  update: { "*": [`cloudfront:Update${name} ${resource}/{id}`] },
  delete: [`cloudfront:Delete${name} ${resource}/{id}`],
});

const record = ["route53:ChangeResourceRecordSets hostedzone/{zone_id}", "route53:GetChange change/*"];

/** Tags are asked for by the group's own ARN, all else by that of its streams. Source: "Overview of managing access", CloudWatch Logs guide. */
const logGroup = "log-group:{name}";
const logStreams = `${logGroup}:log-stream:`;

/** What stands in front of services and what they log: load balancers, CloudFront, names, certificates, logs. */
export const edgeCalls: Rows = {
  aws_lb: {
    create: [
      "elasticloadbalancing:CreateLoadBalancer loadbalancer/app/{name}/*",
      "iam:CreateServiceLinkedRole role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing",
    ],
    finish: ["elasticloadbalancing:ModifyLoadBalancerAttributes loadbalancer/app/{name}/*"],
    read: [
      "elasticloadbalancing:DescribeLoadBalancers",
      "elasticloadbalancing:DescribeLoadBalancerAttributes",
      "elasticloadbalancing:DescribeCapacityReservation",
      "elasticloadbalancing:DescribeTags",
    ],
    update: {
      security_groups: ["elasticloadbalancing:SetSecurityGroups {arn}"],
      "subnets|subnet_mapping": ["elasticloadbalancing:SetSubnets {arn}"],
      ip_address_type: ["elasticloadbalancing:SetIpAddressType {arn}"],
      "*": ["elasticloadbalancing:ModifyLoadBalancerAttributes {arn}"],
    },
    delete: ["elasticloadbalancing:DeleteLoadBalancer {arn}", "ec2:DescribeNetworkInterfaces"],
    tags: balancerTags("loadbalancer/app/{name}/{arn:last}"),
  },
  aws_lb_target_group: {
    create: ["elasticloadbalancing:CreateTargetGroup targetgroup/{name}/*"],
    finish: ["elasticloadbalancing:ModifyTargetGroupAttributes targetgroup/{name}/*"],
    read: [
      "elasticloadbalancing:DescribeTargetGroups",
      "elasticloadbalancing:DescribeTargetGroupAttributes",
      "elasticloadbalancing:DescribeTags",
    ],
    update: {
      health_check: ["elasticloadbalancing:ModifyTargetGroup {arn}"],
      "*": ["elasticloadbalancing:ModifyTargetGroupAttributes {arn}"],
    },
    delete: ["elasticloadbalancing:DeleteTargetGroup {arn}"],
    tags: balancerTags("targetgroup/{name}/{arn:last}"),
  },
  aws_lb_listener: {
    create: ["elasticloadbalancing:CreateListener {load_balancer_arn}"],
    finish: [
      "elasticloadbalancing:ModifyListenerAttributes listener/app/*/*/* if routing_http_response_server_enabled",
    ],
    read: [
      "elasticloadbalancing:DescribeListeners",
      "elasticloadbalancing:DescribeListenerAttributes",
      "elasticloadbalancing:DescribeTags",
    ],
    update: { "*": ["elasticloadbalancing:ModifyListener {arn}"] },
    delete: ["elasticloadbalancing:DeleteListener {arn}"],
    tags: balancerTags("listener/app/{load_balancer_arn:balancer-name}/{load_balancer_arn:last}/{arn:last}"),
  },
  aws_lb_listener_rule: {
    create: ["elasticloadbalancing:CreateRule {listener_arn}"],
    read: ["elasticloadbalancing:DescribeRules", "elasticloadbalancing:DescribeTags"],
    update: {
      priority: ["elasticloadbalancing:SetRulePriorities {arn}"],
      "*": ["elasticloadbalancing:ModifyRule {arn}"],
    },
    delete: ["elasticloadbalancing:DeleteRule {arn}"],
    tags: balancerTags("listener-rule/app/*/*/*/{arn:last}"),
  },
  aws_cloudfront_distribution: {
    create: ["cloudfront:CreateDistribution"],
    read: [
      "cloudfront:GetDistribution distribution/{id}",
      "cloudfront:ListTagsForResource distribution/{id}",
    ],
    update: { "*": ["cloudfront:UpdateDistribution distribution/{id}"] },
    delete: [
      "cloudfront:UpdateDistribution distribution/{id}",
      "cloudfront:DeleteDistribution distribution/{id}",
    ],
    tags: ["cloudfront:TagResource", "cloudfront:UntagResource", "distribution/{id}"],
  },
  aws_cloudfront_vpc_origin: {
    // CloudFront looks at what it will reach in the caller's name. Source: "Restrict access with VPC origins", CloudFront guide.
    create: [
      "cloudfront:CreateVpcOrigin",
      "ec2:DescribeInstances",
      "ec2:DescribeInternetGateways",
      "ec2:DescribeSubnets",
      "elasticloadbalancing:DescribeLoadBalancers",
      "elasticloadbalancing:DescribeListeners",
      "iam:CreateServiceLinkedRole role/aws-service-role/vpcorigin.cloudfront.amazonaws.com/AWSServiceRoleForCloudFrontVPCOrigin",
    ],
    read: ["cloudfront:GetVpcOrigin vpcorigin/{id}", "cloudfront:ListTagsForResource vpcorigin/{id}"],
    update: { "*": ["cloudfront:UpdateVpcOrigin vpcorigin/{id}"] },
    delete: ["cloudfront:DeleteVpcOrigin vpcorigin/{id}"],
    tags: ["cloudfront:TagResource", "cloudfront:UntagResource", "vpcorigin/{id}"],
  },
  aws_cloudfront_cache_policy: cloudfrontPolicy("CachePolicy", "cache-policy"),
  aws_cloudfront_origin_request_policy: cloudfrontPolicy("OriginRequestPolicy", "origin-request-policy"),
  aws_cloudfront_response_headers_policy: cloudfrontPolicy(
    "ResponseHeadersPolicy",
    "response-headers-policy",
  ),
  aws_cloudfront_function: {
    create: ["cloudfront:CreateFunction", "cloudfront:PublishFunction function/{name}"],
    read: ["cloudfront:DescribeFunction function/{name}", "cloudfront:GetFunction function/{name}"],
    update: {
      "*": ["cloudfront:UpdateFunction function/{name}", "cloudfront:PublishFunction function/{name}"],
    },
    delete: ["cloudfront:DeleteFunction function/{name}"],
  },
  aws_cloudfront_key_value_store: {
    create: ["cloudfront:CreateKeyValueStore"],
    read: ["cloudfront:DescribeKeyValueStore key-value-store/{arn:last}"],
    update: { "*": ["cloudfront:UpdateKeyValueStore key-value-store/{arn:last}"] },
    delete: ["cloudfront:DeleteKeyValueStore key-value-store/{arn:last}"],
  },
  aws_wafv2_web_acl: {
    create: ["wafv2:CreateWebACL {scope:waf}/webacl/{name}/{id} {scope:waf}/managedruleset/*/*"],
    read: [
      "wafv2:GetWebACL {scope:waf}/webacl/{name}/{id}",
      "wafv2:ListTagsForResource {scope:waf}/webacl/{name}/{id}",
    ],
    update: { "*": ["wafv2:UpdateWebACL {scope:waf}/webacl/{name}/{id} {scope:waf}/managedruleset/*/*"] },
    delete: ["wafv2:DeleteWebACL {scope:waf}/webacl/{name}/{id}"],
    tags: ["wafv2:TagResource", "wafv2:UntagResource", "{scope:waf}/webacl/{name}/{id}"],
  },
  aws_acm_certificate: {
    create: ["acm:RequestCertificate"],
    read: certificateReads,
    update: { "*": ["acm:UpdateCertificateOptions certificate/{arn:last}"] },
    delete: ["acm:DeleteCertificate certificate/{arn:last}"],
    tags: ["acm:AddTagsToCertificate", "acm:RemoveTagsFromCertificate", "certificate/{arn:last}"],
  },
  aws_acm_certificate_validation: {
    create: ["acm:DescribeCertificate {certificate_arn}"],
    read: ["acm:DescribeCertificate {certificate_arn}"],
  },
  aws_route53_zone: {
    create: ["route53:CreateHostedZone", "route53:GetChange change/*", "ec2:DescribeVpcs if vpc"],
    finish: ["route53:ChangeTagsForResource hostedzone/{zone_id} if tags_all"],
    read: [
      "route53:GetHostedZone hostedzone/{zone_id}",
      "route53:ListResourceRecordSets hostedzone/{zone_id}",
      "route53:ListTagsForResource hostedzone/{zone_id}",
    ],
    update: {
      comment: ["route53:UpdateHostedZoneComment hostedzone/{zone_id}"],
      vpc: [
        "route53:AssociateVPCWithHostedZone hostedzone/{zone_id}",
        "route53:DisassociateVPCFromHostedZone hostedzone/{zone_id}",
      ],
      "tags|tags_all": ["route53:ChangeTagsForResource hostedzone/{zone_id}"],
    },
    delete: ["route53:DeleteHostedZone hostedzone/{zone_id}", "route53:GetChange change/*"],
  },
  aws_route53_record: {
    create: ["route53:GetHostedZone hostedzone/{zone_id}", ...record],
    read: [
      "route53:GetHostedZone hostedzone/{zone_id}",
      "route53:ListResourceRecordSets hostedzone/{zone_id}",
    ],
    update: { "*": record },
    delete: record,
  },
  aws_cloudwatch_log_group: {
    create: [`logs:CreateLogGroup ${logStreams}`, `logs:AssociateKmsKey ${logStreams} if kms_key_id`],
    finish: [`logs:PutRetentionPolicy ${logStreams} if retention_in_days`],
    read: ["logs:DescribeLogGroups", `logs:ListTagsForResource ${logGroup}`],
    update: {
      retention_in_days: [`logs:PutRetentionPolicy ${logStreams}`],
      kms_key_id: [`logs:AssociateKmsKey ${logStreams}`, `logs:DisassociateKmsKey ${logStreams}`],
    },
    delete: [`logs:DeleteLogGroup ${logStreams}`],
    tags: ["logs:TagResource", "logs:UntagResource", logGroup],
  },
  aws_cloudwatch_log_delivery_source: {
    create: [
      "logs:PutDeliverySource delivery-source:{name}",
      "cloudfront:AllowVendedLogDeliveryForResource {resource_arn}",
    ],
    read: [
      "logs:GetDeliverySource delivery-source:{name}",
      "logs:ListTagsForResource delivery-source:{name}",
    ],
    update: { "*": ["logs:PutDeliverySource delivery-source:{name}"] },
    delete: ["logs:DeleteDeliverySource delivery-source:{name}"],
    tags: ["logs:TagResource", "logs:UntagResource", "delivery-source:{name}"],
  },
  aws_cloudwatch_log_delivery_destination: {
    create: ["logs:PutDeliveryDestination delivery-destination:{name}"],
    read: [
      "logs:GetDeliveryDestination delivery-destination:{name}",
      "logs:ListTagsForResource delivery-destination:{name}",
    ],
    update: { "*": ["logs:PutDeliveryDestination delivery-destination:{name}"] },
    delete: ["logs:DeleteDeliveryDestination delivery-destination:{name}"],
    tags: ["logs:TagResource", "logs:UntagResource", "delivery-destination:{name}"],
  },
  aws_cloudwatch_log_delivery: {
    create: [
      "logs:CreateDelivery delivery:* delivery-source:{delivery_source_name} {delivery_destination_arn}",
    ],
    read: ["logs:GetDelivery delivery:{id}", "logs:ListTagsForResource delivery:{id}"],
    update: { "*": ["logs:UpdateDeliveryConfiguration delivery:{id}"] },
    delete: ["logs:DeleteDelivery delivery:{id}"],
    tags: ["logs:TagResource", "logs:UntagResource", "delivery:{id}"],
  },
};
