import type { Fields } from "../wire/value";
import { uuid } from "./compute";
import { AwsError, blocks, type Kind, type Kinds, type Situation, text, texts } from "./kind";
import { digest, vpcOfSubnet } from "./network-checks";
import { between, length, oneOf, pattern } from "./rules";

const domain = pattern(/^(\*\.)?([a-z0-9_-]+\.)+[a-z]{2,}\.?$/i, "must be a domain name");

/** Certificates, DNS, WAF, and VPC endpoints. */
export const web: Kinds = {
  aws_acm_certificate: {
    made: {
      arn: ({ region, account, hex }) => `arn:aws:acm:${region}:${account}:certificate/${uuid(hex)}`,
      id: "{arn}",
      status: "PENDING_VALIDATION",
      type: "AMAZON_ISSUED",
      not_after: "",
      not_before: "",
      pending_renewal: false,
      renewal_eligibility: "INELIGIBLE",
      key_algorithm: "RSA_2048",
      subject_alternative_names: ({ attributes }) => [text(attributes, "domain_name")],
      domain_validation_options: validationRecords,
    },
    defaults: {
      validation_method: "NONE",
      "options.certificate_transparency_logging_preference": "ENABLED",
      "options.export": "DISABLED",
    },
    replace: [
      "domain_name",
      "subject_alternative_names",
      "validation_method",
      "key_algorithm",
      "validation_option",
    ],
    // The real provider plans the set of names with its own domain in it.
    plan: (planned) => {
      const names = planned.subject_alternative_names;
      const own = planned.domain_name;
      if (Array.isArray(names) && typeof own === "string" && !names.includes(own)) names.push(own);
      return undefined;
    },
    rules: {
      domain_name: [domain, pattern(/[^.]$/, "cannot end with a period")],
      validation_method: oneOf("DNS", "EMAIL", "NONE"),
    },
    missing: { code: "ResourceNotFoundException", message: "Could not find certificate {value}." },
    inUse: { code: "ResourceInUseException", message: "Certificate {value} is in use." },
  },
  aws_acm_certificate_validation: {
    made: { id: ({ hex }) => `2026-01-01 00:00:00.${Number.parseInt(hex(6), 16)} +0000 UTC` },
    replace: ["certificate_arn", "validation_record_fqdns"],
    refs: { certificate_arn: { type: "aws_acm_certificate", by: "arn", holds: false } },
    check: ({ world, attributes }) => {
      const certificate = world.find({
        type: "aws_acm_certificate",
        where: { arn: text(attributes, "certificate_arn") },
      });
      const needed = blocks(certificate?.attributes as Fields, "domain_validation_options").map((option) =>
        text(option, "resource_record_name"),
      );
      const records = world
        .list({ type: "aws_route53_record" })
        .map((record) => `${record.attributes.fqdn}.`);
      const absent = needed.find((name) => !records.includes(name));
      if (absent) {
        const said = `waiting for ACM Certificate (${text(attributes, "certificate_arn")}) to be issued: timeout: the validation record ${absent} does not exist`;
        throw new AwsError("PENDING_VALIDATION", said, "certificate_arn");
      }
    },
    after: ({ world, attributes }) => {
      const certificate = world.find({
        type: "aws_acm_certificate",
        where: { arn: text(attributes, "certificate_arn") },
      });
      if (certificate) world.update(certificate, { status: "ISSUED" });
    },
  },
  aws_route53_zone: {
    made: {
      zone_id: ({ hex }) => `Z${hex(20).toUpperCase()}`,
      id: "{zone_id}",
      arn: "arn:aws:route53:::hostedzone/{zone_id}",
      name_servers: ({ hex }) =>
        ["com", "net", "org", "co.uk"].map(
          (tld, index) => `ns-${Number.parseInt(hex(2, tld), 16) + index * 512}.awsdns-0${index}.${tld}`,
        ),
      primary_name_server: ({ attributes }) => texts(attributes, "name_servers")[0] ?? "",
    },
    defaults: { comment: "Managed by Terraform", force_destroy: false },
    replace: ["name", "delegation_set_id"],
    rules: { name: domain },
    refs: { "vpc.vpc_id": { type: "aws_vpc", holds: false } },
    missing: { code: "NoSuchHostedZone", message: "No hosted zone found with ID: {value}" },
    check: checkPrivateZone,
    inUse: {
      code: "HostedZoneNotEmpty",
      message:
        "The specified hosted zone contains non-required resource record sets and so cannot be deleted. ({value})",
    },
  },
  aws_route53_record: {
    made: {
      id: ({ attributes }) =>
        ["zone_id", "name", "type", "set_identifier"]
          .map((name) => text(attributes, name))
          .filter(Boolean)
          .join("_"),
      fqdn: ({ world, attributes }) =>
        fullName(
          attributes,
          String(
            world.find({ type: "aws_route53_zone", id: text(attributes, "zone_id") })?.attributes.name ?? "",
          ),
        ),
    },
    defaults: { allow_overwrite: false },
    replace: ["zone_id", "name", "type", "set_identifier"],
    exactlyOne: [["records", "alias"]],
    rules: {
      type: oneOf(
        "A",
        "AAAA",
        "CAA",
        "CNAME",
        "DS",
        "HTTPS",
        "MX",
        "NAPTR",
        "NS",
        "PTR",
        "SOA",
        "SPF",
        "SRV",
        "SSHFP",
        "SVCB",
        "TLSA",
        "TXT",
      ),
      ttl: between(0, 2147483647),
    },
    exclusive: [["ttl", "alias"]],
    refs: { zone_id: { type: "aws_route53_zone" } },
    check: ({ world, attributes, before }) => {
      if (before || attributes.allow_overwrite === true) return;
      const zone = world.find({ type: "aws_route53_zone", id: text(attributes, "zone_id") });
      const fqdn = fullName(attributes, String(zone?.attributes.name ?? ""));
      const where = {
        fqdn,
        type: text(attributes, "type"),
        zone_id: text(attributes, "zone_id"),
        set_identifier: (attributes.set_identifier as string) ?? null,
      };
      if (!world.find({ type: "aws_route53_record", where })) return;
      throw new AwsError(
        "InvalidChangeBatch",
        `Tried to create resource record set [name='${fqdn}.', type='${where.type}'] but it already exists`,
        "name",
      );
    },
  },
  aws_wafv2_web_acl: {
    nameLength: 128,
    made: {
      id: ({ hex }) => uuid(hex),
      arn: ({ attributes, region, account, hex }) =>
        `arn:aws:wafv2:${region}:${account}:${attributes.scope === "CLOUDFRONT" ? "global" : "regional"}/webacl/${text(attributes, "name")}/${uuid(hex)}`,
      capacity: ({ attributes }) => blocks(attributes, "rule").length * 100,
      lock_token: ({ hex, before }) => uuid((size) => hex(size, `lock${before?.lock_token ?? ""}`)),
      application_integration_url: "",
    },
    renew: { lock_token: ["*"], capacity: ["rule"] },
    replace: ["name", "name_prefix", "scope"],
    exclusive: [["name", "name_prefix"]],
    rules: {
      name: [
        length(1, 128),
        pattern(/^[\w-]+$/, "must contain only alphanumeric hyphen and underscore characters"),
      ],
      scope: oneOf("CLOUDFRONT", "REGIONAL"),
      "rule.priority": between(0, 2147483647),
    },
    verify: (config) => {
      const priorities = blocks(config, "rule").map((rule) => rule.priority);
      return new Set(priorities).size < priorities.length
        ? [{ path: "rule", message: "two rules have the same priority" }]
        : [];
    },
    unique: { by: ["name", "scope"], code: "WAFDuplicateItemException" },
    missing: {
      code: "WAFNonexistentItemException",
      message: "AWS WAF couldn't perform the operation because your resource doesn't exist: {value}",
    },
    inUse: {
      code: "WAFAssociatedItemException",
      message:
        "AWS WAF couldn't perform the operation because your resource is being used by another resource: {value}",
    },
    check: ({ attributes, region }) => {
      if (attributes.scope !== "CLOUDFRONT" || region === "us-east-1") return;
      throw new AwsError(
        "WAFInvalidParameterException",
        "The scope is not valid: for CLOUDFRONT the region must be us-east-1.",
        "scope",
      );
    },
    importAs: ["{id}/{name}/{scope}"],
  },
  aws_wafv2_web_acl_association: {
    made: { id: "{web_acl_arn},{resource_arn}" },
    replace: ["web_acl_arn", "resource_arn"],
    refs: { web_acl_arn: { type: "aws_wafv2_web_acl", by: "arn" } },
  },
  aws_vpc_endpoint: endpoint(),
};

