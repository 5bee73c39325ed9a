import type { Emulated, Life } from "./emulate";
import type { Gap } from "./gaps";
import { substitutions } from "./substitutions";
import type { Said } from "./terraform";

/** What a run found. */
export interface Results {
  readonly date: string;
  readonly provider: string;
  readonly bindings: string;
  readonly stacks: readonly string[];
  /** What the provider said when it validated. */
  readonly said: readonly Said[];
  /** Missing where this machine has no emulator. */
  readonly emulated?: EmulatedBy;
}

/** What an emulator made of the stacks, and which it was. */
export interface EmulatedBy extends Emulated {
  readonly version: string;
  /** Rows of the table that hold no more. */
  readonly stale: readonly Gap[];
}

/** Whether a life went as it must: all that was planned was applied, nothing was left to do, and all of it went. */
export const isWhole = ({ planned, applied }: Life): boolean =>
  planned > 0 &&
  (applied === undefined ||
    (planned === applied.made && applied.again.length === 0 && applied.destroyed === applied.made));

/** A life in one line: `planned 97 of 103, applied, planned empty, destroyed`. */
export function wordsOf({ all, planned, applied }: Life): string {
  const words = [`planned ${planned} of ${all}`];
  if (applied === undefined) return words[0] ?? "";
  const { made, again, destroyed } = applied;
  const differs = again.map(({ address, action }) => `${action} ${address}`).join(", ");
  words.push(made === planned ? "applied" : `applied ${made}`);
  words.push(again.length === 0 ? "planned empty" : `then planned: ${differs}`);
  words.push(destroyed === made ? "destroyed" : `destroyed ${destroyed}`);
  return words.join(", ");
}

/** The text of docs/conformance.md. */
export function documentOf(results: Results): string {
  const { date, provider, bindings, stacks, said, emulated } = results;
  const version = emulated === undefined ? "" : ` and moto ${emulated.version}`;
  const rows = stacks.map((stack) => {
    const found = said.filter((one) => one.stack === stack);
    const validated =
      found.length === 0 ? "valid" : found.map(({ type, text }) => `\`${type}\`: ${text}`).join(" ");
    const life = emulated?.lives.find((one) => one.stack === stack);
    return `| ${stack} | ${validated} | ${life === undefined ? "not run" : wordsOf(life)} |`;
  });
  return `# What others' code says

Written by \`npm run conform\` (try/conform.ts) on ${date}, with the AWS provider ${provider}${version}, about each stack that is shipped and one for each
option of \`__tests__/terraform/support/variants.ts\`. The bindings are those of provider ${bindings}.

- **Validated**: the provider knows every argument, its type, its values and what excludes what, and asks no AWS.
- **Planned**: the provider plans each in an account of moto, an emulator that answers AWS's calls by its own knowledge. As far as moto goes: what it cannot
  hold is left out, by the table below.
- **Applied**: what is shipped is applied to an empty account of moto, planned again, which must be empty, and destroyed.

CI runs \`npm run conform -- --quick\`: it validates all, applies bootstrap and staging, and writes nothing. The provider is that of a filesystem mirror on
the machine (\`--mirror DIR\` names another, \`--registry\` takes the registry's); moto is that of its Python (\`pip install 'moto[server]'\`). What is not there
is not run, which is said; \`--required\` makes it an error. What the provider or AWS rejects and the sandbox takes is a defect of the sandbox.

| stack | AWS provider ${provider} | moto ${emulated?.version ?? ""} |
|---|---|---|
${rows.join("\n")}
${emulated === undefined ? "" : gapsOf(emulated)}
What is changed in the copy that they get (\`try/conform/substitutions.ts\`):

| what | why |
|---|---|
| the state's place is left out, and the version is that of the provider there is | all stacks are modules of one configuration, so that schemas are read once |
| \`prevent_destroy\` and deletion protection are left out of what moto gets | all of it is destroyed in the end |
${substitutions
  .filter(({ applies }) => applies(provider))
  .map(({ what, why }) => `| ${what} | ${why} |`)
  .join("\n")}
`;
}

function gapsOf({ version, takenOut, stale }: EmulatedBy): string {
  const rows = [...takenOut].map(([gap, addresses]) => {
    const { what, call, reason, forgets, untried } = gap;
    const out = forgets?.map((argument) => `\`${argument}\` is not compared`).join(", ") ?? addresses.length;
    const tried = untried === undefined ? "" : ` (not tried anew: ${untried})`;
    const note = stale.includes(gap) ? " **Stale: moto can, this row should go.**" : tried;
    return `| \`${what}\` | ${call} | ${reason}${note} | ${out} |`;
  });
  return `
What moto ${version} cannot do (\`try/conform/gaps.ts\`). What needs such a resource goes with it, unless the table gives it the value that it reads. Each
row that concerns what is shipped is tried anew with every full run: one that holds no more is said to be stale.

| what | call | reason | left out |
|---|---|---|---|
${rows.join("\n")}
`;
}
