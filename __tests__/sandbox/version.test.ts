import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const ROOT = join(__dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "slipway-version-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `sandbox -- sh -c "touch ran"` where the only terraform is the given script, or none. */
function withTerraform(script?: string) {
  const bin = mkdtempSync(join(folder, "bin-"));
  const terraform = join(bin, "terraform");
  if (script !== undefined) writeFileSync(terraform, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const loader = require.resolve("slipway/typescript");
  const ran = join(bin, "ran");
  const args = ["--require", loader, join(ROOT, "sandbox/main.ts"), "/bin/sh", "-c", `: > '${ran}'`];
  const { TERRAFORM_BINARY_NAME: _, ...environment } = process.env;
  const child = spawnSync(process.execPath, args, {
    cwd: bin,
    env: { ...environment, PATH: bin },
    encoding: "utf8",
  });
  return { code: child.status, error: child.stderr, ran: existsSync(ran) };
}

describe("terraform", () => {
  it("that is absent is named, with the way out, and nothing runs", () => {
    const { code, error, ran } = withTerraform();
    expect(code).toBe(64);
    expect(error).toContain("terraform is not on the PATH: install Terraform or OpenTofu 1.11 or later");
    expect(ran).toBe(false);
  });

  it.each(["1.10.5", "1.9.0", "0.15.3"])("of version %s is too old", (version) => {
    const { code, error, ran } = withTerraform(`echo '{"terraform_version":"${version}"}'`);
    expect(code).toBe(64);
    expect(error).toContain(`is version ${version}: install Terraform or OpenTofu 1.11 or later`);
    expect(ran).toBe(false);
  });

  it("that is something else is said so", () => {
    const { code, error, ran } = withTerraform("exit 3");
    expect(code).toBe(64);
    expect(error).toContain("does not say its version");
    expect(ran).toBe(false);
  });

  it.each(["1.11.0", "1.14.2", "2.0.0"])("of version %s is enough", (version) => {
    const { code, error, ran } = withTerraform(`echo '{"terraform_version":"${version}"}'`);
    expect(code, error).toBe(0);
    expect(ran).toBe(true);
  });
});
