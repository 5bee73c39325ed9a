import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { existing } from "../modules/support/least";
import { made, Project, worldOf } from "../terraform/support/project";
import { makeVpc } from "../terraform/support/vpc";
import { run } from "./support/run";

const DATABASE = "aws_db_instance.database_instance";
const BUCKET = "aws_s3_bucket.uses_uploads";
const LOGS = [
  "cluster_insights",
  "database_log_postgresql",
  "database_log_upgrade",
  "service_worker_logs",
].map((name) => `aws_cloudwatch_log_group.${name}`);

/** An environment whose data is kept, with the real Terraform: each test goes on from the one before. */
describe.sequential("data that is kept", () => {
  const file = (database: string) => `import { environment, small } from "slipway";
    export default environment({
      preset: small, data: "kept", database: ${database}, region: "us-west-2", registry: "app", distribution: false,
      network: ${JSON.stringify(existing)}, bastion: false, cluster: { capacity: {} },
      services: { worker: { command: ["work"], uses: { uploads: "bucket" } } },
    });`;
  const project = new Project({ "prod.ts": file("true") });
  afterAll(() => project.remove());

  const offline = (command: string, ...args: readonly string[]) =>
    run(project.folder, [command, "--offline", ...args]);
  const apply = async () => {
    expect((await offline("plan")).code).toBe(2);
    const { code, stderr } = await offline("apply", "--auto-approve");
    expect(code, stderr).toBe(0);
  };
  const synthesized = () => readFileSync(join(project.folder, "cdktf.out/stacks/prod/cdk.tf.json"), "utf8");

  it("survives cdktf destroy: Terraform refuses before anything goes, all of it by its address", async () => {
    await project.sandbox("--reset", "--with", "ecr_repository:app@us-west-2", "terraform", "version");
    await makeVpc(worldOf(project));
    await apply();
    const before = made(project).length;
    const destroyed = await project.cdktf("destroy", "prod", "--auto-approve");
    expect(destroyed.code).not.toBe(0);
    // cdktf does not always print Terraform's last words.
    const { output } = await project.sandbox(
      "terraform",
      "-chdir=cdktf.out/stacks/prod",
      "plan",
      "-destroy",
      "-json",
    );
    const kept = [...output.matchAll(/Resource (\S+) has lifecycle\.prevent_destroy/g)];
    // It does not get to what the database stands on.
    const reached = LOGS.filter((address) => !address.includes("database"));
    expect(kept.map(([, address]) => address).sort()).toEqual([...reached, DATABASE, BUCKET]);
    expect(made(project)).toHaveLength(before);
  });

  it("survives slipway destroy where AWS protects it, which says what lets it go", async () => {
    const { code, stderr } = await offline("destroy", "prod", "--auto-approve", "--allow-destroy", DATABASE);
    expect(code).toBe(1);
    expect(stderr).toContain(`Resource ${DATABASE} has lifecycle.prevent_destroy set`);
    expect(stderr).not.toContain(BUCKET);
    expect(stderr).toContain('put data: "disposable" into environments/prod.ts');
    expect(synthesized().match(/"prevent_destroy": true/g)).toHaveLength(LOGS.length + 2);
  });

  it("survives a change that would replace it", async () => {
    project.write("prod.ts", file('{ username: "owner" }'));
    const { code, stdout } = await offline("plan");
    expect(code).toBe(1);
    expect(stdout).toContain(`Resource ${DATABASE} has lifecycle.prevent_destroy set`);
    expect(stdout).toContain('put data: "disposable" into environments/prod.ts');
  });

  it("goes with slipway destroy where each loss is named, which says what it lifts, and for how long", async () => {
    project.write("prod.ts", file("{ deletionProtection: false }"));
    await apply();
    const refused = await offline("destroy", "prod", "--auto-approve");
    expect(refused.code, refused.stdout).toBe(1);
    const losses = [...refused.stderr.matchAll(/--allow-destroy '([^']+)'/g)].map(([, one = ""]) => one);
    expect(losses.sort()).toEqual([...LOGS, DATABASE, BUCKET].map((address) => `prod:${address}`));
    const allowed = losses.flatMap((one) => ["--allow-destroy", one]);
    const { code, stdout, stderr } = await offline("destroy", "prod", "--auto-approve", ...allowed);
    expect(code, stderr).toBe(0);
    expect(stdout).toContain(
      `--allow-destroy lifts Terraform's own protection (prevent_destroy) for this one plan: ${[...LOGS, BUCKET].join(", ")}.`,
    );
    expect(synthesized().match(/"prevent_destroy": true/g)).toHaveLength(LOGS.length + 1);
    expect(made(project)).toEqual([]);
  });
});
