import { AcmCertificate } from "@cdktf/provider-aws/lib/acm-certificate";
import { AcmCertificateValidation } from "@cdktf/provider-aws/lib/acm-certificate-validation";
import { DataAwsRoute53Zone } from "@cdktf/provider-aws/lib/data-aws-route53-zone";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Construct } from "constructs";
import type { DistributionConfiguration } from "../environment/props";
import { addressOf, ITSELF } from "../stack";

/** CloudFront takes certificates and web ACLs of this region only, wherever the environment is. */
export const CLOUDFRONT_REGION = "us-east-1";

type Domain = Exclude<DistributionConfiguration["domain"], false>;

/** A certificate for the environment's host names, proved through records in their zone. */
export class Certificate extends Construct {
  readonly zone: DataAwsRoute53Zone;
  readonly certificate: AcmCertificate;
  readonly records: readonly Route53Record[];
  readonly validation: AcmCertificateValidation;

  constructor(
    scope: Construct,
    id: string,
    private readonly domain: Domain,
  ) {
    super(scope, id);
    this.zone = new DataAwsRoute53Zone(this, "zone", { name: domain.zone, privateZone: false });
    this.certificate = this.createCertificate();
    this.records = domain.names.map((name) => this.createRecord(name));
    this.validation = new AcmCertificateValidation(this, "validation", {
      region: CLOUDFRONT_REGION,
      certificateArn: this.certificate.arn,
      validationRecordFqdns: this.records.map(({ fqdn }) => fqdn),
    });
  }

  private createCertificate() {
    const [domainName = "", ...subjectAlternativeNames] = this.domain.names;
    return new AcmCertificate(this, ITSELF, {
      region: CLOUDFRONT_REGION,
      domainName,
      subjectAlternativeNames,
      validationMethod: "DNS",
      lifecycle: { createBeforeDestroy: true },
    });
  }

  /** The options are a set, known after apply: each name finds its own. */
  private createRecord(name: string) {
    const options = `${addressOf(this.certificate)}.domain_validation_options`;
    const own = (attribute: string) =>
      `\${one([for option in ${options} : option.${attribute} if option.domain_name == "${name}"])}`;
    return new Route53Record(this, name, {
      zoneId: this.zone.zoneId,
      name: own("resource_record_name"),
      type: own("resource_record_type"),
      records: [own("resource_record_value")],
      ttl: 300,
      allowOverwrite: true,
    });
  }
}
