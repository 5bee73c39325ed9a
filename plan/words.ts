import type { AttributeChange } from "./differences";
import type { Problem } from "./problems";
import { typed } from "./offline";
import { isBootstrap } from "./stacks";
import type { Orphan, Orphans } from "./states";
import type { Counts, Drift, Kind, ResourceSummary, Summary } from "./summary";

/** The most characters of a value that are shown whole; of a longer one it is the part around the first difference. */
const MOST = 60;
const CONTEXT = 20;

/** One line of a report: what it says, and how much it matters. */
export interface Line {
  readonly sign: string;
  readonly text: string;
  readonly indent: number;
}

const SIGNS: Readonly<Record<Kind, string>> = {
  create: "+",
  update: "~",
  replace: "±",
  destroy: "-",
  forget: "↗",
  none: "→",
};

/** `3 to add, 1 to change, 0 to destroy`, and what else there is. */
export function countsText({
  create,
  update,
  replace,
  destroy,
  forget,
  move,
  import: imports,
}: Counts): string {
  const rare = [
    [imports, "to import"],
    [move, "to move"],
    [forget, "to forget"],
  ] as const;
  return [
    `${create} to add`,
    `${update} to change`,
    `${replace} to replace`,
    `${destroy} to destroy`,
    ...rare.filter(([number]) => number > 0).map(([number, text]) => `${number} ${text}`),
  ].join(", ");
}

/** When a stack is applied: `, to be applied after staging`, or nothing. */
export const orderText = (after: readonly string[] = []): string =>
  after.length === 0 ? "" : `, to be applied after ${after.join(", ")}`;

/** An attribute with its old and its new value, where these may be seen. */
export function attributeText({ path, before, after, sensitive, unknown }: AttributeChange): string {
  if (sensitive) return `${path}: (sensitive)`;
  if (unknown) return `${path}: ${cut(text(before))} → (known after apply)`;
  if (before === undefined && after === undefined) return path;
  const [from, to] = [text(before), text(after)];
  const same = Math.max(from.length, to.length) > MOST ? Math.max(0, commonStart(from, to) - CONTEXT) : 0;
  return `${path}: ${cut(from, same)} → ${cut(to, same)}`;
}

const text = (value: unknown) => JSON.stringify(value) ?? "null";

/** A part of a text that is too long to be shown whole. */
function cut(whole: string, from = 0): string {
  const end = whole.length > from + MOST ? "…" : "";
  return `${from > 0 ? "…" : ""}${whole.slice(from, from + MOST)}${end}`;
}

/** How many characters two texts have in common before they differ. */
function commonStart(one: string, other: string): number {
  let index = 0;
  while (index < one.length && one[index] === other[index]) index += 1;
  return index;
}

export const WITHOUT_FILE = "There are resources that no file describes";

/** How many addresses stand in one line. */
const NAMED = 4;

/** The states that no file describes, each with what it holds and the way out. */
export function orphanLines({ found, problem }: Orphans): Line[] {
  const unknown = {
    sign: "✗",
    text: `${problem}. Nobody knows whether an environment's file is missing while its resources are there.`,
    indent: 0,
  };
  return [...found.flatMap(orphan), ...(problem === undefined ? [] : [unknown])];
}

function orphan({ name, resources, holding, moved }: Orphan): Line[] {
  const bootstrap = isBootstrap(name);
  const place = bootstrap ? "is not described in cdktf.json" : "has no file in environments/";
  const fate = moved === undefined ? `${place}: moved or removed?` : `keeps its state in ${moved} by now.`;
  const are = resources === 1 ? "1 resource is" : `${resources} resources are`;
  const more = holding.length > NAMED ? ` and ${holding.length - NAMED} more that hold data` : "";
  const among =
    holding.length > 0
      ? `, among them ${holding
          .slice(0, NAMED)
          .map(({ address }) => address)
          .join(", ")}${more}`
      : "";
  const back = bootstrap
    ? "Describe it again in context of cdktf.json"
    : "Put its file back, under this name";
  const way =
    moved === undefined
      ? `${back}. Where it is to go: ${typed(`npx slipway destroy ${name}`)}`
      : `Say its account again as it was. Where these are to go, then: ${typed(`npx slipway destroy ${name}`)}`;
  const before = moved === undefined ? "" : ", where it was before";
  return [
    { sign: "✗", text: `${name} ${fate} ${are} still there${before}${among}`, indent: 0 },
    { sign: "→", text: way, indent: 0 },
  ];
}

