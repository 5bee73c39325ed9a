import type { CasesByRule } from "./cases";
import { allow, data, resource, together } from "./json";

const bucket = (body = {}) => resource("aws_s3_bucket", { bucket: "files", ...body });
const blocked = {
  block_public_acls: true,
  block_public_policy: true,
  ignore_public_acls: true,
  restrict_public_buckets: true,
};
const block = (body = {}) =>
  resource("aws_s3_bucket_public_access_block", { bucket: "${aws_s3_bucket.it.id}", ...blocked, ...body });
const ingress = (body: object) => resource("aws_vpc_security_group_ingress_rule", body);
const policy = (statement: object) => resource("aws_iam_policy", { policy: allow(statement) });
const trust = (Condition?: object) =>
  resource("aws_iam_role", {
    assume_role_policy: allow({
      Action: "sts:AssumeRoleWithWebIdentity",
      Principal: { Federated: "${aws_iam_openid_connect_provider.github.arn}" },
      ...(Condition && { Condition }),
    }),
  });
const GITHUB = "token.actions.githubusercontent.com";
const attachment = (policy_arn: string) =>
  resource("aws_iam_role_policy_attachment", { role: "${aws_iam_role.it.name}", policy_arn });
const assumedBy = (service: string) =>
  resource("aws_iam_role", {
    assume_role_policy: allow({ Action: "sts:AssumeRole", Principal: { Service: service } }),
  });
const INSTANCES = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role";

export const exposureCases: CasesByRule = {
  "open-ingress": {
    fails: {
      "a rule of its own": ingress({ cidr_ipv4: "0.0.0.0/0", from_port: 80 }),
      IPv6: ingress({ cidr_ipv6: "::/0" }),
      "half of the internet": ingress({ cidr_ipv4: "128.0.0.0/1" }),
      "in the group": resource("aws_security_group", {
        ingress: [{ cidr_blocks: ["10.0.0.0/8", "0.0.0.0/0"] }],
      }),
      "in the group, IPv6": resource("aws_security_group", { ingress: { ipv6_cidr_blocks: ["::/0"] } }),
      "the older rule": resource("aws_security_group_rule", { type: "ingress", cidr_blocks: ["0.0.0.0/0"] }),
      "a dynamic block": resource("aws_security_group", {
        dynamic: { ingress: { for_each: "${var.ports}", content: { cidr_blocks: ["0.0.0.0/0"] } } },
      }),
    },
    passes: {
      "a private range": ingress({ cidr_ipv4: "10.0.0.0/16" }),
      "another group": ingress({ referenced_security_group_id: "${aws_security_group.lb.id}" }),
      "a prefix list": ingress({ prefix_list_id: "pl-1" }),
      "the way out": resource("aws_vpc_security_group_egress_rule", { cidr_ipv4: "0.0.0.0/0" }),
      "the older way out": resource("aws_security_group_rule", {
        type: "egress",
        cidr_blocks: ["0.0.0.0/0"],
      }),
      "an expression": ingress({ cidr_ipv4: "${var.open}/0" }),
    },
  },
  "open-ipv6-route": {
    fails: {
      "to an internet gateway": resource("aws_route", {
        destination_ipv6_cidr_block: "::/0",
        gateway_id: "${aws_internet_gateway.it.id}",
      }),
      "in the table": resource("aws_route_table", {
        route: [{ ipv6_cidr_block: "::/0", gateway_id: "${aws_internet_gateway.it.id}" }],
      }),
    },
    passes: {
      "through an egress-only gateway": resource("aws_route", {
        destination_ipv6_cidr_block: "::/0",
        egress_only_gateway_id: "${aws_egress_only_internet_gateway.it.id}",
      }),
      "in the table, through an egress-only gateway": resource("aws_route_table", {
        route: [
          { ipv6_cidr_block: "::/0", egress_only_gateway_id: "${aws_egress_only_internet_gateway.it.id}" },
        ],
      }),
      IPv4: resource("aws_route", {
        destination_cidr_block: "0.0.0.0/0",
        gateway_id: "${aws_internet_gateway.it.id}",
      }),
      "to a VPN": resource("aws_route", {
        destination_ipv6_cidr_block: "::/0",
        gateway_id: "${aws_vpn_gateway.it.id}",
      }),
    },
  },
  "public-ip": {
    fails: {
      "an instance": resource("aws_instance", { associate_public_ip_address: true }),
      "a launch template": resource("aws_launch_template", {
        network_interfaces: [{ associate_public_ip_address: "true" }],
      }),
      "a subnet": resource("aws_subnet", { map_public_ip_on_launch: true }),
      "a task": resource("aws_ecs_service", { network_configuration: { assign_public_ip: true } }),
      "an address of its own": resource("aws_eip", { instance: "${aws_instance.it.id}" }),
      "an associated address": resource("aws_eip_association", { instance_id: "${aws_instance.it.id}" }),
    },
    passes: {
      "an instance": resource("aws_instance", { associate_public_ip_address: false }),
      "NAT's address": resource("aws_eip", { domain: "vpc" }),
      "a subnet": resource("aws_subnet", {}),
    },
  },
  "public-database": {
    fails: { instance: resource("aws_db_instance", { publicly_accessible: true }) },
    passes: {
      private: resource("aws_db_instance", { publicly_accessible: false }),
      silent: resource("aws_db_instance", {}),
    },
  },
  "public-load-balancer": {
    fails: {
      "says so": resource("aws_lb", { internal: false }),
      "says nothing": resource("aws_lb", { load_balancer_type: "network" }),
    },
    passes: {
      internal: resource("aws_lb", { internal: true }),
      gateway: resource("aws_lb", { load_balancer_type: "gateway" }),
    },
  },
  "s3-public-access": {
    fails: {
      "no block": bucket(),
      "one of four": together(bucket(), block({ block_public_policy: false })),
      "another bucket's block": together(bucket(), block({ bucket: "${aws_s3_bucket.other.id}" }), {
        resource: { aws_s3_bucket: { other: {} } },
      }),
    },
    passes: {
      "by reference": together(bucket(), block()),
      "by name": together(bucket(), block({ bucket: "files" })),
      "of whatever bucket": together(bucket(), block({ bucket: "${each.value}" })),
    },
  },
  "s3-public-acl": {
    fails: {
      "of its own": resource("aws_s3_bucket_acl", { acl: "public-read" }),
      "in the bucket": bucket({ acl: "public-read-write" }),
    },
    passes: { private: resource("aws_s3_bucket_acl", { acl: "private" }) },
  },
};

