import type { Fields, Value } from "../wire/value";
import type { World, WorldObject } from "../world";
import { checkHook } from "./draining";
import { instanceAddresses } from "./ipv6";
import { AwsError, blocks, type Kinds, type Problem, type Situation, text, texts } from "./kind";
import { templatesOf } from "./launch-templates";
import { addressOf, digest, removeNaming, vpcOfSubnet } from "./network-checks";
import { checkInterfaces } from "./network-interfaces";
import { between, length, oneOf, pattern } from "./rules";

const imageId = pattern(
  /^(ami-[0-9a-f]{8,17}|resolve:ssm:.+)$/,
  "an image id looks like ami-0123456789abcdef0",
);
const toImageProfile = { type: "aws_iam_instance_profile" } as const;
const metadataOptions = {
  "metadata_options.http_endpoint": oneOf("enabled", "disabled"),
  "metadata_options.http_tokens": oneOf("optional", "required"),
  "metadata_options.http_put_response_hop_limit": between(1, 64),
  "metadata_options.instance_metadata_tags": oneOf("enabled", "disabled"),
};

/** EC2 instances, launch templates and Auto Scaling groups. */
export const compute: Kinds = {
  aws_instance: {
    made: {
      id: "i-{hex17}",
      arn: "arn:aws:ec2:{region}:{account}:instance/{id}",
      availability_zone: ({ world, region, attributes }) =>
        (world.get("aws_subnet", region, text(attributes, "subnet_id"))?.attributes
          .availability_zone as string) ?? `${region}a`,
      instance_state: "running",
      primary_network_interface_id: ({ hex }) => `eni-${hex(17, "eni")}`,
      private_ip: ({ world, region, attributes, hex }) => addressOf(world, region, attributes, hex(4)),
      ipv6_addresses: instanceAddresses,
      ipv6_address_count: ({ attributes }) => texts(attributes, "ipv6_addresses").length,
      private_dns: ({ attributes }) =>
        `ip-${text(attributes, "private_ip").replaceAll(".", "-")}.ec2.internal`,
      public_ip: ({ attributes, hex }) =>
        attributes.associate_public_ip_address === true ? `54.${Number.parseInt(hex(2), 16)}.0.10` : "",
      vpc_security_group_ids: ({ world, region, attributes }) => {
        const vpc = world.get("aws_vpc", region, vpcOfSubnet(world, region, text(attributes, "subnet_id")));
        return vpc ? [vpc.attributes.default_security_group_id as Value] : [];
      },
      tenancy: "default",
    },
    defaults: {
      get_password_data: false,
      source_dest_check: true,
      user_data_replace_on_change: false,
      force_destroy: false,
      associate_public_ip_address: false,
      ebs_optimized: false,
      monitoring: false,
      disable_api_stop: false,
      disable_api_termination: false,
      instance_initiated_shutdown_behavior: "stop",
      "metadata_options.http_endpoint": "enabled",
      "metadata_options.http_protocol_ipv6": "disabled",
      "metadata_options.http_put_response_hop_limit": 1,
      "metadata_options.http_tokens": "optional",
      "metadata_options.instance_metadata_tags": "disabled",
      "root_block_device.delete_on_termination": true,
      "root_block_device.volume_type": "gp3",
      "root_block_device.volume_size": 8,
      "root_block_device.iops": 3000,
      "root_block_device.throughput": 125,
      "root_block_device.encrypted": false,
      "root_block_device.device_name": "/dev/xvda",
    },
    replace: [
      "ami",
      "associate_public_ip_address",
      "availability_zone",
      "key_name",
      "private_ip",
      "subnet_id",
      "tenancy",
      "root_block_device.encrypted",
      "root_block_device.kms_key_id",
    ],
    plan: (planned) =>
      planned.user_data_replace_on_change === true ? ["user_data", "user_data_base64"] : undefined,
    rules: {
      ami: imageId,
      instance_type: pattern(/^[a-z0-9-]+\.[a-z0-9-]+$/, "no such instance type"),
      ...metadataOptions,
    },
    exclusive: [
      ["user_data", "user_data_base64"],
      ["security_groups", "vpc_security_group_ids"],
    ],
    refs: {
      subnet_id: { type: "aws_subnet" },
      vpc_security_group_ids: { type: "aws_security_group" },
      iam_instance_profile: { ...toImageProfile, by: "name", holds: false },
      key_name: { type: "aws_key_pair", by: "key_name", holds: false },
    },
    check: checkInstanceGroups,
    removable: ({ object }) => {
      if (object.attributes.disable_api_termination !== true) return;
      const said = `The instance '${object.id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`;
      throw new AwsError("OperationNotPermitted", said, "disable_api_termination");
    },
  },
  aws_key_pair: {
    nameLength: 255,
    made: {
      id: "{key_name}",
      arn: "arn:aws:ec2:{region}:{account}:key-pair/{key_name}",
      key_pair_id: "key-{hex17}",
      key_type: ({ attributes }) =>
        text(attributes, "public_key").startsWith("ssh-ed25519") ? "ed25519" : "rsa",
      fingerprint: ({ attributes }) => (digest(text(attributes, "public_key")).match(/../g) ?? []).join(":"),
    },
    replace: ["key_name", "key_name_prefix", "public_key"],
    rules: {
      public_key: pattern(
        /^(ssh-(rsa|ed25519)|ecdsa-sha2-\S+) \S+|^-----BEGIN/,
        "InvalidKey.Format: not an OpenSSH public key",
      ),
    },
    exclusive: [["key_name", "key_name_prefix"]],
    unique: { by: ["key_name"], code: "InvalidKeyPair.Duplicate" },
    missing: { code: "InvalidKeyPair.NotFound", message: "The key pair '{value}' does not exist" },
  },
  aws_launch_template: {
    nameLength: 125,
    made: {
      id: "lt-{hex17}",
      arn: "arn:aws:ec2:{region}:{account}:launch-template/{id}",
      latest_version: ({ before }) =>
        typeof before?.latest_version === "number" ? before.latest_version + 1 : 1,
      default_version: ({ attributes }) => attributes.latest_version ?? 1,
    },
    renew: { latest_version: ["*"], default_version: (planned) => planned.update_default_version === true },
    replace: ["name", "name_prefix"],
    rules: {
      name: [
        length(3, 128),
        pattern(/^[0-9A-Za-z().\-/_]+$/, "invalid characters in a launch template name"),
      ],
      name_prefix: [
        length(3, 99),
        pattern(/^[0-9A-Za-z().\-/_]+$/, "invalid characters in a launch template name"),
      ],
      image_id: imageId,
      user_data: pattern(
        /^[A-Za-z0-9+/\s]*={0,2}$/,
        "InvalidUserData.Malformed: user data must be encoded in Base64",
      ),
      ...metadataOptions,
    },
    exclusive: [
      ["name", "name_prefix"],
      ["default_version", "update_default_version"],
      ["instance_type", "instance_requirements"],
    ],
    refs: {
      vpc_security_group_ids: { type: "aws_security_group", holds: false },
      "network_interfaces.security_groups": { type: "aws_security_group", holds: false },
      "network_interfaces.subnet_id": { type: "aws_subnet", holds: false },
      "network_interfaces.network_interface_id": { type: "aws_network_interface", holds: false },
      "iam_instance_profile.name": { ...toImageProfile, by: "name", holds: false },
      "iam_instance_profile.arn": { ...toImageProfile, by: "arn", holds: false },
    },
    unique: { by: ["name"], code: "InvalidLaunchTemplateName.AlreadyExistsException" },
    missing: {
      code: "ValidationError",
      message:
        "You must use a valid fully-formed launch template. The specified launch template {value} does not exist.",
    },
  },
  aws_autoscaling_group: {
    nameLength: 255,
    made: {
      id: "{name}",
      arn: ({ attributes, region, account, hex }) =>
        `arn:aws:autoscaling:${region}:${account}:autoScalingGroup:${uuid(hex)}:autoScalingGroupName/${text(attributes, "name")}`,
      availability_zones: ({ world, region, attributes }) => [
        ...new Set(
          texts(attributes, "vpc_zone_identifier").map(
            (id) => world.get("aws_subnet", region, id)?.attributes.availability_zone as string,
          ),
        ),
      ],
      desired_capacity: ({ attributes }) => attributes.min_size ?? 0,
      service_linked_role_arn:
        "arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
    },
    defaults: {
      default_cooldown: 300,
      force_delete: false,
      force_delete_warm_pool: false,
      health_check_grace_period: 300,
      health_check_type: "EC2",
      ignore_failed_scaling_activities: false,
      metrics_granularity: "1Minute",
      protect_from_scale_in: false,
      wait_for_capacity_timeout: "10m",
      "mixed_instances_policy.instances_distribution.on_demand_allocation_strategy": "prioritized",
      "mixed_instances_policy.instances_distribution.on_demand_base_capacity": 0,
      "mixed_instances_policy.instances_distribution.on_demand_percentage_above_base_capacity": 100,
      "mixed_instances_policy.instances_distribution.spot_allocation_strategy": "lowest-price",
      "mixed_instances_policy.instances_distribution.spot_instance_pools": 0,
      "mixed_instances_policy.launch_template.launch_template_specification.version": "$Default",
    },
    replace: ["name", "name_prefix"],
    rules: {
      name: length(1, 255),
      health_check_type: oneOf("EC2", "EBS", "ELB", "VPC_LATTICE"),
      "mixed_instances_policy.instances_distribution.spot_allocation_strategy": oneOf(
        "lowest-price",
        "capacity-optimized",
        "capacity-optimized-prioritized",
        "price-capacity-optimized",
      ),
      "mixed_instances_policy.instances_distribution.on_demand_percentage_above_base_capacity": between(
        0,
        100,
      ),
      "instance_refresh.strategy": oneOf("Rolling"),
    },
    exclusive: [
      ["name", "name_prefix"],
      ["availability_zones", "vpc_zone_identifier"],
    ],
    exactlyOne: [["launch_configuration", "launch_template", "mixed_instances_policy"]],
    verify: checkSizes,
    refs: {
      vpc_zone_identifier: { type: "aws_subnet" },
      target_group_arns: { type: "aws_lb_target_group", by: "arn", holds: false },
      "launch_template.id": { type: "aws_launch_template" },
      "launch_template.name": { type: "aws_launch_template", by: "name" },
      "mixed_instances_policy.launch_template.launch_template_specification.launch_template_id": {
        type: "aws_launch_template",
      },
      "mixed_instances_policy.launch_template.launch_template_specification.launch_template_name": {
        type: "aws_launch_template",
        by: "name",
      },
    },
    unique: {
      by: ["name"],
      code: "AlreadyExists",
      message: "AutoScalingGroup by this name already exists - A group with this name already exists",
    },
    missing: {
      code: "ClientException",
      message: "The specified Auto Scaling group ARN {value} was not found.",
    },
    check: (situation) => {
      completeTemplates(situation);
      checkInterfaces(situation);
    },
    removable: (situation) => {
      checkHook(situation);
      const { object, attributes } = situation;
      const protectedInstances =
        object.attributes.protect_from_scale_in === true && Number(object.attributes.desired_capacity) > 0;
      if (!protectedInstances || attributes.force_delete === true) return;
      const said = `waiting for Auto Scaling Group (${object.id}) drained: timeout: its instances are protected from scale in, and force_delete is not set`;
      throw new AwsError("ResourceInUse", said, "protect_from_scale_in");
    },
    removed: ({ world, object }) =>
      removeNaming(world, "aws_autoscaling_policy", "autoscaling_group_name", object),
  },
  aws_autoscaling_policy: {
    made: {
      id: "{name}",
      arn: ({ attributes, region, account, hex }) =>
        `arn:aws:autoscaling:${region}:${account}:scalingPolicy:${uuid(hex)}:autoScalingGroupName/${text(attributes, "autoscaling_group_name")}:policyName/${text(attributes, "name")}`,
    },
    defaults: { policy_type: "SimpleScaling", enabled: true },
    replace: ["name", "autoscaling_group_name"],
    rules: {
      policy_type: oneOf("SimpleScaling", "StepScaling", "TargetTrackingScaling", "PredictiveScaling"),
    },
    refs: { autoscaling_group_name: { type: "aws_autoscaling_group", by: "name", holds: false } },
    importAs: ["{autoscaling_group_name}/{name}"],
  },
};

