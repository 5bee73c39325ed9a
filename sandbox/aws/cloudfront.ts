import type { Fields } from "../wire/value";
import { GLOBAL, type World } from "../world";
import { uuid } from "./compute";
import { AwsError, blocks, type Kind, type Kinds, type Problem, type Situation, text, texts } from "./kind";
import { hasInternetGateway } from "./network-checks";
import { arn, between, length, oneOf, pattern } from "./rules";

/** CloudFront's own hosted zone, for alias records (CloudFront Developer Guide, "Routing traffic … by using your domain name"). */
export const CLOUDFRONT_ZONE = "Z2FDTNDATAQYW2";

/** Managed policies and their published ids (CloudFront Developer Guide, "Use managed … policies"). */
export const MANAGED_CACHE_POLICIES: Record<string, string> = {
  "Managed-CachingOptimized": "658327ea-f89d-4fab-a63d-7e88639e58f6",
  "Managed-CachingOptimizedForUncompressedObjects": "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
  "Managed-CachingDisabled": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
  "Managed-Elemental-MediaPackage": "08627262-05a9-4f76-9ded-b50ca2e3a84f",
  "Managed-Amplify": "2e54312d-136d-493c-8eb9-b001f22f67d2",
  UseOriginCacheControlHeaders: "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
  "UseOriginCacheControlHeaders-QueryStrings": "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
};
export const MANAGED_ORIGIN_REQUEST_POLICIES: Record<string, string> = {
  "Managed-AllViewer": "216adef6-5c7f-47e4-b989-5492eafa07d3",
  "Managed-AllViewerExceptHostHeader": "b689b0a8-53d0-40ab-baf2-68738e2966ac",
  "Managed-AllViewerAndCloudFrontHeaders-2022-06": "33f36d7e-f396-46d9-90e0-52428a34d9dc",
  "Managed-CORS-S3Origin": "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
  "Managed-CORS-CustomOrigin": "59781a5b-3903-41f3-afcb-af62929ccde1",
  "Managed-UserAgentRefererHeaders": "acba4595-bd28-49b8-b9fe-13317c0390fa",
};
export const MANAGED_RESPONSE_HEADERS_POLICIES: Record<string, string> = {
  "Managed-SimpleCORS": "60669652-455b-4ae9-85a4-c4c02393f86c",
  "Managed-CORS-With-Preflight": "5cc3b908-e619-4b99-88e5-2cf7f45965bd",
  "Managed-SecurityHeadersPolicy": "67f7725c-6f97-4210-82d7-5512b31e9d03",
  "Managed-CORS-and-SecurityHeadersPolicy": "e61eb60c-9c35-4d20-a928-2b84e02af89c",
  "Managed-CORS-with-preflight-and-SecurityHeadersPolicy": "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
};

const cachePolicy = { type: "aws_cloudfront_cache_policy" };
const requestPolicy = { type: "aws_cloudfront_origin_request_policy" };
const headersPolicy = { type: "aws_cloudfront_response_headers_policy" };
const edgeFunction = { type: "aws_cloudfront_function", by: "arn" };
const behaviours = ["default_cache_behavior", "ordered_cache_behavior"];
const perBehaviour = <T>(suffix: string, value: T): Record<string, T> =>
  Object.fromEntries(behaviours.map((behaviour) => [`${behaviour}.${suffix}`, value]));
const idOf = ({ hex }: Situation) => `E${hex(13).toUpperCase()}`;
const etagOf = ({ hex, before }: Situation) => `E${hex(12, `etag${before?.etag ?? ""}`).toUpperCase()}`;
const timeouts = {
  "origin.custom_origin_config.origin_keepalive_timeout": between(1, 180),
  "origin.custom_origin_config.origin_read_timeout": between(1, 180),
};

