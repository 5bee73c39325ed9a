import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Project } from "../terraform/support/project";
import type { MoveReport } from "../../plan/move-state";
import { run } from "./support/run";

const BUCKET = "terraform-state-app-123456789012";

/** One small environment beside the bootstrap stack: each test goes on from the one before. */
describe.sequential("move-state", () => {
  const source = `import { environment } from "../modules/environment";
export default environment({ region: "us-west-2", network: { zones: 2 }, cluster: { capacity: {} }, database: false, distribution: false, bastion: false });
`;
  const project = new Project({ "qa.ts": source }, { project: "app", bootstrap: { region: "us-west-2" } });
  afterAll(() => project.remove());

  const moveState = (...options: readonly string[]) =>
    run(project.folder, ["move-state", "--offline", ...options]);
  const config = () => readFileSync(join(project.folder, "cdktf.json"), "utf8");
  const terraform = (stack: string, ...args: readonly string[]) =>
    project.sandbox("terraform", `-chdir=cdktf.out/stacks/${stack}`, ...args);
  const local = (stack: string) => join(project.folder, `terraform.${stack}.tfstate`);

  it("refuses while there is no bucket, and leaves cdktf.json as it was", async () => {
    const before = config();
    const { code, stderr } = await moveState();
    expect(code).toBe(1);
    expect(stderr).toContain(
      "The bootstrap stack is not applied yet: npx slipway plan --offline bootstrap, then npx slipway sandbox npx slipway apply bootstrap.",
    );
    expect(config()).toBe(before);
  });

  it("moves the bootstrap stack into the bucket that it made itself", async () => {
    // In a sandbox that begins empty: it has no repository, which this stack makes.
    expect((await project.sandbox("--reset", "--empty", "terraform", "version")).code).toBe(0);
    await run(project.folder, ["plan", "--offline", "bootstrap"]);
    const applied = await run(project.folder, ["apply", "--offline", "--auto-approve", "bootstrap"]);
    expect(applied.code, applied.stderr).toBe(0);
    // Where Terraform keeps it outside of a sandbox.
    writeFileSync(local("bootstrap"), "{}");

    const { code, stdout, stderr } = await moveState();
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/✓ bootstrap: moved to s3:\/\/terraform-state-app-\d+\/bootstrap\.tfstate/);
    expect(stdout).toContain("commit it");
    expect(JSON.parse(config()).context).toMatchObject({ stateBucket: BUCKET, stateRegion: "us-west-2" });
    expect(existsSync(local("bootstrap"))).toBe(false);
    const listed = await terraform("bootstrap", "state", "list");
    expect(listed.output).toContain("aws_s3_bucket.state_bucket");
    const remembered = join(project.folder, ".sandbox/stacks/bootstrap/.terraform/terraform.tfstate");
    expect(JSON.parse(readFileSync(remembered, "utf8")).backend.type).toBe("s3");
  });

  it("leaves nothing to plan, and environments that come later lie in the bucket", async () => {
    const bootstrap = await run(project.folder, ["plan", "--offline", "bootstrap"]);
    expect(bootstrap.code, bootstrap.stdout).toBe(0);
    expect((await run(project.folder, ["plan", "--offline", "qa"])).code).toBe(2);
    expect((await run(project.folder, ["apply", "--offline", "--auto-approve", "qa"])).code).toBe(0);
    const { output } = await terraform("qa", "state", "list");
    expect(output).toContain("aws_vpc.network");
    expect(existsSync(join(project.folder, ".sandbox/state/qa.tfstate"))).toBe(false);
  });

  it("changes nothing when it is run again, even where an older state still lies here", async () => {
    const before = config();
    writeFileSync(local("qa"), "{}");
    const { code, stdout, stderr } = await moveState("--json");
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`✓ qa: is s3://${BUCKET}/qa.tfstate`);
    const places = ["bootstrap", "qa"].map((name) => [name, `s3://${BUCKET}/${name}.tfstate`, "was there"]);
    const { states }: MoveReport = JSON.parse(stdout);
    expect(states.map(({ name, place, outcome }) => [name, place, outcome])).toEqual(places);
    expect(stderr).not.toContain("moved to");
    expect(config()).toBe(before);
    expect((await run(project.folder, ["plan", "--offline"])).code).toBe(0);
  });

  it("has cdktf.json whole at every moment, whenever it may be killed", async () => {
    const before = config();
    const seen = new Set<string>();
    const looking = setInterval(() => seen.add(config()), 5);
    expect((await moveState()).code).toBe(0);
    clearInterval(looking);
    expect([...seen]).toEqual([before]);
    expect(readdirSync(project.folder).filter((name) => name.startsWith("cdktf.json"))).toEqual([
      "cdktf.json",
    ]);
  });

  it("says in a sentence that cdktf.json is damaged", async () => {
    const before = config();
    writeFileSync(join(project.folder, "cdktf.json"), before.slice(0, 20));
    const { code, stderr } = await moveState();
    writeFileSync(join(project.folder, "cdktf.json"), before);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^cdktf\.json cannot be read: .+$/m);
    expect(stderr).not.toContain("    at ");
  });

  it("refuses to write over another state of the same name", async () => {
    // As from another machine: a state here, and a cdktf.json that knows no bucket.
    const elsewhere = config();
    writeFileSync(join(project.folder, "cdktf.json"), elsewhere.replace(BUCKET, ""));
    const state = { version: 4, serial: 1, lineage: "x", outputs: {}, resources: [], check_results: null };
    const mode = "managed";
    const provider = 'provider["registry.terraform.io/hashicorp/aws"]';
    const attributes = { id: "vpc-0", cidr_block: "10.0.0.0/16" };
    const other = {
      mode,
      type: "aws_vpc",
      name: "other",
      provider,
      instances: [{ schema_version: 1, attributes }],
    };
    const file = join(project.folder, ".sandbox/state/qa.tfstate");
    writeFileSync(file, JSON.stringify({ ...state, resources: [other] }));
    const before = config();

    const { code, stderr } = await moveState();
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /holds another state of qa, with \d+ resources; the one here has 1 resource\. Nothing was moved\./,
    );
    expect(config()).toBe(before);
    writeFileSync(join(project.folder, "cdktf.json"), elsewhere);
    const { output } = await terraform("qa", "state", "list");
    expect(output).not.toContain("aws_vpc.other");
  });

  it("says what is missing where there is no bootstrap stack", async () => {
    const without = new Project({ "qa.ts": source });
    const { code, stderr } = await run(without.folder, ["move-state", "--offline"]);
    expect(code).toBe(1);
    expect(stderr).toContain("There is no bootstrap stack: describe one under context.bootstrap");
    without.remove();
  });
});
