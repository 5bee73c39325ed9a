import { resolve } from "../../../modules/environment/resolve";
import type { EnvironmentProps } from "../../../modules/environment";
import { environmentChoices, propsOf } from "../../terraform/support/choices";
import type { Row } from "../../terraform/support/pairs";

type EnvironmentRow = Row<typeof environmentChoices>;

/** Options that lean on what is not in the file: a VPC that is there already, another environment. */
const SINGLE = ["vpc", "peering"];

/** Rows in which every value of every other option stands at least once. */
export function everyValue(): EnvironmentProps[] {
  const longest = Math.max(...Object.values(environmentChoices).map((values) => Object.keys(values).length));
  return Array.from({ length: longest }, (_, at) => settle(rowAt(at)));
}

const rowAt = (at: number) =>
  Object.fromEntries(
    Object.entries(environmentChoices).map(([option, values]) => {
      const names = Object.keys(values);
      return [option, SINGLE.includes(option) ? names[0] : (names[at % names.length] as string)];
    }),
  ) as EnvironmentRow;

/** A row with the first value of each option that stands in the way of the others. */
function settle(row: EnvironmentRow): EnvironmentProps {
  const first = (option: keyof EnvironmentRow) => Object.keys(environmentChoices[option])[0] as string;
  // A move stands in few rows and asks much of the others: it is the last to go.
  const options = (Object.keys(row) as (keyof EnvironmentRow)[]).filter((option) => option !== "move");
  for (const option of [...options, "move"] as const) {
    if (resolve(propsOf(row), "staging").mistakes.length === 0) break;
    const other = { ...row, [option]: first(option) } as EnvironmentRow;
    if (resolve(propsOf(other), "staging").mistakes.length < resolve(propsOf(row), "staging").mistakes.length)
      return settle(other);
  }
  return propsOf(row);
}