/** CloudFront (CloudFront API Reference). */
export const cloudfront: Kinds = {
  aws_cloudfront_vpc_origin: {
    made: {
      id: ({ hex }) => `vo_${hex(21)}`,
      arn: "arn:aws:cloudfront::{account}:vpcorigin/{id}",
      etag: etagOf,
    },
    renew: { etag: ["*"] },
    rules: {
      "vpc_origin_endpoint_config.name": [
        length(1, 64),
        pattern(/^[\w.-]+$/, "must contain only letters, digits and the characters _.-"),
      ],
      "vpc_origin_endpoint_config.http_port": between(1, 65535),
      "vpc_origin_endpoint_config.https_port": between(1, 65535),
      "vpc_origin_endpoint_config.origin_protocol_policy": oneOf("http-only", "https-only", "match-viewer"),
      "vpc_origin_endpoint_config.arn": arn(),
    },
    refs: { "vpc_origin_endpoint_config.arn": { type: ["aws_lb", "aws_instance"], by: "arn" } },
    missing: { code: "EntityNotFound", message: "The VPC origin {value} does not exist." },
    inUse: {
      code: "CannotDeleteEntityWhileInUse",
      message: "The VPC origin {value} is attached to a distribution",
    },
    check: checkVpcOrigin,
  },
  aws_cloudfront_distribution: {
    made: {
      id: idOf,
      arn: "arn:aws:cloudfront::{account}:distribution/{id}",
      domain_name: ({ hex }) => `d${hex(13, "domain")}.cloudfront.net`,
      hosted_zone_id: CLOUDFRONT_ZONE,
      etag: etagOf,
      status: "Deployed",
      caller_reference: "terraform-{hex26}",
      last_modified_time: () => new Date().toISOString(),
      in_progress_validation_batches: 0,
      trusted_key_groups: [{ enabled: false, items: [] }],
      trusted_signers: [{ enabled: false, items: [] }],
      logging_v1_enabled: ({ attributes }) => blocks(attributes, "logging_config").length > 0,
      continuous_deployment_policy_id: "",
    },
    defaults: {
      http_version: "http2",
      is_ipv6_enabled: false,
      price_class: "PriceClass_All",
      retain_on_delete: false,
      staging: false,
      wait_for_deployment: true,
      "origin.connection_attempts": 3,
      "origin.connection_timeout": 10,
      "origin.custom_origin_config.origin_keepalive_timeout": 5,
      "origin.custom_origin_config.origin_read_timeout": 30,
      "origin.vpc_origin_config.origin_keepalive_timeout": 5,
      "origin.vpc_origin_config.origin_read_timeout": 30,
      "origin.origin_shield.enabled": false,
      "viewer_certificate.minimum_protocol_version": "TLSv1",
      ...perBehaviour("compress", false),
      ...perBehaviour("min_ttl", 0),
    },
    renew: { etag: ["*"], last_modified_time: ["*"] },
    replace: ["staging"],
    rules: {
      http_version: oneOf("http1.1", "http2", "http3", "http2and3"),
      price_class: oneOf("PriceClass_All", "PriceClass_200", "PriceClass_100"),
      comment: length(0, 128),
      ...perBehaviour("viewer_protocol_policy", oneOf("allow-all", "https-only", "redirect-to-https")),
      ...perBehaviour("allowed_methods", oneOf("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")),
      "restrictions.geo_restriction.restriction_type": oneOf("none", "whitelist", "blacklist"),
      "viewer_certificate.ssl_support_method": oneOf("sni-only", "vip", "static-ip"),
      "origin.custom_origin_config.origin_protocol_policy": oneOf("http-only", "https-only", "match-viewer"),
      "custom_error_response.response_code": between(200, 599),
      ...timeouts,
    },
    verify: verifyDistribution,
    refs: {
      ...perBehaviour("cache_policy_id", cachePolicy),
      ...perBehaviour("origin_request_policy_id", requestPolicy),
      ...perBehaviour("response_headers_policy_id", headersPolicy),
      ...perBehaviour("function_association.function_arn", edgeFunction),
      "origin.vpc_origin_config.vpc_origin_id": { type: "aws_cloudfront_vpc_origin" },
      "origin.origin_access_control_id": { type: "aws_cloudfront_origin_access_control" },
      "viewer_certificate.acm_certificate_arn": { type: "aws_acm_certificate", by: "arn" },
      web_acl_id: { type: "aws_wafv2_web_acl", by: "arn" },
    },
    check: checkDistribution,
  },
  aws_cloudfront_cache_policy: policy(
    { default_ttl: 86400, max_ttl: 31536000, min_ttl: 0 },
    "NoSuchCachePolicy",
    "CachePolicyInUse",
    "cache-policy",
  ),
  aws_cloudfront_origin_request_policy: policy(
    {},
    "NoSuchOriginRequestPolicy",
    "OriginRequestPolicyInUse",
    "origin-request-policy",
  ),
  aws_cloudfront_response_headers_policy: policy(
    {},
    "NoSuchResponseHeadersPolicy",
    "ResponseHeadersPolicyInUse",
    "response-headers-policy",
  ),
  aws_cloudfront_function: {
    made: {
      id: "{name}",
      arn: "arn:aws:cloudfront::{account}:function/{name}",
      etag: etagOf,
      live_stage_etag: ({ attributes }) => (attributes.publish === false ? "" : text(attributes, "etag")),
      status: ({ attributes }) => (attributes.publish === false ? "UNPUBLISHED" : "UNASSOCIATED"),
    },
    defaults: { publish: true },
    renew: { etag: ["code", "comment", "runtime"], live_stage_etag: ["code", "comment", "runtime"] },
    replace: ["name"],
    rules: {
      name: [length(1, 64), pattern(/^[\w-]+$/, "must contain only letters, digits, _ and -")],
      runtime: oneOf("cloudfront-js-1.0", "cloudfront-js-2.0"),
      code: length(1, 10240),
    },
    verify: verifyFunction,
    refs: { key_value_store_associations: { type: "aws_cloudfront_key_value_store", by: "arn" } },
    unique: { by: ["name"], code: "FunctionAlreadyExists" },
    missing: { code: "NoSuchFunctionExists", message: "The function {value} does not exist." },
    inUse: {
      code: "FunctionInUse",
      message: "Cannot delete the function {value}: it is attached to a cache behavior",
    },
  },
  aws_cloudfront_key_value_store: {
    made: {
      id: "{name}",
      arn: ({ account, hex }) => `arn:aws:cloudfront::${account}:key-value-store/${uuid(hex)}`,
      etag: etagOf,
      last_modified_time: () => new Date().toISOString(),
    },
    renew: { etag: ["*"], last_modified_time: ["*"] },
    replace: ["name"],
    rules: {
      name: [length(1, 64), pattern(/^[\w-]+$/, "must contain only letters, digits, _ and -")],
      comment: length(0, 128),
    },
    unique: { by: ["name"], code: "EntityAlreadyExists" },
    missing: { code: "EntityNotFound", message: "The key value store {value} does not exist." },
    inUse: {
      code: "CannotDeleteEntityWhileInUse",
      message: "Cannot delete the key value store {value}: it is associated with a function",
    },
  },
  aws_cloudfront_origin_access_control: {
    made: { id: idOf, arn: "arn:aws:cloudfront::{account}:origin-access-control/{id}", etag: etagOf },
    rules: { name: length(1, 64) },
    unique: { by: ["name"], code: "OriginAccessControlAlreadyExists" },
    inUse: {
      code: "OriginAccessControlInUse",
      message: "The origin access control {value} is in use by a distribution",
    },
    missing: {
      code: "NoSuchOriginAccessControl",
      message: "The origin access control {value} does not exist.",
    },
  },
};