/** What is lost for good, each with why. */
export function lossLines(summary: Summary): Line[] {
  return summary.resources
    .filter(({ loses }) => loses !== undefined)
    .flatMap((resource) => {
      const { kind, address, loses } = resource;
      const how = kind === "replace" ? "is REPLACED" : "is DESTROYED";
      const forced = resource.forcedBy.map((one) => `${attributeText(one)}  (forces the replacement)`);
      const why = forced.length > 0 ? forced : resource.reason ? [resource.reason] : [];
      return [
        { sign: SIGNS[kind], text: `${address} ${how}: ${loses} would be lost`, indent: 0 },
        ...why.map((text) => ({ sign: "", text, indent: 1 })),
      ];
    });
}

/** What was changed outside Terraform. */
export function driftLines(drift: readonly Drift[]): Line[] {
  return drift.flatMap(({ address, kind, attributes, answered }) => {
    const gone = kind === "destroy";
    const fate = answered ? "this plan changes it" : "left as it is";
    return [
      { sign: gone ? "-" : "~", text: `${address}${gone ? " is gone" : ""} (${fate})`, indent: 0 },
      ...attributes.map((one) => ({ sign: "", text: attributeText(one), indent: 1 })),
    ];
  });
}

/** Everything that the plan does but losses; what is made or taken away as a whole is grouped by type. */
export function changeLines({ resources, outputs }: Summary): Line[] {
  const rest = resources.filter(({ loses }) => loses === undefined);
  const whole = (one: ResourceSummary) =>
    (one.kind === "create" || one.kind === "destroy") &&
    one.movedFrom === undefined &&
    one.imported === undefined;
  return [
    ...grouped(rest.filter((one) => whole(one) && one.kind === "destroy")),
    ...rest.filter((one) => !whole(one)).flatMap(singleLines),
    ...grouped(rest.filter((one) => whole(one) && one.kind === "create")),
    ...(outputs.length > 0 ? [{ sign: "~", text: `outputs: ${outputs.join(", ")}`, indent: 0 }] : []),
  ];
}

function singleLines(resource: ResourceSummary): Line[] {
  const { kind, address, movedFrom, imported, forcedBy, reason } = resource;
  const notes = [
    kind === "replace" && forcedBy.length === 0 ? `replaced: ${reason ?? "no reason given"}` : undefined,
    kind === "forget" ? "no longer managed, left as it is" : undefined,
    movedFrom && `moved from ${movedFrom}`,
    imported && `imported: ${imported}`,
  ].filter(Boolean);
  const forcing = new Set(forcedBy.map(({ path }) => path));
  const others = resource.attributes.filter(
    // A new object has new ids: that says nothing.
    ({ path, unknown }) => !forcing.has(path) && !(kind === "replace" && unknown),
  );
  return [
    { sign: SIGNS[kind], text: notes.length > 0 ? `${address} (${notes.join("; ")})` : address, indent: 0 },
    ...forcedBy.map((one) => ({
      sign: "",
      text: `${attributeText(one)}  (forces the replacement)`,
      indent: 1,
    })),
    ...others.map((one) => ({ sign: "", text: attributeText(one), indent: 1 })),
  ];
}

/** `aws_subnet.{private_a, private_b}`: what is alike in one line. */
function grouped(resources: readonly ResourceSummary[]): Line[] {
  const groups = new Map<string, { sign: string; names: string[] }>();
  for (const { address, type, kind } of resources) {
    const end = address.lastIndexOf(`${type}.`) + type.length + 1;
    const group = groups.get(address.slice(0, end)) ?? { sign: SIGNS[kind], names: [] };
    group.names.push(address.slice(end));
    groups.set(address.slice(0, end), group);
  }
  return [...groups].map(([prefix, { sign, names }]) => ({
    sign,
    text: `${prefix}${names.length === 1 ? names[0] : `{${names.join(", ")}}`}`,
    indent: 0,
  }));
}

/** Terraform's words, and the way out. */
export function problemLines({ severity, summary, detail, place, wayOut }: Problem): Line[] {
  return [
    {
      sign: severity === "error" ? "✗" : "!",
      text: place ? `${summary} (${place})` : summary,
      indent: 0,
    },
    ...detail
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((text) => ({ sign: "", text, indent: 1 })),
    ...(wayOut ? [{ sign: "→", text: wayOut, indent: 0 }] : []),
  ];
}
