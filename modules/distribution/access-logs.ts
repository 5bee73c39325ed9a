import { S3Bucket } from "@cdktf/provider-aws/lib/s3-bucket";
import { S3BucketLifecycleConfiguration } from "@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration";
import { S3BucketPolicy } from "@cdktf/provider-aws/lib/s3-bucket-policy";
import { Construct } from "constructs";
import { document } from "../policy";
import { bucketName, closeBucket, onlyWithTls } from "../private-bucket";
import { ITSELF } from "../stack";

/** A private bucket that CloudFront and the load balancer write their requests to, for some days. */
export class AccessLogs extends Construct {
  readonly bucket: S3Bucket;
  readonly policy: S3BucketPolicy;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: { readonly name: string; readonly account: string; readonly days: number },
  ) {
    super(scope, id);
    this.bucket = new S3Bucket(this, ITSELF, {
      bucket: bucketName(props.name, "access-logs", props.account),
      forceDestroy: true,
    });
    closeBucket(this, this.bucket);
    this.expire();
    this.policy = this.admitLogDelivery(props.account);
  }

  private expire() {
    new S3BucketLifecycleConfiguration(this, "expiry", {
      bucket: this.bucket.id,
      rule: [
        {
          id: "expire",
          status: "Enabled",
          filter: [{ prefix: "" }],
          expiration: [{ days: this.props.days }],
          abortIncompleteMultipartUpload: [{ daysAfterInitiation: 7 }],
        },
      ],
    });
  }

  private admitLogDelivery(account: string) {
    const { arn } = this.bucket;
    const write = (sid: string, service: string, prefix: string, condition?: object) => ({
      Sid: sid,
      Effect: "Allow",
      Action: "s3:PutObject",
      Principal: { Service: service },
      Resource: `${arn}/${prefix}/*`,
      ...(condition && { Condition: condition }),
    });
    return new S3BucketPolicy(this, "policy", {
      bucket: this.bucket.id,
      policy: document([
        // The account's own load balancers alone: their logs lie under its id. Source: "Access logs", ALB guide.
        write(
          "LoadBalancer",
          "logdelivery.elasticloadbalancing.amazonaws.com",
          `load-balancer/AWSLogs/${account}`,
        ),
        write("CloudFront", "delivery.logs.amazonaws.com", "cloudfront", {
          StringEquals: { "aws:SourceAccount": account, "s3:x-amz-acl": "bucket-owner-full-control" },
        }),
        onlyWithTls(this.bucket),
      ]),
    });
  }
}
