import type { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketPublicAccessBlock } from "@cdktf/provider-aws/lib/s3-bucket-public-access-block";
import { S3BucketServerSideEncryptionConfigurationA } from "@cdktf/provider-aws/lib/s3-bucket-server-side-encryption-configuration";
import type { Construct } from "constructs";
import { nameOf } from "./names";
import { document } from "./policy";

/** Bucket names are the world's: the account's id makes this one ours. */
export const bucketName = (environment: string, what: string, account: string): string =>
  `${nameOf("aws_s3_bucket", environment, what).slice(0, 50)}-${account}`;

/** Blocks all public access to a bucket, and encrypts it with S3's own keys, which log delivery can write with, too. */
export function closeBucket(scope: Construct, bucket: S3Bucket): void {
  new S3BucketPublicAccessBlock(scope, "private", {
    bucket: bucket.id,
    blockPublicAcls: true,
    blockPublicPolicy: true,
    ignorePublicAcls: true,
    restrictPublicBuckets: true,
  });
  new S3BucketServerSideEncryptionConfigurationA(scope, "encryption", {
    bucket: bucket.id,
    rule: [{ applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } }],
  });
}

/** As `closeBucket`, with a policy that says no more than that plain HTTP is refused. */
export function sealBucket(bucket: S3Bucket, scope: Construct = bucket): S3BucketPolicy {
  closeBucket(scope, bucket);
  const policy = document([onlyWithTls(bucket)]);
  return new S3BucketPolicy(scope, "policy", { bucket: bucket.id, policy });
}

/** The statement of a bucket's policy that refuses plain HTTP. */
export const onlyWithTls = ({ arn }: S3Bucket) => ({
  Sid: "OnlyWithTls",
  Effect: "Deny",
  Action: "s3:*",
  Principal: "*",
  Resource: [arn, `${arn}/*`],
  Condition: { Bool: { "aws:SecureTransport": "false" } },
});
