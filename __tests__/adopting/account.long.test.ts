import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Adopted, addresses, counts } from "./support/adopted";
import { code, command, inline } from "./support/guide";

const service = (name: string) => `${name}: {}`;
const environment = (...services: readonly string[]) => `
import { environment } from "../modules/environment";
export default environment({
  region: "us-west-2",
  registry: "app",
  data: "disposable",
  database: false,
  distribution: false,
  bastion: false,
  network: { zones: 2 },
  services: { ${services.map(service).join(", ")} },
});
`;

/** An account that has a repository already, by the commands of docs/adopting.md: each test goes on from the one before. */
describe.sequential("an account", () => {
  const context = JSON.parse(code("json", "bootstrap"));
  const project = new Adopted({ "staging.ts": environment("web") }, context);
  afterAll(() => project.remove());

  const named = (names: readonly string[]) => project.objects.filter(({ id }) => names.includes(id));
  /** Everything that belongs to an environment, as JSON. */
  const belonging = (environment: string) =>
    JSON.stringify(
      project.objects.filter(
        ({ attributes, origin }) =>
          origin !== "left" &&
          (attributes.tags_all as { environment?: string } | null)?.environment === environment,
      ),
    );
  const rolesFor = (environment: string) =>
    named(["plan", "apply", "deploy"].map((what) => `app-${what}-${environment}`));

  it("does not take a repository that is not there", async () => {
    await project.begin(["aws_ecr_repository", "app"]);
    expect((await project.synth()).code).toBe(0);
    const wrongly = command("import aws_ecr_repository").replace(/ app$/, " ap");
    const wrong = await project.shell(`${command("stacks/bootstrap init")} && ${wrongly}`);
    expect(wrong.code).toBe(1);
    expect(wrong.output).toContain("Cannot import non-existent remote object");
    expect(wrong.output).toContain("aws_ecr_repository");
  });

  it("takes the one that is there into the bootstrap stack, as it is", async () => {
    const before = project.object("aws_ecr_repository", "app");
    await project.done(command("import aws_ecr_repository"));
    const { bootstrap } = await project.plan("bootstrap");
    expect(bootstrap?.counts).toEqual(counts({ create: expect.any(Number), update: 1 }));
    expect(addresses(bootstrap, "update")).toEqual(["aws_ecr_repository.registry_app"]);
    const created = addresses(bootstrap, "create").map((address) => address.replace("[0]", ""));
    // What others may use, too, and a person keeps when the stack goes.
    for (const shared of ["aws_iam_service_linked_role", "aws_iam_openid_connect_provider"])
      expect(created).toContain(inline(shared));
    await project.apply("bootstrap");
    const after = project.object("aws_ecr_repository", "app");
    // One that Terraform had made would not be a person's.
    expect([after.id, after.attributes.arn, after.origin]).toEqual([
      before.id,
      before.attributes.arn,
      "person",
    ]);
    expect(after.attributes.image_tag_mutability).toBe("IMMUTABLE");
  });

  it("moves its states; of what is shared, a new service changes what may be deployed and which roles are handed on, and nothing else", async () => {
    await project.moveState();
    project.write("staging.ts", environment("web", "api"));
    const plans = await project.plan();
    expect(plans.bootstrap?.counts).toEqual(counts({ update: 2 }));
    expect(addresses(plans.bootstrap, "update")).toEqual([
      "aws_iam_policy.ci_apply_staging_policy_1",
      "aws_iam_policy.ci_deploy_staging_policy_1",
    ]);
    expect(plans.staging?.counts).toEqual(counts({ create: expect.any(Number) }));
    await project.apply();
  });

  it("tells GitHub each role once, where no environment is there", async () => {
    const calls = await github(project, []);
    expect(environmentsMade(calls)).toEqual([
      "repos/owner/infrastructure/environments/staging",
      "repos/owner/web/environments/staging",
    ]);
    expect(variables(calls)).toEqual({
      "owner/infrastructure": {
        AWS_REGION: "us-west-2",
        AWS_PLAN_ROLES: JSON.stringify({
          bootstrap: role("app-plan-bootstrap"),
          staging: role("app-plan-staging"),
        }),
        AWS_PUSH_ROLE: role("app-push"),
      },
      "owner/infrastructure staging": {
        AWS_REGION: "us-west-2",
        AWS_APPLY_ROLE: role("app-apply-staging"),
        AWS_DEPLOY_ROLE: role("app-deploy-staging"),
      },
      "owner/web": { AWS_REGION: "us-west-2", AWS_PUSH_ROLE: role("app-push") },
      "owner/web staging": { AWS_REGION: "us-west-2", AWS_DEPLOY_ROLE: role("app-deploy-staging") },
    });
  });

  it("gets another environment by a copied file: the first is left alone, bootstrap only gains", async () => {
    const before = belonging("staging");
    await project.done(command("cp environments/staging.ts"));
    const plans = await project.plan();
    expect(Object.keys(plans)).toEqual(["bootstrap", "qa", "staging"]);
    expect(plans.staging?.counts).toEqual(counts({}));
    expect(plans.qa?.counts).toEqual(counts({ create: expect.any(Number) }));
    expect(plans.bootstrap?.counts).toEqual(counts({ create: 12, update: 3 }));
    const created = addresses(plans.bootstrap, "create");
    for (const role of ["plan_qa", "apply_qa", "deploy_qa"])
      expect(created.filter((address) => address.includes(role))).toHaveLength(3);
    expect(addresses(plans.bootstrap, "update")).toEqual([
      "aws_iam_policy.ci_apply_staging_policy_1",
      "aws_iam_policy.ci_boundary_staging",
      "aws_iam_policy.ci_plan_bootstrap_policy_1",
    ]);
    await project.apply("bootstrap");
    const calls = await github(project, ["owner/infrastructure staging", "owner/web staging"]);
    expect(environmentsMade(calls)).toEqual([
      "repos/owner/infrastructure/environments/qa",
      "repos/owner/web/environments/qa",
    ]);
    expect(variables(calls)["owner/web qa"]).toEqual({
      AWS_REGION: "us-west-2",
      AWS_DEPLOY_ROLE: role("app-deploy-qa"),
    });
    await project.apply("qa");
    expect(belonging("staging")).toBe(before);
    expect(rolesFor("qa")).toHaveLength(3);
  });

  it("loses it again, and nothing of the first", async () => {
    const before = belonging("staging");
    // The list of qa's addresses, which the pull request brought.
    const lists = join(project.folder, "__tests__/environments/addresses");
    mkdirSync(lists, { recursive: true });
    writeFileSync(join(lists, "qa.txt"), "");
    // What `npx slipway destroy qa` runs in the end.
    const destroy = "terraform -chdir=cdktf.out/stacks/qa destroy -auto-approve";
    await project.done(`${destroy} && ${command("rm environments/qa.ts")}`);
    // What `aws ecr delete-repository` does before.
    await project.shell("true", ["--delete", "ecr_repository/app-qa"]);
    expect(JSON.parse(belonging("qa"))).toEqual([]);
    const plans = await project.plan();
    expect(Object.keys(plans)).toEqual(["bootstrap", "staging"]);
    // Roles, boundary and policies; and the repository's lifecycle policy, which AWS takes away with it.
    expect(plans.bootstrap?.counts).toEqual(counts({ destroy: 11, update: 3 }));
    expect(plans.staging?.counts).toEqual(counts({}));
    await project.apply("bootstrap");
    expect(rolesFor("qa")).toEqual([]);
    expect(rolesFor("staging")).toHaveLength(3);
    expect(belonging("staging")).toBe(before);
  });

  it("can be kept without Slipway: what a stack's folder holds is plain Terraform", async () => {
    const lines = ["cp -R cdktf.out/stacks/staging", "-chdir=staging init", "-chdir=staging plan"].map(
      command,
    );
    expect(await project.done(lines.join(" && "))).toContain("No changes.");
  });

  it("can be taken down, to the bucket that a person empties", async () => {
    await project.done("terraform -chdir=cdktf.out/stacks/staging destroy -auto-approve");
    const destroy = `${command("stacks/bootstrap destroy")} -auto-approve`;
    const refused = await project.shell(destroy);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("Instance cannot be destroyed");
    expect(rolesFor("staging")).toHaveLength(3);

    const withoutImages = ["app", "app-staging"].flatMap((name) => ["--delete", `ecr_repository/${name}`]);
    const taken = await project.shell(`${command("state rm aws_s3_bucket")} && ${destroy}`, withoutImages);
    expect(taken.code, taken.output).toBe(0);
    const stays = (left: boolean) =>
      project.objects
        .filter(({ origin }) => origin !== "aws" && (origin === "left") === left)
        .map(({ type }) => type);
    expect(stays(false)).toEqual(["aws_s3_bucket"]);
    // ECS keeps revisions anyway.
    expect(new Set(stays(true))).toEqual(new Set(["aws_ecs_task_definition"]));
  });

  const role = (name: string) => {
    const { attributes } = project.object("aws_iam_role", name);
    expect(attributes.arn).toBe(`arn:aws:iam::123456789012:role/slipway/${name}`);
    return attributes.arn;
  };
});

