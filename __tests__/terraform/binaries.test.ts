import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, describe, expect, it, vi } from "vitest";
import { REQUIRED_TERRAFORM } from "../../modules/stack";
import { wayOutOf } from "../../plan/problems";
import { summarize } from "../../plan/summary";
import { serveProvider } from "../../sandbox/provider/server";
import { typesIn } from "../../sandbox/schema/scan";
import { World } from "../../sandbox/world";
import { binaryOf, CONFIGURATION_FILE, LEAST } from "../../terraform/binaries";
import { planOf, resource } from "../plan/support/plans";
import { run } from "../plan/support/run";
import { configure, sandbox, temporaryFolder } from "../sandbox/helpers";
import { file } from "./support/file";
import { Project } from "./support/project";

const real = execFileSync("sh", ["-c", `command -v ${binaryOf(process.env)}`], { encoding: "utf8" }).trim();

/**
 * A machine with OpenTofu alone: `tofu` writes down how it is called and goes on as the real Terraform (or OpenTofu) of
 * this machine; `terraform` is there to fail whoever calls it.
 */
class TofuAlone {
  private readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-tofu-")));
  private readonly record = join(this.folder, "calls");

  constructor() {
    const bin = join(this.folder, "bin");
    mkdirSync(bin);
    const write = (name: string, script: string) =>
      writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    write("tofu", `echo "$@" >> '${this.record}'\nexec '${real}' "$@"`);
    write("terraform", "echo 'there is no terraform here' >&2\nexit 99");
  }

  get environment(): NodeJS.ProcessEnv {
    const PATH = [join(this.folder, "bin"), process.env.PATH].join(delimiter);
    return { PATH, TERRAFORM_BINARY_NAME: "tofu", NO_COLOR: "1", FORCE_COLOR: "0" };
  }

