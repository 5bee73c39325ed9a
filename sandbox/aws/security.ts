import type { Fields } from "../wire/value";
import { isRecord } from "../wire/value";
import type { World } from "../world";
import { cidr6 } from "./ipv6";
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
import { adopted, removeNaming } from "./network-checks";
import { between, cidr, length, pattern } from "./rules";

const toGroup: Reference = { type: "aws_security_group" };
const toList: Reference = { type: "aws_ec2_managed_prefix_list", holds: false };
const RULE_QUOTA = 60;

const groupInUse = { code: "DependencyViolation", message: "resource {value} has a dependent object" };

/** Security groups and their rules (EC2 API Reference; quota: VPC User Guide, "Amazon VPC quotas"). */
export const security: Kinds = {
  aws_security_group: {
    nameLength: 255,
    made: {
      id: "sg-{hex17}",
      arn: "arn:aws:ec2:{region}:{account}:security-group/{id}",
      owner_id: "{account}",
    },
    defaults: { description: "Managed by Terraform", revoke_rules_on_delete: false },
    replace: ["name", "name_prefix", "description", "vpc_id"],
    exclusive: [["name", "name_prefix"]],
    rules: {
      name: [length(1, 255), pattern(/^(?!sg-)/i, 'a security group name cannot start with "sg-"')],
      name_prefix: [length(1, 229), pattern(/^(?!sg-)/i, 'a security group name cannot start with "sg-"')],
      description: [
        length(1, 255),
        pattern(/^[0-9A-Za-z_ .:/()#,@[\]+=&;{}!$*-]*$/, "invalid security group description"),
      ],
      "ingress.cidr_blocks": cidr(),
      "ingress.ipv6_cidr_blocks": cidr6(),
      "egress.cidr_blocks": cidr(),
      "egress.ipv6_cidr_blocks": cidr6(),
    },
    refs: {
      vpc_id: { type: "aws_vpc" },
      "ingress.security_groups": toGroup,
      "egress.security_groups": toGroup,
      "ingress.prefix_list_ids": toList,
      "egress.prefix_list_ids": toList,
    },
    unique: { by: ["name", "vpc_id"], code: "InvalidGroup.Duplicate" },
    missing: { code: "InvalidGroup.NotFound", message: "The security group '{value}' does not exist" },
    inUse: groupInUse,
    check: ({ world, region, attributes }) => {
      if (!text(attributes, "vpc_id"))
        throw new AwsError("VPCIdNotSpecified", "No default VPC for this user", "vpc_id");
      for (const side of ["ingress", "egress"]) {
        checkQuota(
          blocks(attributes, side).reduce((sum, rule) => sum + inlineWeight(world, region, rule), 0),
          side,
        );
      }
    },
    removed: ({ world, object }) => {
      for (const type of [
        "aws_vpc_security_group_ingress_rule",
        "aws_vpc_security_group_egress_rule",
        "aws_security_group_rule",
      ]) {
        removeNaming(world, type, "security_group_id", object);
      }
    },
  },
  aws_default_security_group: {
    made: {
      arn: "arn:aws:ec2:{region}:{account}:security-group/{id}",
      owner_id: "{account}",
      name: "default",
    },
    defaults: { description: "default VPC security group", revoke_rules_on_delete: false },
    replace: ["vpc_id"],
    refs: { vpc_id: { type: "aws_vpc", holds: false } },
    adopt: (situation) => {
      const vpc = situation.world.get("aws_vpc", situation.region, text(situation.attributes, "vpc_id"));
      const named = { default_security_group_id: vpc?.attributes.default_security_group_id ?? "" } as Fields;
      return adopted({ ...situation, attributes: named }, "aws_security_group", "default_security_group_id");
    },
  },
  aws_vpc_security_group_ingress_rule: rule("aws_vpc_security_group_ingress_rule"),
  aws_vpc_security_group_egress_rule: rule("aws_vpc_security_group_egress_rule"),
  aws_security_group_rule: {
    made: { id: ({ hex }) => `sgrule-${Number.parseInt(hex(8), 16)}`, security_group_rule_id: "sgr-{hex17}" },
    defaults: { self: false },
    replace: [
      "cidr_blocks",
      "from_port",
      "ipv6_cidr_blocks",
      "prefix_list_ids",
      "protocol",
      "security_group_id",
      "self",
      "source_security_group_id",
      "to_port",
      "type",
    ],
    rules: {
      cidr_blocks: cidr(),
      ipv6_cidr_blocks: cidr6(),
      from_port: between(-1, 65535),
      to_port: between(-1, 65535),
    },
    refs: {
      security_group_id: { ...toGroup, holds: false },
      source_security_group_id: toGroup,
      prefix_list_ids: toList,
    },
  },
};

function rule(type: string): Kind {
  return {
    made: {
      id: "sgr-{hex17}",
      security_group_rule_id: "{id}",
      arn: "arn:aws:ec2:{region}:{account}:security-group-rule/{id}",
    },
    rules: {
      cidr_ipv4: cidr(),
      cidr_ipv6: cidr6(),
      from_port: between(-1, 65535),
      to_port: between(-1, 65535),
    },
    exactlyOne: [["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"]],
    replace: ["security_group_id"],
    refs: {
      security_group_id: { ...toGroup, holds: false },
      referenced_security_group_id: toGroup,
      prefix_list_id: toList,
    },
    verify: checkPorts,
    check: (situation) => checkRule(situation, type),
  };
}

function checkPorts(config: Fields): Problem[] {
  const protocol = text(config, "ip_protocol");
  if (!protocol) return [];
  const given = ["from_port", "to_port"].filter((name) => (config[name] ?? null) !== null);
  if (protocol === "-1" && given.length > 0) {
    return [
      {
        path: "from_port",
        message: 'from_port and to_port cannot be given with ip_protocol "-1", which means all ports',
      },
    ];
  }
  if (["tcp", "udp"].includes(protocol) && given.length < 2) {
    return [
      { path: "from_port", message: `from_port and to_port are needed with ip_protocol "${protocol}"` },
    ];
  }
  const [from, to] = [config.from_port, config.to_port];
  if (typeof from === "number" && typeof to === "number" && from > to && protocol !== "icmp") {
    return [{ path: "from_port", message: `from_port ${from} is greater than to_port ${to}` }];
  }
  return [];
}

const SAME = [
  "ip_protocol",
  "from_port",
  "to_port",
  "cidr_ipv4",
  "cidr_ipv6",
  "prefix_list_id",
  "referenced_security_group_id",
];

function checkRule({ world, region, attributes, before }: Situation, type: string): void {
  const own = before ? text(before, "id") : undefined;
  const where = { security_group_id: text(attributes, "security_group_id") };
  const others = world.list({ type, region, where }).filter((object) => object.id !== own);
  const twin = others.find((other) =>
    SAME.every((name) => (other.attributes[name] ?? null) === (attributes[name] ?? null)),
  );
  if (twin) {
    throw new AwsError(
      "InvalidPermission.Duplicate",
      `the specified rule already exists in ${where.security_group_id}`,
    );
  }
  const weights = [attributes, ...others.map((other) => other.attributes as Fields)].map((one) =>
    listWeight(world, region, text(one, "prefix_list_id")),
  );
  checkQuota(
    weights.reduce((sum, weight) => sum + weight, 0),
    "prefix_list_id",
  );
}

/** A prefix list counts with the most entries it may have: CloudFront's origin-facing one with 55. */
function listWeight(world: World, region: string, id: string): number {
  const list = id ? world.get("aws_ec2_managed_prefix_list", region, id) : undefined;
  return list ? Number(list.attributes.max_entries ?? 1) : 1;
}

function inlineWeight(world: World, region: string, entry: Fields): number {
  const plain = ["cidr_blocks", "ipv6_cidr_blocks", "security_groups"].flatMap((name) =>
    texts(entry, name),
  ).length;
  const lists = texts(entry, "prefix_list_ids").reduce((sum, id) => sum + listWeight(world, region, id), 0);
  return plain + lists + (isRecord(entry) && entry.self === true ? 1 : 0);
}

function checkQuota(weight: number, path: string): void {
  if (weight <= RULE_QUOTA) return;
  const said = `The maximum number of rules per security group has been reached: ${weight} of ${RULE_QUOTA}, where a prefix list counts as many as it may hold.`;
  throw new AwsError("RulesPerSecurityGroupLimitExceeded", said, path);
}
