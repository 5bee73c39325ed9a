import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { made, Project } from "../terraform/support/project";
import { run } from "./support/run";

const DATABASE = "aws_db_instance.database_instance";

/** An environment whose file goes while its resources stay, with the real Terraform: each test goes on from the one before. */
describe.sequential("a state without a file", () => {
  const rest =
    "preset: small, network: { zones: 2 }, cluster: { capacity: {} }, distribution: false, bastion: false";
  const file = (options: string) =>
    `import { environment, small } from "../modules/environment";\nexport default environment({ ${options} });\n`;
  const qa = file(`${rest}, region: "eu-west-1"`);
  const project = new Project(
    {
      "qa.ts": qa,
      "empty.ts": file(`${rest}, region: "us-west-2", database: false`),
    },
    { project: "app", bootstrap: { region: "us-west-2" } },
  );
  afterAll(() => project.remove());

  const offline = (command: string, ...args: readonly string[]) =>
    run(project.folder, [command, "--offline", ...args]);
  const ofQa = () => made(project).filter(({ region }) => region === "eu-west-1");
  /** The options that a refusal says would allow it. */
  const allowedBy = (refusal: string) =>
    [...refusal.matchAll(/--allow-destroy '([^']+)'/g)].flatMap(([, one = ""]) => ["--allow-destroy", one]);
  let allowed: string[] = [];
  const stackFolder = join(project.folder, "cdktf.out/stacks/qa");

  it("is none while the file is there", async () => {
    expect((await project.sandbox("--reset", "--empty", "terraform", "version")).code).toBe(0);
    expect((await offline("plan", "bootstrap", "qa")).code).toBe(2);
    const applied = await offline("apply", "--auto-approve");
    expect(applied.code, applied.stderr).toBe(0);
  });

  it("is told by every plan in all shapes, as an error, where the states are local", async () => {
    rmSync(join(project.folder, "environments/qa.ts"));
    const { code, stdout, stderr } = await offline("plan", "empty");
    expect(code, stderr).toBe(1);
    expect(stdout).toMatch(
      /!!! There are resources that no file describes\n {2}✗ qa has no file in environments\/: moved or removed\? \d+ resources are still there, among them aws_db_instance\.database_instance/,
    );
    expect(stdout).toContain(
      "→ Put its file back, under this name. Where it is to go: npx slipway destroy --offline qa",
    );
  });

  it("is told where the states lie in the bucket, too", async () => {
    project.write("qa.ts", qa);
    const moved = await run(project.folder, ["move-state", "--offline"]);
    expect(moved.code, moved.stderr).toBe(0);
    rmSync(join(project.folder, "environments/qa.ts"));
    const { code, stdout, stderr } = await offline("plan", "empty", "--json", "--markdown", "plan.md");
    expect(code, stderr).toBe(1);
    const { exitCode, orphans } = JSON.parse(stdout);
    expect(exitCode).toBe(1);
    expect(orphans.problem).toBeUndefined();
    expect(orphans.found).toHaveLength(1);
    expect(orphans.found[0].name).toBe("qa");
    expect(orphans.found[0].holding[0]).toEqual({ address: DATABASE, loses: "its databases" });
    expect(orphans.found[0].resources).toBeGreaterThan(20);
    const markdown = readFileSync(join(project.folder, "plan.md"), "utf8");
    expect(markdown).toMatch(
      /^<!-- slipway-plan: empty -->\n### empty: .*\n\n> \[!CAUTION\]\n> There are resources/,
    );
    expect(markdown).toContain(`- qa has no file in environments/`);
  });

  it("may go by its state alone, but not what holds data", async () => {
    const before = made(project).length;
    const refused = await offline("destroy", "qa", "--auto-approve");
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain(`- ${DATABASE} is DESTROYED: its databases would be lost`);
    expect(refused.stderr).toContain(`--allow-destroy 'qa:${DATABASE}'`);
    allowed = allowedBy(refused.stderr);
    const dry = await offline("destroy", "qa", "--dry-run", "--markdown", "going.md", ...allowed);
    expect(dry.code, dry.stderr).toBe(2);
    expect(dry.stdout).toContain("Nothing was destroyed: --dry-run.");
    expect(readFileSync(join(project.folder, "going.md"), "utf8")).toContain(`${DATABASE} is DESTROYED`);
    const unknown = await offline("destroy", "qb");
    expect(unknown.stderr).toContain(
      'There is no environment "qb": no file makes it, and no state has resources of it. There is bootstrap, empty, qa.',
    );
    const bootstrap = await offline("destroy", "bootstrap");
    expect(bootstrap.code).toBe(1);
    expect(bootstrap.stderr).toContain("Refused, nothing was destroyed: qa stands on bootstrap");
    expect(made(project)).toHaveLength(before);
  });

  it("goes in its own region with nothing left of it, and then no plan says anything", async () => {
    expect(ofQa().length).toBeGreaterThan(20);
    const { code, stdout, stderr } = await offline("destroy", "qa", "--auto-approve", ...allowed);
    expect(code, `${stdout}${stderr}`).toBe(0);
    expect(stdout).toMatch(/✓ qa: 0 added, 0 changed, \d+ destroyed/);
    expect(JSON.parse(readFileSync(join(stackFolder, "cdk.tf.json"), "utf8")).provider).toEqual({
      aws: [{ region: "eu-west-1" }],
    });
    expect(ofQa()).toEqual([]);
    expect(existsSync(join(project.folder, "cdktf.out/plans/qa.tfplan"))).toBe(false);
    const planned = await offline("plan", "empty");
    expect(planned.code, planned.stdout).toBe(2);
    expect(planned.stdout).not.toContain("!!!");
  });

  it("is not needed: an environment with its file goes as well", async () => {
    expect((await offline("apply", "--auto-approve", "empty")).code).toBe(0);
    const refused = await offline("destroy", "empty", "--auto-approve");
    expect(refused.code).toBe(1);
    const { code, stdout } = await offline(
      "destroy",
      "empty",
      "--auto-approve",
      ...allowedBy(refused.stderr),
    );
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/✓ empty: 0 added, 0 changed, \d+ destroyed/);
  });
});
