import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { COMMANDS } from "../../cli/commands";
import { EXIT, SIGNAL_EXIT } from "../../deploy/exit-code";
import { EXIT_CODES, USAGE } from "../../terminal/exit-codes";
import { slipwayHere } from "../support/commands-here";

const ROOT = join(__dirname, "../..");
const BIN = join(ROOT, "bin/slipway.js");

const folder = mkdtempSync(join(tmpdir(), "slipway-cli-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
symlinkSync(BIN, join(folder, "slipway"));
const PATH = `${folder}:${process.env.PATH}`;

/** The command in this project, in this process. */
const slipway = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  slipwayHere(ROOT, words, { ...process.env, ...env });
/** The same, as a person types it. */
const typed = (words: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(process.execPath, [BIN, ...words], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: "utf8",
  });

/** What its last word may become. */
const completed = async (...words: readonly string[]) =>
  (await slipway(words, { SLIPWAY_COMPLETE: "1" })).stdout.trimEnd().split("\n");

describe("slipway", () => {
  it("lists every command, with a heading and a line", () => {
    const { status, stdout } = typed(["--help"]);
    expect(status).toBe(0);
    const listed = [...stdout.matchAll(/^ {2}([a-z][a-z-]*) {2,}\w/gm)].map(([, name]) => name);
    expect(listed).toEqual(expect.arrayContaining(COMMANDS.map(({ name }) => name)));
    for (const { group } of COMMANDS) expect(stdout).toContain(`\n${group}\n`);
  });

  it.each([
    ["before", ["--outputs", "/nowhere.json", "survey"]],
    ["behind", ["survey", "--outputs", "/nowhere.json"]],
  ])("takes an option of every step %s the step", async (_, words) => {
    const { code, stderr } = await slipway(["move", "staging", ...words]);
    expect([code, stderr]).toEqual([EXIT.refused, expect.stringContaining("/nowhere.json")]);
  });

  it("loads for --help neither cdktf nor the SDK, and none of the programs", () => {
    const script = `process.argv.splice(1, 0, ${JSON.stringify(BIN)});
      process.on("exit", () => process.stderr.write(Object.keys(require.cache).join("\\n")));
      require(${JSON.stringify(BIN)});`;
    const { stderr } = spawnSync(process.execPath, ["-e", script, "--", "--help"], { encoding: "utf8" });
    const loaded = stderr.split("\n");
    expect(loaded).toContain(join(ROOT, "cli/main.ts"));
    const packages = loaded.flatMap((file) => /node_modules\/(@[^/]+\/[^/]+|[^/]+)\//.exec(file)?.[1] ?? []);
    // tsx and its esbuild load sources: the built command needs neither.
    expect(new Set(packages)).toEqual(new Set(["commander", "esbuild", "tsx"]));
    expect(loaded.filter((file) => file.endsWith("/main.ts"))).toEqual([join(ROOT, "cli/main.ts")]);
  });

  it("says nothing of the Node that later SDKs will want, unless it is asked to", () => {
    const script = `require("tsx/cjs");
      const { createCommand, start } = require(${JSON.stringify(join(ROOT, "terminal/program.ts"))});
      const { STSClient } = require("@aws-sdk/client-sts");
      start(createCommand("one").action(() => void new STSClient({ region: "us-west-2" })), [], "one");`;
    const told = (value: string | undefined) => {
      const env = { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: value };
      return spawnSync(process.execPath, ["-e", script], { encoding: "utf8", cwd: ROOT, env });
    };
    expect(told(undefined)).toMatchObject({ status: 0, stderr: "" });
    const isOld = Number(process.versions.node.split(".")[0]) < 22;
    expect(told("false").stderr.includes("NodeVersionSupportWarning")).toBe(isOld);
  });

  it("has its version from package.json", () => {
    expect(typed(["--version"]).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    [["polcy", "staging"], /unknown command 'polcy'[\s\S]*Did you mean policy\?/],
    [["plan", "--jsn"], /unknown option '--jsn'[\s\S]*Did you mean --json\?/],
    [["apply", "--replan-if-stal"], /Did you mean --replan-if-stale\?/],
    [["destroy"], /missing required argument 'environment'/],
    [["synth", "staging"], /too many arguments/],
    [["deploy", "staging"], /required option '--image <tag or digest>' not specified/],
    [["rollback", "staging", "--dry"], /unknown option '--dry'/],
    [["logs", "staging", "--since", "soon"], /Give a whole number with s, m or h/],
    [["secret", "sett", "staging", "A"], /unknown command 'sett'[\s\S]*Did you mean set\?/],
    [["policy", "staging", "--for", "logz"], /argument 'logz' is invalid. Allowed choices are/],
    [["guardrails", "--jsn"], /Did you mean --json\?/],
    [["guardrails", "no-such-folder"], /no-such-folder does not exist/],
    [["sandbox", "--reste"], /Unknown option --reste/],
    [["postgres"], /missing required argument 'environment'/],
    [["github", "coment"], /unknown command 'coment'[\s\S]*Did you mean comment\?/],
    [["completion", "tcsh"], /Allowed choices are bash, zsh, fish/],
  ])("ends %j with the one exit code for the command line", async (words, said) => {
    const { stderr, ...ended } = await slipway(words);
    expect(stderr).toMatch(said);
    expect(stderr).not.toMatch(/\n {4}at /);
    expect(ended).toEqual({ code: USAGE, stdout: "" });
  });

  it("ends its process with that code", () => {
    expect(typed(["plan", "--jsn"])).toMatchObject({ status: USAGE, stdout: "" });
  });

  it("names no colours where NO_COLOR is set", () => {
    for (const words of [["--help"], ["guardrails", "--list"]])
      expect(typed(words, { NO_COLOR: "1", FORCE_COLOR: "1" }).stdout).not.toContain("\u001b[");
  });
});

describe("exit codes", () => {
  it("are known of every command, and of no other", () => {
    expect(Object.keys(EXIT_CODES).sort()).toEqual(COMMANDS.map(({ name }) => name).sort());
  });

  it("of a release are all that deploy has", () => {
    for (const code of Object.values(EXIT)) expect(Object.keys(EXIT_CODES.deploy)).toContain(String(code));
  });

  it("of whatever goes through deploy tell that a signal ended it, and of a check that others are at work", () => {
    const signals = Object.values(SIGNAL_EXIT).join(", ");
    for (const { name, load } of COMMANDS)
      if (load === COMMANDS.find((one) => one.name === "deploy")?.load)
        expect([name, ...Object.keys(EXIT_CODES[name])]).toContain(signals);
    expect(Object.keys(EXIT_CODES.check)).toContain(String(EXIT.superseded));
    // It migrates nothing and rolls nothing out.
    for (const code of [EXIT.migrationFailed, EXIT.rolloutFailed, EXIT.superseded])
      expect(Object.keys(EXIT_CODES.run)).not.toContain(String(code));
  });

  it("leave the one for the command line alone", () => {
    for (const codes of Object.values(EXIT_CODES)) expect(Object.keys(codes)).not.toContain(String(USAGE));
  });

  it("stand in docs/exit-codes.md as in every --help", async () => {
    const rows = Object.entries(EXIT_CODES).flatMap(([command, codes]) =>
      Object.entries(codes).map(([code, meaning]) => `| \`${command}\` | ${code} | ${meaning} |`),
    );
    const page = `# Exit codes

What each command answers to its caller. A mistake in the command line (a command, an option or a value that there is none of, a
missing argument) is ${USAGE} everywhere, and nothing was done.

| command | code | meaning |
|---|---|---|
${rows.join("\n")}

What was changed where a release ends with one of them: [deploy.md](deploy.md).
`;
    await expect(page).toMatchFileSnapshot("../../docs/exit-codes.md");
  });

  it.each([
    "plan",
    "apply",
    "destroy",
    "move-state",
    "synth",
    "import",
    "guardrails",
    "postgres",
    "github",
  ] as const)("are told by %s --help", async (name) => {
    const { stdout } = await slipway([name, "--help"]);
    for (const [code, meaning] of Object.entries(EXIT_CODES[name]))
      expect(stdout).toMatch(new RegExp(`^ {2}${code} +${meaning}$`, "m"));
    expect(stdout).toMatch(new RegExp(`^ {2}${USAGE} `, "m"));
  });
});

describe("completions", () => {
  it("are of commands, options, choices, environments and services", async () => {
    expect(await completed("s")).toEqual(["sandbox", "secret", "status", "synth"]);
    expect(await completed("plan", "")).toEqual(["prod", "staging"]);
    expect(await completed("plan", "staging", "--off")).toEqual(["--offline"]);
    expect(await completed("deploy", "staging", "--image", "v1", "--service", "")).toEqual(["web"]);
    expect(await completed("logs", "staging", "")).toEqual(["web"]);
    expect(await completed("secret", "")).toEqual(["diff", "list", "set", "unset"]);
    expect(await completed("secret", "diff", "prod", "st")).toEqual(["staging"]);
    expect(await completed("policy", "staging", "--for", "l")).toEqual(["logs"]);
    expect(await completed("completion", "")).toEqual(["bash", "fish", "zsh"]);
    expect(await completed("import", "")).toEqual(["app-runner", "express", "heroku"]);
    expect(await completed("run", "staging", "--", "")).toEqual([""]);
  });

  it("come to a line of bash", () => {
    chmodSync(BIN, 0o755);
    const script = `source <(slipway completion bash)
      COMP_WORDS=(slipway rollback sta); COMP_CWORD=2; _slipway; echo "\${COMPREPLY[@]}"
      COMP_WORDS=(slipway deploy staging ""); COMP_WORDS[3]="--ro"; COMP_CWORD=3; _slipway; echo "\${COMPREPLY[@]}"`;
    const env = { ...process.env, PATH };
    const said = execFileSync("bash", ["-c", script], { cwd: ROOT, env, encoding: "utf8" });
    expect(said).toBe("staging\n--rollout-timeout\n");
  });

  it.each(["zsh", "fish"])("are there for %s", async (shell) => {
    const { code, stdout } = await slipway(["completion", shell]);
    expect(code).toBe(0);
    expect(stdout).toContain("SLIPWAY_COMPLETE=1");
  });
});
