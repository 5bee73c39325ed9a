/** A JSON object of a synthesized stack: what lies within is for the tests to say. */
// biome-ignore lint/suspicious/noExplicitAny: each test asserts the shape it reads.
export type Json = { readonly [key: string]: any };

/** One block of a synthesized stack: a resource, a data source or an ephemeral value. */
export interface Element {
  /** As Terraform writes it: `aws_lb.internal`, `data.aws_vpc.peer`, `ephemeral.…`. */
  readonly address: string;
  readonly type: string;
  readonly id: string;
  readonly body: Json;
}

/** A string somewhere within an element. */
export interface Leaf {
  readonly address: string;
  /** Dotted: `origin.0.domain_name`. */
  readonly path: string;
  readonly value: string;
}

const ADDRESS = /\b(?:(?:(?:data|ephemeral)\.)?aws_[a-z0-9_]+|terraform_data)\.[A-Za-z_][\w-]*/g;
/** Arguments that hold addresses bare, not within an expression. */
const BARE = /^(depends_on|lifecycle\.replace_triggered_by)\b/;

/** A synthesized stack as a graph: which element refers to which. */
export class Graph {
  readonly elements: readonly Element[];
  private readonly byAddress: ReadonlyMap<string, Element>;
  private readonly edges = new Map<string, ReadonlySet<string>>();

  constructor(readonly json: Json) {
    this.elements = [
      ...blocks(json.resource, ""),
      ...blocks(json.data, "data."),
      ...blocks(json.ephemeral, "ephemeral."),
    ];
    this.byAddress = new Map(this.elements.map((element) => [element.address, element]));
  }

  /** Addresses of all resources, sorted; data sources and ephemeral values left out. */
  get addresses(): string[] {
    return this.elements
      .map(({ address }) => address)
      .filter((address) => !/^(data|ephemeral)\./.test(address))
      .sort();
  }

  /** All of one type, in a stable order. `data.aws_vpc` for data sources. */
  all(type: string): readonly Element[] {
    return this.elements.filter(({ address }) => address.startsWith(`${type}.`));
  }

  count(type: string): number {
    return this.all(type).length;
  }

  /** The only one of a type, or the one of this id: fails on none and on several. */
  one(type: string, id?: string): Json {
    const found = this.all(type).filter((element) => id === undefined || element.id === id);
    if (found.length !== 1 || found[0] === undefined) {
      const ids = this.all(type).map((element) => element.id);
      throw new Error(`${found.length} of ${type} ${id ?? ""}; there are: ${ids.join(", ") || "none"}`);
    }
    return found[0].body;
  }

  body(address: string): Json {
    const element = this.byAddress.get(address);
    if (element === undefined) throw new Error(`${address} does not exist`);
    return element.body;
  }

  has(address: string): boolean {
    return this.byAddress.has(address);
  }

  /** What an element refers to directly, by expression or by depends_on. */
  references(address: string): ReadonlySet<string> {
    const known = this.edges.get(address);
    if (known) return known;
    const found = new Set(
      leavesOf({ address, body: this.body(address) }).flatMap(({ path, value }) =>
        value.includes("${") || BARE.test(path) ? addressesIn(value) : [],
      ),
    );
    found.delete(address);
    this.edges.set(address, found);
    return found;
  }

  /** Everything that must exist before this element, and that outlives it. */
  needs(address: string): ReadonlySet<string> {
    const seen = new Set<string>();
    const visit = (from: string) => {
      for (const to of this.references(from)) {
        if (seen.has(to) || !this.byAddress.has(to)) continue;
        seen.add(to);
        visit(to);
      }
    };
    visit(address);
    return seen;
  }

  /** Resources in an order in which Terraform may destroy them: no one before those that need it. */
  destroyBefore(first: string, then: string): boolean {
    return this.needs(first).has(then);
  }

  /** Every string of every element. */
  strings(): readonly Leaf[] {
    return this.elements.flatMap(leavesOf);
  }
}

/** The addresses that stand in a text. */
export const addressesIn = (text: string): string[] => text.match(ADDRESS) ?? [];

function blocks(group: Json | undefined, prefix: string): Element[] {
  return Object.entries(group ?? {}).flatMap(([type, byId]) =>
    Object.entries(byId as Json).map(([id, body]) => ({ address: `${prefix}${type}.${id}`, type, id, body })),
  );
}

/** Every string within an element. */
export function leavesOf({ address, body }: Pick<Element, "address" | "body">): Leaf[] {
  const found: Leaf[] = [];
  const visit = (value: unknown, path: readonly string[]) => {
    if (typeof value === "string") found.push({ address, path: path.join("."), value });
    else if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key]);
  };
  visit(body, []);
  return found;
}
