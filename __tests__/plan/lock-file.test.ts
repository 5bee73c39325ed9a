import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { Children } from "../../plan/children";
import { Terraform } from "../../plan/terraform";

/** A provider of which init wants nothing but a file of this name. */
const PROVIDER = "example.com/acme/nothing";

describe("a lock file of older bindings, with the real Terraform", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-lock-")));
  const stack = { name: "qa", folder: join(folder, "cdktf.out", "stacks", "qa") };
  const lockFile = join(stack.folder, ".terraform.lock.hcl");
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Pins a version, as synthesis does, and makes what an init before it left. */
  async function init(version: string) {
    const { platform, arch } = process;
    const names = `${platform}_${arch === "x64" ? "amd64" : arch}`;
    for (const each of ["1.0.0", "2.0.0"]) {
      const package_ = join(folder, "mirror", PROVIDER, each, names);
      mkdirSync(package_, { recursive: true });
      writeFileSync(join(package_, `terraform-provider-nothing_v${each}`), each, { mode: 0o755 });
    }
    const rc = join(folder, "rc");
    writeFileSync(
      rc,
      `provider_installation {\n filesystem_mirror {\n path = "${join(folder, "mirror")}"\n }\n}\n`,
    );
    vi.stubEnv("TF_CLI_CONFIG_FILE", rc);
    vi.stubEnv("TF_PLUGIN_CACHE_DIR", join(folder, "cache"));
    mkdirSync(stack.folder, { recursive: true });
    const terraform = { required_providers: { nothing: { source: PROVIDER, version } } };
    writeFileSync(join(stack.folder, "cdk.tf.json"), JSON.stringify({ terraform }));
    return new Terraform(folder, new Children()).init(stack);
  }

  it("gives way where it only remembers an earlier init", async () => {
    expect(await init("1.0.0")).toEqual({ code: 0, problems: [] });
    expect(readFileSync(lockFile, "utf8")).toContain('"1.0.0"');
    expect(await init("2.0.0")).toEqual({ code: 0, problems: [] });
    expect(readFileSync(lockFile, "utf8")).toContain('"2.0.0"');
    expect(readFileSync(lockFile, "utf8")).not.toContain('"1.0.0"');
  });

  it("stops what would change it where it is committed, and says what to do", async () => {
    await init("1.0.0");
    const committed = join(folder, ".terraform.lock.hcl");
    const text = readFileSync(lockFile, "utf8");
    writeFileSync(committed, text);
    const { code, problems } = await init("2.0.0");
    expect(code).toBe(1);
    expect(problems[0]?.wayOut).toContain("delete it, plan, and copy the new one");
    expect(readFileSync(committed, "utf8")).toBe(text);
  });
});
