import { readFileSync } from "node:fs";
import { join } from "node:path";

const text = readFileSync(join(__dirname, "../../../docs/adopting.md"), "utf8");

const blocks = (language: string) =>
  [...text.matchAll(new RegExp(`^ *\`\`\`${language}\\n([\\s\\S]*?)^ *\`\`\``, "gm"))].map(
    ([, block = ""]) => block,
  );

/** Every command that docs/adopting.md tells people to type, one per line, without comments. */
export const commands = blocks("sh")
  .flatMap((block) => block.split("\n"))
  .map((line) => line.replace(/(^|\s)# .*/, "").trim())
  .filter((line) => line !== "");

/** The one command that holds these words. */
export const command = (words: string) =>
  only(new Set(commands.filter((line) => line.includes(words))), words);

/** The one piece of an environment's file, or of cdktf.json, that holds these words. */
export const code = (language: "ts" | "json", words: string) =>
  only(new Set(blocks(language).filter((block) => block.includes(words))), words);

/** The one option that stands in a sentence and holds these words. */
export const inline = (words: string) =>
  only(
    new Set(
      [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, span = ""]) => (span.includes(words) ? [span] : [])),
    ),
    words,
  );

function only(found: ReadonlySet<string>, words: string): string {
  const [one] = found;
  if (one === undefined || found.size > 1) throw new Error(`docs/adopting.md has ${found.size} of ${words}.`);
  return one;
}