function fullName(attributes: Fields, zone: string): string {
  const name = text(attributes, "name").replace(/\.$/, "").toLowerCase();
  if (name === "") return zone;
  return name === zone || name.endsWith(`.${zone}`) ? name : `${name}.${zone}`;
}

function validationRecords({ attributes, account }: Situation): Fields[] {
  if (attributes.validation_method !== "DNS") return [];
  const names = [
    ...new Set([text(attributes, "domain_name"), ...texts(attributes, "subject_alternative_names")]),
  ];
  return names.map((name) => {
    const bare = name.replace(/^\*\./, "");
    return {
      domain_name: name,
      resource_record_name: `_${digest(account, bare)}${digest(bare).slice(0, 15)}.${bare}.`,
      resource_record_type: "CNAME",
      resource_record_value: `_${digest(bare, account)}${digest(bare, "value").slice(0, 15)}.acm-validations.aws.`,
    };
  });
}

function endpoint(): Kind {
  return {
    made: {
      id: "vpce-{hex17}",
      arn: "arn:aws:ec2:{region}:{account}:vpc-endpoint/{id}",
      owner_id: "{account}",
      state: "available",
      requester_managed: false,
      prefix_list_id: ({ world, region, attributes }) =>
        world.find({
          type: "aws_ec2_managed_prefix_list",
          region,
          where: { name: text(attributes, "service_name") },
        })?.id ?? "",
      cidr_blocks: ({ attributes }) => (attributes.vpc_endpoint_type === "Gateway" ? ["52.216.0.0/15"] : []),
      ip_address_type: ({ attributes }) => (attributes.vpc_endpoint_type === "Gateway" ? "" : "ipv4"),
      network_interface_ids: ({ attributes, hex }) =>
        texts(attributes, "subnet_ids").map((id) => `eni-${hex(17, id)}`),
      dns_entry: ({ attributes, region, hex }) =>
        attributes.vpc_endpoint_type === "Interface"
          ? [
              {
                dns_name: `${text(attributes, "id")}-${hex(8, "dns")}.${text(attributes, "service_name").split(".").pop()}.${region}.vpce.amazonaws.com`,
                hosted_zone_id: "Z7HUB22UULQXV",
              },
            ]
          : [],
      policy: () =>
        JSON.stringify({
          Statement: [{ Action: "*", Effect: "Allow", Principal: "*", Resource: "*" }],
          Version: "2008-10-17",
        }),
      security_group_ids: ({ world, region, attributes }) => {
        if (attributes.vpc_endpoint_type !== "Interface") return [];
        return [
          String(
            world.get("aws_vpc", region, text(attributes, "vpc_id"))?.attributes.default_security_group_id ??
              "",
          ),
        ];
      },
      service_region: "{region}",
    },
    defaults: { vpc_endpoint_type: "Gateway", private_dns_enabled: false },
    replace: ["vpc_id", "service_name", "vpc_endpoint_type", "service_region"],
    rules: {
      vpc_endpoint_type: oneOf("Gateway", "GatewayLoadBalancer", "Interface", "Resource", "ServiceNetwork"),
    },
    refs: {
      vpc_id: { type: "aws_vpc" },
      subnet_ids: { type: "aws_subnet" },
      security_group_ids: { type: "aws_security_group" },
      route_table_ids: { type: "aws_route_table", holds: false },
    },
    check: checkEndpoint,
  };
}

