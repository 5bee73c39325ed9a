import { type At, type Body, isBody, isExpression, leaves, text } from "./values";

/** A block of a stack that has an address: a resource, data source, provider, backend, module call, variable, … */
export interface Block extends At {
  /** As Terraform writes it: `aws_lb.web`, `data.aws_ami.base`, `provider.aws`, `terraform.backend.s3`. */
  readonly address: string;
  /** `aws_lb`, `data.aws_ami`, `provider`, `backend`, `module`, `variable`. */
  readonly type: string;
  readonly name: string;
}

/** Words that say of an environment that its data may be lost. What is none of them is held to production. */
const DISPOSABLE =
  /^(dev|develop|development|test|tests|testing|qa|uat|ci|stage|staging|preview|pr|review|sandbox|demo|local|ephemeral|scratch|tmp)\d*$/;
const PRODUCTION = /^(prod|production|prd|live)\d*$/;

/** What a name says of the environment it stands for: `staging-eu` and `pr-12` are disposable, `prod` is not. */
export function kindOf(name: string): "production" | "disposable" | undefined {
  const words = name.toLowerCase().split(/[^a-z0-9]+/);
  if (words.some((word) => PRODUCTION.test(word))) return "production";
  return words.some((word) => DISPOSABLE.test(word)) ? "disposable" : undefined;
}

/** One stack as it was synthesized: one state, read from Terraform's JSON. */
export class Stack {
  readonly blocks: readonly Block[];
  /** Whether its data must not be lost: unless its environment says that it may. */
  readonly production: boolean;
  private readonly byType = new Map<string, Block[]>();
  private readonly edges = new Map<string, ReadonlySet<string>>();

  constructor(
    readonly name: string,
    readonly json: Body,
  ) {
    this.blocks = [
      ...typed(json.resource, ""),
      ...typed(json.data, "data."),
      ...typed(json.ephemeral, "ephemeral."),
      ...named(json, "module"),
      ...named(json, "provider"),
      ...named(json, "variable"),
      ...named(json, "output"),
      ...locals(json),
      ...backends(json),
    ];
    for (const block of this.blocks) {
      this.byType.set(block.type, [...(this.byType.get(block.type) ?? []), block]);
    }
    this.production = this.isProduction();
  }

  /** All blocks of these types, `data.` in front for data sources. */
  all(...types: readonly string[]): Block[] {
    return types.flatMap((type) => this.byType.get(type) ?? []);
  }

  /** The addresses that a block refers to, by expression or depends_on. */
  references(block: Block): ReadonlySet<string> {
    const known = this.edges.get(block.address);
    if (known) return known;
    const found = new Set(
      leaves(block.body).flatMap(({ path, value }) =>
        typeof value === "string" && (isExpression(value) || path.startsWith("depends_on"))
          ? addresses(value)
          : [],
      ),
    );
    this.edges.set(block.address, found);
    return found;
  }

  refers(from: Block, to: Block): boolean {
    return this.references(from).has(to.address);
  }

  /** Whether an edge leads there, over any number of others. */
  reaches(from: Block, to: Block, seen = new Set<string>()): boolean {
    if (this.refers(from, to)) return true;
    seen.add(from.address);
    return this.blocks.some(
      (next) => !seen.has(next.address) && this.refers(from, next) && this.reaches(next, to, seen),
    );
  }

  /** The blocks of these types that an argument's expression names. */
  named(value: unknown, ...types: readonly string[]): Block[] {
    if (!isExpression(value)) return [];
    const found = new Set(addresses(String(value)));
    return this.all(...types).filter(({ address }) => found.has(address));
  }

  /**
   * The blocks of a type that belong to this one, by an argument that refers to it or repeats its name; `unsure` where
   * one of them belongs to something that only an apply will tell.
   */
  companions(block: Block, type: string, key: string): { found: Block[]; unsure: boolean } {
    const all = this.all(type);
    const name = text(block.body[key]);
    const belongs = (other: Block) =>
      this.named(other.body[key], block.type).includes(block) ||
      (name !== undefined && other.body[key] === name);
    const unsure = (other: Block) =>
      isExpression(other.body[key])
        ? this.named(other.body[key], block.type).length === 0
        : isExpression(block.body[key]);
    return { found: all.filter(belongs), unsure: all.some(unsure) };
  }

  /** By the environment's tag, and where there is none by the stack's name. A tag that is an expression decides nothing. */
  private isProduction(): boolean {
    const tags = this.all("provider")
      .flatMap(({ body }) => leaves(body.default_tags))
      .filter(({ key }) => isEnvironmentTag(key));
    const literal = tags.map(({ value }) => text(value)).filter((value) => value !== undefined);
    if (tags.length > literal.length) return kindOf(this.name) === "production";
    return (literal.length > 0 ? literal : [this.name]).every((name) => kindOf(name) !== "disposable");
  }
}

/** Whether a tag of this name says which environment a resource belongs to. */
export const isEnvironmentTag = (key: string) => /^(environment|env|stage)$/i.test(key.replace(/^.*:/, ""));

const ADDRESS =
  /(?<![\w.-])((?:data|ephemeral)\.[a-z][a-z0-9_]*\.[A-Za-z_][\w-]*|(?:module|var)\.[A-Za-z_][\w-]*|[a-z][a-z0-9]*_[a-z0-9_]+\.[A-Za-z_][\w-]*)/g;

/** The addresses that stand in an expression. */
const addresses = (value: string): string[] => value.match(ADDRESS) ?? [];

const entries = (value: unknown): [string, Body][] =>
  (Array.isArray(value) ? value : [value]).flatMap((group) =>
    isBody(group) ? Object.entries(group).filter((entry): entry is [string, Body] => isBody(entry[1])) : [],
  );

const typed = (group: unknown, prefix: string): Block[] =>
  entries(group).flatMap(([type, byName]) =>
    entries(byName).map(([name, body]) => ({
      address: `${prefix}${type}.${name}`,
      type: `${prefix}${type}`,
      name,
      path: "",
      body,
    })),
  );

const named = (json: Body, kind: string): Block[] =>
  (Array.isArray(json[kind]) ? json[kind] : [json[kind]]).flatMap((group) =>
    Object.entries(isBody(group) ? group : {}).flatMap(([name, body]) =>
      (Array.isArray(body) ? body : [body]).filter(isBody).map((one) => ({
        address: `${kind === "variable" ? "var" : kind}.${name}`,
        type: kind,
        name,
        path: "",
        body: one,
      })),
    ),
  );

const locals = ({ locals }: Body): Block[] =>
  isBody(locals) ? [{ address: "locals", type: "locals", name: "", path: "", body: locals }] : [];

const backends = ({ terraform }: Body): Block[] =>
  entries(terraform)
    .filter(([key]) => key === "backend")
    .flatMap(([, kinds]) => entries(kinds))
    .map(([name, body]) => ({
      address: `terraform.backend.${name}`,
      type: "backend",
      name,
      path: "",
      body,
    }));
