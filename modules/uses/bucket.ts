import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import type { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { Construct } from "constructs";
import { actionsOf } from "../policy";
import { bucketName, sealBucket } from "../private-bucket";
import { ITSELF } from "../stack";
import type { BucketConfiguration } from "./props";
import type { Grant, Use, UseProps } from "./use";

/** A private bucket whose objects survive being overwritten or deleted for some days. */
export class Bucket extends Construct implements Use {
  readonly bucket: S3Bucket;
  readonly versioning: S3BucketVersioningA;
  readonly policy: S3BucketPolicy;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: UseProps<BucketConfiguration>,
  ) {
    super(scope, id);
    this.bucket = this.createBucket();
    this.policy = sealBucket(this.bucket, this);
    this.versioning = this.keepVersions();
    this.expireVersions();
  }

  get address(): string {
    return this.bucket.bucket;
  }

  /** Without a right to list, S3 answers to a wrong name as if it were forbidden. */
  get grants(): readonly Grant[] {
    const { arn } = this.bucket;
    const objects = ["AbortMultipartUpload", "DeleteObject", "GetObject", "PutObject"];
    return [
      { actions: actionsOf("s3", objects), resources: [`${arn}/*`] },
      { actions: ["s3:ListBucket"], resources: [arn] },
    ];
  }

  private createBucket() {
    const { environment, account, name, options } = this.props;
    return new S3Bucket(this, ITSELF, {
      bucket: bucketName(environment, name, account),
      forceDestroy: !options.deletionProtection,
      lifecycle: { preventDestroy: options.deletionProtection },
    });
  }

  private keepVersions() {
    return new S3BucketVersioningA(this, "versions", {
      bucket: this.bucket.id,
      versioningConfiguration: { status: "Enabled" },
    });
  }

  private expireVersions() {
    return new S3BucketLifecycleConfiguration(this, "expiry", {
      bucket: this.bucket.id,
      rule: [
        {
          id: "old-versions",
          status: "Enabled",
          filter: [{ prefix: "" }],
          noncurrentVersionExpiration: [{ noncurrentDays: this.props.options.versionDays }],
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: 7 }],
        },
      ],
      dependsOn: [this.versioning],
    });
  }
}
