/**
 * npm run conform: what others' code says of each shipped stack and of each option, written to docs/conformance.md. The
 * real AWS provider validates them; where there is an emulator of AWS (moto), it plans them there, and applies, plans again
 * and destroys what is shipped, as far as that goes. What this machine does not have is not run, and that is said.
 *
 *   npm run conform                  all, and writes docs/conformance.md
 *   npm run conform -- --quick       applies bootstrap and staging alone, and writes nothing: as CI runs it
 *   npm run conform -- --required    an error where there is no provider, or no emulator
 *   npm run conform -- --mirror DIR  looks for the provider below this folder
 *   npm run conform -- --registry    takes the provider from the registry
 *
 * Exit code 1 where the provider rejects something, or the emulator's account is not what was planned.
 */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readStacks, writeConfiguration } from "./conform/configuration";
import { emulate, findStale, type Place } from "./conform/emulate";
import { findEmulator } from "./conform/emulator";
import { gaps } from "./conform/gaps";
import { findMirror, type Source, writeCliConfiguration } from "./conform/provider";
import { documentOf, type EmulatedBy, isWhole, type Results, wordsOf } from "./conform/results";
import type { Stack } from "./conform/substitutions";
import { Terraform } from "./conform/terraform";
import { run, step, stopOnSignals } from "./steps";

const ROOT = join(__dirname, "..");
/** What `--quick` applies: what environments stand on, and one of them. */
const QUICK: ReadonlySet<string> = new Set(["bootstrap", "staging"]);

interface Options {
  readonly quick: boolean;
  readonly required: boolean;
}

/** The stacks that are shipped, and one for each option, by their names. */
interface Stacks {
  readonly shipped: ReadonlyMap<string, Stack>;
  readonly options: ReadonlyMap<string, Stack>;
}

async function synthesize(folder: string): Promise<Stacks> {
  await run(ROOT, process.execPath, "--require", "tsx/cjs", "try/stacks.ts", folder);
  return { shipped: readStacks(join(folder, "shipped")), options: readStacks(join(folder, "options")) };
}

/** Asks the provider, and the emulator where there is one. Without a mirror the provider is that of the bindings. */
async function conform(folder: string, mirror: Source | undefined, options: Options): Promise<Results> {
  const all = await step("synthesized", () => synthesize(join(folder, "synthesized")));
  const stacks = new Map([...all.shipped, ...all.options]);
  const bindings = providerVersion(stacks);
  const source = mirror ?? { version: bindings };
  const configuration = join(folder, "configuration");
  const cli = join(folder, "terraform.rc");
  writeConfiguration(configuration, stacks, source);
  writeCliConfiguration(cli, source);
  const said = await step(`${stacks.size} stacks read by the AWS provider ${source.version}`, async () => {
    const terraform = new Terraform(configuration, cli);
    await terraform.init();
    return terraform.validate();
  });
  const date = new Date().toISOString().slice(0, 10);
  const results = { date, provider: source.version, bindings, stacks: [...stacks.keys()], said };
  const emulator = findEmulator();
  if (emulator === undefined) {
    sayNotRun(
      "plan, apply and destroy: no Python of this machine has moto: pip install 'moto[server]'",
      options,
    );
    return results;
  }
  const place = { emulator, folder: join(folder, "emulated"), cli, source };
  return { ...results, emulated: await emulated(place, all, options) };
}

async function emulated(place: Place, { shipped, options }: Stacks, { quick }: Options): Promise<EmulatedBy> {
  const { version } = place.emulator;
  const applied = new Map([...shipped].filter(([name]) => !quick || QUICK.has(name)));
  const planned = quick ? new Map<string, Stack>() : options;
  const title = `moto ${version}: ${[...applied.keys()].join(", ")} applied, planned again and destroyed`;
  const found = await step(planned.size > 0 ? `${title}; ${planned.size} options planned` : title, () =>
    emulate(place, applied, planned, gaps),
  );
  const stale = quick ? [] : await step("what moto cannot do, tried", () => findStale(place, applied, gaps));
  return { ...found, version, stale };
}

/** The version that the bindings were made of. */
function providerVersion(stacks: ReadonlyMap<string, Stack>): string {
  const [first] = stacks.values();
  const required = first?.terraform.required_providers as { aws?: { version?: string } } | undefined;
  return required?.aws?.version ?? "unknown";
}

/** Says what was not run so that nobody overlooks it, in a log and on GitHub. */
function sayNotRun(what: string, { required }: Options): void {
  console.log(`– not run: ${what}`);
  if (process.env.GITHUB_ACTIONS === "true") console.log(`::warning title=conform was not run::${what}`);
  if (required) process.exitCode = 1;
}

/** Prints what was found, and fails where it is not as it must be. */
function report({ said, emulated }: Results): void {
  for (const { stack, severity, type, text } of [...said, ...errorsOf(emulated)]) {
    console.log(`${severity === "error" ? "✗" : "!"} ${stack}: ${type}: ${text}`);
    if (severity === "error") process.exitCode = 1;
  }
  for (const life of emulated?.lives ?? []) {
    console.log(`${isWhole(life) ? "✓" : "✗"} ${life.stack}: ${wordsOf(life)}`);
    if (!isWhole(life)) process.exitCode = 1;
  }
  for (const { what, call } of emulated?.stale ?? [])
    console.log(`! ${what} (${call}): the emulator can; take its row out of try/conform/gaps.ts`);
}

/** Terraform's warnings are of the way in which it is called here. */
const errorsOf = (emulated: EmulatedBy | undefined) =>
  (emulated?.said ?? []).filter(({ severity }) => severity === "error");

async function main(args: string[]) {
  const boolean = { type: "boolean", default: false } as const;
  const { values } = parseArgs({
    args,
    options: { required: boolean, quick: boolean, registry: boolean, mirror: { type: "string" } },
  });
  stopOnSignals();
  const mirror = findMirror(values.mirror === undefined ? undefined : [values.mirror]);
  if (mirror === undefined && !values.registry) {
    sayNotRun(
      "the real AWS provider: no filesystem mirror on this machine holds one; --mirror DIR names another, --registry takes the registry's",
      values,
    );
    return;
  }
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-conform-")));
  try {
    const results = await conform(folder, values.registry ? undefined : mirror, values);
    if (!values.quick) writeFileSync(join(ROOT, "docs", "conformance.md"), documentOf(results));
    report(results);
  } catch (error) {
    console.log((error as Error).message);
    process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

void main(process.argv.slice(2));