function policy(defaults: Kind["defaults"], missing: string, inUse: string, word: string): Kind {
  return {
    made: {
      id: ({ hex }) => `${hex(8, "1")}-${hex(4, "2")}-4${hex(3, "3")}-a${hex(3, "4")}-${hex(12, "5")}`,
      arn: `arn:aws:cloudfront::{account}:${word}/{id}`,
      etag: etagOf,
    },
    defaults: defaults ?? {},
    renew: { etag: ["*"] },
    rules: { name: [length(1, 128), pattern(/^[\w-]+$/, "must contain only letters, digits, _ and -")] },
    unique: { by: ["name"], code: `${missing.replace("NoSuch", "")}AlreadyExists` },
    missing: { code: missing, message: "The policy {value} does not exist." },
    inUse: {
      code: inUse,
      message: "Cannot delete the policy {value} because it is attached to one or more cache behaviors",
    },
  };
}

/** One store to a function, which runtime 1.0 cannot read. Source: "Associate a key value store with a function", CloudFront guide. */
function verifyFunction(config: Fields): Problem[] {
  const stores = texts(config, "key_value_store_associations");
  const path = "key_value_store_associations";
  if (stores.length > 1)
    return [{ path, message: "InvalidArgument: a function takes one key value store at most" }];
  if (stores.length === 1 && config.runtime === "cloudfront-js-1.0")
    return [{ path, message: "InvalidArgument: key value stores need the runtime cloudfront-js-2.0" }];
  return [];
}

