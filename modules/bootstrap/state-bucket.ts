import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketOwnershipControls } from "@cdktf/provider-aws/lib/s3-bucket-ownership-controls";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { S3BucketVersioningA } from "@cdktf/provider-aws/lib/s3-bucket-versioning";
import { Construct } from "constructs";
import { document } from "../policy";
import { closeBucket, onlyWithTls } from "../private-bucket";
import { ITSELF } from "../stack";

/** How long a state that was written over can be read again, in days. */
const KEPT = 90;

/** The bucket of all Terraform states: versioned, encrypted, private, reached with TLS only, never destroyed. */
export class StateBucket extends Construct {
  readonly bucket: S3Bucket;
  readonly versioning: S3BucketVersioningA;

  constructor(scope: Construct, id: string, props: { readonly project: string; readonly account: string }) {
    super(scope, id);
    this.bucket = new S3Bucket(this, ITSELF, {
      // Bucket names are the world's: the account makes this one ours.
      bucket: `${STATE_BUCKET}-${props.project}-${props.account}`,
      lifecycle: { preventDestroy: true },
    });
    this.versioning = this.keepVersions();
    closeBucket(this, this.bucket);
    this.disableAcls();
    this.refusePlainHttp();
  }

  private keepVersions() {
    const versioning = new S3BucketVersioningA(this, "versions", {
      bucket: this.bucket.id,
      versioningConfiguration: { status: "Enabled" },
    });
    new S3BucketLifecycleConfiguration(this, "expiry", {
      bucket: this.bucket.id,
      rule: [
        {
          id: "old-versions",
          status: "Enabled",
          filter: [{ prefix: "" }],
          noncurrentVersionExpiration: [{ noncurrentDays: KEPT }],
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: 7 }],
        },
      ],
      dependsOn: [versioning],
    });
    return versioning;
  }

  private disableAcls() {
    new S3BucketOwnershipControls(this, "ownership", {
      bucket: this.bucket.id,
      rule: { objectOwnership: "BucketOwnerEnforced" },
    });
  }

  private refusePlainHttp() {
    new S3BucketPolicy(this, "policy", {
      bucket: this.bucket.id,
      policy: document([onlyWithTls(this.bucket)]),
    });
  }
}

/** How the bucket's name begins. No environment may be called `terraform`: buckets are told apart by this. */
const STATE_BUCKET = "terraform-state";
