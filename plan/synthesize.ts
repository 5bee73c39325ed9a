import { mkdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { z } from "zod";
import type { Children } from "./children";
import { CommandError, reasonOf } from "./error";
import { outputOf, readStacks, type Stack } from "./stacks";

const config = z.object({ app: z.string(), context: z.record(z.string(), z.unknown()).default({}) });

/**
 * Runs the app that cdktf.json names, in a process of its own, and returns the stacks that it wrote.
 * What the app prints on the way goes to standard error: standard output is for the result.
 * @param instead values of cdktf.json's context for this synthesis alone
 * @param output where they are written
 * @throws CommandError with the app's own report where it fails
 */
export async function synthesize(
  project: string,
  children: Children,
  instead: Readonly<Record<string, unknown>> = {},
  output = outputOf(project),
): Promise<Stack[]> {
  const { app, context } = readConfig(project);
  // cdktf makes this folder alone, and not those above it.
  mkdirSync(output, { recursive: true });
  const { code, stdout, stderr } = await children.run(app, [], {
    cwd: project,
    shell: true,
    // As cdktf's own command line does it.
    env: {
      ...process.env,
      CDKTF_OUTDIR: output,
      CDKTF_CONTEXT_JSON: JSON.stringify({ ...context, ...instead }),
    },
  });
  children.check();
  const report = `${stdout}${stderr}`.trimEnd();
  if (code !== 0)
    throw new CommandError(
      syntaxError(report, project) || report || `"${app}" ended with exit code ${code} and said nothing.`,
    );
  if (report !== "") process.stderr.write(`${report}\n`);
  return readStacks(output);
}

/** What a person can mend, of the page of its own code with which the loader tells a syntax error in main.ts. */
function syntaxError(report: string, project: string): string | undefined {
  const [, file, said] = /^Error: Transform failed with .*:\n(.+:\d+:\d+): ERROR: (.*)$/m.exec(report) ?? [];
  return file && `${relative(project, file)}: ${said}. Nothing was written.`;
}

function readConfig(project: string) {
  const file = join(project, "cdktf.json");
  try {
    return config.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new CommandError(
      missing
        ? `There is no cdktf.json in ${project}: run this in the folder of the project.`
        : `cdktf.json cannot be read: ${reasonOf(error)}`,
    );
  }
}
