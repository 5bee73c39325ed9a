export type Json = { readonly [name: string]: unknown };

/** What is read here of a synthesized stack. */
export interface Stack extends Json {
  readonly terraform: { readonly [name: string]: unknown; required_providers?: unknown };
  readonly provider: { readonly aws: readonly Json[] };
  readonly data?: Blocks;
  readonly resource?: Blocks;
}

type Blocks = { readonly [type: string]: { readonly [name: string]: Json } };

/** Something that is changed in a copy of the stacks before others' code judges them, and why. */
export interface Substitution {
  readonly what: string;
  readonly why: string;
  /** Whether it applies to this version of the provider. */
  readonly applies: (version: string) => boolean;
  readonly substitute: (stack: Stack) => Stack;
}

/** Changes every resource and data source. */
export function mapBlocks(stack: Stack, change: (block: Json, type: string) => Json): Stack {
  const map = (blocks: Blocks = {}): Blocks =>
    Object.fromEntries(
      Object.entries(blocks).map(([type, byName]) => [
        type,
        Object.fromEntries(Object.entries(byName).map(([name, block]) => [name, change(block, type)])),
      ]),
    );
  return { ...stack, data: map(stack.data), resource: map(stack.resource) };
}

const aliasOf = (region: string) => region.replaceAll("-", "_");

/** Says a resource's own region as a provider of that region does. */
function aliasRegions(stack: Stack): Stack {
  const regions = new Set<string>();
  const changed = mapBlocks(stack, ({ region, ...block }) => {
    if (typeof region !== "string") return block;
    regions.add(region);
    return { ...block, provider: `aws.${aliasOf(region)}` };
  });
  const [first = {}] = stack.provider.aws;
  const more = [...regions].map((region) => ({ ...first, region, alias: aliasOf(region) }));
  return { ...changed, provider: { ...stack.provider, aws: [...stack.provider.aws, ...more] } };
}

const before6 = (version: string) => Number.parseInt(version, 10) < 6;

export const substitutions: readonly Substitution[] = [
  {
    what: "`region` of a resource is a provider of that region",
    why: "resources have a region of their own since 6.0.0",
    applies: before6,
    substitute: aliasRegions,
  },
  {
    what: "`image_tag_mutability_exclusion_filter` is left out, and all tags are immutable",
    why: "provider 5 does not know it: it came in August 2025",
    applies: before6,
    substitute: (stack) =>
      mapBlocks(stack, ({ image_tag_mutability_exclusion_filter: filter, ...block }) =>
        filter === undefined ? block : { ...block, image_tag_mutability: "IMMUTABLE" },
      ),
  },
];
