import { LIMIT } from "../plan/markdown";
import { fitted } from "./post";

/** What marks the one comment of a pull request, so that the next push finds it. */
const PLANS = "<!-- slipway-plans -->";

/** Characters that the comment keeps for the link to its run. */
const END = 500;

/** The summary of one plan, as `slipway plan --markdown` wrote it. */
interface Part {
  readonly stack: string;
  /** `prod: 3 to add, …` */
  readonly title: string;
  readonly rest: string;
}

/**
 * One comment on the plans of all stacks: open where something changes or fails, else folded away. Never longer than GitHub takes.
 * @param plans by stack, the Markdown of its plan; nothing for one that was not planned
 */
export function plansText(plans: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(plans).map(([stack, markdown]) => partOf(stack, markdown));
  const quiet = parts.filter(({ title, rest }) => isQuiet(title) && rest === "");
  const shown = parts.filter((part) => !quiet.includes(part));
  const same = quiet.length === 0 ? "" : `\nNo changes: ${quiet.map(({ stack }) => stack).join(", ")}.\n`;
  const frames = shown.map((part) => framed(part, "").length);
  const fixed = PLANS.length + same.length + END + frames.reduce((sum, length) => sum + length, 0);
  let room = LIMIT - fixed;
  let left = shown.length;
  // Whoever needs less than its share leaves the rest to the others.
  const texts = new Map<Part, string>();
  for (const part of [...shown].sort((a, b) => a.rest.length - b.rest.length)) {
    const text = framed(part, fitted(part.rest, "", Math.floor(room / left)));
    room -= text.length - framed(part, "").length;
    left -= 1;
    texts.set(part, text);
  }
  return `${PLANS}\n${shown.map((part) => texts.get(part)).join("")}${same}`;
}

const isQuiet = (title: string) => title.endsWith(": no changes");

function partOf(stack: string, markdown: string | undefined): Part {
  if (markdown === undefined) return { stack, title: `${stack}: not planned`, rest: "The run says why." };
  const [, title = stack, rest = ""] = /^### (.*)\n([\s\S]*)$/m.exec(markdown) ?? [];
  return { stack, title, rest: rest.trim() };
}

const framed = ({ title }: Part, body: string) =>
  `\n<details${isQuiet(title) ? "" : " open"}>\n<summary><b>${title}</b></summary>\n\n${body}\n\n</details>\n`;
