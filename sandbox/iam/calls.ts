import { text } from "../aws/kind";
import { deepEqual } from "../wire/paths";
import { type Fields, isRecord, UNKNOWN } from "../wire/value";
import type { World } from "../world";
import { accountCalls } from "./calls-account";
import { computeCalls } from "./calls-compute";
import { dataCalls } from "./calls-data";
import { dataSourceCalls } from "./calls-data-sources";
import { edgeCalls } from "./calls-edge";
import { networkCalls } from "./calls-network";
import { type Call, expand, type Subject } from "./expand";
import type { Line } from "./line";
import type { Row, Rows } from "./rows";

/**
 * The calls of each resource type, of those that environments and the bootstrap stack are made of. Learned on 2026-11-21 from
 * requests of hashicorp/aws 5.100.0 against an emulator, from the provider's source, and from the Service Authorization
 * Reference for what AWS asks for beside (tags, roles that are passed, what a service does in the caller's name).
 */
export const CALLS: Rows = {
  ...networkCalls,
  ...computeCalls,
  ...dataCalls,
  ...edgeCalls,
  ...accountCalls,
};

export { dataSourceCalls };

/** One object that the provider makes, changes, reads or removes. */
export interface Step {
  readonly world: World;
  readonly type: string;
  readonly region: string;
  /** Absent where it is being made. */
  readonly before?: Fields | undefined;
  /** Absent where it is being removed. */
  readonly after?: Fields | undefined;
}

/** A call, with the tags that it brings or takes, and those that the object itself has when it is made. */
export interface TaggedCall extends Call {
  readonly attributes: Fields;
  readonly requested?: Readonly<Record<string, string>> | undefined;
  readonly own?: Readonly<Record<string, string>> | undefined;
  /** The call that makes what is tagged, as `CreateSubnet`. */
  readonly creating?: string | undefined;
}

/** What a change of an object calls, reading it afterwards among that; undefined for a type that is not in the table. */
export function callsOfChange(step: Step): TaggedCall[] | undefined {
  const row = CALLS[step.type];
  if (!row) return undefined;
  if (step.after === undefined) return removing(row, step, step.before ?? {});
  return step.before === undefined
    ? making(row, step, step.after)
    : changing(row, step, step.before, step.after);
}

/** What reading an object calls. */
export function callsOfRead(step: Step): TaggedCall[] | undefined {
  const row = CALLS[step.type];
  const attributes = step.before ?? {};
  return row && about(row.read, step, attributes, { own: tagsOf(attributes) });
}

/** What reading a data source calls; undefined for one that is not in the table. */
export const callsOfData = (step: Step): TaggedCall[] | undefined => {
  const lines = dataSourceCalls[step.type];
  return lines && about(lines, step, step.before ?? {}, {});
};

function making(row: Row, step: Step, after: Fields): TaggedCall[] {
  const requested = tagsOf(after);
  const creating = row.create?.[0]?.split(" ")[0]?.split(":")[1];
  const tagging = row.tags && Object.keys(requested).length > 0 ? [`${row.tags[0]} ${row.tags[2]}`] : [];
  return [
    ...about(row.create, step, after, { requested }),
    ...about(tagging, step, after, { requested, creating }),
    ...about(row.finish, step, after, { own: requested }),
    ...about(row.read, step, after, { own: requested }),
  ];
}

function changing(row: Row, step: Step, before: Fields, after: Fields): TaggedCall[] {
  const own = tagsOf(before);
  const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) =>
      name !== "timeouts" && after[name] !== UNKNOWN && !deepEqual(before[name] ?? null, after[name] ?? null),
  );
  const named = Object.entries(row.update ?? {}).filter(([names]) => names !== "*");
  const isTag = (name: string) => row.tags !== undefined && /^tags(_all)?$/.test(name);
  const others = changed.filter(
    (name) => !isTag(name) && !named.some(([names]) => names.split("|").includes(name)),
  );
  const lines = [
    ...named
      .filter(([names]) => names.split("|").some((name) => changed.includes(name)))
      .flatMap(([, one]) => one),
    ...(others.length > 0 ? (row.update?.["*"] ?? []) : []),
  ];
  return [
    ...about(lines, step, { ...before, ...after }, { own, requested: tagsOf(after) }),
    ...tagging(row, step, before, after),
    ...about(row.read, step, after, { own }),
  ];
}

function tagging(row: Row, step: Step, before: Fields, after: Fields): TaggedCall[] {
  if (!row.tags) return [];
  const [add, remove, resource] = row.tags;
  const [old, now] = [tagsOf(before), tagsOf(after)];
  const pick = (from: Record<string, string>, fits: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(from).filter(([name]) => fits(name)));
  const added = pick(now, (name) => old[name] !== now[name]);
  const gone = pick(old, (name) => !(name in now));
  return [
    ...(Object.keys(added).length > 0
      ? about([`${add} ${resource}`], step, after, { own: old, requested: added })
      : []),
    ...(Object.keys(gone).length > 0
      ? about([`${remove} ${resource}`], step, after, { own: old, requested: gone })
      : []),
  ];
}

/** What has `skip_destroy` is left alone. */
const removing = (row: Row, step: Step, before: Fields): TaggedCall[] =>
  before.skip_destroy === true ? [] : about(row.delete, step, before, { own: tagsOf(before) });

type Tags = Pick<TaggedCall, "requested" | "own" | "creating">;

function about(lines: readonly Line[] | undefined, step: Step, attributes: Fields, tags: Tags): TaggedCall[] {
  const subject: Subject = { world: step.world, region: regionOf(step, attributes), attributes };
  return expand(lines ?? [], subject).map((call) => ({ ...call, attributes, ...tags }));
}

const regionOf = (step: Step, attributes: Fields) => text(attributes, "region") || step.region;

function tagsOf(attributes: Fields): Record<string, string> {
  const { tags_all: all } = attributes;
  if (!isRecord(all)) return {};
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
