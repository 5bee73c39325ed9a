import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type EnvironmentProps, light } from "slipway";
import { resolve } from "../modules/environment/resolve";
import { STEPS } from "../move/steps";

const page = readFileSync(join(__dirname, "../docs/moving.md"), "utf8");

describe("docs/moving.md", () => {
  it("shows an environment's file that has no mistake", () => {
    const [, file = ""] = /```ts\n([\s\S]*?)```/.exec(page) ?? [];
    const read = new Function("environment", "light", file.replace("export default", "return"));
    const props: EnvironmentProps = read((one: EnvironmentProps) => one, light);
    const { configuration, mistakes } = resolve(props, "staging");
    expect(mistakes).toEqual([]);
    expect(configuration?.move).toMatchObject({ from: { domain: "app.example.com" } });
  });

  it("tells of steps that there are, in their order", () => {
    const table = /^\| step \|[\s\S]*?\n\n/m.exec(page)?.[0] ?? "";
    const told = [...table.matchAll(/^\| `([a-z]+)[^`]*`/gm)].map(([, name = ""]) => name);
    const there = ["apply", "survey", ...STEPS.map(({ name }) => name)];
    expect(told).toEqual(there.filter((name) => told.includes(name)));
    expect(told).toContain("finish");
  });
});