function checkEndpoint({ world, region, attributes }: Situation): void {
  const type = text(attributes, "vpc_endpoint_type");
  const service = text(attributes, "service_name");
  const ours = service.startsWith("com.amazonaws.");
  if (ours && !service.startsWith(`com.amazonaws.${region}.`)) {
    throw new AwsError(
      "InvalidServiceName",
      `The Vpc Endpoint Service '${service}' does not exist`,
      "service_name",
    );
  }
  if (type === "Gateway" && !/\.(s3|dynamodb)$/.test(service)) {
    throw new AwsError(
      "InvalidParameter",
      `Endpoint type (Gateway) does not match available service types ([Interface]) of ${service}.`,
      "vpc_endpoint_type",
    );
  }
  if (type === "Gateway" && texts(attributes, "subnet_ids").length > 0) {
    throw new AwsError(
      "InvalidParameter",
      "Subnets are not supported for endpoints of type Gateway.",
      "subnet_ids",
    );
  }
  const vpc = world.get("aws_vpc", region, text(attributes, "vpc_id"))?.attributes;
  if (
    attributes.private_dns_enabled === true &&
    (vpc?.enable_dns_support !== true || vpc?.enable_dns_hostnames !== true)
  ) {
    const said =
      "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true";
    throw new AwsError("InvalidParameter", said, "private_dns_enabled");
  }
  const stray = texts(attributes, "subnet_ids").find(
    (id) => vpcOfSubnet(world, region, id) !== text(attributes, "vpc_id"),
  );
  if (stray)
    throw new AwsError(
      "InvalidParameter",
      `Subnet ${stray} does not belong to VPC ${text(attributes, "vpc_id")}.`,
      "subnet_ids",
    );
}

/** A VPC takes one private zone of a name. Its region is the VPC's own unless it is said (Route 53 API, CreateHostedZone). */
function checkPrivateZone({ world, attributes, before }: Situation): void {
  for (const block of blocks(attributes, "vpc")) {
    const vpc = world.find({ type: "aws_vpc", id: text(block, "vpc_id") });
    if (text(block, "vpc_region") === "" && vpc) block.vpc_region = vpc.region;
    const where = { name: text(attributes, "name") };
    const other = world
      .list({ type: "aws_route53_zone", where })
      .find(({ attributes: own }) =>
        blocks(own as Fields, "vpc").some(({ vpc_id }) => vpc_id === block.vpc_id),
      );
    if (before || !other) continue;
    const said = `The VPC ${text(block, "vpc_id")} has already been associated with the hosted zone ${other.id} with the same domain name.`;
    throw new AwsError("ConflictingDomainExists", said, "vpc");
  }
}