/** Runs bootstrap's output as a person does, with a gh that only writes down what it is asked. */
async function github(project: Adopted, there: readonly string[]): Promise<string[]> {
  const bin = join(project.folder, "bin");
  const log = join(bin, "calls");
  mkdirSync(bin, { recursive: true });
  writeFileSync(log, "");
  const known = there.map((one) => `repos/${one.replace(" ", "/environments/")}`);
  const script = `#!/bin/sh
echo "$*" >> '${log}'
case "$1 $2 " in
  ${["none", ...known].map((path) => `"api ${path} "`).join(" | ")}) exit 0 ;;
  "api repos/"*) exit 1 ;;
esac
`;
  writeFileSync(join(bin, "gh"), script);
  chmodSync(join(bin, "gh"), 0o755);
  await project.done(`PATH='${bin}':"$PATH"; ${command("output -raw github")}`);
  return readFileSync(log, "utf8").trimEnd().split("\n");
}

/** The GitHub environments that were made, each closed but for its branch rules. */
function environmentsMade(calls: readonly string[]): string[] {
  const made = calls.filter((call) => call.startsWith("api --method PUT"));
  for (const call of made) expect(call).toContain("deployment_branch_policy[custom_branch_policies]=true");
  return made.map((call) => call.split(" ")[3] ?? "");
}

/** What was set, by repository and environment. */
function variables(calls: readonly string[]): Record<string, Record<string, string>> {
  const found: Record<string, Record<string, string>> = {};
  for (const call of calls.filter((one) => one.startsWith("variable"))) {
    const [, name = "", repository, environment, value = ""] =
      /^variable set (\w+) --repo (\S+)(?: --env (\S+))? --body (\S+)$/.exec(call) ?? [];
    expect(repository, call).toBeDefined();
    const place = [repository, environment].filter(Boolean).join(" ");
    found[place] ??= {};
    expect(found[place], `${place} has ${name} twice`).not.toHaveProperty(name);
    found[place][name] = value;
  }
  return found;
}
