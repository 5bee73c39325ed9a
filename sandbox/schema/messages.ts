import type { AttributeSchema, BlockSchema, Nesting } from "./types";

const NESTING: Record<Nesting, number> = { single: 1, list: 2, set: 3, map: 4 };

interface BlockMessage {
  attributes: object[];
  block_types: object[];
}

function attributeMessage(name: string, schema: AttributeSchema): object {
  return {
    name,
    type: Buffer.from(JSON.stringify(schema.type)),
    required: schema.required,
    optional: schema.optional,
    computed: schema.computed,
    sensitive: schema.sensitive,
    write_only: schema.writeOnly,
  };
}

function blockMessage(block: BlockSchema): BlockMessage {
  return {
    attributes: Object.entries(block.attributes).map(([name, schema]) => attributeMessage(name, schema)),
    block_types: Object.entries(block.blocks).map(([type_name, nested]) => ({
      type_name,
      nesting: NESTING[nested.nesting],
      min_items: nested.min,
      max_items: nested.max,
      block: blockMessage(nested.block),
    })),
  };
}

/** A schema as tfplugin5 sends it. */
export function schemaMessage(block: BlockSchema): object {
  return { version: 0, block: blockMessage(block) };
}
