import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EnvironmentProps } from "../../modules/environment";
import type { Configuration } from "../../modules/environment/props";
import { resolve } from "../../modules/environment/resolve";
import { layer } from "../../modules/options";
import { synthesizeAll } from "../modules/support/synthesize";
import {
  contradict,
  environmentChoices,
  leaveIpv6,
  makeBefore,
  other,
  propsOf,
  refusals,
} from "./support/choices";
import { InProcessStack, succeed } from "./support/in-process";
import { arrange, type Change, type Choice, changesOf, coverPairs, pairsOf, type Row } from "./support/pairs";

type EnvironmentRow = Row<typeof environmentChoices>;
interface Described {
  readonly row: EnvironmentRow;
  readonly props: EnvironmentProps;
}

const same = (one: Choice, other: Choice) => String(one) === String(other);
const isRefused = (one: Choice, other: Choice) =>
  refusals.some(([a, b]) => (same(a, one) && same(b, other)) || (same(a, other) && same(b, one)));
const mayStandTogether = (one: Choice, other: Choice) =>
  !contradict(environmentChoices, one, other) && !isRefused(one, other);
const holds = (row: EnvironmentRow, [option, value]: Choice) => row[option as keyof EnvironmentRow] === value;

function configurationOf(props: EnvironmentProps): Configuration {
  const { configuration, mistakes } = resolve(props, "staging");
  if (!configuration) throw new Error(mistakes.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  return configuration;
}

/** Nothing moves from one VPC to another, and what lies under a key of its own does not leave it by an apply. */
const houseOf = ({ vpc, encryption }: EnvironmentRow) => `${vpc} ${encryption}`;

const rows = coverPairs(environmentChoices, mayStandTogether);
const capacities = new Map(rows.map((row) => [row, configurationOf(propsOf(row)).cluster.capacity]));
/** Whether the second row lacks a capacity of the first. */
const losesCapacity = (from: EnvironmentRow, to: EnvironmentRow) =>
  Object.keys(capacities.get(from) ?? {}).some((name) => !(name in (capacities.get(to) ?? {})));

const table: Described[] = arrange(rows, houseOf, losesCapacity).map((row) => ({ row, props: propsOf(row) }));

/** Whether the second row lacks a zone of the first, in which the database may live: RDS leaves none. */
function losesZone(from: Described, to: Described): boolean {
  const [before, after] = [configurationOf(from.props), configurationOf(to.props)];
  if (!before.database || !after.database || !("zones" in before.network && "zones" in after.network))
    return false;
  const { zones } = after.network;
  return before.network.zones.some((zone) => !zones.includes(zone));
}

/** Whether the second row is applied over the first. */
const isChange = (from: Described, to: Described) => from.row.vpc === to.row.vpc && !losesZone(from, to);

/** What stands between two rows of which the second lacks a capacity of the first: both, while the services name what stays. */
function between({ row: from }: Described, { row, props: to }: Described): EnvironmentProps | undefined {
  if (!losesCapacity(from, row)) return undefined;
  const [before, after] = [capacities.get(from), capacities.get(row)];
  const [stays = "fargate"] = Object.keys(after ?? {});
  const placed = Object.entries(to.services ?? {}).map(([name, { capacity = stays }]) => [
    name,
    { capacity },
  ]);
  return layer(to, {
    cluster: { capacity: { ...before, ...after } },
    services: Object.fromEntries(placed),
  }) as EnvironmentProps;
}

describe("every two values of an environment's options", () => {
  it("stand in a row of the table, refused or contradicting ones in none", () => {
    for (const [one, other] of pairsOf(environmentChoices)) {
      const found = table.some(({ row }) => holds(row, one) && holds(row, other));
      expect(found, `${one.join(" ")} and ${other.join(" ")}`).toBe(mayStandTogether(one, other));
    }
  });

  it("and are each changed into, and left for another, but where nothing may", () => {
    const changes = table.flatMap((to, at) => {
      const from = table[at - 1];
      return from && isChange(from, to) ? changesOf(from.row, to.row) : [];
    });
    const values = Object.entries(environmentChoices).flatMap(([option, of]) =>
      Object.keys(of).map((value): Choice => [option, value]),
    );
    const unchanged = (found: (change: Change, choice: Choice) => boolean) =>
      values.filter((choice) => !changes.some((change) => found(change, choice))).map(String);
    const vpcs = ["vpc,own", "vpc,there"];
    expect(unchanged(({ option, to }, choice) => same([option, to], choice))).toEqual([
      ...vpcs,
      "encryption,AWS's key",
    ]);
    expect(unchanged(({ option, from }, choice) => same([option, from], choice))).toEqual([
      ...vpcs,
      "encryption,its own key",
    ]);
  });

  it.each(refusals)("%j and %j are refused with a reason", (one, other, said) => {
    // The row that comes nearest: little else in it is wrong.
    const mistakes = table
      .filter(({ row }) => holds(row, one))
      .map(({ row }) => resolve(propsOf({ ...row, [other[0]]: other[1] }), "staging").mistakes)
      .sort((some, more) => some.length - more.length);
    expect(mistakes[0]?.map(({ message }) => message)).toContainEqual(expect.stringMatching(said));
  });
});

describe.sequential("an environment that goes from row to row of the table", () => {
  const stack = new InProcessStack();
  beforeAll(() => makeBefore(stack.world));
  afterAll(() => stack.remove());

  const become = async (props: EnvironmentProps) => {
    const { staging } = synthesizeAll({ staging: props, other });
    if (staging === undefined) throw new Error("No stack was made.");
    if (!configurationOf(props).network.ipv6) await leaveIpv6(stack.world);
    stack.configure(staging.json);
    await succeed(stack.apply());
  };

  const destroy = () => succeed(stack.run("destroy", "-auto-approve"));

  it.each(table.map((_, at) => at))("is applied as row %i, and plans nothing after it", async (at) => {
    const described = table[at] as Described;
    const { row, props } = described;
    const previous = table[at - 1];
    const said = `${JSON.stringify(row)}, after ${JSON.stringify(previous?.row)}`;
    try {
      const step = previous && between(previous, described);
      if (previous && !isChange(previous, described)) await destroy();
      else if (step) await become(step);
      await become(props);
    } catch (error) {
      throw new Error(`${said}: ${error}`);
    }
    const { output } = await succeed(stack.run("plan"));
    expect(output, said).toContain("No changes.");
    expect(output, said).not.toContain("Warning:");
  });

  it("is destroyed to the last object", async () => {
    await destroy();
    expect(stack.world.list().filter(({ origin }) => origin === "terraform")).toEqual([]);
  });
});
