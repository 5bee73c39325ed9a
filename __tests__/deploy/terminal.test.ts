import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { contract as sample, serviceContract } from "./support/contract";
import type { Phase } from "./support/scripts";
import { type Shown, World } from "./support/world";

const LONG =
  "a line that is much longer than fifty columns and than eighty, as those of migrations often are";
const LOG = Array.from({ length: 12 }, (_, index) => `${index} ${index % 5 === 4 ? LONG : "applied"}`);

const givenUp: Phase[] = [
  { at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 0 },
  { at: 20_000, rolloutState: "FAILED", status: "STOPPED", statusReason: `stopped by ana: ${LONG}` },
];

/** Two services that run one image, and a migration that writes much. */
async function twoServices(): Promise<World> {
  const contract = sample();
  contract.services.push(serviceContract("worker"));
  const world = await World.open(contract);
  world.ecs.taskScripts.push({ log: LOG });
  return world;
}

/** Text without what a terminal's width makes of it. */
const unbroken = (lines: readonly string[]) => lines.join("").replace(/\s+/g, "");
const times = (text: string, lines: readonly string[]) =>
  unbroken(lines).split(text.replace(/\s+/g, "")).length - 1;

/** What a spinner leaves behind where a frame was not wiped away. */
const SPINNER = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/;

test.each([80, 50])(
  "on %d columns a deploy leaves each step once, and nothing of its repaints",
  async (columns) => {
    const world = await twoServices();
    const lines = await world.onTerminal(columns, { name: "deploy", image: "v2" });
    expect(lines.filter((line) => SPINNER.test(line))).toEqual([]);
    for (const text of [
      "check staging:",
      "plan:",
      "migrate web: exit code 0 in",
      "promote shop:staging:",
      "roll out 2 services, 2 ended",
      "✓ web: 2 running, image proved",
      "✓ worker: 2 running, image proved",
      "✓ web, worker deployed: sha256:",
    ])
      expect([text, times(text, lines)]).toEqual([text, 1]);
    // The last ones of the log, each once and in order, although all came while the tree was drawn.
    const shown = LOG.slice(-7);
    for (const line of shown) expect([line, times(`web | ${line}`, lines)]).toEqual([line, 1]);
    expect(unbroken(lines)).toMatch(
      new RegExp(shown.map((line) => line.slice(0, 6).replace(/ /g, "")).join(".*")),
    );
    expect(lines.filter((line) => line !== "").at(-1)).toBe("  https://d111111abcdef8.cloudfront.net");
  },
);

test.each([80, 50])(
  "on %d columns a failure ends with its reason and the way out, whole",
  async (columns) => {
    const world = await twoServices();
    world.ecs.rolloutScripts.push(givenUp);
    const lines = await world.onTerminal(columns, { name: "deploy", image: "v2" });
    expect(lines.filter((line) => SPINNER.test(line))).toEqual([]);
    expect(times(`✗ The roll-out of web failed: ECS gave it up: stopped by ana: ${LONG}.`, lines)).toBe(1);
    expect(times("put back 2 services, 2 ended", lines)).toBe(1);
    for (const name of ["web", "worker"])
      expect(times(`  → ${name} runs ${world.digest("v1")?.slice(0, 19)} again.`, lines)).toBe(1);
  },
);

const COMMANDS: [Shown, string][] = [
  [{ name: "check", image: "v2" }, "✓ Every check passed. (0 s, exit code 0)"],
  [{ name: "check", image: "v9" }, "(0 s, exit code 1)"],
  [{ name: "status" }, "✓ 2 of 2 services shown. (0 s, exit code 0)"],
  [{ name: "run", words: ["report", "--all"] }, "✓ report exited with 0."],
  [{ name: "rollback" }, "✓ web, worker deployed: sha256:"],
];

test.each(COMMANDS)("%j on a terminal, and in a pipe", async (command, end) => {
  for (const columns of [80, 50]) {
    const world = await twoServices();
    if (command.name === "rollback") await world.deploy();
    const lines = await world.onTerminal(columns, command);
    expect(lines.filter((line) => SPINNER.test(line))).toEqual([]);
    expect(times(end, lines)).toBe(1);
  }
  const world = await twoServices();
  if (command.name === "rollback") await world.deploy();
  const printed = await world.plainly(command);
  expect(printed).toContain(end);
  // Without a terminal: no sequence for one, and the time before whatever somebody else wrote.
  expect(printed).not.toContain("\u001b");
  for (const line of printed.trimEnd().split("\n")) expect(line).toMatch(/^\d\d:\d\d:\d\d /);
});

test("a dumb terminal gets lines, as a pipe does", async () => {
  const before = process.env.TERM;
  process.env.TERM = "dumb";
  try {
    const lines = await (await twoServices()).onTerminal(200, { name: "deploy", image: "v2" });
    for (const line of lines.filter((one) => one !== "")) expect(line).toMatch(/^\d\d:\d\d:\d\d /);
  } finally {
    if (before === undefined) delete process.env.TERM;
    else process.env.TERM = before;
  }
});

/** Loaded before the command: its output is a terminal of so many columns. */
function terminalOf(columns: number): string {
  const preload = join(mkdtempSync(join(tmpdir(), "terminal-")), "preload.cjs");
  writeFileSync(preload, `Object.assign(process.stdout, { isTTY: true, columns: ${columns} });`);
  return preload;
}

const main = (args: readonly string[], columns: number, env: NodeJS.ProcessEnv) =>
  promisify(execFile)(
    process.execPath,
    ["--require", terminalOf(columns), "--require", "slipway/typescript", "deploy/main.ts", ...args],
    { env: { PATH: process.env.PATH, TERM: "xterm", ...env } },
  ).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );

test("a terminal gets colours, and none where NO_COLOR is set", async () => {
  await World.open();
  const { AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = process.env;
  const aws = { AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY };
  const args = ["check", "staging", "--image", "v9"];
  const written = await main(args, 80, aws);
  expect(written).toContain("s, exit code 1)");
  expect(written).toMatch(COLOURS);
  const plain = await main(args, 80, { ...aws, NO_COLOR: "1" });
  expect(plain).toContain("s, exit code 1)");
  expect(plain).not.toMatch(COLOURS);
});

// biome-ignore lint/suspicious/noControlCharactersInRegex: it is what is looked for
const COLOURS = /\u001b\[[\d;]+m/;

const HELPS = [
  [],
  ["deploy"],
  ["rollback"],
  ["run"],
  ["logs"],
  ["exec"],
  ["psql"],
  ["secret"],
  ["secret", "set"],
];

test.each(HELPS.map((words) => [words.join(" "), words] as const))(
  "%s --help fits eighty columns, and wraps what it says of options on fifty",
  async (_, words) => {
    const wide = await main([...words, "--help"], 80, {});
    expect(wide).toContain("Usage: slipway");
    expect(wide.split("\n").filter((line) => line.length > 80)).toEqual([]);
    const narrow = await main([...words, "--help"], 50, {});
    const options = narrow.split(/^Options:$/m)[1]?.split("\n\n")[0] ?? "";
    expect(options).toContain("--help");
    expect(options.split("\n").filter((line) => line.length > 50)).toEqual([]);
  },
);
