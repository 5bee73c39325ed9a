import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { sandboxHere } from "../support/commands-here";

const folder = mkdtempSync(join(tmpdir(), "slipway-version-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs `sandbox -- sh -c "touch ran"` where the only terraform is the given script, or none. */
async function withTerraform(script?: string, name = "terraform") {
  const bin = mkdtempSync(join(folder, "bin-"));
  const terraform = join(bin, name);
  if (script !== undefined) writeFileSync(terraform, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  const ran = join(bin, "ran");
  const { TERRAFORM_BINARY_NAME: _, ...environment } = process.env;
  const words = ["/bin/sh", "-c", `: > '${ran}'`];
  const { code, stderr } = await sandboxHere(bin, words, { ...environment, PATH: bin });
  return { code, error: stderr, ran: existsSync(ran) };
}

describe("terraform", () => {
  it("that is absent is named, with the way out, and nothing runs", async () => {
    const { code, error, ran } = await withTerraform();
    expect(code).toBe(64);
    expect(error).toMatch(/terraform is not on the PATH: install Terraform or OpenTofu 1\.11 or later(?!,)/);
    expect(ran).toBe(false);
  });

  it("that is absent where OpenTofu is there is told how that is taken", async () => {
    const { code, error, ran } = await withTerraform("exit 3", "tofu");
    expect([code, ran]).toEqual([64, false]);
    expect(error).toMatch(/or take tofu, which is there: export TERRAFORM_BINARY_NAME=tofu/);
  });

  it.each(["1.10.5", "1.9.0", "0.15.3"])("of version %s is too old", async (version) => {
    const { code, error, ran } = await withTerraform(`echo '{"terraform_version":"${version}"}'`);
    expect(code).toBe(64);
    expect(error).toContain(`is version ${version}: install Terraform or OpenTofu 1.11 or later`);
    expect(ran).toBe(false);
  });

  it("that is something else is said so", async () => {
    const { code, error, ran } = await withTerraform("exit 3");
    expect(code).toBe(64);
    expect(error).toContain("does not say its version");
    expect(ran).toBe(false);
  });

  it.each(["1.11.0", "1.14.2", "2.0.0"])("of version %s is enough", async (version) => {
    const { code, error, ran } = await withTerraform(`echo '{"terraform_version":"${version}"}'`);
    expect(code, error).toBe(0);
    expect(ran).toBe(true);
  });
});
