import type { Gap } from "./gaps";
import type { Json, Stack } from "./substitutions";

/** A resource or data source that is left out of a stack, and why. */
export interface TakenOut {
  readonly address: string;
  /** The row of the table that it is left out for: its own, or that of what it needs. */
  readonly gap: Gap;
}

/** A stack without what an emulator cannot hold. */
export interface Reduced {
  readonly stack: Stack;
  readonly takenOut: readonly TakenOut[];
  /** Resources that stayed. */
  readonly left: number;
}

type Sections = "data" | "ephemeral" | "resource";
const SECTIONS: readonly Sections[] = ["data", "ephemeral", "resource"];
const ADDRESS = /(?<![\w.-])(?:data\.|ephemeral\.)?[a-z]\w*\.[\w-]+/g;

/**
 * Leaves out what the emulator cannot hold, and whatever needs it. Where a row says which value others read of it, they
 * get that value and stay.
 */
export function takeOut(stack: Stack, gaps: readonly Gap[]): Reduced {
  const blocks = blocksOf(stack);
  const takenOut = new Map<string, Gap>();
  for (const [address] of blocks) {
    const gap = gaps.find(({ what, forgets }) => typeOf(address) === what && forgets === undefined);
    if (gap !== undefined) takenOut.set(address, gap);
  }
  const standIn = (json: unknown) => withValues(json, takenOut);
  for (let before = -1; before !== takenOut.size; ) {
    before = takenOut.size;
    for (const [address, block] of blocks) {
      if (takenOut.has(address)) continue;
      const body = standIn(withoutOrder(block, () => false));
      const needed = addressesIn(body).find((one) => takenOut.has(one));
      const gap = needed === undefined ? undefined : takenOut.get(needed);
      if (gap !== undefined) takenOut.set(address, gap);
    }
  }
  const staying = (section: Sections) =>
    Object.fromEntries(
      Object.entries((stack[section] ?? {}) as Record<string, Record<string, Json>>).flatMap(
        ([type, byName]) => {
          const kept = Object.entries(byName)
            .filter(([name]) => !takenOut.has(addressOf(section, type, name)))
            .map(([name, block]) => [
              name,
              standIn(
                forgetful(
                  type,
                  withoutOrder(block, (address) => !takenOut.has(address)),
                  gaps,
                ),
              ),
            ]);
          return kept.length > 0 ? [[type, Object.fromEntries(kept)]] : [];
        },
      ),
    );
  const outputs = Object.entries((stack.output ?? {}) as Json).filter(
    ([, output]) => !addressesIn(standIn(output)).some((one) => takenOut.has(one)),
  );
  const locals = Object.entries((stack.locals ?? {}) as Json).filter(
    ([name]) => !takenOut.has(localOf(name)),
  );
  const left = [...blocks.keys()].filter((address) => isResource(address) && !takenOut.has(address)).length;
  return {
    stack: {
      ...stack,
      ...Object.fromEntries(SECTIONS.map((section) => [section, staying(section)])),
      locals: Object.fromEntries(locals.map(([name, value]) => [name, standIn(value)])),
      output: Object.fromEntries(outputs.map(([name, output]) => [name, standIn(output)])),
    } as Stack,
    takenOut: [...takenOut].map(([address, gap]) => ({ address, gap })),
    left,
  };
}

const addressOf = (section: Sections, type: string, name: string) =>
  `${section === "resource" ? "" : `${section}.`}${type}.${name}`;

/** An address without the name: `data.` and the type of a data source. */
export const typeOf = (address: string) => address.slice(0, address.lastIndexOf("."));

export const isResource = (address: string) => !/^(data|ephemeral|local)\./.test(address);

const localOf = (name: string) => `local.${name}`;

function blocksOf(stack: Stack): Map<string, Json> {
  const locals = Object.entries((stack.locals ?? {}) as Json).map(
    ([name, value]) => [localOf(name), { value }] as const,
  );
  return new Map([
    ...locals,
    ...SECTIONS.flatMap((section) =>
      Object.entries((stack[section] ?? {}) as Record<string, Record<string, Json>>).flatMap(
        ([type, byName]) =>
          Object.entries(byName).map(([name, block]) => [addressOf(section, type, name), block] as const),
      ),
    ),
  ]);
}

/** Whatever looks like an address in the expressions of a value. */
function addressesIn(json: unknown): string[] {
  return [...JSON.stringify(json).matchAll(ADDRESS)].map(([address]) => address);
}

/** What comes after something, or anew with it, needs nothing of it: of these addresses only some are kept. */
function withoutOrder(block: Json, isKept: (address: string) => boolean): Json {
  const kept = (addresses: unknown) =>
    ((addresses ?? []) as readonly string[]).filter((one) => isKept(one.match(ADDRESS)?.[0] ?? one));
  const { depends_on, lifecycle, ...body } = block as { depends_on?: unknown; lifecycle?: Json };
  const { replace_triggered_by, ...rest } = lifecycle ?? {};
  const [after, anew] = [kept(depends_on), kept(replace_triggered_by)];
  const cycle = { ...rest, ...(anew.length > 0 && { replace_triggered_by: anew }) };
  return {
    ...body,
    ...(after.length > 0 && { depends_on: after }),
    ...(Object.keys(cycle).length > 0 && { lifecycle: cycle }),
  };
}

/** What the emulator does not give back as it was given is no change. */
function forgetful(type: string, block: Json, gaps: readonly Gap[]): Json {
  const forgotten = gaps.flatMap(({ what, forgets = [] }) => (what === type ? forgets : []));
  if (forgotten.length === 0) return block;
  const { ignore_changes: ignored = [], ...lifecycle } = (block.lifecycle ?? {}) as {
    ignore_changes?: readonly string[];
  };
  return { ...block, lifecycle: { ...lifecycle, ignore_changes: [...ignored, ...forgotten] } };
}

/** Puts the values that rows give in the place of what is left out. */
function withValues(json: unknown, takenOut: ReadonlyMap<string, Gap>): unknown {
  let text = JSON.stringify(json);
  // Within a template, in the JSON of a configuration: quoted twice.
  for (const [address, { values = {} }] of takenOut)
    for (const [name, value] of Object.entries(values))
      text = text.replaceAll(
        new RegExp(`(?<![\\w.-])${address.replaceAll(".", "\\.")}\\.${name}(?![\\w.[-])`, "g"),
        () => JSON.stringify(JSON.stringify(value)).slice(1, -1),
      );
  return JSON.parse(text);
}