/** A UUID out of an object's own digits. */
export function uuid(hex: (length: number, salt?: string) => string): string {
  const digits = hex(32, "uuid");
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20),
  ].join("-");
}

function checkInstanceGroups({ world, region, attributes }: Situation): void {
  const vpc = vpcOfSubnet(world, region, text(attributes, "subnet_id"));
  checkSameVpc(world, region, texts(attributes, "vpc_security_group_ids"), vpc, "vpc_security_group_ids");
}

/** Security groups must belong to the VPC of what they are put on. */
export function checkSameVpc(
  world: World,
  region: string,
  groups: string[],
  vpc: string,
  path: string,
): void {
  for (const id of groups) {
    const group = world.get("aws_security_group", region, id);
    if (!group || !vpc || group.attributes.vpc_id === vpc) continue;
    throw new AwsError(
      "InvalidParameter",
      `Security group ${id} and the subnets belong to different networks.`,
      path,
    );
  }
}

function checkSizes(config: Fields): Problem[] {
  const { min_size: min, max_size: max, desired_capacity: desired } = config;
  if (typeof min === "number" && typeof max === "number" && min > max) {
    return [{ path: "min_size", message: `min_size (${min}) is greater than max_size (${max})` }];
  }
  if (typeof desired !== "number") return [];
  if ((typeof min === "number" && desired < min) || (typeof max === "number" && desired > max)) {
    return [
      {
        path: "desired_capacity",
        message: `desired_capacity (${desired}) is not between min_size (${min}) and max_size (${max})`,
      },
    ];
  }
  return [];
}

