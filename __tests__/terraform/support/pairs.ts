/** Some options, each with its values by name, as a person may choose among them. */
export type Choices = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** One value of each option, by name. */
export type Row<C extends Choices> = { readonly [Option in keyof C]: keyof C[Option] & string };

/** A value of an option. */
export type Choice = readonly [option: string, value: string];

/** All values of all options, in lists by option. */
const listsOf = (choices: Choices): (readonly Choice[])[] =>
  Object.entries(choices).map(([option, values]) =>
    Object.keys(values).map((value): Choice => [option, value]),
  );

/** All pairs of values of different options. */
export const pairsOf = (choices: Choices): [Choice, Choice][] => pairsIn(listsOf(choices));

const pairsIn = (lists: readonly (readonly Choice[])[]): [Choice, Choice][] =>
  lists.flatMap((list, at) =>
    list.flatMap((one) =>
      lists
        .slice(at + 1)
        .flat()
        .map((other): [Choice, Choice] => [one, other]),
    ),
  );

/**
 * Rows in which every pair that may stand together does so at least once: the same for the same choices. Each row begins
 * with a pair that is in none yet, and takes for every other option the value that adds most pairs.
 *
 * @throws Error where a pair may stand together, and yet no row has room for it
 */
export function coverPairs<C extends Choices>(
  choices: C,
  mayStandTogether: (one: Choice, other: Choice) => boolean,
): Row<C>[] {
  const lists = listsOf(choices);
  // Numbers instead of names: pairs are looked up millions of times.
  const all = lists.flat();
  const numbers = new Map(all.map((choice, at) => [choice, at]));
  const keyOf = (one: Choice, other: Choice) => {
    const [a = 0, b = 0] = [numbers.get(one), numbers.get(other)];
    return a < b ? a * all.length + b : b * all.length + a;
  };
  const allowed = pairsIn(lists).filter(([one, other]) => mayStandTogether(one, other));
  const may = new Set(allowed.map((pair) => keyOf(...pair)));
  const uncovered = new Map(allowed.map((pair) => [keyOf(...pair), pair]));
  const rows: Row<C>[] = [];
  while (uncovered.size > 0) {
    // Pairs that each value still lacks: among equals, the one that lacks most goes first.
    const lacking = new Map<Choice, number>();
    for (const pair of uncovered.values())
      for (const choice of pair) lacking.set(choice, (lacking.get(choice) ?? 0) + 1);
    const lacks = (choice: Choice) => lacking.get(choice) ?? 0;
    const [first] = [...uncovered.values()].sort(
      ([a, b], [c, d]) => lacks(c) + lacks(d) - lacks(a) - lacks(b),
    );
    const row = complete(lists, first ?? [], {
      fits: (begun, next) => begun.every((other) => may.has(keyOf(other, next))),
      worth: (begun, next) =>
        begun.filter((other) => uncovered.has(keyOf(other, next))).length * allowed.length + lacks(next),
    });
    if (!row) throw new Error(`${first?.join(" and ")} may stand together, and no row has room for them.`);
    for (const [one, other] of pairsIn(row.map((choice) => [choice]))) uncovered.delete(keyOf(one, other));
    rows.push(Object.fromEntries(row) as Row<C>);
  }
  return rows;
}

interface Judge {
  fits(begun: readonly Choice[], next: Choice): boolean;
  worth(begun: readonly Choice[], next: Choice): number;
}

/** A row that begins like this, with the most worthy value of each other option that fits; undefined where none does. */
function complete(
  lists: readonly (readonly Choice[])[],
  begun: readonly Choice[],
  judge: Judge,
): readonly Choice[] | undefined {
  const open = lists.filter((list) => !list.some((choice) => begun.includes(choice)));
  if (open.length === 0) return begun;
  const candidates = open.map((list) =>
    list
      .filter((next) => judge.fits(begun, next))
      .map((next) => ({ next, worth: judge.worth(begun, next) }))
      .sort((one, other) => other.worth - one.worth),
  );
  // Options that have one value left go before all, then the one with the most worthy value.
  const isForced = (values: readonly unknown[]) => Number(values.length <= 1);
  const [values = []] = candidates.sort(
    (one, other) => isForced(other) - isForced(one) || (other[0]?.worth ?? 0) - (one[0]?.worth ?? 0),
  );
  for (const { next } of values) {
    const row = complete(lists, [...begun, next], judge);
    if (row) return row;
  }
  return undefined;
}

/** One option's value, before and after. */
export interface Change {
  readonly option: string;
  readonly from: string;
  readonly to: string;
}

/** What changes from one row to another. */
export const changesOf = <C extends Choices>(from: Row<C>, to: Row<C>): Change[] =>
  Object.keys(from)
    .filter((option) => from[option] !== to[option])
    .map((option) => ({ option, from: String(from[option]), to: String(to[option]) }));

/**
 * Rows in an order that makes many different changes from one to the next, group by group.
 *
 * @param isLong whether it takes a step between to come from one row to the other: such a change is made where no other is left
 */
export function arrange<C extends Choices>(
  rows: readonly Row<C>[],
  groupOf: (row: Row<C>) => string,
  isLong: (from: Row<C>, to: Row<C>) => boolean,
): Row<C>[] {
  const made = new Set<string>();
  const wordsOf = (from: Row<C>, to: Row<C>) =>
    changesOf(from, to).map((change) => Object.values(change).join());
  const arranged: Row<C>[] = [];
  for (const group of [...new Set(rows.map(groupOf))].sort()) {
    const left = rows.filter((row) => groupOf(row) === group);
    while (left.length > 0) {
      const last = arranged.at(-1);
      const newIn = (row: Row<C>) =>
        last ? wordsOf(last, row).filter((change) => !made.has(change)).length : 0;
      const long = (row: Row<C>) => Number(last !== undefined && isLong(last, row));
      const [next] = left
        .sort((one, other) => long(one) - long(other) || newIn(other) - newIn(one))
        .splice(0, 1);
      if (!next) break;
      for (const change of last ? wordsOf(last, next) : []) made.add(change);
      arranged.push(next);
    }
  }
  return arranged;
}
