/**
 * npm run conform: what the real AWS provider says of each shipped stack and of each option, written to
 * docs/conformance.md. The provider comes from a filesystem mirror on this machine; where there is none, that is said, and
 * nothing fails: `--required` makes that an error, `--registry` takes the registry's.
 *
 *   npm run conform                  validates, and writes docs/conformance.md
 *   npm run conform -- --validate    writes nothing: as CI runs it
 *   npm run conform -- --mirror DIR  looks for the provider below this folder
 *
 * Exit code 1 where the provider rejects something.
 */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readStacks, writeConfiguration } from "./conform/configuration";
import { findMirror, type Source, writeCliConfiguration } from "./conform/provider";
import { documentOf, type Results } from "./conform/results";
import type { Stack } from "./conform/substitutions";
import { validate } from "./conform/terraform";
import { run, step, stopOnSignals } from "./steps";

const ROOT = join(__dirname, "..");

/** The shipped stacks and one for each option, as they are synthesized. */
async function synthesize(folder: string): Promise<Map<string, Stack>> {
  await run(ROOT, process.execPath, "--import", "tsx", "try/stacks.ts", folder);
  return new Map(["shipped", "options"].flatMap((part) => [...readStacks(join(folder, part))]));
}

/** Asks the provider. Without a mirror it is that of the bindings, from the registry. */
async function conform(folder: string, mirror: Source | undefined): Promise<Results> {
  const stacks = await step("synthesized", () => synthesize(join(folder, "synthesized")));
  const bindings = providerVersion(stacks);
  const source = mirror ?? { version: bindings };
  const configuration = join(folder, "configuration");
  const cli = join(folder, "terraform.rc");
  writeConfiguration(configuration, stacks, source);
  writeCliConfiguration(cli, source);
  const said = await step(`${stacks.size} stacks read by the AWS provider ${source.version}`, () =>
    validate(configuration, cli),
  );
  const date = new Date().toISOString().slice(0, 10);
  return { date, provider: source.version, bindings, stacks: [...stacks.keys()], said };
}

/** The version that the bindings were made of. */
function providerVersion(stacks: ReadonlyMap<string, Stack>): string {
  const [first] = stacks.values();
  const required = first?.terraform.required_providers as { aws?: { version?: string } } | undefined;
  return required?.aws?.version ?? "unknown";
}

async function main(args: string[]) {
  const boolean = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args,
    options: { required: boolean, validate: boolean, registry: boolean, mirror: { type: "string" } },
  });
  stopOnSignals();
  const mirror = findMirror(values.mirror === undefined ? undefined : [values.mirror]);
  if (mirror === undefined && !values.registry) {
    console.log(
      "– not run: the real AWS provider: no filesystem mirror on this machine holds one; --mirror DIR names another, --registry takes the registry's",
    );
    process.exitCode = values.required ? 1 : 0;
    return;
  }
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-conform-")));
  try {
    const results = await conform(folder, values.registry ? undefined : mirror);
    if (!values.validate) writeFileSync(join(ROOT, "docs", "conformance.md"), documentOf(results));
    for (const { stack, severity, type, text } of results.said)
      console.log(`${severity === "error" ? "✗" : "!"} ${stack}: ${type}: ${text}`);
    if (results.said.some(({ severity }) => severity === "error")) process.exitCode = 1;
  } catch (error) {
    console.log((error as Error).message);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main(process.argv.slice(2));
