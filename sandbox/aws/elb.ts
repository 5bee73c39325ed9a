import type { Fields } from "../wire/value";
import {
  AwsError,
  blocks,
  type Kind,
  type Kinds,
  type Problem,
  type Reference,
  type Situation,
  text,
  texts,
} from "./kind";
import { checkSameVpc } from "./compute";
import { hasInternetGateway, vpcOfSubnet } from "./network-checks";
import { between, length, oneOf, pattern } from "./rules";

const name = [
  length(1, 32),
  pattern(/^[0-9A-Za-z-]+$/, "only alphanumeric characters and hyphens allowed"),
  pattern(/^[^-](.*[^-])?$/, "cannot begin or end with a hyphen"),
];

/** Canonical hosted zones of Application Load Balancers (AWS General Reference, "Elastic Load Balancing endpoints"). */
const ZONES: Record<string, string> = {
  "us-east-1": "Z35SXDOTRQ7X7K",
  "us-east-2": "Z3AADJGX6KTTL2",
  "us-west-1": "Z368ELLRRE2KJ0",
  "us-west-2": "Z1H1FL5HABSF5",
  "ca-central-1": "ZQSVJUPU6J1EY",
  "eu-central-1": "Z215JYRZR1TBD5",
  "eu-west-1": "Z32O12XQLNTSW2",
  "eu-west-2": "ZHURV8PSTC4K8",
  "eu-west-3": "Z3Q77PNBQS71R4",
  "eu-north-1": "Z23TAZ6LKFMNIO",
  "ap-southeast-1": "Z1LMS91P8CMLE5",
  "ap-southeast-2": "Z1GM3OXH4ZPM65",
  "ap-northeast-1": "Z14GRHDCWA56QT",
  "sa-east-1": "Z2P70J7HTTTPLU",
};

const toTargetGroup: Reference = { type: "aws_lb_target_group", by: "arn" };
const toListener: Reference = { type: "aws_lb_listener", by: "arn", holds: false };
const suffix = (word: string) => (situation: Situation) =>
  text(situation.attributes, "arn").split(`:${word}/`)[1] ?? "";

const balancer: Kind = {
  nameLength: 32,
  made: {
    arn: ({ attributes, region, account, hex }) =>
      `arn:aws:elasticloadbalancing:${region}:${account}:loadbalancer/${kindOf(attributes)}/${text(attributes, "name")}/${hex(16, "arn")}`,
    id: "{arn}",
    arn_suffix: suffix("loadbalancer"),
    dns_name: ({ attributes, region, hex }) => {
      const prefix = attributes.internal === true ? "internal-" : "";
      return `${prefix}${text(attributes, "name")}-${Number.parseInt(hex(8, "dns"), 16)}.${region}.elb.amazonaws.com`;
    },
    zone_id: ({ region }) => ZONES[region] ?? "Z35SXDOTRQ7X7K",
    vpc_id: ({ world, region, attributes }) =>
      vpcOfSubnet(world, region, texts(attributes, "subnets")[0] ?? ""),
    security_groups: ({ world, region, attributes }) => {
      const vpc = world.get(
        "aws_vpc",
        region,
        vpcOfSubnet(world, region, texts(attributes, "subnets")[0] ?? ""),
      );
      return vpc ? [String(vpc.attributes.default_security_group_id)] : [];
    },
    subnet_mapping: [],
  },
  defaults: {
    load_balancer_type: "application",
    internal: false,
    ip_address_type: "ipv4",
    client_keep_alive: 3600,
    desync_mitigation_mode: "defensive",
    drop_invalid_header_fields: false,
    enable_cross_zone_load_balancing: true,
    enable_deletion_protection: false,
    enable_http2: true,
    enable_tls_version_and_cipher_suite_headers: false,
    enable_waf_fail_open: false,
    enable_xff_client_port: false,
    enable_zonal_shift: false,
    idle_timeout: 60,
    preserve_host_header: false,
    xff_header_processing_mode: "append",
    "access_logs.enabled": false,
  },
  replace: ["name", "name_prefix", "internal", "load_balancer_type", "customer_owned_ipv4_pool"],
  exclusive: [["name", "name_prefix"]],
  exactlyOne: [["subnets", "subnet_mapping"]],
  rules: {
    name: [...name, pattern(/^(?!internal-)/, 'cannot begin with "internal-"')],
    name_prefix: [
      length(1, 6),
      pattern(/^[0-9A-Za-z-]+$/, "only alphanumeric characters and hyphens allowed"),
    ],
    load_balancer_type: oneOf("application", "network", "gateway"),
    idle_timeout: between(1, 4000),
    client_keep_alive: between(60, 604800),
    ip_address_type: oneOf("ipv4", "dualstack", "dualstack-without-public-ipv4"),
  },
  refs: {
    subnets: { type: "aws_subnet" },
    security_groups: { type: "aws_security_group" },
    "access_logs.bucket": { type: "aws_s3_bucket", holds: false },
  },
  unique: {
    by: ["name"],
    code: "DuplicateLoadBalancerName",
    message: "A load balancer with the same name already exists",
  },
  missing: { code: "LoadBalancerNotFound", message: "Load balancer '{value}' not found" },
  inUse: {
    code: "ResourceInUse",
    message: "Load balancer '{value}' cannot be deleted because it is currently in use",
  },
  check: checkBalancer,
  removable: ({ object }) => {
    if (object.attributes.enable_deletion_protection !== true) return;
    const said = `Load balancer '${object.id}' cannot be deleted because deletion protection is enabled`;
    throw new AwsError("OperationNotPermitted", said, "enable_deletion_protection");
  },
};

