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
      const { Alias = "" } = input;
      checkCovered(call, own, Alias);
      const Items = distributions(call)
        .filter((one) => one.id !== own.id)
        .flatMap((one) =>
          aliasesOf(one)
            .filter((name) => overlap(name, Alias))
            .map((name) => ({
              Alias: name,
              DistributionId: starred(one.id),
              AccountId: starred(accountOf(one)),
            })),
        );
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

/** Whose a distribution is: those of others stand in the world, too, as names are of one alone in all accounts. */
const accountOf = ({ attributes }: WorldObject) => text(attributes as Fields, "arn").split(":")[4] ?? "";

/** Half of an id is hidden, of one's own, too. Source: ListConflictingAliases, CloudFront API reference. */
const starred = (id: string) => "*".repeat(Math.floor(id.length / 2)) + id.slice(Math.floor(id.length / 2));

const wildcardOf = (name: string) => `*.${name.split(".").slice(1).join(".")}`;

/** Whether two names are the same, or one is a wildcard that holds the other. */
const overlap = (one: string, other: string) =>
  one === other || one === wildcardOf(other) || other === wildcardOf(one);

const distributions = ({ sim }: Call) => sim.world.list({ type: "aws_cloudfront_distribution" });
const aliasesOf = ({ attributes }: WorldObject) => texts(attributes as Fields, "aliases");

function find(call: Call, id: string | undefined): WorldObject {
  const found = distributions(call).find((one) => one.id === id && accountOf(one) === call.sim.world.account);
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

function checkCovered({ sim: { world } }: Call, { attributes }: WorldObject, alias: string): void {
  if (certificateCovers(world, attributes as Fields, alias)) return;
  throw new AwsFailure(
    "InvalidArgument",
    `The distribution has no valid certificate that covers the alternate domain name ${alias}.`,
  );
}

/** Names that a distribution takes. Source: "Quotas", CloudFront guide. */
const MOST_ALIASES = 100;

/**
 * Moves a name without a moment on neither. Source: "Move an alternate domain name", CloudFront guide: in one account by the
 * certificate alone; otherwise by a TXT record that names the target, and from another account only while the source is disabled.
 */
function associateAlias(
  call: Call,
  { TargetDistributionId, Alias = "" }: cloudfront.AssociateAliasRequest,
): RestOutput {
  const target = find(call, TargetDistributionId);
  if (aliasesOf(target).includes(Alias)) return {};
  const { world, state, pace } = call.sim;
  checkCovered(call, target, Alias);
  if (aliasesOf(target).length >= MOST_ALIASES)
    throw new AwsFailure(
      "TooManyDistributionCNAMEs",
      "Your request contains more CNAMEs than are allowed per distribution.",
    );
  const source = distributions(call).find((one) => aliasesOf(one).includes(Alias));
  const isOwn = source !== undefined && accountOf(source) === world.account;
  if (source && !isOwn && source.attributes.enabled === true)
    throw new AwsFailure(
      "IllegalUpdate",
      "The alternate domain name is on a distribution of another account that is enabled.",
    );
  if (!isOwn && !provesName(call, Alias, text(target.attributes as Fields, "domain_name")))
    throw new AwsFailure("InvalidArgument", "Invalid or missing alias DNS TXT records");
  call.sim.edits.push((changed) => {
    if (source) changed.update(source, { aliases: aliasesOf(source).filter((name) => name !== Alias) });
    changed.update(target, { aliases: [...aliasesOf(target), Alias] });
  });
  const edge = edgeOf(state);
  const until = state.time + pace.distributions;
  for (const { id } of [target, ...(source ? [source] : [])]) edge.deploying[id] = until;
  if (source) edge.leaving = { ...edge.leaving, [Alias]: { from: source.id, until } };
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
