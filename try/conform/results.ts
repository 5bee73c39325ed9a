import { substitutions } from "./substitutions";
import type { Said } from "./terraform";

/** What a run found. */
export interface Results {
  readonly date: string;
  readonly provider: string;
  readonly bindings: string;
  readonly stacks: readonly string[];
  readonly said: readonly Said[];
}

/** The text of docs/conformance.md. */
export function documentOf({ date, provider, bindings, stacks, said }: Results): string {
  const substituted = substitutions
    .filter(({ applies }) => applies(provider))
    .map(({ what, why }) => `| ${what} | ${why} |`);
  const rows = stacks.map((stack) => {
    const found = said.filter((one) => one.stack === stack);
    return `| ${stack} | ${found.length === 0 ? "valid" : found.map(({ type, text }) => `\`${type}\`: ${text}`).join(" ")} |`;
  });
  return `# What the real provider says

Written by \`npm run conform\` (try/conform.ts) on ${date}: the AWS provider ${provider} validated each stack that is shipped and one for each option of
\`__tests__/terraform/support/variants.ts\`. The bindings are those of provider ${bindings}. Validating is what the provider does by itself: it knows every
argument, its type, its values and what excludes what, and asks no AWS.

CI runs \`npm run conform -- --validate\`, which writes nothing. The provider is that of a filesystem mirror on the machine (\`--mirror DIR\` names
another, \`--registry\` takes the registry's); where there is none, that is said, and \`--required\` makes it an error. What the provider rejects and the
sandbox takes is a defect of the sandbox.

| stack | AWS provider ${provider} |
|---|---|
${rows.join("\n")}

What is changed in the copy that it reads (\`try/conform/substitutions.ts\`):

| what | why |
|---|---|
| the state's place is left out, and the version is that of the provider there is | all stacks are modules of one configuration, so that schemas are read once |
${substituted.join("\n")}
`;
}
