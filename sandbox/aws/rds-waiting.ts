import type { Fields } from "../wire/value";
import { type Attributes, keyOf, type World, type WorldObject } from "../world";
import { blocks, type Situation, text } from "./kind";

/** A parameter of a group, and how RDS was told to take it over. */
type Parameters = Record<string, { value: string; method: string }>;

/** What an engine runs with, beside what Terraform knows of its instance. */
interface Engine {
  /** The group that it read when it started, and what stood there. */
  group: string;
  parameters: Parameters;
  /** Changes that wait for the maintenance window, by attribute. */
  waits: Attributes;
}

const MARK = "sandbox_db_engine";

/** A change of these starts the engine anew. Source: "Settings for DB instances", RDS user guide. */
const RESTARTING = ["engine_version", "instance_class"];

/** Remembers of an instance that was made, or that a change started anew, what its engine has read. */
export function rememberStart({ world, object, before }: Situation): void {
  if (!object) return;
  const known = engineOf(world, object);
  const { attributes } = object;
  const restarted = RESTARTING.some((name) => before?.[name] !== attributes[name]);
  if (!known || restarted) startEngine(world, object, known?.waits ?? {});
}

/** Starts an engine anew: it reads its parameters. Only inside `World.change`. */
export function startEngine(world: World, object: WorldObject, waits = waitsOf(world, object)): void {
  const group = text(object.attributes as Fields, "parameter_group_name");
  keep(world, object, { group, parameters: parametersOf(world, object), waits });
}

/** Remembers what waits for the maintenance window from now on, beside what waits already. */
export function rememberWaits({ world, type, region, before }: Situation, waits: Attributes): void {
  const object = world.get(type, region, text(before, "id"));
  const known = object && engineOf(world, object);
  if (object && known) keep(world, object, { ...known, waits: { ...known.waits, ...waits } });
}

/** Forgets what waited: a change at once takes it along. */
export function forgetWaits({ world, type, region, before }: Situation): void {
  const object = world.get(type, region, text(before, "id"));
  const known = object && engineOf(world, object);
  if (object && known) keep(world, object, { ...known, waits: {} });
}

/** What the instance is still to become in its maintenance window, by attribute. */
export function waitsOf(world: World, object: WorldObject): Attributes {
  const waits = Object.entries(engineOf(world, object)?.waits ?? {});
  return Object.fromEntries(waits.filter(([name, value]) => object.attributes[name] !== value));
}

/** Whether the engine has not read what its parameter group says by now, and reads it when it starts anew. */
export function needsStart(world: World, object: WorldObject): boolean {
  const engine = engineOf(world, object);
  if (!engine) return false;
  if (engine.group !== text(object.attributes as Fields, "parameter_group_name")) return true;
  const [read, now] = [engine.parameters, parametersOf(world, object)];
  return Object.keys({ ...read, ...now }).some(
    (name) =>
      read[name]?.value !== now[name]?.value && (now[name] ?? read[name])?.method === "pending-reboot",
  );
}

function parametersOf(world: World, { region, attributes }: WorldObject): Parameters {
  const group = world.get(
    "aws_db_parameter_group",
    region,
    text(attributes as Fields, "parameter_group_name"),
  );
  return Object.fromEntries(
    blocks(group?.attributes as Fields | undefined, "parameter").map((one) => [
      text(one, "name"),
      { value: text(one, "value"), method: text(one, "apply_method") },
    ]),
  );
}

const engineOf = (world: World, { region, id }: WorldObject) =>
  world.get(MARK, region, id)?.attributes as unknown as Engine | undefined;

function keep(world: World, object: WorldObject, engine: Engine): void {
  const { region, id } = object;
  const attributes = engine as unknown as Attributes;
  world.put({ type: MARK, region, id, attributes, origin: "aws", owner: keyOf(object) });
}
