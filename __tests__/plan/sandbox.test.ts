import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { existing } from "../modules/support/least";
import { sourceOf } from "../support/shipped";
import { made, Project, worldOf } from "../terraform/support/project";
import { makeVpc } from "../terraform/support/vpc";
import { COMMAND, run, start, startInSandbox } from "./support/run";

const DATABASE = "aws_db_instance.database_instance";

/** Two environments, with the real Terraform and AWS stood in for: each test goes on from the one before. */
describe.sequential("plan and apply", () => {
  const project = new Project({
    "staging.ts": sourceOf("staging"),
    "prod.ts": sourceOf("prod").replace(
      "  services:",
      `  network: ${JSON.stringify(existing)},\n  services:`,
    ),
  });
  const kept = mkdtempSync(join(tmpdir(), "slipway-kept-"));
  const plans = join(project.folder, "cdktf.out/plans");
  beforeAll(() => makeVpc(worldOf(project)));
  afterAll(() => {
    project.remove();
    rmSync(kept, { recursive: true });
  });
  const offline = (command: string, ...args: readonly string[]) =>
    run(project.folder, [command, "--offline", ...args]);
  /** The same as people have it, in a process of its own. */
  const typed = (command: string, ...args: readonly string[]) =>
    start(project.folder, [command, "--offline", ...args]).ended;
  /** Changes something by hand, then plans: in one sandbox, which saves starting another. */
  const edited = (edit: readonly string[], ...args: readonly string[]) =>
    project.sandbox(...edit, process.execPath, ...COMMAND, "plan", ...args);
  const source = () => readFileSync(join(project.folder, "environments/staging.ts"), "utf8");

  it("plan both environments, in all shapes", async () => {
    const { code, stdout, stderr } = await typed("plan", "--json", "--markdown", "plan.md");
    expect(code, stderr).toBe(2);
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({ version: 1, offline: true, exitCode: 2 });
    expect(report.stacks.map(({ name }: { name: string }) => name)).toEqual(["prod", "staging"]);
    for (const { outcome, summary } of report.stacks) {
      expect(outcome).toBe("changes");
      expect(summary.counts.create).toBeGreaterThan(50);
      expect(summary.counts).toMatchObject({ update: 0, replace: 0, destroy: 0 });
      expect(summary.drift).toEqual([]);
    }
    const markdown = readFileSync(join(project.folder, "plan.md"), "utf8");
    expect(markdown).toContain("<!-- slipway-plan: prod -->");
    expect(markdown).toContain(
      `<!-- slipway-plan: staging -->\n### staging: ${report.stacks[1].summary.counts.create} to add`,
    );
    expect(markdown).toContain(`+ ${DATABASE}`);
    expect(stderr).toMatch(/✓ prod: \d+ to add/);
    cpSync(plans, kept, { recursive: true });
  });

  it("ask before they apply, and refuse what nobody can be asked about", async () => {
    const { code, stdout, stderr } = await offline("apply", "staging");
    expect(code).toBe(1);
    expect(stdout).toMatch(/^staging: \d+ to add/);
    expect(stderr).toContain("add --auto-approve");
    expect(made(project)).toEqual([]);
  });

  it("refuse an offline plan for the real AWS, before Terraform is asked", async () => {
    const { code, stderr } = await run(project.folder, ["apply", "--auto-approve"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/prod: its plan was made offline[\s\S]*staging: its plan was made offline/);
  });

  it("apply exactly that, and then nothing is left to do", async () => {
    const applied = await typed("apply", "--auto-approve");
    expect(applied.code, applied.stderr).toBe(0);
    expect(applied.stdout).toMatch(/✓ prod: \d+ added, 0 changed, 0 destroyed\n✓ staging: \d+ added/);
    expect(applied.stderr).toMatch(/staging: 1\/\d+ aws_\S+ created \(\d+ s\)/);
    const { code, stdout } = await offline("plan");
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/prod: no changes[\s\S]*staging: no changes/);
    expect(stdout).not.toContain("npx slipway apply");
  });

  it("refuse a plan that became stale", async () => {
    cpSync(kept, plans, { recursive: true });
    const before = made(project);
    const { code, stdout } = await offline("apply", "--auto-approve", "staging");
    expect(code).toBe(1);
    expect(stdout).toContain("✗ staging: failed, nothing was changed\n  ✗ Saved plan is stale");
    expect(stdout).toContain("Plan again and read what is new: npx slipway plan --offline staging");
    expect(made(project)).toEqual(before);
  });

  it("plan a stale one again, and apply nothing that was not approved", async () => {
    cpSync(kept, plans, { recursive: true });
    const again = ["apply", "--auto-approve", "--replan-if-stale", "staging"];
    const edit = ["--edit", "cloudwatch_log_group//staging/service/web", "retention_in_days=1"];
    const refused = await project.sandbox(...edit, process.execPath, ...COMMAND, ...again);
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(
      /✗ Planned again, it does more than what was approved\n\s+aws_cloudwatch_log_group\.service_web_logs\n/,
    );
    expect(readdirSync(plans)).not.toContain("staging.tfplan");
    cpSync(kept, plans, { recursive: true });
    edit[2] = "retention_in_days=7";
    const { code, output } = await project.sandbox(...edit, process.execPath, ...COMMAND, ...again);
    expect(code, output).toBe(0);
    expect(output).toContain("✓ staging: 0 added, 0 changed, 0 destroyed");
  });

  it("tell drift from what the configuration changes, and are loud about the database", async () => {
    project.write(
      "staging.ts",
      source().replace("  services: {", '  database: { username: "owner" },\n  services: {'),
    );
    const drift = ["--edit", "cloudwatch_log_group//staging/service/web", "retention_in_days=1"];
    const { code, output } = await edited(drift, "staging");
    expect(code).toBe(2);
    const [alarm = "", rest = ""] = output.split("\n\nstaging: ");
    expect(alarm).toContain(
      `!!! staging: something that no apply can make again\n  ± ${DATABASE} is REPLACED: its databases would be lost\n      username: "app" → "owner"  (forces the replacement)`,
    );
    expect(rest).toMatch(
      /Changed outside Terraform:\n {4}~ aws_cloudwatch_log_group\.service_web_logs \(this plan changes it\)\n {8}retention_in_days: 7 → 1\n/,
    );
    expect(rest).toMatch(/To do:\n[\s\S]*retention_in_days: 1 → 7/);
    expect(output).not.toContain("prod:");
  });

  it("refuse to replace it without its address, and to apply what was not planned", async () => {
    const refused = await offline("apply", "--auto-approve");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`--allow-destroy 'staging:${DATABASE}'`);
    const other = await typed("apply", "prod");
    expect(other.code).toBe(1);
    expect(other.stderr).toContain('There is no saved plan of "prod". There is staging.');
  });

  it("explain a lock that is held, and keep the plan for later", async () => {
    const args = ["-chdir=cdktf.out/stacks/staging", "apply", "-no-color"];
    const holder = startInSandbox(project.folder, "terraform", ...args);
    await holder.printed("Enter a value");
    const allowed = ["--auto-approve", "--allow-destroy", DATABASE];
    const { code, stdout } = await offline("apply", ...allowed);
    const waits = start(project.folder, ["apply", "--offline", ...allowed, "--lock-timeout", "10m"]);
    await waits.printed("and waited for: 9 m");
    waits.kill("SIGINT");
    const stopped = await waits.ended;
    holder.type("no\n");
    await holder.ended;
    expect(stopped.code).toBe(130);
    expect(stopped.stdout).toContain("✗ staging: failed, nothing was changed\n");
    expect(stopped.stderr).toContain("Interrupted by SIGINT");
    expect(stopped.stderr.match(/and waited for/g)).toHaveLength(1);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ Error acquiring the state lock/);
    expect(stdout).toMatch(
      /\(since .*\) is applying: wait, then plan again\. Only when nobody is, as after a crash: npx slipway sandbox (?:terraform|tofu) -chdir=cdktf\.out\/stacks\/staging force-unlock [0-9a-f-]{36}/,
    );
  });

  it("take no unknown environment, and no broken file: nothing is run, and the plan stays good", async () => {
    const unknown = await offline("plan", "qa", "staging");
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('There is no environment "qa". There is prod, staging.');
    const before = source();
    project.write("staging.ts", before.replace("port: 8080", "port: 80800"));
    const broken = await offline("plan");
    project.write("staging.ts", before);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/nothing was written:\n\n {2}staging\.services\.web\.port: /);
    for (const { stdout, stderr } of [unknown, broken]) expect(`${stdout}${stderr}`).not.toContain("init");
  });

  it("refuse a plan whose configuration changed since", async () => {
    const before = source();
    project.write("staging.ts", before.replace('"owner"', '"boss"'));
    await project.synth();
    const { code, stderr } = await offline("apply", "--auto-approve", "--allow-destroy", DATABASE);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /staging: its configuration was synthesized anew.*npx slipway plan --offline staging/,
    );
    project.write("staging.ts", before);
    await project.synth();
  });

  it("wait for a lock, say at once whose it is, and replace it when told to", async () => {
    const args = ["-chdir=cdktf.out/stacks/staging", "apply", "-no-color"];
    const holder = startInSandbox(project.folder, "terraform", ...args);
    await holder.printed("Enter a value");
    const allowed = ["--auto-approve", "--allow-destroy", DATABASE, "--lock-timeout", "10m"];
    const waits = start(project.folder, ["apply", "--offline", ...allowed]);
    await waits.printed("and waited for: 9 m");
    holder.type("no\n");
    await holder.ended;
    const { code, stdout, stderr } = await waits.ended;
    expect(stderr).toMatch(
      /staging: the state is locked by \S+@\S+ \(since .* UTC, \d+ s ago\), and waited for: 9 m \d\d s more\. Only when nobody is, as after a crash: npx slipway sandbox (?:terraform|tofu) -chdir=cdktf\.out\/stacks\/staging force-unlock [0-9a-f-]{36}\n/,
    );
    expect(code, `${stdout}${stderr}`).toBe(0);
    expect(stdout).toMatch(/✓ staging: \d+ added, \d+ changed, \d+ destroyed/);
    expect(stderr).toContain(`${DATABASE} deleted`);
    expect(stderr).toContain(`${DATABASE} created`);
  });
});