/** A launch template may be named by id or by name: the provider reads back both. */
function completeTemplates({ world, region, attributes }: Situation): void {
  const policies = blocks(attributes, "mixed_instances_policy").flatMap((policy) =>
    blocks(policy, "launch_template"),
  );
  const uses: [Fields, string, string][] = [
    ...blocks(attributes, "launch_template").map((use): [Fields, string, string] => [use, "id", "name"]),
    ...policies
      .flatMap((policy) => blocks(policy, "launch_template_specification"))
      .map((use): [Fields, string, string] => [use, "launch_template_id", "launch_template_name"]),
  ];
  for (const [use, idName, nameName] of uses) {
    const template = findTemplate(world, region, text(use, idName), text(use, nameName));
    if (!template) continue;
    use[idName] = template.id;
    use[nameName] = String(template.attributes.name);
    const version = Number(text(use, "version"));
    if (!Number.isNaN(version) && version > Number(template.attributes.latest_version)) {
      const said = `The specified launch template version ${version} of ${template.id} does not exist`;
      throw new AwsError("ValidationError", said, "launch_template");
    }
  }
}

function findTemplate(world: World, region: string, id: string, name: string): WorldObject | undefined {
  const type = "aws_launch_template";
  return id ? world.get(type, region, id) : world.find({ type, region, where: { name } });
}

/** The user data, in the clear, of the launch templates that a group uses. */
export function userDataOf(world: World, group: WorldObject): string {
  return templatesOf(world, group)
    .map((template) => template.attributes.user_data)
    .filter((data) => typeof data === "string")
    .map((data) => Buffer.from(data, "base64").toString("utf8"))
    .join("\n");
}