  /** The commands that it was called with since the last time this was asked. */
  calls(): string[] {
    if (!existsSync(this.record)) return [];
    const lines = readFileSync(this.record, "utf8").trim().split("\n");
    rmSync(this.record);
    return lines.map((line) => line.replace(/^-chdir=\S+ /, "").split(" ")[0] ?? "");
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

describe("where OpenTofu is asked for", () => {
  const tofu = new TofuAlone();
  const project = new Project({ "qa.ts": file("database: false,") });
  afterAll(() => {
    project.remove();
    tofu.remove();
  });

  it("the sandbox runs it by either name, and never Terraform", async () => {
    const folder = temporaryFolder();
    configure(folder, { resource: { aws_sqs_queue: { jobs: { name: "jobs" } } } });
    const script = "tofu init && terraform apply -auto-approve && tofu plan -detailed-exitcode";
    const { code, text } = await sandbox(folder, ["sh", "-c", script], tofu.environment);
    expect(code, text).toBe(0);
    expect(text).toContain("1 added, 0 changed, 0 destroyed");
    expect(tofu.calls()).toEqual(["version", "init", "apply", "plan"]);
  });

  it("an offline plan runs it", async () => {
    const { code, stdout, stderr } = await run(project.folder, ["plan", "--offline"], tofu.environment);
    expect(code, stderr).toBe(2);
    expect(stdout).toMatch(/^qa: \d+ to add/m);
    expect(tofu.calls()).toEqual(["version", "init", "plan", "show"]);
  });

  it("cdktf runs it", async () => {
    const cdktf = join(project.folder, "node_modules/cdktf-cli/bundle/bin/cdktf");
    const args = [process.execPath, cdktf, "plan", "qa"];
    const { code, text } = await sandbox(project.folder, args, tofu.environment);
    expect(code, text).toBe(0);
    expect(stripVTControlCharacters(text)).toMatch(/Plan: \d+ to add, 0 to change, 0 to destroy/);
    expect(tofu.calls()).toEqual(expect.arrayContaining(["version", "plan"]));
  });
});

describe("Terraform and OpenTofu", () => {
  const stack = { name: "qa", folder: join(process.cwd(), "cdktf.out/stacks/qa") };

  it("are asked for by TERRAFORM_BINARY_NAME, and there is always one", () => {
    expect(binaryOf({})).toBe("terraform");
    expect(binaryOf({ TERRAFORM_BINARY_NAME: "" })).toBe("terraform");
    expect(binaryOf({ TERRAFORM_BINARY_NAME: "/opt/tofu" })).toBe("/opt/tofu");
  });

  it("are of the version that stacks ask for", () => {
    expect(REQUIRED_TERRAFORM).toBe(`>= ${LEAST.join(".")}.0`);
  });

  it("each find the sandbox's provider under their own registry's address", async () => {
    const world = new World(temporaryFolder());
    const { reattach, close } = await serveProvider({ world, folders: () => [] });
    close();
    expect(Object.keys(JSON.parse(reattach))).toEqual([
      "registry.terraform.io/hashicorp/aws",
      "registry.opentofu.org/hashicorp/aws",
    ]);
  });

  it("plan the same, also where OpenTofu lists the ephemeral values that it opens", () => {
    const change = {
      actions: ["open"],
      before: null,
      after: null,
      before_sensitive: false,
      after_sensitive: false,
    };
    const password = {
      address: "ephemeral.aws_secretsmanager_random_password.database",
      mode: "ephemeral",
      type: "aws_secretsmanager_random_password",
      change,
    };
    const database = resource("aws_db_instance.database", ["create"]);
    expect(summarize(planOf([password, database]))).toEqual(summarize(planOf([database])));
    expect(() => planOf([resource("aws_vpc.a", ["evaporate"])])).toThrow("plan cannot be read");
  });

  it.each([
    ["Terraform", 'Error: S3 bucket "states" does not exist.', "for this account is not in it"],
    [
      "OpenTofu",
      "S3 bucket does not exist.\n\nThe referenced S3 bucket must have been …",
      "for this account is not in it",
    ],
    ["Terraform", "Inconsistent dependency lock file", ".terraform.lock.hcl"],
    [
      "OpenTofu",
      "Provider dependency changes detected\n… but the lock file is read-only.",
      ".terraform.lock.hcl",
    ],
    ["OpenTofu", 'Backend initialization required: please run "tofu init"', "init -reconfigure"],
    ["OpenTofu", "Saved plan is stale\nThe given plan file can no longer be applied", "Plan again"],
  ])("lead to the same way out: %s, %s", (_, text, wayOut) => {
    expect(wayOutOf(text, stack)).toContain(wayOut);
  });

  it("are named in what is printed to be typed", () => {
    vi.stubEnv("TERRAFORM_BINARY_NAME", "tofu");
    expect(wayOutOf("Error acquiring the state lock", stack)).toContain(
      "tofu -chdir=cdktf.out/stacks/qa force-unlock ID",
    );
    vi.stubEnv("TERRAFORM_BINARY_NAME", "/home/ann/.sandbox/bin/tofu");
    vi.stubEnv("TF_REATTACH_PROVIDERS", "{}");
    expect(wayOutOf("Error acquiring the state lock", stack)).toContain(
      "npx slipway sandbox tofu -chdir=cdktf.out/stacks/qa force-unlock ID",
    );
    vi.unstubAllEnvs();
  });

  it("read configurations of these names, whose types the sandbox offers", () => {
    const names = ["a.tf", "a.tf.json", "a.tofu", "a.tofu.json"];
    expect(names.filter((name) => CONFIGURATION_FILE.test(name))).toEqual(names);
    for (const name of names) {
      const folder = temporaryFolder();
      writeFileSync(join(folder, name), '"aws_sqs_queue"');
      expect([...typesIn([folder])], name).toEqual(["aws_sqs_queue"]);
    }
    expect(CONFIGURATION_FILE.test("a.tfvars")).toBe(false);
  });
});