function verifyDistribution(config: Fields): Problem[] {
  const problems: Problem[] = [];
  const origins = blocks(config, "origin").map((origin) => origin.origin_id);
  const allKnown = origins.every((id) => typeof id === "string");
  for (const name of behaviours) {
    for (const behaviour of blocks(config, name)) {
      const target = behaviour.target_origin_id;
      if (allKnown && typeof target === "string" && !origins.includes(target)) {
        problems.push({
          path: name,
          message: `NoSuchOrigin: one or more of your origins or origin groups do not exist: ${target}`,
        });
      }
      const legacy = Array.isArray(behaviour.forwarded_values) && behaviour.forwarded_values.length > 0;
      if (legacy && typeof behaviour.cache_policy_id === "string") {
        problems.push({
          path: name,
          message:
            "InvalidArgument: the parameter ForwardedValues cannot be used when a cache policy is associated to the cache behavior",
        });
      }
      if (!legacy && behaviour.cache_policy_id === null) {
        problems.push({
          path: name,
          message: "a cache behavior needs a cache_policy_id, or forwarded_values",
        });
      }
      const methods = texts(behaviour, "allowed_methods");
      const sets = ["GET,HEAD", "GET,HEAD,OPTIONS", "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"];
      if (methods.length > 0 && !sets.includes([...methods].sort().join(","))) {
        problems.push({
          path: name,
          message: "allowed_methods must be GET and HEAD; or these and OPTIONS; or all seven methods",
        });
      }
    }
  }
  if (new Set(origins).size < origins.length && allKnown)
    problems.push({ path: "origin", message: "origin ids must be unique" });
  return problems;
}

function checkVpcOrigin({ world, attributes }: Situation): void {
  for (const config of blocks(attributes, "vpc_origin_endpoint_config")) {
    const balancer = world.find({ type: "aws_lb", where: { arn: text(config, "arn") } });
    const vpc = String(balancer?.attributes.vpc_id ?? "");
    if (balancer && !hasInternetGateway(world, balancer.region, vpc)) {
      const said = `InvalidArgument: VPC ${vpc} has no internet gateway: CloudFront needs one attached, though no route to it`;
      throw new AwsError("InvalidArgument", said, "vpc_origin_endpoint_config");
    }
  }
}

