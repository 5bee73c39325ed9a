import type { Fields } from "../wire/value";
import { AwsError, blocks, type Kind, type Kinds, text } from "./kind";
import { digest } from "./network-checks";
import { forgetContents, versionsIn } from "./objects";
import { json, length, oneOf, pattern } from "./rules";

/** S3 buckets and their settings, each a resource of its own (S3 User Guide, "General purpose bucket naming rules"). */
export const storage: Kinds = {
  aws_s3_bucket: {
    nameLength: 63,
    made: {
      id: "{bucket}",
      arn: "arn:aws:s3:::{bucket}",
      bucket_region: "{region}",
      bucket_domain_name: "{bucket}.s3.amazonaws.com",
      bucket_regional_domain_name: "{bucket}.s3.{region}.amazonaws.com",
      hosted_zone_id: ({ region }) =>
        region === "us-east-1" ? "Z3AQBSTGFYJSTF" : `Z${digest(region, "s3").toUpperCase().slice(0, 13)}`,
      request_payer: "BucketOwner",
    },
    defaults: { force_destroy: false, object_lock_enabled: false },
    replace: ["bucket", "bucket_prefix", "object_lock_enabled"],
    exclusive: [["bucket", "bucket_prefix"]],
    rules: {
      bucket: [
        length(3, 63),
        pattern(
          /^[a-z0-9][a-z0-9.-]*[a-z0-9]$/,
          "bucket names are lower-case letters, digits, dots and hyphens, beginning and ending with a letter or digit",
        ),
        pattern(/^(?!xn--|sthree-|.*-s3alias$|.*\.\.)/, "reserved bucket name"),
      ],
      bucket_prefix: length(1, 37),
    },
    unique: {
      by: ["bucket"],
      code: "BucketAlreadyOwnedByYou",
      message: "Your previous request to create the named bucket succeeded and you already own it.",
    },
    missing: { code: "NoSuchBucket", message: "The specified bucket does not exist: {value}" },
    check: ({ world, attributes, before }) => {
      if (before || !world.find({ type: "aws_s3_bucket", where: { bucket: text(attributes, "bucket") } }))
        return;
      throw new AwsError(
        "BucketAlreadyOwnedByYou",
        `The bucket ${text(attributes, "bucket")} exists in another region`,
        "bucket",
      );
    },
    removable: ({ world, object, attributes }) => {
      const made = world.find({ type: "aws_s3_object", where: { bucket: object.id } });
      const versions = versionsIn(world, object.id);
      const content = made?.id ?? versions[0]?.key;
      if (!content || attributes.force_destroy === true) return;
      const all = versions.every(({ marker }) => !marker)
        ? ""
        : " You must delete all versions in the bucket.";
      const said = `The bucket you tried to delete is not empty.${all} (${object.id} holds ${content})`;
      throw new AwsError("BucketNotEmpty", said, "force_destroy");
    },
    removed: ({ world, object }) => {
      const settings = world
        .list({ where: { bucket: object.id } })
        .filter((other) => other.type.startsWith("aws_s3_"));
      for (const setting of settings) world.remove(setting);
      forgetContents(world, object.id);
    },
  },
  aws_s3_bucket_versioning: setting({
    rules: { "versioning_configuration.status": oneOf("Enabled", "Suspended", "Disabled") },
    check: ({ attributes, before }) => {
      const status = (fields?: Fields) => text(blocks(fields, "versioning_configuration")[0], "status");
      // What was switched on once can only be suspended ("Using versioning in S3 buckets").
      if (!before || status(attributes) !== "Disabled" || status(before) === "Disabled") return;
      const said = `versioning_configuration.status cannot be updated from '${status(before)}' to 'Disabled'`;
      throw new AwsError("InvalidArgument", said, "versioning_configuration");
    },
  }),
  aws_s3_bucket_server_side_encryption_configuration: setting({
    rules: {
      "rule.apply_server_side_encryption_by_default.sse_algorithm": oneOf(
        "AES256",
        "aws:kms",
        "aws:kms:dsse",
      ),
    },
    defaults: {
      "rule.bucket_key_enabled": false,
      "rule.apply_server_side_encryption_by_default.kms_master_key_id": "",
    },
  }),
  aws_s3_bucket_public_access_block: setting({
    defaults: {
      block_public_acls: false,
      block_public_policy: false,
      ignore_public_acls: false,
      restrict_public_buckets: false,
      skip_destroy: false,
    },
  }),
  aws_s3_bucket_policy: setting({ rules: { policy: json } }),
  aws_s3_bucket_lifecycle_configuration: setting({
    rules: { "rule.status": oneOf("Enabled", "Disabled"), "rule.id": length(1, 255) },
    defaults: { transition_default_minimum_object_size: "all_storage_classes_128K", "rule.prefix": "" },
  }),
  aws_s3_bucket_ownership_controls: setting({
    rules: { "rule.object_ownership": oneOf("BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced") },
  }),
  aws_s3_bucket_acl: setting({
    check: ({ world, attributes }) => {
      const where = { bucket: text(attributes, "bucket") };
      const controls = world.find({ type: "aws_s3_bucket_ownership_controls", where });
      const enforced = !controls || JSON.stringify(controls.attributes).includes("BucketOwnerEnforced");
      if (enforced)
        throw new AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs", "acl");
    },
  }),
  aws_s3_bucket_logging: setting({}),
  aws_s3_object: {
    made: {
      id: "{bucket}/{key}",
      arn: "arn:aws:s3:::{bucket}/{key}",
      etag: "{hex32}",
      version_id: "",
      storage_class: "STANDARD",
      server_side_encryption: "AES256",
    },
    replace: ["bucket", "key"],
    refs: { bucket: { type: "aws_s3_bucket", by: "bucket", holds: false } },
  },
};

function setting(more: Kind): Kind {
  return {
    ...more,
    made: { id: "{bucket}" },
    replace: ["bucket"],
    refs: { bucket: { type: "aws_s3_bucket", by: "bucket", holds: false } },
  };
}