const targetGroup: Kind = {
  nameLength: 32,
  made: {
    arn: ({ attributes, region, account, hex }) =>
      `arn:aws:elasticloadbalancing:${region}:${account}:targetgroup/${text(attributes, "name")}/${hex(16, "arn")}`,
    id: "{arn}",
    arn_suffix: ({ attributes }) => `targetgroup/${text(attributes, "arn").split(":targetgroup/")[1] ?? ""}`,
    load_balancer_arns: [],
  },
  defaults: {
    deregistration_delay: "300",
    ip_address_type: "ipv4",
    lambda_multi_value_headers_enabled: false,
    load_balancing_algorithm_type: "round_robin",
    load_balancing_anomaly_mitigation: "off",
    load_balancing_cross_zone_enabled: "use_load_balancer_configuration",
    preserve_client_ip: "",
    protocol_version: "HTTP1",
    proxy_protocol_v2: false,
    slow_start: 0,
    target_type: "instance",
    "health_check.enabled": true,
    "health_check.healthy_threshold": 3,
    "health_check.interval": 30,
    "health_check.matcher": "200",
    "health_check.path": "/",
    "health_check.port": "traffic-port",
    "health_check.protocol": "HTTP",
    "health_check.timeout": 5,
    "health_check.unhealthy_threshold": 3,
    "stickiness.cookie_duration": 86400,
    "stickiness.enabled": true,
  },
  replace: [
    "name",
    "name_prefix",
    "port",
    "protocol",
    "protocol_version",
    "target_type",
    "vpc_id",
    "ip_address_type",
  ],
  exclusive: [["name", "name_prefix"]],
  rules: {
    name,
    name_prefix: [
      length(1, 6),
      pattern(/^[0-9A-Za-z-]+$/, "only alphanumeric characters and hyphens allowed"),
    ],
    port: between(1, 65535),
    protocol: oneOf("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"),
    target_type: oneOf("instance", "ip", "lambda", "alb"),
    deregistration_delay: between(0, 3600),
    "health_check.interval": between(5, 300),
    "health_check.timeout": between(2, 120),
    "health_check.healthy_threshold": between(2, 10),
    "health_check.unhealthy_threshold": between(2, 10),
    "health_check.path": [length(1, 1024), pattern(/^\//, "must begin with a slash")],
  },
  verify: (config) => {
    const problems: Problem[] = [];
    for (const check of blocks(config, "health_check")) {
      if (
        typeof check.timeout === "number" &&
        typeof check.interval === "number" &&
        check.timeout >= check.interval
      ) {
        problems.push({
          path: "health_check",
          message: `health check timeout ${check.timeout} must be smaller than the interval ${check.interval}`,
        });
      }
    }
    if (config.target_type !== "lambda") {
      for (const needed of ["port", "protocol", "vpc_id"]) {
        if ((config[needed] ?? null) === null)
          problems.push({ path: needed, message: `${needed} is needed when target_type is not lambda` });
      }
    }
    return problems;
  },
  refs: { vpc_id: { type: "aws_vpc" } },
  unique: {
    by: ["name"],
    code: "DuplicateTargetGroupName",
    message: "A target group with the same name exists, but with different settings",
  },
  missing: { code: "TargetGroupNotFound", message: "Target groups '{value}' not found" },
  inUse: {
    code: "ResourceInUse",
    message: "Target group '{value}' is currently in use by a listener or a rule",
  },
};

const listener: Kind = {
  made: {
    arn: ({ attributes, hex }) =>
      `${text(attributes, "load_balancer_arn").replace(":loadbalancer/", ":listener/")}/${hex(16, "arn")}`,
    id: "{arn}",
    ssl_policy: ({ attributes }) => (secure(attributes) ? "ELBSecurityPolicy-2016-08" : ""),
  },
  defaults: { protocol: "HTTP", routing_http_response_server_enabled: true, "default_action.order": 1 },
  replace: ["load_balancer_arn"],
  rules: {
    port: between(1, 65535),
    protocol: oneOf("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"),
    "default_action.type": oneOf(
      "forward",
      "redirect",
      "fixed-response",
      "authenticate-cognito",
      "authenticate-oidc",
      "jwt-validation",
    ),
    "default_action.fixed_response.content_type": oneOf(
      "text/plain",
      "text/css",
      "text/html",
      "application/javascript",
      "application/json",
    ),
    "default_action.fixed_response.message_body": length(0, 1024),
    "default_action.fixed_response.status_code": pattern(
      /^[245]\d\d$/,
      "must be a 2xx, 4xx or 5xx status code",
    ),
  },
  refs: {
    load_balancer_arn: { type: "aws_lb", by: "arn", holds: false },
    "default_action.target_group_arn": toTargetGroup,
    "default_action.forward.target_group.arn": toTargetGroup,
    certificate_arn: { type: "aws_acm_certificate", by: "arn" },
  },
  unique: {
    by: ["load_balancer_arn", "port"],
    code: "DuplicateListener",
    message: "A listener already exists on this port for this load balancer",
  },
  missing: { code: "ListenerNotFound", message: "One or more listeners not found: {value}" },
  check: ({ attributes }) => {
    if (secure(attributes) && !text(attributes, "certificate_arn")) {
      throw new AwsError(
        "ValidationError",
        "A certificate must be specified for HTTPS listeners",
        "certificate_arn",
      );
    }
  },
  removed: ({ world, object }) => {
    for (const type of ["aws_lb_listener_rule", "aws_alb_listener_rule"]) {
      for (const rule of world.list({ type, where: { listener_arn: object.id } })) world.remove(rule);
    }
  },
};

const listenerRule: Kind = {
  made: {
    arn: ({ attributes, hex }) =>
      `${text(attributes, "listener_arn").replace(":listener/", ":listener-rule/")}/${hex(16, "arn")}`,
    id: "{arn}",
    priority: ({ world, attributes }) => {
      const rules = world.list({
        type: "aws_lb_listener_rule",
        where: { listener_arn: attributes.listener_arn as string },
      });
      return Math.max(0, ...rules.map((rule) => Number(rule.attributes.priority))) + 1;
    },
  },
  defaults: { "action.order": 1 },
  replace: ["listener_arn"],
  rules: {
    priority: between(1, 50000),
    "action.type": oneOf(
      "forward",
      "redirect",
      "fixed-response",
      "authenticate-cognito",
      "authenticate-oidc",
      "jwt-validation",
    ),
    "condition.path_pattern.values": length(1, 128),
    "condition.host_header.values": length(1, 128),
  },
  refs: {
    listener_arn: toListener,
    "action.target_group_arn": toTargetGroup,
    "action.forward.target_group.arn": toTargetGroup,
  },
  unique: {
    by: ["listener_arn", "priority"],
    code: "PriorityInUse",
    message: "Priority is currently in use",
  },
  check: (situation) => {
    const { world, attributes, before } = situation;
    const where = {
      listener_arn: text(attributes, "listener_arn"),
      priority: (attributes.priority as number) ?? 0,
    };
    const own = text(before, "id");
    if (before && world.list({ type: "aws_lb_listener_rule", where }).some((rule) => rule.id !== own)) {
      throw new AwsError("PriorityInUse", `Priority '${where.priority}' is currently in use`, "priority");
    }
    checkOneBalancer(situation);
    const values = blocks(attributes, "condition").flatMap((condition) =>
      ["path_pattern", "host_header"].flatMap((kind) =>
        blocks(condition, kind).flatMap((block) => texts(block, "values")),
      ),
    );
    if (values.length > 5) {
      throw new AwsError("TooManyTargets", "A rule can have at most five condition values", "condition");
    }
  },
};

/** A target group serves one load balancer (Elastic Load Balancing API Reference, CreateRule). */
function checkOneBalancer({ world, attributes, before }: Situation): void {
  const balancerOf = (rule: Fields) => {
    const listener = world.find({ type: "aws_lb_listener", where: { arn: text(rule, "listener_arn") } });
    return text(listener?.attributes as Fields | undefined, "load_balancer_arn");
  };
  const targetsOf = (rule: Fields) =>
    blocks(rule, "action").map((action) => text(action, "target_group_arn"));
  for (const target of targetsOf(attributes).filter(Boolean)) {
    const other = world
      .list({ type: "aws_lb_listener_rule" })
      .filter(({ id }) => id !== text(before, "id"))
      .map((rule) => rule.attributes as Fields)
      .find((rule) => targetsOf(rule).includes(target) && balancerOf(rule) !== balancerOf(attributes));
    if (!other) continue;
    const said = `The following target groups cannot be associated with more than one load balancer: ${target}`;
    throw new AwsError("TargetGroupAssociationLimit", said, "action");
  }
}

/** Application Load Balancers (Elastic Load Balancing API Reference). The older names aws_alb… are the same things. */
export const elb: Kinds = {
  aws_lb: balancer,
  aws_lb_target_group: targetGroup,
  aws_lb_listener: listener,
  aws_lb_listener_rule: listenerRule,
};

function kindOf(attributes: Fields): string {
  return (
    { application: "app", network: "net", gateway: "gwy" }[text(attributes, "load_balancer_type")] ?? "app"
  );
}

function secure(attributes: Fields): boolean {
  return ["HTTPS", "TLS"].includes(text(attributes, "protocol"));
}

function checkBalancer({ world, region, attributes }: Situation): void {
  const subnets = texts(attributes, "subnets").map((id) => world.get("aws_subnet", region, id));
  const zones = new Set(subnets.map((subnet) => subnet?.attributes.availability_zone));
  if (subnets.length === 0) return;
  const vpc = String(subnets[0]?.attributes.vpc_id ?? "");
  if (kindOf(attributes) === "app" && zones.size < 2) {
    throw new AwsError(
      "ValidationError",
      "At least two subnets in two different Availability Zones must be specified",
      "subnets",
    );
  }
  if (zones.size < subnets.length) {
    throw new AwsError(
      "InvalidConfigurationRequest",
      "A load balancer cannot be attached to multiple subnets in the same Availability Zone",
      "subnets",
    );
  }
  if (attributes.internal !== true && !hasInternetGateway(world, region, vpc)) {
    throw new AwsError("InvalidSubnet", `VPC ${vpc} has no internet gateway`, "internal");
  }
  checkSameVpc(world, region, texts(attributes, "security_groups"), vpc, "security_groups");
}