export const permissionCases: CasesByRule = {
  "iam-wildcard-action": {
    fails: {
      everything: policy({ Action: "*", Resource: "arn:aws:s3:::files" }),
      "a service": policy({ Action: ["s3:GetObject", "s3:*"], Resource: "arn:aws:s3:::files/*" }),
      "all but some": policy({ NotAction: "iam:*", Resource: "arn:aws:s3:::files" }),
      "one statement, no list": resource("aws_iam_role_policy", {
        policy: '{"Statement":{"Effect":"Allow","Action":"sqs:*","Resource":"${aws_sqs_queue.it.arn}"}}',
      }),
      inline: resource("aws_iam_role", {
        inline_policy: [{ policy: allow({ Action: "*", Resource: "x" }) }],
      }),
      "a document": data("aws_iam_policy_document", { statement: [{ actions: ["s3:*"], resources: ["x"] }] }),
      "a document, all but some": data("aws_iam_policy_document", {
        statement: { not_actions: ["iam:*"], resources: ["x"] },
      }),
      "a bucket's": resource("aws_s3_bucket_policy", {
        policy: allow({ Action: "s3:*", Principal: { AWS: "123456789012" }, Resource: "x" }),
      }),
    },
    passes: {
      named: policy({ Action: ["s3:GetObject", "s3:List*"], Resource: "arn:aws:s3:::files/*" }),
      denied: resource("aws_s3_bucket_policy", {
        policy: JSON.stringify({
          Statement: [{ Effect: "Deny", Action: "s3:*", Principal: "*", Resource: "x" }],
        }),
      }),
      "a denying document": data("aws_iam_policy_document", {
        statement: { effect: "Deny", actions: ["*"] },
      }),
      "a key's owner": resource("aws_kms_key", {
        policy: allow({
          Action: "kms:*",
          Resource: "*",
          Principal: { AWS: "arn:aws:iam::${var.account}:root" },
        }),
      }),
      "an expression": resource("aws_iam_policy", { policy: "${data.aws_iam_policy_document.it.json}" }),
      "not JSON yet": resource("aws_iam_policy", { policy: '{"Statement": ${jsonencode(var.statements)}}' }),
    },
  },
  "iam-wildcard-resource": {
    fails: {
      everything: policy({ Action: "s3:GetObject", Resource: "*" }),
      "all buckets": policy({ Action: "s3:GetObject", Resource: ["arn:aws:s3:::*"] }),
      "beside an action without resources": policy({
        Action: ["ecr:GetAuthorizationToken", "ecr:BatchGetImage"],
        Resource: "*",
      }),
      "a document": data("aws_iam_policy_document", {
        statement: { actions: ["ssm:GetParameters"], resources: ["*"] },
      }),
      "all but some": policy({ Action: "s3:GetObject", NotResource: "arn:aws:s3:::secret" }),
    },
    passes: {
      "below a name": policy({ Action: "s3:GetObject", Resource: "arn:aws:s3:::files/*" }),
      "an action without resources": policy({ Action: "ecr:GetAuthorizationToken", Resource: "*" }),
      describing: policy({ Action: ["ec2:Describe*", "logs:DescribeLogGroups"], Resource: "*" }),
      "narrowed by a tag": policy({
        Action: "ec2:StopInstances",
        Resource: "*",
        Condition: { StringEquals: { "aws:ResourceTag/environment": "qa" } },
      }),
      "a bucket's": resource("aws_s3_bucket_policy", {
        policy: allow({ Action: "s3:GetObject", Resource: "*", Principal: { AWS: "123456789012" } }),
      }),
      "a key's document": data("aws_iam_policy_document", {
        statement: {
          actions: ["kms:Decrypt"],
          resources: ["*"],
          principals: { type: "AWS", identifiers: ["1"] },
        },
      }),
      "an expression": policy({ Action: "s3:GetObject", Resource: "${aws_s3_bucket.it.arn}/*" }),
    },
  },
  "iam-public-principal": {
    fails: {
      everyone: resource("aws_s3_bucket_policy", {
        policy: allow({ Action: "s3:GetObject", Principal: "*", Resource: "x" }),
      }),
      "every AWS account": resource("aws_iam_role", {
        assume_role_policy: allow({ Action: "sts:AssumeRole", Principal: { AWS: "*" } }),
      }),
      "with TLS only": resource("aws_sqs_queue_policy", {
        policy: allow({
          Action: "sqs:SendMessage",
          Principal: "*",
          Resource: "x",
          Condition: { Bool: { "aws:SecureTransport": "true" } },
        }),
      }),
      "a document": data("aws_iam_policy_document", {
        statement: { actions: ["sts:AssumeRole"], principals: [{ type: "AWS", identifiers: ["*"] }] },
      }),
    },
    passes: {
      "an account": resource("aws_s3_bucket_policy", {
        policy: allow({ Action: "s3:GetObject", Principal: { AWS: "123456789012" }, Resource: "x" }),
      }),
      "an organization": resource("aws_s3_bucket_policy", {
        policy: allow({
          Action: "s3:GetObject",
          Principal: "*",
          Resource: "x",
          Condition: { StringEquals: { "aws:PrincipalOrgID": "o-1" } },
        }),
      }),
      "a document, for one function": data("aws_iam_policy_document", {
        statement: {
          actions: ["lambda:InvokeFunction"],
          principals: [{ type: "*", identifiers: ["*"] }],
          condition: [{ test: "ArnEquals", variable: "aws:SourceArn", values: ["arn:aws:events:x"] }],
        },
      }),
      "an endpoint, which grants nothing": resource("aws_vpc_endpoint", {
        policy: allow({ Action: "*", Principal: "*", Resource: "*" }),
      }),
    },
  },
  "oidc-open-trust": {
    fails: {
      "no condition": trust(),
      "the audience only": trust({ StringEquals: { [`${GITHUB}:aud`]: "sts.amazonaws.com" } }),
      "every repository": trust({ StringLike: { [`${GITHUB}:sub`]: "repo:*" } }),
      "every owner whose name begins alike": trust({
        StringLike: { [`${GITHUB}:sub`]: "repo:acme*/shop:*" },
      }),
      "a document": data("aws_iam_policy_document", {
        statement: {
          actions: ["sts:AssumeRoleWithWebIdentity"],
          principals: { type: "Federated", identifiers: ["x"] },
          condition: [{ test: "StringLike", variable: `${GITHUB}:sub`, values: ["*"] }],
        },
      }),
    },
    passes: {
      "an environment": trust({ StringEquals: { [`${GITHUB}:sub`]: "repo:acme/shop:environment:prod" } }),
      "every repository of one owner": trust({ StringLike: { [`${GITHUB}:sub`]: "repo:acme/*" } }),
      "an expression": trust({ StringEquals: { "${local.issuer}:sub": "${local.subject}" } }),
      "a key that is one": trust({ StringEquals: { "${local.subject_key}": "repo:acme/shop:pull_request" } }),
    },
  },
  "iam-administrator": {
    fails: { administrator: attachment("arn:aws:iam::aws:policy/AdministratorAccess") },
    passes: {
      "what is needed": attachment(INSTANCES),
      "of one's own": attachment("${aws_iam_policy.it.arn}"),
    },
  },
  "instance-policy-on-task-role": {
    fails: {
      inline: together(assumedBy("ecs-tasks.amazonaws.com"), attachment(INSTANCES)),
      "a document": together(
        resource("aws_iam_role", { assume_role_policy: "${data.aws_iam_policy_document.it.json}" }),
        data("aws_iam_policy_document", {
          statement: { principals: { type: "Service", identifiers: ["ecs-tasks.amazonaws.com"] } },
        }),
        attachment(INSTANCES),
      ),
    },
    passes: { "an instance's role": together(assumedBy("ec2.amazonaws.com"), attachment(INSTANCES)) },
  },
  "reads-every-parameter": {
    fails: {
      "Session Manager's": attachment("arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"),
      "its predecessor": attachment("arn:aws:iam::aws:policy/service-role/AmazonEC2RoleforSSM"),
      "one that reads all": attachment("arn:aws:iam::aws:policy/ReadOnlyAccess"),
    },
    passes: {
      "the agent's": attachment(INSTANCES),
      "of one's own": attachment("${aws_iam_policy.it.arn}"),
    },
  },
  "long-lived-access-key": {
    fails: { key: resource("aws_iam_access_key", { user: "ci" }) },
    passes: { role: assumedBy("ecs-tasks.amazonaws.com") },
  },
};
