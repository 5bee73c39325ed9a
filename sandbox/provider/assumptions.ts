import { writeFileSync } from "node:fs";
import { makeByHand, NAMED_BY, renamed } from "../aws/by-hand";
import { AwsError, text } from "../aws/kind";
import { ALIASES, STEERING } from "../aws/data";
import { loadSchema } from "../schema/cache";
import { type Fields, isRecord } from "../wire/value";
import { GLOBAL, type World, type WorldObject } from "../world";

/** A thing that was taken as there: its type, and the name or id by which the configuration asks for it. */
export interface Assumption {
  readonly type: string;
  readonly name: string;
}

/**
 * What a configuration only reads or imports is somebody else's to make, and a plan can be had before that is done: here it is
 * taken as there, for this process alone, and listed in a file.
 */
export class Assumptions {
  private readonly made: Assumption[] = [];

  constructor(
    /** Where they are listed, as JSON. */
    readonly file: string,
  ) {
    this.write();
  }

  /** One line for a person; nothing where nothing was assumed. */
  get text(): string {
    const list = this.made.map(({ type, name }) => `${type} ${name}`).join(", ");
    return list && `sandbox: taken as there, because the configuration only reads or imports it: ${list}\n`;
  }

  /** Lets exist what a data source looks for; throws the refusal where that cannot be done. */
  forData(world: World, type: string, config: Fields, region: string, refusal: unknown): void {
    if (!(refusal instanceof AwsError) || refusal.code === "TooManyResults") throw refusal;
    const schema = loadSchema("resource", type);
    if (!schema) throw refusal;
    const told = Object.entries(config)
      .filter(([name, value]) => !STEERING.includes(name) && value !== null)
      .map(([name, value]) => [ALIASES[type]?.[name] ?? name, value] as const)
      .filter(([name]) => schema.attributes[name]);
    const known: Fields = Object.fromEntries(told);
    const { tags = null } = config;
    if (isRecord(tags)) known.tags = tags;
    const id = text(known, "id");
    const name = NAMED_BY.map((key) => text(known, key)).find(Boolean) ?? id;
    delete known.id;
    try {
      this.exist(world, type, name, known, id, region);
    } catch {
      throw refusal;
    }
    this.note({ type, name: name || JSON.stringify(config.tags ?? {}) });
  }

  /** Lets exist what an import names; all but its id may be unknown. */
  forImport(world: World, type: string, id: string, region: string): void {
    try {
      this.exist(world, type, id, {}, id, region);
    } catch {
      const where = loadSchema("resource", type)?.attributes.region ? region : GLOBAL;
      const object: WorldObject = { type, region: where, id, attributes: { id }, origin: "person" };
      world.assume(() => world.put(object));
    }
    this.note({ type, name: id });
  }

  private exist(world: World, type: string, name: string, known: Fields, id: string, region: string): void {
    world.assume(() => {
      const object = makeByHand(world, type, name, known, region);
      if (id !== "" && object.id !== id) renamed(world, object, id);
    });
  }

  private note(assumption: Assumption): void {
    this.made.push(assumption);
    this.write();
  }

  private write(): void {
    writeFileSync(this.file, JSON.stringify(this.made), { mode: 0o600 });
  }
}
