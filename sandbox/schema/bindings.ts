import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PATCHES, SENSITIVE } from "./patches";
import type { AttributeSchema, BlockSchema, Nesting, TypeJson } from "./types";

/**
 * Recovers provider schemas from the installed bindings (@cdktf/provider-aws). Each lib/<resource>/index.js carries its
 * TypeScript source in an inline source map, and that generated source states, for every attribute, name, type and whether
 * it is computed, optional or required. Nothing is executed: importing the bindings would be far slower than reading them.
 */

/** The installed bindings' folder and version. */
export function bindings(): { root: string; version: string } {
  const manifest = require.resolve("@cdktf/provider-aws/package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return { root: dirname(manifest), version };
}

export type SchemaKind = "resource" | "data" | "provider";

/** The generated folder of a type, or undefined when the bindings do not have it. */
export function bindingFile(kind: SchemaKind, type: string): string | undefined {
  const name = type.replace(/^aws_/, "").replaceAll("_", "-");
  const folder = kind === "provider" ? "provider" : kind === "data" ? `data-aws-${name}` : name;
  const file = join(bindings().root, "lib", folder, "index.js");
  return existsSync(file) ? file : undefined;
}

/** Parses the schema of one type; undefined when the bindings do not have it. */
export function parseBinding(kind: SchemaKind, type: string): BlockSchema | undefined {
  const file = bindingFile(kind, type);
  if (!file) return undefined;
  const schema = schemaIn(embeddedSource(file));
  for (const [name, attribute] of Object.entries(schema.attributes)) {
    if (SENSITIVE.has(`${type}.${name}`)) attribute.sensitive = true;
  }
  for (const [path, block] of Object.entries(PATCHES[type] ?? {})) replaceWithBlock(schema, path, block);
  return schema;
}

/** The schema that a generated source states, whatever name its library goes by there. */
export const schemaIn = (source: string): BlockSchema => new Source(source).rootBlock();

/** The TypeScript source inside a generated file. */
export function embeddedSource(file: string): string {
  const text = readFileSync(file, "utf8");
  const marker = "//# sourceMappingURL=data:application/json;base64,";
  const start = text.lastIndexOf(marker);
  if (start < 0) throw new Error(`${file} has no inline source map: the sandbox cannot read its schema`);
  const map = JSON.parse(Buffer.from(text.slice(start + marker.length), "base64").toString("utf8")) as {
    sourcesContent: string[];
  };
  return map.sourcesContent[0] ?? "";
}

function replaceWithBlock(schema: BlockSchema, path: string, block: BlockSchema): void {
  const steps = path.split(".");
  const last = steps.pop() as string;
  const parent = steps.reduce((at, step) => at.blocks[step]?.block ?? at, schema);
  delete parent.attributes[last];
  parent.blocks[last] = { nesting: "list", min: 0, max: 1, block };
}

interface HclEntry {
  value: string;
  shape: string;
  storage: string;
}

interface Flags {
  computed: boolean;
  optional: boolean;
  required: boolean;
}

const SIMPLE: Record<string, TypeJson> = {
  string: "string",
  number: "number",
  boolean: "bool",
  any: "dynamic",
  stringMap: ["map", "string"],
  numberMap: ["map", "number"],
  booleanMap: ["map", "bool"],
  stringMapMap: ["map", ["map", "string"]],
};

const ELEMENT: Record<string, TypeJson> = {
  stringList: "string",
  numberList: "number",
  stringListList: ["list", "string"],
  stringMapList: ["map", "string"],
};

/** What the getter of a computed-only attribute says of its type. */
const GETTERS: [RegExp, TypeJson][] = [
  [/Fn\.tolist\(this\.getListAttribute/, ["set", "string"]],
  [/Fn\.tolist\(this\.getNumberListAttribute/, ["set", "number"]],
  [/Fn\.tolist\(this\.interpolationForAttribute/, ["set", ["list", "string"]]],
  [/this\.getStringAttribute/, "string"],
  [/this\.getNumberAttribute/, "number"],
  [/this\.getBooleanAttribute/, "bool"],
  [/this\.getListAttribute/, ["list", "string"]],
  [/this\.getNumberListAttribute/, ["list", "number"]],
  [/this\.getStringMapAttribute|new \w+\.StringMap\(/, ["map", "string"]],
  [/this\.getNumberMapAttribute|new \w+\.NumberMap\(/, ["map", "number"]],
  [/this\.getBooleanMapAttribute|new \w+\.BooleanMap\(/, ["map", "bool"]],
  [/new \w+\.StringListList\(/, ["list", ["list", "string"]]],
  [/new \w+\.StringMapList\(/, ["list", ["map", "string"]]],
  [/new \w+\.StringMapMap\(/, ["map", ["map", "string"]]],
];

/** One generated file, cut into its top-level declarations. */
class Source {
  private readonly declarations = new Map<string, string>();
  private root = "";

  constructor(text: string) {
    for (const part of text.split(/^(?=export )/m)) {
      const head = /^export (?:interface|class|function) (\w+)([^{]*)/.exec(part);
      if (!head) continue;
      const name = part.startsWith("export interface") ? `interface ${head[1]}` : (head[1] as string);
      this.declarations.set(name, part);
      if (/extends \w+\.Terraform(Resource|DataSource|Provider)\b/.test(head[2] ?? "")) this.root = name;
    }
  }

  rootBlock(): BlockSchema {
    const body = this.declarations.get(this.root) ?? "";
    const block = this.block(body, body.slice(body.indexOf("synthesizeHclAttributes")), `${this.root}Config`);
    delete block.attributes.alias;
    return block;
  }

  private nested(name: string): BlockSchema {
    const lower = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
    const writer = this.declarations.get(`${lower}ToHclTerraform`) ?? "";
    return this.block(this.declarations.get(`${name}OutputReference`) ?? "", writer, name);
  }

  private block(classBody: string, writer: string, interfaceName: string): BlockSchema {
    const block: BlockSchema = { attributes: {}, blocks: {} };
    const written = hclEntries(writer);
    const fields = declaredFields(classBody);
    const contract = this.declarations.get(`interface ${interfaceName}`) ?? "";
    for (const [name, entry] of written) {
      const flags = fields.get(name)?.flags ?? interfaceFlags(contract, name);
      this.addWritten(block, name, entry, flags);
    }
    for (const [name, field] of fields) {
      if (!written.has(name)) block.attributes[name] = { type: this.getterType(field.body), computed: true };
    }
    return block;
  }

  private addWritten(block: BlockSchema, name: string, entry: HclEntry, flags: Flags): void {
    const simple = SIMPLE[entry.storage];
    const element = ELEMENT[entry.storage];
    const type: TypeJson | undefined =
      simple ?? (element && [entry.shape === "set" ? "set" : "list", element]);
    if (type) {
      block.attributes[name] = attribute(name, type, flags);
      return;
    }
    const struct = entry.storage.replace(entry.shape === "struct" ? /$/ : /(List|Set|Map)$/, "");
    const inner = this.nested(struct);
    if (/^\w+\.(listMapperHcl\(\w+, false\)|hashMapperHcl\()/.test(entry.value)) {
      const kind = entry.shape === "map" ? "map" : entry.shape === "set" ? "set" : "list";
      block.attributes[name] = attribute(name, [kind, objectType(inner)], flags);
      return;
    }
    const nesting: Nesting = entry.shape === "struct" ? "single" : entry.shape === "set" ? "set" : "list";
    const many = /^\w+\.listMapperHcl/.test(entry.value);
    block.blocks[name] = {
      nesting,
      min: flags.required ? 1 : 0,
      max: many || nesting === "single" ? 0 : 1,
      block: inner,
    };
  }

  private getterType(body: string): TypeJson {
    for (const [pattern, type] of GETTERS) if (pattern.test(body)) return type;
    const made = /new (\w+?)(List|Map|OutputReference)\(this, "\w+"(?:, (true|false))?\)/.exec(body);
    if (!made) return "dynamic";
    const object = objectType(this.nested(made[1] as string));
    if (made[2] === "OutputReference") return object;
    return [made[2] === "Map" ? "map" : made[3] === "true" ? "set" : "list", object];
  }
}

function attribute(name: string, type: TypeJson, flags: Flags): AttributeSchema {
  const schema: AttributeSchema = { type };
  if (flags.required) schema.required = true;
  if (flags.optional) schema.optional = true;
  if (flags.computed) schema.computed = true;
  if (name.endsWith("_wo") && !flags.computed) schema.writeOnly = true;
  return schema;
}

function objectType(block: BlockSchema): TypeJson {
  const attributes: Record<string, TypeJson> = {};
  for (const [name, schema] of Object.entries(block.attributes)) attributes[name] = schema.type;
  for (const [name, nested] of Object.entries(block.blocks)) {
    const object = objectType(nested.block);
    attributes[name] = nested.nesting === "single" ? object : [nested.nesting, object];
  }
  return ["object", attributes];
}

function hclEntries(writer: string): Map<string, HclEntry> {
  const pattern =
    /^ +"?(\w+)"?: \{\n +value: (.*),\n +isBlock: (?:true|false),\n +type: "(\w+)",\n +storageClassType: "(\w+)",/gm;
  const entries = new Map<string, HclEntry>();
  for (const [, name, value, shape, storage] of writer.matchAll(pattern)) {
    entries.set(name as string, {
      value: value as string,
      shape: shape as string,
      storage: storage as string,
    });
  }
  return entries;
}

function declaredFields(classBody: string): Map<string, { flags: Flags; body: string }> {
  const fields = new Map<string, { flags: Flags; body: string }>();
  const parts = classBody.split(/^ {2}\/\/ (?=\w+ - computed: )/m).slice(1);
  for (const part of parts) {
    const head = /^(\w+) - computed: (\w+), optional: (\w+), required: (\w+)/.exec(part);
    if (!head) continue;
    const flags = {
      computed: head[2] === "true",
      optional: head[3] === "true",
      required: head[4] === "true",
    };
    fields.set(head[1] as string, { flags, body: part });
  }
  return fields;
}

function interfaceFlags(contract: string, name: string): Flags {
  const camel = name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  const required = new RegExp(`readonly ${camel}: `).test(contract);
  return { computed: false, optional: !required, required };
}
