import { AcmCertificate } from "@cdktf/provider-aws/lib/acm-certificate";
import { AcmCertificateValidation } from "@cdktf/provider-aws/lib/acm-certificate-validation";
import type { DataAwsRoute53Zone } from "@cdktf/provider-aws/lib/data-aws-route53-zone";
import { Route53Record } from "@cdktf/provider-aws/lib/route53-record";
import { Construct } from "constructs";
import { CLOUDFRONT_REGION } from "../../aws/cloudfront";
import { addressOf, ITSELF } from "../stack";

interface CertificateProps {
  readonly names: readonly string[];
  /** A wildcard that CloudFront's own holds beside them. */
  readonly wildcard?: string | undefined;
  readonly zone: DataAwsRoute53Zone;
  /** The environment's region, where the load balancer takes its own from. */
  readonly region: string;
}

/**
 * Certificates for the environment's host names, CloudFront's and the load balancer's, proved through records in their zone. The
 * records are the same for both: they follow from the name and the account. Source: "DNS validation", ACM user guide.
 */
export class Certificate extends Construct {
  readonly certificate: AcmCertificate;
  readonly records: readonly Route53Record[];
  readonly validation: AcmCertificateValidation;
  /** Absent in CloudFront's own region, where one does for both. */
  readonly regional:
    | { readonly certificate: AcmCertificate; readonly validation: AcmCertificateValidation }
    | undefined;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: CertificateProps,
  ) {
    super(scope, id);
    const { names, wildcard } = props;
    this.certificate = this.createCertificate(ITSELF, CLOUDFRONT_REGION, wildcard ? [wildcard] : []);
    this.records = [
      ...names.map((name) => this.createRecord(name, name)),
      // The name that it stands for has the same record. Source: "DNS validation", ACM user guide.
      ...(wildcard && !names.includes(wildcard.slice(2)) ? [this.createRecord("wildcard", wildcard)] : []),
    ];
    this.validation = this.validate("validation", this.certificate, CLOUDFRONT_REGION);
    this.regional = props.region === CLOUDFRONT_REGION ? undefined : this.createRegional();
  }

  /** ARNs that are known once the names are proved. */
  get arns() {
    return {
      cloudfront: this.validation.certificateArn,
      loadBalancer: (this.regional?.validation ?? this.validation).certificateArn,
    };
  }

  private createRegional() {
    const { region } = this.props;
    const certificate = this.createCertificate("regional", region);
    return { certificate, validation: this.validate("regional_validation", certificate, region) };
  }

  private createCertificate(id: string, region: string, more: readonly string[] = []) {
    const [domainName = "", ...subjectAlternativeNames] = [...this.props.names, ...more];
    return new AcmCertificate(this, id, {
      region,
      domainName,
      subjectAlternativeNames,
      validationMethod: "DNS",
      lifecycle: { createBeforeDestroy: true },
    });
  }

  private validate(id: string, { arn }: AcmCertificate, region: string) {
    return new AcmCertificateValidation(this, id, {
      region,
      certificateArn: arn,
      validationRecordFqdns: this.records.map(({ fqdn }) => fqdn),
    });
  }

  /** The options are a set, known after apply: each name finds its own. */
  private createRecord(id: string, name: string) {
    const options = `${addressOf(this.certificate)}.domain_validation_options`;
    const own = (attribute: string) =>
      `\${one([for option in ${options} : option.${attribute} if option.domain_name == "${name}"])}`;
    return new Route53Record(this, id, {
      zoneId: this.props.zone.zoneId,
      name: own("resource_record_name"),
      type: own("resource_record_type"),
      records: [own("resource_record_value")],
      ttl: 300,
      allowOverwrite: true,
    });
  }
}