function checkDistribution(situation: Situation): void {
  const { world, attributes, before } = situation;
  const aliases = texts(attributes, "aliases");
  for (const certificate of blocks(attributes, "viewer_certificate")) {
    const arn = text(certificate, "acm_certificate_arn");
    if (arn && !arn.startsWith("arn:aws:acm:us-east-1:")) {
      const said =
        "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or doesn't include a valid certificate chain.";
      throw new AwsError("InvalidViewerCertificate", said, "viewer_certificate");
    }
    if (aliases.length > 0 && certificate.cloudfront_default_certificate === true) {
      throw new AwsError(
        "InvalidViewerCertificate",
        "To add an alternate domain name (CNAME), you must attach a trusted certificate that validates your authorization to use it.",
        "aliases",
      );
    }
    checkCertificate(world, arn, aliases);
  }
  const own = text(before, "id");
  const taken = world
    .list({ type: "aws_cloudfront_distribution", region: GLOBAL })
    .filter((other) => other.id !== own)
    .find((other) => texts(other.attributes as Fields, "aliases").some((alias) => aliases.includes(alias)));
  if (taken)
    throw new AwsError(
      "CNAMEAlreadyExists",
      "One or more of the CNAMEs you provided are already associated with a different resource.",
      "aliases",
    );
  const added = aliases.filter((alias) => !texts(before, "aliases").includes(alias));
  if (added.some((alias) => leadsToAnother(world, alias, text(before, "domain_name"))))
    throw new AwsError(
      "CNAMEAlreadyExists",
      "One or more aliases specified for the distribution includes an incorrectly configured DNS record that points to another CloudFront distribution. You must update the DNS record to correct the problem.",
      "aliases",
    );
}

/**
 * Whether the name's CNAME, or the wildcard's that holds it, leads to another distribution. Source: "Restrictions on using alternate
 * domain names", CloudFront guide.
 */
function leadsToAnother(world: World, alias: string, own: string): boolean {
  const wildcard = `*.${alias.split(".").slice(1).join(".")}`;
  const records = [alias, wildcard].map((fqdn) =>
    world.find({ type: "aws_route53_record", where: { fqdn, type: "CNAME" } }),
  );
  const [target = ""] = texts(records.find(Boolean)?.attributes as Fields | undefined, "records");
  const host = target.toLowerCase().replace(/\.$/, "");
  return host.endsWith(".cloudfront.net") && host !== own;
}

function covers(certificate: Fields, alias: string): boolean {
  const names = [text(certificate, "domain_name"), ...texts(certificate, "subject_alternative_names")];
  return names.some(
    (name) =>
      name === alias || (name.startsWith("*.") && alias.split(".").slice(1).join(".") === name.slice(2)),
  );
}

/** Whether a distribution shows a certificate that holds the name; one that was given and nobody knows does. */
export function certificateCovers(world: World, distribution: Fields, alias: string): boolean {
  const arn = text(blocks(distribution, "viewer_certificate")[0], "acm_certificate_arn");
  const certificate = world.find({ type: "aws_acm_certificate", where: { arn } })?.attributes;
  return arn !== "" && (certificate === undefined || covers(certificate as Fields, alias));
}

function checkCertificate(world: World, arn: string, aliases: string[]): void {
  const certificate = world.find({ type: "aws_acm_certificate", where: { arn } })?.attributes as
    | Fields
    | undefined;
  if (!certificate) return;
  const bare = aliases.find((alias) => !covers(certificate, alias));
  if (bare)
    throw new AwsError(
      "InvalidViewerCertificate",
      `The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME) ${bare}.`,
      "aliases",
    );
  if (
    !world.find({ type: "aws_acm_certificate_validation", where: { certificate_arn: arn } }) &&
    text(certificate, "status") !== "ISSUED"
  ) {
    throw new AwsError(
      "InvalidViewerCertificate",
      "The certificate is not yet issued: refer to aws_acm_certificate_validation's certificate_arn.",
      "viewer_certificate",
    );
  }
}

/** Policies that every account has, in the world like any other. */
export function makeManagedCloudfrontPolicies(world: World): void {
  const tables = [
    ["aws_cloudfront_cache_policy", MANAGED_CACHE_POLICIES],
    ["aws_cloudfront_origin_request_policy", MANAGED_ORIGIN_REQUEST_POLICIES],
    ["aws_cloudfront_response_headers_policy", MANAGED_RESPONSE_HEADERS_POLICIES],
  ] as const;
  for (const [type, table] of tables) {
    for (const [name, id] of Object.entries(table)) {
      world.put({ type, region: GLOBAL, id, attributes: { id, name }, origin: "aws" });
    }
  }
}
