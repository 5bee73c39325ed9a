import type { Rows } from "./rows";

const tagged = (resource: string) => ["ec2:CreateTags", "ec2:DeleteTags", resource] as const;

const rule = (direction: "Ingress" | "Egress") => ({
  create: [`ec2:AuthorizeSecurityGroup${direction} security-group/{security_group_id}`],
  read: ["ec2:DescribeSecurityGroupRules"],
  update: {
    "*": ["ec2:ModifySecurityGroupRules security-group/{security_group_id} security-group-rule/{id}"],
  },
  delete: [`ec2:RevokeSecurityGroup${direction} security-group/{security_group_id}`],
  tags: tagged("security-group-rule/{id}"),
});

/** The network: VPC, subnets, routes, groups, endpoints. */
export const networkCalls: Rows = {
  aws_vpc: {
    create: ["ec2:CreateVpc vpc/{id}"],
    finish: ["ec2:ModifyVpcAttribute vpc/{id} if enable_dns_hostnames"],
    read: [
      "ec2:DescribeVpcs",
      "ec2:DescribeVpcAttribute vpc/{id}",
      "ec2:DescribeNetworkAcls",
      "ec2:DescribeRouteTables",
      "ec2:DescribeSecurityGroups",
    ],
    update: {
      "*": ["ec2:ModifyVpcAttribute vpc/{id}"],
      "assign_generated_ipv6_cidr_block|ipv6_cidr_block|ipv6_association_id|ipv6_cidr_block_network_border_group":
        [
          "ec2:AssociateVpcCidrBlock vpc/{id} if assign_generated_ipv6_cidr_block",
          "ec2:DisassociateVpcCidrBlock vpc/{id}",
        ],
    },
    delete: ["ec2:DeleteVpc vpc/{id}"],
    tags: tagged("vpc/{id}"),
  },
  aws_vpc_ipv6_cidr_block_association: {
    create: ["ec2:AssociateVpcCidrBlock vpc/{vpc_id}"],
    read: ["ec2:DescribeVpcs"],
    delete: ["ec2:DisassociateVpcCidrBlock vpc/{vpc_id}"],
  },
  aws_subnet: {
    create: ["ec2:CreateSubnet subnet/{id} vpc/{vpc_id}"],
    finish: [
      "ec2:ModifySubnetAttribute subnet/{id} if map_public_ip_on_launch",
      "ec2:ModifySubnetAttribute subnet/{id} if assign_ipv6_address_on_creation",
      "ec2:ModifySubnetAttribute subnet/{id} if enable_dns64",
    ],
    read: ["ec2:DescribeSubnets"],
    update: {
      "*": ["ec2:ModifySubnetAttribute subnet/{id}"],
      "ipv6_cidr_block|ipv6_cidr_block_association_id": [
        "ec2:AssociateSubnetCidrBlock subnet/{id}",
        "ec2:DisassociateSubnetCidrBlock subnet/{id}",
      ],
    },
    delete: ["ec2:DeleteSubnet subnet/{id}", "ec2:DescribeNetworkInterfaces"],
    tags: tagged("subnet/{id}"),
  },
  aws_internet_gateway: {
    create: ["ec2:CreateInternetGateway internet-gateway/{id}"],
    finish: ["ec2:AttachInternetGateway internet-gateway/{id} vpc/{vpc_id}"],
    read: ["ec2:DescribeInternetGateways"],
    update: {
      vpc_id: [
        "ec2:DetachInternetGateway internet-gateway/{id}",
        "ec2:AttachInternetGateway internet-gateway/{id} vpc/{vpc_id}",
      ],
    },
    delete: [
      "ec2:DetachInternetGateway internet-gateway/{id} vpc/{vpc_id}",
      "ec2:DeleteInternetGateway internet-gateway/{id}",
    ],
    tags: tagged("internet-gateway/{id}"),
  },
  aws_egress_only_internet_gateway: {
    create: ["ec2:CreateEgressOnlyInternetGateway egress-only-internet-gateway/{id} vpc/{vpc_id}"],
    read: ["ec2:DescribeEgressOnlyInternetGateways"],
    delete: ["ec2:DeleteEgressOnlyInternetGateway egress-only-internet-gateway/{id}"],
    tags: tagged("egress-only-internet-gateway/{id}"),
  },
  aws_eip: {
    create: ["ec2:AllocateAddress elastic-ip/{id}"],
    finish: ["ec2:AssociateAddress elastic-ip/{id} instance/{instance}"],
    read: ["ec2:DescribeAddresses", "ec2:DescribeAddressesAttribute"],
    update: {
      instance: [
        "ec2:DisassociateAddress elastic-ip/{id}",
        "ec2:AssociateAddress elastic-ip/{id} instance/{instance}",
      ],
    },
    delete: ["ec2:DisassociateAddress elastic-ip/{id} if instance", "ec2:ReleaseAddress elastic-ip/{id}"],
    tags: tagged("elastic-ip/{id}"),
  },
  aws_eip_association: {
    create: [
      "ec2:AssociateAddress elastic-ip/{allocation_id} network-interface/{network_interface_id} instance/{instance_id}",
    ],
    read: ["ec2:DescribeAddresses"],
    delete: ["ec2:DisassociateAddress elastic-ip/{allocation_id} network-interface/{network_interface_id}"],
  },
  aws_network_interface: {
    create: [
      "ec2:CreateNetworkInterface network-interface/{id} subnet/{subnet_id} security-group/{security_groups}",
    ],
    finish: ["ec2:ModifyNetworkInterfaceAttribute network-interface/{id}"],
    read: ["ec2:DescribeNetworkInterfaces"],
    update: {
      "*": ["ec2:ModifyNetworkInterfaceAttribute network-interface/{id}"],
      security_groups: [
        "ec2:ModifyNetworkInterfaceAttribute network-interface/{id} security-group/{security_groups}",
      ],
    },
    delete: ["ec2:DeleteNetworkInterface network-interface/{id}"],
    tags: tagged("network-interface/{id}"),
  },
  aws_nat_gateway: {
    create: ["ec2:CreateNatGateway natgateway/{id} subnet/{subnet_id} elastic-ip/{allocation_id}"],
    read: ["ec2:DescribeNatGateways"],
    delete: ["ec2:DeleteNatGateway natgateway/{id}"],
    tags: tagged("natgateway/{id}"),
  },
  aws_route_table: {
    create: ["ec2:CreateRouteTable route-table/{id} vpc/{vpc_id}"],
    read: ["ec2:DescribeRouteTables"],
    update: {
      route: [
        "ec2:CreateRoute route-table/{id}",
        "ec2:ReplaceRoute route-table/{id}",
        "ec2:DeleteRoute route-table/{id}",
      ],
    },
    delete: ["ec2:DeleteRouteTable route-table/{id}"],
    tags: tagged("route-table/{id}"),
  },
  aws_route: {
    create: ["ec2:CreateRoute route-table/{route_table_id}"],
    read: ["ec2:DescribeRouteTables"],
    update: { "*": ["ec2:ReplaceRoute route-table/{route_table_id}"] },
    delete: ["ec2:DeleteRoute route-table/{route_table_id}"],
  },
  aws_route_table_association: {
    create: ["ec2:AssociateRouteTable route-table/{route_table_id} subnet/{subnet_id}"],
    read: ["ec2:DescribeRouteTables"],
    update: { "*": ["ec2:ReplaceRouteTableAssociation route-table/{route_table_id} subnet/{subnet_id}"] },
    delete: ["ec2:DisassociateRouteTable route-table/{route_table_id} subnet/{subnet_id}"],
  },
  aws_default_route_table: {
    create: ["ec2:DescribeRouteTables"],
    read: ["ec2:DescribeRouteTables"],
    update: { route: ["ec2:CreateRoute route-table/{id}", "ec2:DeleteRoute route-table/{id}"] },
    tags: tagged("route-table/{default_route_table_id}"),
  },
  aws_default_network_acl: {
    create: ["ec2:DescribeNetworkAcls", "ec2:DeleteNetworkAclEntry network-acl/{default_network_acl_id}"],
    read: ["ec2:DescribeNetworkAcls"],
    update: {
      "ingress|egress": [
        "ec2:DeleteNetworkAclEntry network-acl/{id}",
        "ec2:CreateNetworkAclEntry network-acl/{id}",
      ],
      subnet_ids: ["ec2:ReplaceNetworkAclAssociation network-acl/{id} subnet/{subnet_ids}"],
    },
    tags: tagged("network-acl/{default_network_acl_id}"),
  },
  aws_default_security_group: {
    create: [
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSecurityGroupRules",
      "ec2:RevokeSecurityGroupIngress security-group/{id}",
      "ec2:RevokeSecurityGroupEgress security-group/{id}",
    ],
    read: ["ec2:DescribeSecurityGroups"],
    update: {
      ingress: ["ec2:RevokeSecurityGroupIngress security-group/{id}"],
      egress: ["ec2:RevokeSecurityGroupEgress security-group/{id}"],
    },
    tags: tagged("security-group/{id}"),
  },
  aws_network_acl: {
    create: ["ec2:CreateNetworkAcl network-acl/{id} vpc/{vpc_id}"],
    finish: [
      "ec2:CreateNetworkAclEntry network-acl/{id}",
      "ec2:ReplaceNetworkAclAssociation network-acl/{id} subnet/{subnet_ids}",
    ],
    read: ["ec2:DescribeNetworkAcls"],
    update: {
      "ingress|egress": [
        "ec2:CreateNetworkAclEntry network-acl/{id}",
        "ec2:DeleteNetworkAclEntry network-acl/{id}",
      ],
      subnet_ids: ["ec2:ReplaceNetworkAclAssociation network-acl/{id} subnet/{subnet_ids}"],
    },
    delete: [
      "ec2:ReplaceNetworkAclAssociation network-acl/{id} subnet/{subnet_ids}",
      "ec2:DeleteNetworkAcl network-acl/{id}",
    ],
    tags: tagged("network-acl/{id}"),
  },
  aws_security_group: {
    create: ["ec2:CreateSecurityGroup security-group/{id} vpc/{vpc_id}"],
    // A new group lets everything out: the provider takes that away.
    finish: ["ec2:RevokeSecurityGroupEgress security-group/{id}"],
    read: ["ec2:DescribeSecurityGroups"],
    update: {
      ingress: [
        "ec2:AuthorizeSecurityGroupIngress security-group/{id}",
        "ec2:RevokeSecurityGroupIngress security-group/{id}",
      ],
      egress: [
        "ec2:AuthorizeSecurityGroupEgress security-group/{id}",
        "ec2:RevokeSecurityGroupEgress security-group/{id}",
      ],
    },
    delete: ["ec2:DescribeNetworkInterfaces", "ec2:DeleteSecurityGroup security-group/{id}"],
    tags: tagged("security-group/{id}"),
  },
  aws_vpc_security_group_ingress_rule: rule("Ingress"),
  aws_vpc_security_group_egress_rule: rule("Egress"),
  aws_vpc_endpoint: {
    create: [
      "ec2:CreateVpcEndpoint vpc-endpoint/{id} vpc/{vpc_id} route-table/{route_table_ids} subnet/{subnet_ids} security-group/{security_group_ids}",
      // AWS makes the private names of an interface in the caller's name.
      "route53:AssociateVPCWithHostedZone hostedzone/* if private_dns_enabled",
    ],
    read: ["ec2:DescribeVpcEndpoints", "ec2:DescribePrefixLists"],
    update: {
      "*": [
        "ec2:ModifyVpcEndpoint vpc-endpoint/{id} route-table/{route_table_ids} subnet/{subnet_ids} security-group/{security_group_ids}",
      ],
    },
    delete: ["ec2:DeleteVpcEndpoints vpc-endpoint/{id}"],
    tags: tagged("vpc-endpoint/{id}"),
  },
  aws_vpc_peering_connection: {
    create: ["ec2:CreateVpcPeeringConnection vpc-peering-connection/{id} vpc/{vpc_id}"],
    finish: ["ec2:AcceptVpcPeeringConnection vpc-peering-connection/{id} vpc/{vpc_id} if auto_accept"],
    read: ["ec2:DescribeVpcPeeringConnections"],
    delete: ["ec2:DeleteVpcPeeringConnection vpc-peering-connection/{id}"],
    tags: tagged("vpc-peering-connection/{id}"),
  },
  aws_flow_log: {
    create: [
      "ec2:CreateFlowLogs vpc-flow-log/{id} vpc/{vpc_id}",
      "iam:PassRole {iam_role_arn} to vpc-flow-logs.amazonaws.com",
    ],
    read: ["ec2:DescribeFlowLogs"],
    delete: ["ec2:DeleteFlowLogs vpc-flow-log/{id}"],
    tags: tagged("vpc-flow-log/{id}"),
  },
};
