import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { startAccount } from "../../sandbox/aws/account";
import { folderOf, World } from "../../sandbox/world";
import { LOADER } from "../support/commands-here";
import { existing } from "../modules/support/least";
import { Project } from "../terraform/support/project";
import { makeVpc } from "../terraform/support/vpc";
import { COMMAND, run } from "./support/run";

const [HOME, OTHER] = ["123456789012", "210987654321"];
const DEPLOY = ["--require", LOADER, join(__dirname, "../../deploy/main.ts")];
const source = (account: string) => `import { environment } from "../modules/environment";
export default environment({ account: "${account}", region: "us-west-2", network: ${JSON.stringify(existing)}, database: false, distribution: false, bastion: false, cluster: { capacity: {} }, registry: "app", services: { worker: {} } });
`;

/** Two accounts in one project, with the real Terraform: each test goes on from the one before. */
describe.sequential("two accounts", () => {
  const project = new Project(
    { "staging.ts": source(HOME) },
    { project: "app", account: HOME, bootstrap: { region: "us-west-2", github: "owner/repository" } },
  );
  afterAll(() => project.remove());

  const offline = (...args: readonly string[]) => run(project.folder, [...args, "--offline"]);
  const done = async (...args: readonly string[]) => {
    const { code, stdout, stderr } = await offline(...args);
    expect([0, 2], stdout + stderr).toContain(code);
    return stdout + stderr;
  };
  const context = () => JSON.parse(readFileSync(join(project.folder, "cdktf.json"), "utf8")).context;
  const worldOf = (account: string) =>
    new World(folderOf(join(project.folder, ".sandbox"), account), startAccount, account);
  const made = (account: string, type: string) => worldOf(account).list({ type });
  const bucket = (account: string) => `terraform-state-app-${account}`;

  it("begin with one: its bootstrap, its bucket, its environment", async () => {
    expect((await project.sandbox("--reset", "--empty", "terraform", "version")).code).toBe(0);
    await makeVpc(worldOf(HOME));
    await done("plan");
    await done("apply", "--auto-approve");
    await done("move-state");
    expect(context().stateBucket).toBe(bucket(HOME));
  });

  it("go on with a second, for which nothing of the first changes: it admits the other to its releases, and its plan role sees that", async () => {
    project.write("prod.ts", source(OTHER));
    await makeVpc(worldOf(OTHER));
    const { code, stdout } = await offline("plan", "--json");
    expect(code, stdout).toBe(2);
    const { stacks } = JSON.parse(stdout);
    expect(
      stacks.map(({ name, outcome }: { name: string; outcome: string }) => `${name}: ${outcome}`),
    ).toEqual(["bootstrap: changes", `bootstrap-${OTHER}: changes`, "prod: changes", "staging: no changes"]);
    const [{ summary }] = stacks;
    expect(
      summary.resources.map(({ kind, address }: Record<string, string>) => `${kind} ${address}`),
    ).toEqual([
      "update aws_iam_policy.ci_plan_bootstrap_policy_1",
      "create aws_ecr_repository_policy.registry_app_readers",
    ]);
  });

  it("are applied at once, the bootstrap first, and the second's states move into its own bucket", async () => {
    const applied = await done("apply", "--auto-approve");
    expect(applied.indexOf(`bootstrap-${OTHER}: applied`)).toBeLessThan(applied.indexOf("prod: applied"));
    // What the first move left: outside of a sandbox it takes the file away.
    for (const stack of ["bootstrap", "staging"])
      rmSync(join(project.folder, ".sandbox/state", `${stack}.tfstate`));
    const moved = await done("move-state");
    expect(moved).toContain(`bootstrap-${OTHER}: moved to s3://${bucket(OTHER)}/bootstrap-${OTHER}.tfstate`);
    expect(moved).toContain(`prod: moved to s3://${bucket(OTHER)}/prod.tfstate`);
    expect(moved).not.toContain("staging: init");
    expect(context()).toMatchObject({
      stateBucket: bucket(HOME),
      accounts: { [OTHER]: { stateBucket: bucket(OTHER), stateRegion: "us-west-2" } },
    });
    const planned = await offline("plan");
    expect(planned.code, planned.stdout + planned.stderr).toBe(0);
  });

  it("have roles and clusters of their own environment alone", () => {
    const names = (account: string, type: string) =>
      made(account, type).map(({ attributes }) => attributes.name as string);
    for (const [account, own, other] of [
      [HOME, "staging", "prod"],
      [OTHER, "prod", "staging"],
    ] as const) {
      expect(names(account, "aws_ecs_cluster")).toEqual([own]);
      expect(names(account, "aws_iam_role")).toContain(`app-apply-${own}`);
      expect(names(account, "aws_iam_role").filter((name) => name.includes(other))).toEqual([]);
      expect(made(account, "aws_s3_bucket").map(({ id }) => id)).toContain(bucket(account));
    }
  });

  it("run one and the same image: what is pushed to the first is deployed in each, by its digest", async () => {
    const image = join(project.folder, "image");
    mkdirSync(image);
    writeFileSync(join(image, "Dockerfile"), 'CMD ["node", "work.js"]');
    writeFileSync(join(image, "work.js"), "setInterval(() => {}, 1000);");
    const deploy = (environment: string, ...options: readonly string[]) =>
      project.sandbox("--speed", "60", ...options, process.execPath, ...DEPLOY, environment, "--image", "v1");
    const staging = await deploy("staging", "--image", `app:v1=${image}`);
    expect(staging.code, staging.output).toBe(0);
    const prod = await deploy("prod");
    expect(prod.code, prod.output).toBe(0);
    const digest = /pushed .* (sha256:[0-9a-f]{64})/.exec(staging.output)?.[1] ?? "none";
    const tagged = (account: string, repository: string) => {
      const folder = folderOf(join(project.folder, ".sandbox"), account);
      const { repositories } = JSON.parse(readFileSync(join(folder, "runtime.json"), "utf8"));
      return repositories[`us-west-2/${repository}`]?.tags;
    };
    expect(tagged(HOME, "app-staging")).toMatchObject({ staging: digest });
    expect(tagged(OTHER, "app-prod")).toMatchObject({ prod: digest });
    expect(tagged(OTHER, "app")).toBeUndefined();
  });

  it("read nothing of each other but releases: without the policy that admits it, the other's deploy is refused", async () => {
    const withoutPolicy = await project.sandbox(
      ...["--delete", "ecr_repository_policy/app", process.execPath, ...DEPLOY, "prod", "--image", "v1"],
    );
    expect(withoutPolicy.code, withoutPolicy.output).toBe(1);
    expect(withoutPolicy.output).toMatch(
      /not authorized to perform: ecr:BatchGetImage on resource: arn:aws:ecr:us-west-2:123456789012:repository\/app because no resource-based policy allows/,
    );
    await done("plan", "bootstrap");
    await done("apply", "--auto-approve");
  });

  it("deploy as the role of the environment's own account, and as no other", async () => {
    const as = (role: string, ...options: readonly string[]) =>
      project.sandbox(
        ...options,
        "--as",
        role,
        process.execPath,
        ...DEPLOY,
        "check",
        "prod",
        "--image",
        "v1",
      );
    const own = await as("app-deploy-prod", "--account", OTHER);
    expect(own.code, own.output).toBe(0);
    const other = await as("app-deploy-staging", "--account", HOME);
    expect(other.code, other.output).toBe(1);
    expect(other.output).toContain("says account 210987654321, and the credentials are of 123456789012");
  });

  it("plan one's environments with its credentials alone; the other's are refused before anything is read", async () => {
    const as = (account: string, ...stacks: readonly string[]) =>
      project.sandbox("--account", account, process.execPath, ...COMMAND, "plan", ...stacks);
    const own = await as(OTHER, "prod", `bootstrap-${OTHER}`);
    expect(own.code, own.output).toBe(0);
    const both = await as(OTHER);
    expect(both.code, both.output).toBe(1);
    expect(both.output).toMatch(/prod: no changes/);
    expect(both.output).toMatch(/staging: failed/);
    expect(both.output).toMatch(
      /→ The credentials are of account 210987654321, and staging is in 123456789012/,
    );
  });

  it("tell of an environment that is gone from the second, and destroy it there", async () => {
    rmSync(join(project.folder, "environments/prod.ts"));
    const told = await offline("plan", `bootstrap-${OTHER}`);
    expect(told.code, told.stdout).toBe(1);
    expect(told.stdout).toMatch(/✗ prod has no file in environments\/: moved or removed\? \d+ resources/);
    // Nobody who plans the first account looks into the other's bucket.
    const elsewhere = await offline("plan", "staging");
    expect(elsewhere.code, elsewhere.stdout).toBe(0);
    const refused = await offline("destroy", "prod", "--auto-approve");
    const allowed = [...refused.stderr.matchAll(/--allow-destroy '([^']+)'/g)].flatMap(([, one = ""]) => [
      "--allow-destroy",
      one,
    ]);
    const { code, stdout, stderr } = await offline("destroy", "prod", "--auto-approve", ...allowed);
    expect(code, stdout + stderr).toBe(0);
    expect(made(OTHER, "aws_ecs_cluster")).toEqual([]);
    expect(made(HOME, "aws_ecs_cluster")).toHaveLength(1);
  });

  it("tell of resources that an environment left behind, where its file names the other account by now", async () => {
    project.write("staging.ts", source(OTHER));
    const { code, stdout } = await offline("plan", "bootstrap");
    expect(code, stdout).toBe(1);
    expect(stdout).toMatch(
      /✗ staging keeps its state in s3:\/\/terraform-state-app-210987654321 by now\. \d+ resources are still there, where it was before/,
    );
    expect(stdout).toContain("→ Say its account again as it was.");
  });
});
