import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, test } from "vitest";
import { swallowed } from "../../npm/swallowed";

const repository = join(__dirname, "../..");
const home = mkdtempSync(join(tmpdir(), "slipway-npm-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The real npm, with nobody's settings but those of the test. */
function npm(words: readonly string[], settings = "") {
  writeFileSync(join(home, ".npmrc"), settings);
  const own = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const env = { ...Object.fromEntries(own), HOME: home };
  return spawnSync("npm", ["run", ...words], { cwd: repository, env, encoding: "utf8" });
}

describe("an option that npm kept is refused with the line that was meant, before anything happens", () => {
  test.each([
    [["deploy", "rollback", "staging", "--dry-run"], "npm run deploy -- rollback staging --dry-run"],
    [["deploy", "staging", "--image=v42", "--no-wait"], "npm run deploy -- staging --image v42 --no-wait"],
    [["deploy", "rollback", "staging", "--to", "v 1"], "npm run deploy -- rollback staging --to 'v 1'"],
    [["deploy", "staging", "--image", "v42"], "npm run deploy -- … (all that you wrote)"],
    [["plan", "--offline", "staging"], "npm run plan -- staging --offline"],
    [["apply", "staging", "--auto-approve"], "npm run apply -- staging --auto-approve"],
    [
      ["destroy", "qa", "--allow-destroy=a.b", "--allow-destroy=c.d"],
      "npm run destroy -- qa --allow-destroy a.b --allow-destroy c.d",
    ],
    [["move-state", "--offline"], "npm run move-state -- --offline"],
  ])("npm run %j", (words, line) => {
    const { status, stderr } = npm(words);
    expect(stderr).toMatch(/npm kept --[a-z-]+.* for itself, and nothing was done/);
    expect(stderr).toContain(`\n  ${line}\n`);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(status).toBe(64);
  });
});

describe("what npm keeps rightly is none", () => {
  test("options of npm's own, and what stands in an .npmrc for it", () => {
    const { status, stdout } = npm(["--silent", "plan", "--", "--help"], "offline=true\njson=true\n");
    expect(stdout).toContain("Shows what Terraform would change");
    expect(status).toBe(0);
  });

  const program = new Command().option("--yes").option("--no-wait").option("--wait");
  program.command("run").option("--json");
  const of = (env: NodeJS.ProcessEnv, words = ["staging"]) =>
    swallowed("deploy", program, words, { npm_lifecycle_event: "deploy", ...env });

  test("another script's, and one that is switched off for npm", () => {
    expect(of({ npm_config_json: "true", npm_lifecycle_event: "demo" })).toBeUndefined();
    expect(of({ npm_config_yes: "" })).toBeUndefined();
    expect(of({})).toBeUndefined();
  });

  test("the options of a subcommand stand before a --", () => {
    const words = ["run", "staging", "--", "ls", "-l"];
    expect(of({ npm_config_json: "true", npm_config_wait: "" }, words)).toContain(
      "npm run deploy -- run staging --no-wait --json -- ls -l\n",
    );
  });
});
