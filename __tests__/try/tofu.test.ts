import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const ROOT = join(__dirname, "..", "..");

describe("npm run try:tofu", () => {
  const nothing = mkdtempSync(join(tmpdir(), "slipway-path-"));
  afterAll(() => rmSync(nothing, { recursive: true }));

  it.each([
    [[], 0],
    [["--required"], 1],
  ])("says where there is no OpenTofu that nothing was run: %j, exit code %i", (args, code) => {
    const { status, stdout } = spawnSync(
      process.execPath,
      ["--import", "tsx", join(ROOT, "try", "tofu.ts"), ...args],
      { cwd: ROOT, env: { ...process.env, PATH: nothing }, encoding: "utf8" },
    );
    expect(stdout).toBe(
      "– not run: OpenTofu: there is no tofu on the PATH: install Terraform or OpenTofu 1.11 or later\n",
    );
    expect(status).toBe(code);
  });
});

describe("what is tried", () => {
  it.each(["cdktn.ts", "tofu.ts"])("%s names tests that there are", (file) => {
    const named = [
      ...readFileSync(join(ROOT, "try", file), "utf8").matchAll(/^ {2}"(__tests__\/[^"]+)",$/gm),
    ].map(([, path = ""]) => path);
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
