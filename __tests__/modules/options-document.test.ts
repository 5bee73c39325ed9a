import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { appRunnerOptions } from "../../modules/app-runner/props";
import { bootstrapOptions } from "../../modules/bootstrap/props";
import { light, type Preset, production, small } from "../../modules/environment";
import { environmentOptions } from "../../modules/environment/props";
import { isRecord } from "../../modules/options";
import { sidecarOptions } from "../../modules/service/props";
import { code, listOptions, NAME, type Option, readDeclarations } from "./support/list-options";

const ROOT = join(__dirname, "../..");
const declarations = readDeclarations([
  "environment/props",
  "bootstrap/props",
  "service/props",
  "app-runner/props",
]);

/** A preset, shaped as what somebody writes. */
const written = ({ service, uses, ...parts }: Preset) => ({
  ...parts,
  services: { [NAME]: { ...service, uses: { [NAME]: uses } } },
});

const environment = listOptions(declarations, "environment/props", "environmentOptions", environmentOptions, [
  written(light),
  written(small),
  written(production),
]);
const bootstrap = listOptions(declarations, "bootstrap/props", "bootstrapOptions", bootstrapOptions);
const appRunner = listOptions(declarations, "app-runner/props", "appRunnerOptions", appRunnerOptions);
const sidecar = listOptions(declarations, "service/props", "sidecarOptions", sidecarOptions);

const nameOf = (path: readonly string[]) => path.join(".").replaceAll(".[]", "[]");

/** Whether a text begins with a value as a file says it. */
const says = (text: string, value: string) =>
  text === value || (/^[\s.:,;]/.test(text.replace(value, "")) && text.startsWith(value));

