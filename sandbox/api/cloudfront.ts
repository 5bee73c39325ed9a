import type * as cloudfront from "@aws-sdk/client-cloudfront";
import { certificateCovers } from "../aws/cloudfront";
import { blocks, text, texts } from "../aws/kind";
import { edgeOf } from "../engine/edge-state";
import type { Fields } from "../wire/value";
import type { WorldObject } from "../world";
import { type Call, type Operations, operation } from "./call";
import { AwsFailure } from "./errors";
import type { RestOutput } from "./rest";
import type { Xml } from "./s3-wire";

/** Distributions as whoever moves a name sees them; Terraform makes and changes them. */
export const CLOUDFRONT: Operations = {
  GetDistribution: operation<cloudfront.GetDistributionRequest, RestOutput>(["Id"], (call, input) => {
    const found = find(call, input.Id);
    return {
      headers: { etag: text(found.attributes as Fields, "etag") },
      xml: { Distribution: view(call, found) },
    };
  }),
  ListConflictingAliases: operation<cloudfront.ListConflictingAliasesRequest, RestOutput>(
    ["DistributionId", "Alias"],
    (call, input) => {
      const own = find(call, input.DistributionId);
      const holders = distributions(call).filter(
        (one) => one.id !== own.id && aliasesOf(one).includes(input.Alias ?? ""),
      );
      const Items = holders.map(({ id }) => ({
        Alias: input.Alias,
        DistributionId: id,
        AccountId: call.sim.world.account,
      }));
      return {
        xml: {
          ConflictingAliasesList: {
            MaxItems: 100,
            Quantity: Items.length,
            Items: { ConflictingAlias: Items },
          },
        },
      };
    },
  ),
  AssociateAlias: operation<cloudfront.AssociateAliasRequest, RestOutput>(
    ["TargetDistributionId", "Alias"],
    associateAlias,
  ),
};

const distributions = ({ sim }: Call) => sim.world.list({ type: "aws_cloudfront_distribution" });
const aliasesOf = ({ attributes }: WorldObject) => texts(attributes as Fields, "aliases");

function find(call: Call, id: string | undefined): WorldObject {
  const found = distributions(call).find((one) => one.id === id);
  if (found) return found;
  throw new AwsFailure("NoSuchDistribution", "The specified distribution does not exist.", 404);
}

const items = (name: string, list: readonly Xml[]): Xml => ({
  Quantity: list.length,
  ...(list.length > 0 && { Items: { [name]: [...list] } }),
});

function view(call: Call, object: WorldObject): Xml {
  const attributes = object.attributes as Fields;
  const [behavior] = blocks(attributes, "default_cache_behavior");
  const until = edgeOf(call.sim.state).deploying[object.id] ?? 0;
  return {
    Id: object.id,
    ARN: text(attributes, "arn"),
    Status: until > call.sim.state.time ? "InProgress" : "Deployed",
    LastModifiedTime: text(attributes, "last_modified_time"),
    InProgressInvalidationBatches: 0,
    DomainName: text(attributes, "domain_name"),
    ActiveTrustedSigners: { Enabled: false, Quantity: 0 },
    DistributionConfig: {
      CallerReference: text(attributes, "caller_reference"),
      Aliases: items("CNAME", aliasesOf(object)),
      DefaultRootObject: text(attributes, "default_root_object"),
      Origins: items(
        "Origin",
        blocks(attributes, "origin").map((origin) => ({
          Id: text(origin, "origin_id"),
          DomainName: text(origin, "domain_name"),
        })),
      ),
      DefaultCacheBehavior: {
        TargetOriginId: text(behavior, "target_origin_id"),
        ViewerProtocolPolicy: text(behavior, "viewer_protocol_policy"),
        CachePolicyId: text(behavior, "cache_policy_id"),
        FunctionAssociations: items(
          "FunctionAssociation",
          blocks(behavior, "function_association").map((one) => ({
            FunctionARN: text(one, "function_arn"),
            EventType: text(one, "event_type"),
          })),
        ),
      },
      CacheBehaviors: { Quantity: blocks(attributes, "ordered_cache_behavior").length },
      Comment: text(attributes, "comment"),
      PriceClass: text(attributes, "price_class"),
      Enabled: attributes.enabled === true,
    },
  };
}

/**
 * Moves a name without a moment on neither. Source: "Move an alternate domain name to a different distribution", CloudFront guide:
 * in one account by the certificate alone; otherwise by a TXT record that names the target.
 */
function associateAlias(
  call: Call,
  { TargetDistributionId, Alias = "" }: cloudfront.AssociateAliasRequest,
): RestOutput {
  const target = find(call, TargetDistributionId);
  if (aliasesOf(target).includes(Alias)) return {};
  const { world, state, pace } = call.sim;
  if (!certificateCovers(world, target.attributes as Fields, Alias))
    throw new AwsFailure(
      "InvalidArgument",
      `The target distribution has no valid certificate that covers the alternate domain name ${Alias}.`,
    );
  const source = distributions(call).find((one) => aliasesOf(one).includes(Alias));
  if (!source && !provesName(call, Alias, text(target.attributes as Fields, "domain_name")))
    throw new AwsFailure("InvalidArgument", "Invalid or missing alias DNS TXT records");
  call.sim.edits.push((changed) => {
    if (source) changed.update(source, { aliases: aliasesOf(source).filter((name) => name !== Alias) });
    changed.update(target, { aliases: [...aliasesOf(target), Alias] });
  });
  for (const { id } of [target, ...(source ? [source] : [])])
    edgeOf(state).deploying[id] = state.time + pace.distributions;
  return {};
}

/** Whether `_app.example.com` says the target's name. */
function provesName({ sim }: Call, alias: string, target: string): boolean {
  return sim.world
    .list({ type: "aws_route53_record", where: { fqdn: `_${alias}`, type: "TXT" } })
    .some(({ attributes }) =>
      texts(attributes as Fields, "records").some((value) => value.replaceAll('"', "") === target),
    );
}
