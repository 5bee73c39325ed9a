import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { askForYes, checkLosses } from "../../plan/consent";
import type { SavedPlan } from "../../plan/saved";
import { select } from "../../plan/stacks";
import { summarize } from "../../plan/summary";
import { planOf, resource } from "./support/plans";

const saved = (name: string, ...resources: Record<string, unknown>[]): SavedPlan => ({
  name,
  configuration: "",
  plan: "",
  offline: false,
  changes: true,
  summary: summarize(planOf(resources)),
});
const db = "aws_db_instance.database";
const staging = saved("staging", resource(db, ["delete", "create"]), resource("aws_vpc.a", ["delete"]));
const prod = saved("prod", resource(db, ["delete"]));

const rows: readonly [string, SavedPlan[], string[], RegExp | undefined][] = [
  ["nothing lost, nothing allowed", [saved("qa", resource("aws_vpc.a", ["delete"]))], [], undefined],
  [
    "a loss that is not allowed",
    [staging],
    [],
    /staging: aws_db_instance\.database would be replaced: its databases/,
  ],
  ["one that is", [staging], [db], undefined],
  ["one that is, with its environment", [staging], [`staging:${db}`], undefined],
  ["one of two", [staging, prod], [`staging:${db}`], /prod: aws_db_instance\.database would be destroyed/],
  ["both", [staging, prod], [`staging:${db}`, `prod:${db}`], undefined],
  [
    "an address that could mean both",
    [staging, prod],
    [db],
    /Those that do: staging:aws_db_instance\.database, prod:/,
  ],
  ["an address that loses nothing", [staging], ["aws_vpc.a", db], /--allow-destroy aws_vpc\.a: no plan/],
  [
    "an address where nothing is lost",
    [saved("qa")],
    [db],
    /None destroys or replaces anything that holds data/,
  ],
];

describe("losses", () => {
  it.each(rows)("%s", (_, plans, allowed, refusal) => {
    const check = () => checkLosses(plans, allowed);
    if (refusal) expect(check).toThrow(refusal);
    else expect(check).not.toThrow();
  });

  it("are refused with the words that would allow them", () => {
    expect(() => checkLosses([staging, prod], [])).toThrow(
      `--allow-destroy 'staging:${db}' --allow-destroy 'prod:${db}'`,
    );
  });
});

describe("names on the command line", () => {
  const all = [{ name: "prod" }, { name: "staging" }];
  it.each([
    [[], ["prod", "staging"]],
    [["staging"], ["staging"]],
    [
      ["staging", "prod", "staging"],
      ["prod", "staging"],
    ],
  ])("%j are %j", (names, selected) => {
    expect(select(all, names, "environment").map(({ name }) => name)).toEqual(selected);
  });

  it("that are unknown are all named, with those there are", () => {
    expect(() => select(all, ["qa", "prod", "x"], "environment")).toThrow(
      'There is no environment "qa", "x". There is prod, staging.',
    );
    expect(() => select([], ["qa"], "environment")).toThrow("There is none at all.");
  });
});

describe("the question", () => {
  const stream = (isTTY: boolean) => Object.assign(new PassThrough(), { isTTY });
  function ask(answer: string, isTTY = true) {
    const [input, output] = [stream(isTTY), stream(true)];
    input.write(`${answer}\n`);
    const asked = askForYes([staging, prod], input as never, output as never);
    return { asked, text: () => String(output.read()) };
  }

  it("names what it is about, and takes yes", async () => {
    const { asked, text } = ask("yes");
    await asked;
    expect(text()).toContain('Apply exactly this to staging and prod? Only "yes" goes on: ');
  });

  it.each(["y", "YES", "no", ""])("takes nothing else: %j", async (answer) => {
    await expect(ask(answer).asked).rejects.toThrow("Not applied, nothing was changed.");
  });

  it("takes the end of input, or Ctrl-C, as a no", async () => {
    const [input, output] = [stream(true), stream(true)];
    const asked = askForYes([staging], input as never, output as never);
    input.end();
    await expect(asked).rejects.toThrow("Not applied, nothing was changed.");
  });

  it("is not asked where nobody is", async () => {
    await expect(ask("yes", false).asked).rejects.toThrow("add --auto-approve");
  });
});