/** What the comment of an option has to say, and does not. */
function mistold({ path, comment, standard, told, required }: Option): string[] {
  const name = nameOf(path);
  if (comment === "") return [`${name} has no comment`];
  if (required) return told === undefined ? [] : [`${name} is required, and has a @default`];
  if (standard === undefined) return [];
  const value = JSON.stringify(standard);
  if (told === undefined) return [`${name} lacks @default ${value}`];
  // A list or an object may be told in words.
  const inWords = typeof standard === "object" && !/^[[{]/.test(told);
  return inWords || says(told, value) ? [] : [`${name} has @default ${told}, and takes ${value}`];
}

describe("the declaration of an option", () => {
  test("says what it is, and its default", () => {
    expect([...environment, ...bootstrap, ...appRunner, ...sidecar].flatMap(mistold)).toEqual([]);
  });

  test("is not believed where it says another, or nothing", () => {
    const [zones] = environment.filter(({ path }) => nameOf(path) === "network.zones");
    const but = (changed: Partial<Option>) => mistold({ ...(zones as Option), ...changed });
    expect(but({})).toEqual([]);
    expect(but({ standard: 2 })).toEqual([expect.stringContaining("takes 2")]);
    expect(but({ told: "30" })).toEqual(["network.zones has @default 30, and takes 3"]);
    expect(but({ told: undefined })).toEqual(["network.zones lacks @default 3"]);
    expect(but({ comment: "" })).toEqual(["network.zones has no comment"]);
    expect(but({ required: true })).toEqual(["network.zones is required, and has a @default"]);
    expect(but({ standard: [], told: "none" })).toEqual([]);
    expect(but({ standard: [], told: "[1]" })).toEqual(["network.zones has @default [1], and takes []"]);
  });
});

test("each part's options have a name, which an editor shows", () => {
  const { program, checker } = declarations;
  const source = program.getSourceFile(join(ROOT, "modules/environment/props.ts"));
  const module = source && checker.getSymbolAtLocation(source);
  const props = module && checker.getExportsOfModule(module).find(({ name }) => name === "EnvironmentProps");
  if (props === undefined) throw new Error("There is no EnvironmentProps.");
  const shown = (part: string) => {
    const property = checker.getDeclaredTypeOfSymbol(props).getProperty(part);
    return property && checker.typeToString(checker.getTypeOfSymbol(property)).split(" | ").sort();
  };
  expect(
    ["bastion", "cluster", "database", "distribution", "network", "registry"].map((part) => shown(part)),
  ).toEqual([
    ["BastionProps", "boolean", "undefined"],
    ["ClusterProps", "true", "undefined"],
    ["DatabaseProps", "ExternalDatabaseProps", "boolean", "string", "undefined"],
    ["DistributionProps", "boolean", "undefined"],
    ["ExistingNetworkProps", "NetworkProps", "string", "true", "undefined"],
    ["RegistryProps", "string", "undefined"],
  ]);
  expect(shown("services")).toEqual(["Readonly<Record<string, ServiceProps>>", "undefined"]);
});

function defaultText({ standard, told, required }: Option): string {
  if (required) return "required";
  if (told === undefined) return "none";
  const value = JSON.stringify(standard);
  return standard !== undefined && says(told, value) ? `\`${value}\`${told.slice(value.length)}` : told;
}

/** What a preset says; of a part, the rows of its options do. */
function presetText(value: unknown, type: string): string {
  if (!isRecord(value)) return value === undefined ? "" : code(value);
  return type.endsWith("by name") && !(NAME in value)
    ? Object.keys(value)
        .map((name) => `\`${name}\``)
        .join(", ")
    : "";
}

const cell = (text: string) => text.replaceAll("|", "\\|");

/** The options of each part, under its heading, in the order of their declarations. */
function sections(options: readonly Option[], within: string, depth: (path: readonly string[]) => number) {
  const found = new Map<string, Option[]>();
  for (const option of options) {
    const part = nameOf(option.path.slice(0, depth(option.path)));
    const heading =
      part === "" ? within : `\`${part}\`${option.kind === "" ? "" : `, with \`${option.kind}\``}`;
    found.set(heading, [...(found.get(heading) ?? []), option]);
  }
  return [...found].map(([heading, listed]) => {
    const presets = listed.some((option) => option.presets.some((said) => presetText(said, option.type)));
    const rows = listed.map((option) => [
      `\`${nameOf(option.path.slice(depth(option.path)))}\``,
      option.type,
      defaultText(option),
      ...(presets ? option.presets.map((said) => presetText(said, option.type)) : []),
      option.comment,
    ]);
    const titles = [
      "option",
      "values",
      "default",
      ...(presets ? ["`light`", "`small`", "`production`"] : []),
      "meaning",
    ];
    const lines = [titles, titles.map(() => "---"), ...rows];
    return `## ${heading}\n\n${lines.map((line) => `| ${line.map(cell).join(" | ")} |`).join("\n")}\n`;
  });
}

/** How many names of a path lead to the part that has the option. */
function depthOf({ length, 0: part, 2: option }: readonly string[]): number {
  if (length === 1) return 0;
  if (part !== "services") return 1;
  return option === "uses" && length > 4 ? 4 : 2;
}

test("docs/options.md says every option, its default and what it means", async () => {
  const text = `# Options

Everything that a file in \`environments/\` may say, as \`environment({ … })\` takes it, and \`bootstrap\` in \`cdktf.json\`. What the
presets \`light\`, \`small\` and \`production\` say goes before the default; where their cell is empty, they say nothing. Where a part takes
a text or a list beside options, that stands for one of them (\`health: "/up"\` for \`health: { path: "/up" }\`), \`true\` for
all defaults, and \`false\` leaves the part out. What a file says is laid over the preset option by option, short or long;
lists and \`cluster.capacity\` replace. Regions, zones, instance types and database classes that are newer than Slipway are
taken as they are, and a synthesis tells of each, with the one that may have been meant. The comments of
\`modules/<part>/props.ts\`, which an editor shows, are where this page comes from.

${[
  ...sections(environment, "The environment", depthOf),
  ...sections(bootstrap, "`bootstrap` in `cdktf.json`", () => 0),
  ...sections(appRunner, "An environment on App Runner, as `appRunner({ … })` takes it", () => 0),
].join("\n")}`;
  await expect(text).toMatchFileSnapshot("../../docs/options.md");
});
