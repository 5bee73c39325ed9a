import type { Fields } from "../wire/value";
import { AwsError, type Kinds, type Reference, type Situation, text } from "./kind";
import { between, length, oneOf, pattern } from "./rules";

const toFileSystem: Reference = { type: "aws_efs_file_system" };

/** File systems (EFS API Reference: CreateFileSystem, CreateMountTarget, CreateAccessPoint, DeleteFileSystem). */
export const efs: Kinds = {
  aws_efs_file_system: {
    made: {
      id: "fs-{hex17}",
      arn: "arn:aws:elasticfilesystem:{region}:{account}:file-system/{id}",
      dns_name: "{id}.efs.{region}.amazonaws.com",
      creation_token: "terraform-{hex26}",
      encrypted: false,
      kms_key_id: ({ attributes, region, account }) =>
        attributes.encrypted === true ? `arn:aws:kms:${region}:${account}:key/aws-elasticfilesystem` : "",
      performance_mode: "generalPurpose",
      owner_id: "{account}",
      number_of_mount_targets: 0,
      size_in_bytes: [{ value: 6144, value_in_ia: 0, value_in_standard: 6144 }],
      availability_zone_id: "",
      availability_zone_name: "",
      name: "",
      protection: [{ replication_overwrite: "ENABLED" }],
    },
    defaults: { throughput_mode: "bursting" },
    replace: ["availability_zone_name", "creation_token", "encrypted", "kms_key_id", "performance_mode"],
    rules: {
      creation_token: length(1, 64),
      performance_mode: oneOf("generalPurpose", "maxIO"),
      throughput_mode: oneOf("bursting", "provisioned", "elastic"),
      provisioned_throughput_in_mibps: between(1, 3414),
    },
    unique: { by: ["creation_token"], code: "FileSystemAlreadyExists" },
    missing: { code: "FileSystemNotFound", message: "File system '{value}' does not exist." },
    inUse: {
      code: "FileSystemInUse",
      message: "Cannot delete a file system that has mount targets: {value}",
    },
  },
  aws_efs_mount_target: {
    made: {
      id: "fsmt-{hex17}",
      file_system_arn: ({ attributes, region, account }) =>
        `arn:aws:elasticfilesystem:${region}:${account}:file-system/${text(attributes, "file_system_id")}`,
      dns_name: "{file_system_id}.efs.{region}.amazonaws.com",
      mount_target_dns_name: ({ world, attributes, region }) =>
        `${zoneOf({ world, attributes, region })}.${text(attributes, "file_system_id")}.efs.${region}.amazonaws.com`,
      availability_zone_name: (situation) => zoneOf(situation),
      availability_zone_id: (situation) => zoneOf(situation),
      network_interface_id: ({ hex }) => `eni-${hex(17, "eni")}`,
      ip_address: "10.0.0.10",
      ip_address_type: "IPV4_ONLY",
      ipv6_address: "",
      owner_id: "{account}",
      security_groups: [],
    },
    replace: ["file_system_id", "ip_address", "subnet_id"],
    refs: {
      file_system_id: toFileSystem,
      subnet_id: { type: "aws_subnet" },
      security_groups: { type: "aws_security_group" },
    },
    check: checkMountTarget,
  },
  aws_efs_access_point: {
    made: {
      id: "fsap-{hex17}",
      arn: "arn:aws:elasticfilesystem:{region}:{account}:access-point/{id}",
      file_system_arn: ({ attributes, region, account }) =>
        `arn:aws:elasticfilesystem:${region}:${account}:file-system/${text(attributes, "file_system_id")}`,
      owner_id: "{account}",
    },
    replace: ["file_system_id", "posix_user", "root_directory"],
    rules: {
      "root_directory.path": pattern(
        /^(\/|(\/[^$#<>;`|&?{}^*/\n]+){1,4})$/,
        "is no path of at most four folders",
      ),
    },
    refs: { file_system_id: { ...toFileSystem, holds: false } },
    missing: { code: "AccessPointNotFound", message: "Access point {value} does not exist." },
  },
};

type Place = Pick<Situation, "world" | "attributes" | "region">;

const zoneOf = ({ world, attributes, region }: Place): string => {
  const subnet = world.get("aws_subnet", region, text(attributes, "subnet_id"));
  return text(subnet?.attributes as Fields | undefined, "availability_zone");
};

/** A zone takes one mount target, and all of them stand in one VPC. */
function checkMountTarget({ world, region, attributes, before }: Situation): void {
  if (before) return;
  const where = { file_system_id: text(attributes, "file_system_id") };
  const zone = zoneOf({ world, attributes, region });
  for (const other of world.list({ type: "aws_efs_mount_target", region, where })) {
    if (zoneOf({ world, region, attributes: other.attributes as Fields }) !== zone) continue;
    const said = `mount target already exists in this AZ (${zone})`;
    throw new AwsError("MountTargetConflict", said, "subnet_id");
  }
}
