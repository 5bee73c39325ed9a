import { each, type Hit, hit, theme } from "../rule";
import type { Block, Stack } from "../stack";
import { type At, amount, text, within } from "../values";

const behaviors = (block: Block): At[] => [
  ...within(block, "default_cache_behavior"),
  ...within(block, "ordered_cache_behavior"),
];

/** Whether a behavior passes on what changes things: then a program answers it, not a file. */
const isDynamic = ({ body }: At) =>
  Array.isArray(body.allowed_methods) && body.allowed_methods.includes("POST");

/** Managed policies by name and id. Source: Managed cache policies, Managed origin request policies, CloudFront guide. */
const CACHES = [
  "CachingOptimized",
  "658327ea-f89d-4fab-a63d-7e88639e58f6",
  "b2884449-e4de-46a7-ac36-70bc7f1ddd6d",
];
const FORWARDS_NO_COOKIES = [
  "CORS-CustomOrigin",
  "59781a5b-3903-41f3-afcb-af62929ccde1",
  "CORS-S3Origin",
  "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf",
  "UserAgentRefererHeaders",
  "acba4595-bd28-49b8-b9fe-13317c0390fa",
];
/** Besides those that cache, this one keys on no cookie and so passes none on. */
const KEYS_ON_NO_COOKIES = [...CACHES, "CachingDisabled", "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"];

/** Whether a behavior's policy is one of these managed ones, by its id or through its data source. */
function isManaged(value: unknown, known: readonly string[], type: string, stack: Stack): boolean {
  const names = stack.named(value, type).map(({ body }) => text(body.name)?.replace(/^Managed-/, ""));
  return [text(value), ...names].some((name) => name !== undefined && known.includes(name));
}

function cookiesLost(at: At, stack: Stack): string | undefined {
  const { body } = at;
  const cookies = within(at, "forwarded_values", "cookies");
  if (cookies.some((cookie) => text(cookie.body.forward) === "none"))
    return "forwarded_values.cookies.forward";
  if (body.forwarded_values !== undefined) return undefined;
  const keyed = !isManaged(
    body.cache_policy_id,
    KEYS_ON_NO_COOKIES,
    "data.aws_cloudfront_cache_policy",
    stack,
  );
  if (keyed) return undefined;
  const request = body.origin_request_policy_id;
  const policy = "data.aws_cloudfront_origin_request_policy";
  return request === undefined || isManaged(request, FORWARDS_NO_COOKIES, policy, stack)
    ? "origin_request_policy_id"
    : undefined;
}

function answersKept(at: At, stack: Stack): string | undefined {
  const { body } = at;
  if (isManaged(body.cache_policy_id, CACHES, "data.aws_cloudfront_cache_policy", stack))
    return "cache_policy_id";
  // CloudFront keeps what does not say how long for a day.
  const kept = body.forwarded_values !== undefined && (amount(body.default_ttl, 86_400) ?? 0) > 0;
  return kept ? "default_ttl" : undefined;
}

const inBehaviors = (broken: (at: At, stack: Stack) => string | undefined) =>
  each(["aws_cloudfront_distribution"], (block, stack) =>
    behaviors(block).flatMap((at): Hit[] => {
      const path = broken(at, stack);
      if (path === undefined) return [];
      const [key = "", ...parents] = path.split(".").reverse();
      const found = within(at, ...parents.reverse());
      return found.map((inner) => hit(block, inner, key));
    }),
  );

/** What CloudFront passes on, and keeps. */
export const delivery = theme("delivery", [
  {
    id: "cloudfront-drops-cookies",
    why: "A site that takes POST and gets no cookies cannot tell its visitors apart: signing in breaks.",
    source: "CloudFront guide, Cache content based on cookies; seen in practice",
    mend: "Set the managed policies CachingDisabled and AllViewer on what a program answers.",
    find: inBehaviors((at, stack) => (isDynamic(at) ? cookiesLost(at, stack) : undefined)),
  },
  {
    id: "cloudfront-caches-dynamic",
    why: "What a program answers to one visitor is kept for a day and shown to the next, unless every answer forbids it.",
    source: "CloudFront guide, Managing how long content stays in the cache; seen in practice",
    mend: "Set CachingDisabled on it (with forwarded_values: default_ttl = 0), and cache static paths only.",
    find: inBehaviors((at, stack) => (isDynamic(at) ? answersKept(at, stack) : undefined)),
  },
  {
    id: "cloudfront-legacy-forwarding",
    why: "forwarded_values is deprecated, and mixes what is passed on with what answers are kept by.",
    source: "Terraform AWS provider, aws_cloudfront_distribution: forwarded_values; seen in practice",
    mend: "Set cache_policy_id and origin_request_policy_id.",
    find: inBehaviors((at) => (within(at, "forwarded_values").length > 0 ? "forwarded_values" : undefined)),
  },
]);
