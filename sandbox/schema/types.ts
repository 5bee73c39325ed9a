/** Terraform's type constraints in their JSON form: "string", ["list","string"], ["object",{…}]. */
export type TypeJson = string | [string, TypeJson] | ["object", { [name: string]: TypeJson }];

/** How an attribute may be set, and by whom. */
export interface AttributeSchema {
  type: TypeJson;
  required?: boolean;
  optional?: boolean;
  computed?: boolean;
  sensitive?: boolean;
  writeOnly?: boolean;
}

export type Nesting = "single" | "list" | "set" | "map";

export interface NestedBlockSchema {
  nesting: Nesting;
  min: number;
  /** 0: no limit. */
  max: number;
  block: BlockSchema;
}

/** A resource, a data source, the provider's configuration, or a block inside one of them. */
export interface BlockSchema {
  attributes: Record<string, AttributeSchema>;
  blocks: Record<string, NestedBlockSchema>;
}
