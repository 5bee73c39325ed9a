import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { SnsTopic } from "@cdktf/provider-aws/lib/sns-topic";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { divide } from "../../modules/bootstrap/ci-role";
import { namedServices, services } from "../../modules/bootstrap/terraform-access";
import { optionalServices } from "../../modules/bootstrap/used-services";
import type { Deployable } from "../../modules/contract/policy";
import { policy as deployPolicy } from "../../modules/contract/policy";
import type { EnvironmentFile, EnvironmentProps } from "../../modules/environment";
import type { Ruling } from "../../modules/policy";
import { resolveProject } from "../../modules/project";
import { shipped } from "../support/shipped";
import type { Graph, Json } from "./support/graph";
import { larger, least } from "./support/least";
import { synthesize, synthesizeBootstrap } from "./support/synthesize";

const context = {
  project: "app",
  bootstrap: {
    region: "us-west-2",
    github: { repository: "owner/infrastructure", services: ["owner@12/web@34"] },
    budget: { monthly: 250, emails: ["ops@example.com"] },
  },
};
const graph = synthesizeBootstrap(shipped, context);
const ACCOUNT = "${data.aws_caller_identity.caller.account_id}";
const BUCKET = "${aws_s3_bucket.state_bucket.arn}";

const withBootstrap = (bootstrap: object, files: Parameters<typeof synthesizeBootstrap>[0] = shipped) =>
  synthesizeBootstrap(files, { ...context, bootstrap: { ...context.bootstrap, ...bootstrap } });

/** All statements of a role, over all its policies that are attached to it. */
function statementsOf(of: Graph, role: string): Ruling[] {
  const attached = of
    .all("aws_iam_role_policy_attachment")
    .filter(({ body }) => body.role === `\${aws_iam_role.ci_${role}.name}`)
    .map(({ body }) => /aws_iam_policy\.(\w+)\.arn/.exec(body.policy_arn)?.[1]);
  return attached.flatMap((id) => JSON.parse(of.one("aws_iam_policy", id).policy).Statement);
}

/** What a role asks of a token: the conditions of each statement by claim, without the audience that all ask for. */
const asks = (of: Graph, role: string): Record<string, Record<string, string | string[]>>[] =>
  JSON.parse(of.one("aws_iam_role", `ci_${role}`).assume_role_policy).Statement.map(
    ({ Principal, Action, Condition }: Json) => {
      expect(Principal).toEqual({ Federated: "${aws_iam_openid_connect_provider.ci_github.arn}" });
      expect(Action).toBe("sts:AssumeRoleWithWebIdentity");
      const claims = Object.entries<Record<string, string>>(Condition).map(
        ([operator, keys]) =>
          [
            operator,
            Object.fromEntries(
              Object.entries(keys).map(([key, value]) => [
                key.replace("token.actions.githubusercontent.com:", ""),
                value,
              ]),
            ),
          ] as const,
      );
      const { StringEquals: { aud, ...equals } = {}, ...others } = Object.fromEntries(claims);
      expect(aud).toBe("sts.amazonaws.com");
      return { ...(Object.keys(equals).length > 0 && { StringEquals: equals }), ...others };
    },
  );

/** IAM's wildcard. */
const matches = (pattern: string, text: string) =>
  new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*")}$`).test(text);

/** Whether some statement allows the action on the resource, conditions left aside. */
const allows = (statements: readonly Ruling[], action: string, resource: string) =>
  statements.some(
    ({ Effect, Action, Resource }) =>
      Effect === "Allow" &&
      Action.some((pattern) => matches(pattern, action)) &&
      Resource.some((pattern) => matches(pattern, resource)),
  );

describe("the state bucket", () => {
  const bucket = "${aws_s3_bucket.state_bucket.id}";

  test("is the only one, named by project and account, and survives every plan", () => {
    const { bucket: name, lifecycle } = graph.one("aws_s3_bucket");
    expect(name).toBe(`terraform-state-app-${ACCOUNT}`);
    expect(lifecycle).toEqual({ prevent_destroy: true });
  });

  test("is versioned, encrypted, private, and refuses plain HTTP", () => {
    expect(graph.one("aws_s3_bucket_versioning")).toMatchObject({
      bucket,
      versioning_configuration: { status: "Enabled" },
    });
    expect(graph.one("aws_s3_bucket_server_side_encryption_configuration")).toMatchObject({
      bucket,
      rule: [{ apply_server_side_encryption_by_default: { sse_algorithm: "AES256" } }],
    });
    const { bucket: blocked, "//": _, ...block } = graph.one("aws_s3_bucket_public_access_block");
    expect(blocked).toBe(bucket);
    expect(Object.values(block)).toEqual([true, true, true, true]);
    const [statement, ...others] = JSON.parse(graph.one("aws_s3_bucket_policy").policy).Statement;
    expect(others).toEqual([]);
    expect(statement).toMatchObject({
      Effect: "Deny",
      Action: "s3:*",
      Resource: [BUCKET, `${BUCKET}/*`],
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    });
  });

  test("keeps what was written over for ninety days", () => {
    expect(graph.one("aws_s3_bucket_lifecycle_configuration").rule).toMatchObject([
      { status: "Enabled", noncurrent_version_expiration: [{ noncurrent_days: 90 }] },
    ]);
    expect(JSON.stringify(graph.one("aws_s3_bucket_lifecycle_configuration"))).not.toContain('"expiration"');
  });
});

describe("repositories", () => {
  const repositories = (of: Graph) =>
    of.all("aws_ecr_repository").map(({ id, body }) => [id, body.region, body.name]);
  const rules = (id: string) =>
    JSON.parse(graph.one("aws_ecr_lifecycle_policy", `${id}_lifecycle`).policy).rules;

  test("are one that releases are pushed to, and one of each environment, but what an environment makes", () => {
    expect(repositories(graph)).toEqual([
      ["registry_app", undefined, "app"],
      ["registry_app-prod", undefined, "app-prod"],
      ["registry_app-staging", undefined, "app-staging"],
    ]);
    const own: EnvironmentProps = { ...least, registry: { repository: "own", create: true } };
    expect(withBootstrap({}, { staging: own }).count("aws_ecr_repository")).toBe(0);
  });

  test("move no tag of a release; an environment's own moves in its own, and that of its candidate", () => {
    const pushed = graph.one("aws_ecr_repository", "registry_app");
    expect(pushed.image_tag_mutability).toBe("IMMUTABLE");
    expect(pushed).not.toHaveProperty("image_tag_mutability_exclusion_filter");
    for (const name of ["staging", "prod"])
      expect(graph.one("aws_ecr_repository", `registry_app-${name}`)).toMatchObject({
        image_tag_mutability: "IMMUTABLE_WITH_EXCLUSION",
        image_tag_mutability_exclusion_filter: [name, `${name}-candidate`].map((filter) => ({
          filter,
          filter_type: "WILDCARD",
        })),
      });
  });

  test("lose what is old, and never what runs; copies of what ran before have no tag, and go by their number alone", () => {
    const selections = (id: string) =>
      rules(id).map(({ selection }: Json) => [
        selection.tagStatus,
        selection.tagPatternList?.join(),
        selection.countNumber,
      ]);
    expect(selections("registry_app")).toEqual([
      ["untagged", undefined, 30],
      ["any", undefined, 200],
    ]);
    expect(selections("registry_app-prod")).toEqual([
      ["tagged", "prod", 9999],
      ["tagged", "prod-candidate", 9999],
      ["any", undefined, 200],
    ]);
    expect(rules("registry_app-prod").map(({ rulePriority }: Json) => rulePriority)).toEqual([1, 2, 3]);
  });

  test("lie in the region of those who pull from them; releases are pushed to one region alone", () => {
    const two = withBootstrap({}, { staging: least, elsewhere: { ...least, region: "eu-central-1" } });
    expect(repositories(two)).toEqual([
      ["registry_app", undefined, "app"],
      ["registry_app-elsewhere", "eu-central-1", "app-elsewhere"],
      ["registry_app-staging", undefined, "app-staging"],
    ]);
    expect(two.one("aws_ecr_lifecycle_policy", "registry_app-elsewhere_lifecycle").region).toBe(
      "eu-central-1",
    );
    const statements = statementsOf(two, "deploy_elsewhere");
    const repository = (region: string, name: string) =>
      `arn:aws:ecr:${region}:${ACCOUNT}:repository/${name}`;
    expect(allows(statements, "ecr:GetDownloadUrlForLayer", repository("us-west-2", "app"))).toBe(true);
    expect(allows(statements, "ecr:UploadLayerPart", repository("eu-central-1", "app-elsewhere"))).toBe(true);
    expect(allows(statements, "ecr:UploadLayerPart", repository("us-west-2", "app-elsewhere"))).toBe(false);
  });

  test("an environment names its own, which need not be there yet, and says where releases are copied from", () => {
    const staging = synthesize(least, "staging", resolveProject(context).project);
    expect(staging.count("data.aws_ecr_repository")).toBe(0);
    expect(JSON.parse(staging.json.output.deploy.value).services[0].image).toEqual({
      repository: "app-staging",
      tag: "staging",
      candidateTag: "staging-candidate",
      source: { repository: "app", region: "us-west-2", account: ACCOUNT },
    });
    const [container] = JSON.parse(
      staging.one("aws_ecs_task_definition", "service_web").container_definitions,
    );
    expect(container.image).toBe(`${ACCOUNT}.dkr.ecr.us-west-2.amazonaws.com/app-staging:staging`);
  });

  test("without a bootstrap stack the repository that is there is all there is", () => {
    const staging = synthesize(least, "staging", { project: "app", bootstrap: false });
    expect(staging.one("data.aws_ecr_repository").name).toBe("app");
    expect(JSON.parse(staging.json.output.deploy.value).services[0].image).not.toHaveProperty("source");
  });

  test("are each written by the role of one environment, and releases by that which pushes them", () => {
    const repository = (name: string) => `arn:aws:ecr:us-west-2:${ACCOUNT}:repository/${name}`;
    const writers = (name: string) =>
      ["push", ...["plan", "apply", "deploy"].flatMap((role) => [`${role}_staging`, `${role}_prod`])].filter(
        (role) => allows(statementsOf(graph, role), "ecr:PutImage", repository(name)),
      );
    expect(writers("app")).toEqual(["push"]);
    expect(writers("app-staging")).toEqual(["deploy_staging"]);
    expect(writers("app-prod")).toEqual(["deploy_prod"]);
  });

  test("are closed to whatever role an environment's apply gives its tasks: its own alone bears its tag", () => {
    const tagged = graph.all("aws_ecr_repository").map(({ body }) => [body.name, body.tags?.environment]);
    expect(tagged).toEqual([
      ["app", undefined],
      ["app-prod", "prod"],
      ["app-staging", "staging"],
    ]);
    const boundary = JSON.parse(graph.one("aws_iam_policy", "ci_boundary_staging").policy).Statement;
    expect(boundary.find(({ Sid }: Json) => Sid === "LeaveReleases")).toEqual({
      Sid: "LeaveReleases",
      Effect: "Deny",
      Action: ["ecr:BatchDeleteImage", "ecr:Delete*", "ecr:Put*", "ecr:SetRepositoryPolicy"],
      Resource: [`arn:aws:ecr:us-west-2:${ACCOUNT}:repository/app`],
    });
    expect(boundary.find(({ Sid }: Json) => Sid === "LeaveTagged").Condition.StringEquals).toMatchObject({
      "aws:ResourceTag/environment": ["prod"],
    });
  });

  test("are not taken for one another, whatever their names are", () => {
    const named = (registry: string): EnvironmentProps => ({ ...least, registry });
    expect(() => withBootstrap({}, { prod: named("app"), staging: named("app-prod") })).toThrow(
      /1 mistake[\s\S]*prod\.registry: "app" gives prod a repository of its own, "app-prod", which is one that releases are pushed to, too/,
    );
    expect(() => withBootstrap({}, { eu: named("app-prod"), "prod-eu": named("app") })).toThrow(
      /2 mistakes[\s\S]*eu\.registry: "app-prod" gives eu a repository of its own, "app-prod-eu", which is prod-eu's, too/,
    );
  });
});

describe("a repository that an environment makes", () => {
  const own: EnvironmentProps = { ...least, registry: { repository: "own", create: true } };

  test("is no other's: it bears tags by which their roles are refused", () => {
    const named: EnvironmentProps = { ...least, registry: "own" };
    const shared = { staging: own, prod: named, qa: least };
    expect(() => withBootstrap({}, shared)).toThrow(
      /1 mistake[\s\S]*prod: registry "own" is staging's own, which makes it, and nobody else's roles reach it; leave create out there/,
    );
    expect(() => withBootstrap({}, { staging: own, prod: own })).toThrow(/2 mistakes/);
  });

  test("may have the name of one in another region", () => {
    expect(() => withBootstrap({}, { staging: own, prod: { ...own, region: "eu-central-1" } })).not.toThrow();
  });
});

describe("who may act from CI", () => {
  test("nobody, where GitHub is left out", () => {
    const without = withBootstrap({ github: false });
    for (const type of ["aws_iam_role", "aws_iam_policy", "aws_iam_openid_connect_provider"])
      expect([type, without.count(type)]).toEqual([type, 0]);
    expect(Object.keys(without.json.output)).toEqual(["state_bucket_name", "state_bucket_region"]);
  });

  test("eight roles for two environments, apart from the environments' own by their path", () => {
    const roles = graph.all("aws_iam_role").map(({ id, body }) => [id, body.name, body.path]);
    expect(roles.sort()).toEqual([
      ["ci_apply_prod", "app-apply-prod", "/slipway/"],
      ["ci_apply_staging", "app-apply-staging", "/slipway/"],
      ["ci_deploy_prod", "app-deploy-prod", "/slipway/"],
      ["ci_deploy_staging", "app-deploy-staging", "/slipway/"],
      ["ci_plan_bootstrap", "app-plan-bootstrap", "/slipway/"],
      ["ci_plan_prod", "app-plan-prod", "/slipway/"],
      ["ci_plan_staging", "app-plan-staging", "/slipway/"],
      ["ci_push", "app-push", "/slipway/"],
    ]);
  });

  test("for an hour, or four to apply: as long as the jobs that ask for them", () => {
    const hours = graph.all("aws_iam_role").map(({ id, body }) => [id, body.max_session_duration ?? 3_600]);
    for (const [id, seconds] of hours)
      expect([id, seconds]).toEqual([id, id.startsWith("ci_apply_") ? 14_400 : 3_600]);
  });

  const own = "repo:owner/infrastructure";
  const web = "repo:owner@12/web@34";
  const terraform = "owner/infrastructure/.github/workflows/terraform.yaml";
  const [service, release] = ["build-and-deploy", "release"].map(
    (name) => `owner/infrastructure/.github/workflows/${name}.yaml`,
  );
  const main = "refs/heads/main";
  const versions = [..."0123456789"].map((digit) => `refs/tags/v${digit}*`);

  test("plan: pull requests but Dependabot's, and main", () => {
    for (const stack of ["bootstrap", "staging", "prod"])
      expect(asks(graph, `plan_${stack}`)).toEqual([
        {
          StringLike: { sub: [`${own}:pull_request`], job_workflow_ref: `${terraform}@*` },
          StringNotEquals: { actor: "dependabot[bot]" },
        },
        { StringLike: { sub: [`${own}:ref:${main}`], job_workflow_ref: `${terraform}@${main}` } },
      ]);
  });

  test("apply: main's own workflow, in the GitHub environment", () => {
    for (const environment of ["staging", "prod"])
      expect(asks(graph, `apply_${environment}`)).toEqual([
        {
          StringLike: {
            sub: [`${own}:environment:${environment}`],
            job_workflow_ref: `${terraform}@${main}`,
            ref: [main],
          },
        },
      ]);
  });

  test("push and deploy: through this repository's workflow, from what is merged or released", () => {
    const released = [main, "refs/heads/prod", ...versions];
    const sub = [`${own}:ref:*`, `${web}:ref:*`];
    expect(asks(graph, "push")).toEqual([
      { StringLike: { sub, job_workflow_ref: `${service}@*`, ref: released } },
    ]);
    for (const [environment, ref] of [
      ["staging", [main]],
      ["prod", released],
    ] as const)
      expect(asks(graph, `deploy_${environment}`)).toEqual([
        {
          StringLike: {
            sub: [`${own}:environment:${environment}`, `${web}:environment:${environment}`],
            job_workflow_ref: [`${service}@*`, `${release}@*`],
            ref,
          },
        },
      ]);
    const tags = (tag: string) => versions.some((pattern) => matches(pattern, `refs/tags/${tag}`));
    expect(["v1.2", "v10.0.1", "vendor-x", "version", "nightly"].filter(tags)).toEqual(["v1.2", "v10.0.1"]);
  });

  test("workflows that stand elsewhere are trusted of their versions alone, whoever calls them", () => {
    const called = withBootstrap({
      github: {
        repository: "owner/infrastructure",
        workflows: "their/slipway",
        services: ["owner@12/web@34"],
      },
    });
    const workflows = (role: string) =>
      asks(called, role).map(({ StringLike }) => StringLike?.job_workflow_ref);
    const theirs = (file: string) => `their/slipway/.github/workflows/${file}.yaml@refs/tags/v*`;
    expect(workflows("plan_prod")).toEqual([theirs("terraform"), theirs("terraform")]);
    expect(workflows("apply_prod")).toEqual([theirs("terraform")]);
    expect(workflows("push")).toEqual([theirs("build-and-deploy")]);
    expect(workflows("deploy_prod")).toEqual([[theirs("build-and-deploy"), theirs("release")]]);
    const [{ StringLike } = {}] = asks(called, "apply_prod");
    expect([StringLike?.sub, StringLike?.ref]).toEqual([[`${own}:environment:prod`], [main]]);
  });

  test("push and deploy: from the refs that are named for an environment, and main", () => {
    const refs = { staging: ["develop", "main"], prod: ["release/*", "tags/web-*"] };
    const named = withBootstrap({ github: { repository: "owner/infrastructure", refs } });
    const of = (role: string) => asks(named, role).map(({ StringLike }) => StringLike?.ref);
    expect(of("deploy_staging")).toEqual([[main, "refs/heads/develop"]]);
    expect(of("deploy_prod")).toEqual([[main, "refs/heads/release/*", "refs/tags/web-*"]]);
    expect(of("apply_prod")).toEqual([[main]]);
    expect(of("push")).toEqual([
      [main, "refs/heads/prod", ...versions, "refs/heads/develop", "refs/heads/release/*", "refs/tags/web-*"],
    ]);
    const setup: string = named.json.output.github.value;
    expect(setup.match(/^rule owner\/infrastructure .*$/gm)?.sort()).toEqual(
      ["prod branch 'main'", "prod branch 'release/*'", "prod tag 'web-*'"]
        .concat(["staging branch 'develop'", "staging branch 'main'"])
        .map((rule) => `rule owner/infrastructure ${rule}`),
    );
  });

  test("refs are named for environments that there are, as branches or tags", () => {
    const github = (refs: object) => ({ github: { repository: "owner/infrastructure", refs } });
    expect(() => withBootstrap(github({ qa: ["main"] }))).toThrow(
      /bootstrap\.github\.refs\.qa: is no environment; there are .*staging/,
    );
    expect(() => withBootstrap(github({ staging: ["refs/heads/main"] }))).toThrow(
      /refs\.staging\.0.*is no branch, nor a tag/,
    );
  });

  test("a repository's id is asked for, where every one is written with its own", () => {
    const ids = withBootstrap({
      github: { repository: "owner@1/infrastructure@2", services: ["owner@1/web@34"] },
    });
    const asked = (role: string) => asks(ids, role).map(({ StringEquals }) => StringEquals);
    expect(asked("plan_prod")).toEqual([{ repository_id: ["2"] }, { repository_id: ["2"] }]);
    expect(asked("apply_prod")).toEqual([{ repository_id: ["2"] }]);
    for (const role of ["push", "deploy_prod"]) expect(asked(role)).toEqual([{ repository_id: ["2", "34"] }]);
    const [{ StringLike } = {}] = asks(ids, "push");
    expect(StringLike?.sub).toEqual(["repo:owner@1/infrastructure@2:ref:*", "repo:owner@1/web@34:ref:*"]);
    expect(StringLike?.job_workflow_ref).toBe(`${service}@*`);
  });

  test("each workflow may take the roles that its jobs ask for, and no other", () => {
    const folder = join(__dirname, "../../.github/workflows");
    const roles = ["plan_prod", "push", "apply_prod", "deploy_prod"];
    for (const file of readdirSync(folder)) {
      const taken = [
        ...readFileSync(join(folder, file), "utf8").matchAll(/vars\.AWS_(\w+)_ROLES?\b(?! !=)/g),
      ];
      const trusting = roles.filter((role) =>
        asks(graph, role).some(({ StringLike }) =>
          String(StringLike?.job_workflow_ref).includes(`/workflows/${file}@`),
        ),
      );
      const words = (names: (string | undefined)[]) => [...new Set(names)].sort();
      expect([file, words(trusting.map((role) => role.split("_")[0]))]).toEqual([
        file,
        words(taken.map(([, name]) => name?.toLowerCase())),
      ]);
    }
  });

  test("through the provider that is there already, where one is", () => {
    const existing = withBootstrap({ github: { repository: "owner/x", provider: "existing" } });
    expect(existing.count("aws_iam_openid_connect_provider")).toBe(0);
    expect(existing.one("data.aws_iam_openid_connect_provider").url).toBe(
      "https://token.actions.githubusercontent.com",
    );
    const trust = existing.one("aws_iam_role", "ci_plan_prod").assume_role_policy;
    expect(trust).toContain("${data.aws_iam_openid_connect_provider.ci_github.arn}");
  });
});

describe("what they may do", () => {
  const plans = ["bootstrap", "staging", "prod"];
  const actionsOf = (of: Graph, role: string) => statementsOf(of, role).flatMap(({ Action }) => Action);

  test("plan: read, and change nothing", () => {
    const reads = /^[\w-]+:(Describe|Get|List|View)[\w*]*$/;
    for (const stack of plans) {
      const actions = actionsOf(graph, `plan_${stack}`);
      // Through Systems Manager, for the parameters below.
      const decrypts = synthesize(shipped.prod, "prod").count("aws_kms_key") > 0 && stack === "prod";
      expect([stack, actions.filter((action) => !reads.test(action))]).toEqual([
        stack,
        decrypts ? ["kms:Decrypt"] : [],
      ]);
      const statements = statementsOf(graph, `plan_${stack}`);
      expect(allows(statements, "s3:GetObject", "arn:aws:s3:::customers/list.csv")).toBe(false);
      for (const action of ["logs:GetLogEvents", "ec2:GetPasswordData", "ecr:BatchGetImage"])
        expect([action, allows(statements, action, "x")]).toEqual([action, false]);
    }
  });

  test("plan: one environment, and neither another's state, parameters, roles nor buckets", () => {
    const own = (name: string): [string, string][] => [
      ["s3:GetObject", `${BUCKET}/${name}.tfstate`],
      ["ssm:GetParameter", `arn:aws:ssm:us-west-2:${ACCOUNT}:parameter/${name}/deploy`],
      ["ssm:GetParameter", `arn:aws:ssm:us-west-2:${ACCOUNT}:parameter/${name}/database/1/password`],
      ["iam:GetRolePolicy", `arn:aws:iam::${ACCOUNT}:role/${name}-web-task`],
      ["s3:GetBucketPolicy", `arn:aws:s3:::${name}-access-logs-123456789012`],
      ["ssm:ListTagsForResource", `arn:aws:ssm:us-west-2:${ACCOUNT}:parameter/${name}/deploy`],
    ];
    const read = (role: string, name: string) =>
      own(name).map(([action, resource]) => allows(statementsOf(graph, role), action, resource));
    for (const name of ["staging", "prod"])
      for (const other of ["staging", "prod"])
        expect([name, other, new Set(read(`plan_${name}`, other))]).toEqual([
          name,
          other,
          new Set([name === other]),
        ]);
    expect(allows(statementsOf(graph, "plan_prod"), "s3:GetObject", `${BUCKET}/bootstrap.tfstate`)).toBe(
      false,
    );
    const parameter = (name: string) => `arn:aws:ssm:us-west-2:${ACCOUNT}:parameter/${name}`;
    for (const name of ["production/x", "payroll"])
      expect(allows(statementsOf(graph, "plan_prod"), "ssm:GetParameter", parameter(name))).toBe(false);
    expect(actionsOf(graph, "plan_bootstrap").filter((action) => action.startsWith("ssm:"))).toEqual([]);
  });

  test("plan: no secret that a person writes, and a database that goes is read once more", () => {
    const bare = { ...least, services: { web: { port: 80, secrets: ["STRIPE_KEY"], database: false } } };
    const patterns = (database: EnvironmentProps["database"]) =>
      statementsOf(withBootstrap({}, { staging: { ...bare, database } }), "plan_staging")
        .filter(({ Sid }) => Sid === "ReadParameters")
        .flatMap(({ Resource }) => Resource.map((one) => one.replace(/^.*:parameter/, "")));
    const aws = "/aws/service/*";
    expect(patterns({})).toEqual(["/staging/database/*", "/staging/deploy", aws]);
    expect(patterns(false)).toEqual(["/staging/database/*", "/staging/deploy", aws]);
    const but = ["/staging/database/*/*", "/staging/database/logins", "/staging/deploy", aws];
    expect(patterns({ url: "external" })).toEqual(but);
    expect(patterns({ also: "external", logins: true })).toEqual(but);
  });

  test("plan of bootstrap: its state and those without a file, but not those of the environments", () => {
    const rulings = statementsOf(graph, "plan_bootstrap");
    const about = (effect: string, name: string) =>
      rulings.some(
        ({ Effect, Action, Resource }) =>
          Effect === effect &&
          Action.includes("s3:GetObject") &&
          Resource.some((pattern) => matches(pattern, `${BUCKET}/${name}.tfstate`)),
      );
    const mayRead = (name: string) => about("Allow", name) && !about("Deny", name);
    expect(["bootstrap", "gone", "staging", "prod"].map(mayRead)).toEqual([true, true, false, false]);
  });

  test("apply: its own state, names and parameters, and neither another environment's nor the roles of CI", () => {
    const statements = statementsOf(graph, "apply_staging");
    const iam = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
    const may: [string, string][] = [
      ["s3:PutObject", `${BUCKET}/staging.tfstate`],
      ["s3:PutObject", `${BUCKET}/staging.tfstate.tflock`],
      ["s3:DeleteObject", `${BUCKET}/staging.tfstate.tflock`],
      ["s3:PutObject", `${BUCKET}/errored/staging/4711.tfstate`],
      ["iam:PassRole", iam("staging-web-task")],
      ["ssm:PutParameter", `arn:aws:ssm:us-west-2:${ACCOUNT}:parameter/staging/deploy`],
      ["rds:CreateDBInstance", "*"],
      ["s3:PutBucketPolicy", "arn:aws:s3:::staging-access-logs-123456789012"],
    ];
    const mayNot: [string, string][] = [
      ["s3:PutObject", `${BUCKET}/prod.tfstate`],
      ["s3:PutObject", `${BUCKET}/bootstrap.tfstate`],
      ["s3:DeleteBucket", BUCKET],
      ["s3:PutBucketPolicy", BUCKET],
      ["iam:PutRolePolicy", iam("prod-web-task")],
      ["iam:PutRolePolicy", iam("slipway/app-apply-staging")],
      ["iam:UpdateAssumeRolePolicy", iam("slipway/app-apply-prod")],
      // One that somebody else made, and that begins as the environment's do.
      ["iam:UpdateAssumeRolePolicy", iam("staging-administrator")],
      ["iam:PassRole", iam("staging-administrator")],
      ["iam:CreatePolicyVersion", "*"],
      ["iam:CreateUser", "*"],
      ["iam:CreateAccessKey", "*"],
      ["iam:UpdateOpenIDConnectProviderThumbprint", "*"],
      ["ssm:PutParameter", `arn:aws:ssm:us-west-2:${ACCOUNT}:parameter/prod/deploy`],
      ["ecr:PutImage", `arn:aws:ecr:us-west-2:${ACCOUNT}:repository/app`],
      ["sts:AssumeRole", "*"],
      ["organizations:LeaveOrganization", "*"],
    ];
    for (const [action, resource] of may)
      expect([action, resource, allows(statements, action, resource)]).toEqual([action, resource, true]);
    for (const [action, resource] of mayNot)
      expect([action, resource, allows(statements, action, resource)]).toEqual([action, resource, false]);
  });

  test("apply: what knows no name only in its region, and where the global services are", () => {
    const wide = statementsOf(graph, "apply_staging").filter(
      ({ Effect, Action }) => Effect === "Allow" && Action.some((action) => action.endsWith(":*")),
    );
    expect(wide.map(({ Condition }) => Condition)).toEqual([
      { StringEquals: { "aws:RequestedRegion": ["us-west-2", "us-east-1"] } },
    ]);
  });

  test("apply: alarms of the services that follow their load, of this environment alone", () => {
    const alarm = (name: string) => `arn:aws:cloudwatch:us-west-2:${ACCOUNT}:alarm:${name}`;
    const alarms = ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"];
    const scaled = Object.entries(shipped).filter(
      ([name, file]) => synthesize(file, name).count("aws_appautoscaling_policy") > 0,
    );
    expect(scaled.map(([name]) => name)).toEqual(["prod"]);
    const prod = statementsOf(graph, "apply_prod");
    const own = alarm("TargetTracking-service/prod/prod-web-AlarmHigh-7a");
    for (const action of alarms) {
      expect([action, allows(prod, action, own)]).toEqual([action, true]);
      expect(allows(prod, action, alarm("TargetTracking-service/staging/staging-web-AlarmHigh-7a"))).toBe(
        false,
      );
      expect(allows(prod, action, alarm("payments"))).toBe(false);
      expect(allows(statementsOf(graph, "apply_staging"), action, own)).toBe(false);
    }
    for (const [role, reads] of [
      ["plan_prod", true],
      ["plan_staging", false],
      ["apply_prod", true],
      ["apply_staging", false],
    ] as const)
      expect([role, allows(statementsOf(graph, role), "cloudwatch:DescribeAlarms", "*")]).toEqual([
        role,
        reads,
      ]);
  });

  test("apply and plan: a key of the environment's own, and no other's", () => {
    const of = withBootstrap({}, { staging: { ...least, encryption: "own" }, prod: larger });
    const keys = `arn:aws:kms:us-west-2:${ACCOUNT}:key/*`;
    const conditionOf = (role: string, action: string) =>
      statementsOf(of, role).find(({ Action }: Json) => [Action].flat().includes(action))?.Condition;
    expect(conditionOf("apply_staging", "kms:CreateKey")).toEqual({
      StringEquals: { "aws:RequestTag/environment": "staging" },
    });
    for (const action of ["kms:Decrypt", "kms:Encrypt", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"]) {
      expect(allows(statementsOf(of, "apply_staging"), action, keys)).toBe(true);
      expect(conditionOf("apply_staging", action)).toEqual({
        StringEquals: { "aws:ResourceTag/environment": "staging" },
      });
    }
    expect(conditionOf("plan_staging", "kms:Decrypt")).toEqual({
      StringEquals: {
        "aws:ResourceTag/environment": "staging",
        "kms:ViaService": "ssm.us-west-2.amazonaws.com",
      },
      StringLike: {
        "kms:EncryptionContext:PARAMETER_ARN": ["database/*", "deploy"].map(
          (name) => `arn:aws:ssm:us-west-2:${ACCOUNT}:parameter/staging/${name}`,
        ),
      },
    });
    expect(allows(statementsOf(of, "plan_staging"), "kms:DescribeKey", "*")).toBe(true);
    const without = withBootstrap({}, { staging: least });
    expect(allows(statementsOf(without, "plan_staging"), "kms:Decrypt", keys)).toBe(false);
  });

  test("apply and plan: what an environment's own resources belong to, and not what they do not", () => {
    const queues = (name: string) => `arn:aws:sqs:us-west-2:${ACCOUNT}:${name}-jobs`;
    const staging: EnvironmentFile = {
      props: { ...least, services: { web: { port: 80, uses: { jobs: "queue" } } } },
      extend: (own) => void new SnsTopic(own, "news", { name: "staging-news" }),
    };
    const of = withBootstrap({}, { staging, prod: larger });
    const apply = statementsOf(of, "apply_staging");
    expect(allows(apply, "sqs:CreateQueue", queues("staging"))).toBe(true);
    expect(allows(apply, "sqs:CreateQueue", queues("prod"))).toBe(false);
    expect(allows(apply, "sqs:ReceiveMessage", queues("staging"))).toBe(false);
    expect(allows(apply, "sns:CreateTopic", "*")).toBe(true);
    for (const service of ["dynamodb", "elasticfilesystem", "events", "cloudwatch"])
      expect(allows(apply, `${service}:Anything`, "*")).toBe(false);
    for (const action of ["sqs:GetQueueAttributes", "sns:GetTopicAttributes"]) {
      expect(allows(statementsOf(of, "plan_staging"), action, "*")).toBe(true);
      for (const role of ["apply_prod", "plan_prod"])
        expect(allows(statementsOf(of, role), action, "*")).toBe(false);
    }
  });

  test("apply: attach AWS's policies for instances, and none that makes an administrator", () => {
    const attach = statementsOf(graph, "apply_prod").filter(
      ({ Effect, Action }) =>
        Effect === "Allow" && Action.some((action) => matches(action, "iam:AttachRolePolicy")),
    );
    const attached = new Set(
      Object.entries(shipped)
        .map(([name, file]) => synthesize(file, name))
        .flatMap((of) => of.all("aws_iam_role_policy_attachment").map(({ body }) => body.policy_arn)),
    );
    expect(attach.map(({ Condition }) => new Set(Condition?.ArnEquals?.["iam:PolicyARN"]))).toEqual([
      attached,
    ]);
  });

  const boundaryOf = (of: Graph, name: string) => of.one("aws_iam_policy", `ci_boundary_${name}`);

  test("apply: gives rights to roles within its environment's boundary alone, and cannot change or take off that", () => {
    const within = { "iam:PermissionsBoundary": "${aws_iam_policy.ci_boundary_staging.arn}" };
    const statements = statementsOf(graph, "apply_staging");
    for (const action of ["CreateRole", "PutRolePolicy", "AttachRolePolicy", "PutRolePermissionsBoundary"]) {
      const allowing = statements.filter(({ Action }) => Action.includes(`iam:${action}`));
      expect([action, allowing.map(({ Condition }) => Condition?.StringEquals)]).toEqual([action, [within]]);
    }
    const iam = new Set(statements.flatMap(({ Action }) => Action.filter((one) => one.startsWith("iam:"))));
    for (const pattern of iam)
      for (const action of [
        "DeleteRolePermissionsBoundary",
        "CreatePolicyVersion",
        "SetDefaultPolicyVersion",
        "DeletePolicy",
        "CreatePolicy",
        "AttachUserPolicy",
      ])
        expect([pattern, action, matches(pattern, `iam:${action}`)]).toEqual([pattern, action, false]);
    expect(boundaryOf(graph, "staging")).toMatchObject({ name: "app-boundary-staging", path: "/slipway/" });
  });

  test("apply: hands its roles to the services that they trust, and to no other", () => {
    const of = withBootstrap({}, { staging: least });
    const pass = statementsOf(of, "apply_staging").filter(({ Action }) => Action.includes("iam:PassRole"));
    expect(pass.map(({ Condition }) => Condition)).toEqual([
      { StringEquals: { "iam:PassedToService": ["ec2.amazonaws.com", "ecs-tasks.amazonaws.com"] } },
    ]);
  });

  test("apply: hands on and opens exactly the roles that the environment has, a team's own among them", () => {
    const file: EnvironmentFile = {
      props: least,
      extend: (own) =>
        void new IamRole(own, "own", { name: "staging-own", path: "/team/", assumeRolePolicy: "{}" }),
    };
    const statements = statementsOf(withBootstrap({}, { staging: file }), "apply_staging");
    const roles = synthesize(file)
      .all("aws_iam_role")
      .map(({ body }) => `arn:aws:iam::${ACCOUNT}:role${body.path ?? "/"}${body.name}`);
    expect(roles).toContain(`arn:aws:iam::${ACCOUNT}:role/team/staging-own`);
    for (const sid of ["TrustRoles", "PassRoles"])
      expect([
        sid,
        statements
          .filter(({ Sid }) => Sid === sid)
          .flatMap(({ Resource }) => Resource)
          .sort(),
      ]).toEqual([sid, roles.sort()]);
  });

  test("apply: leaves what bears another environment's tags, but networks of its peers, and gives nobody such a tag", () => {
    const of = withBootstrap(
      {},
      {
        staging: { ...least, network: { cidr: "10.1.0.0/16", peering: ["prod"] } },
        prod: { ...larger, network: { cidr: "10.2.0.0/16" } },
        qa: { ...least, network: { cidr: "10.3.0.0/16" } },
      },
    );
    const refused = (name: string) =>
      Object.fromEntries(
        statementsOf(of, `apply_${name}`).flatMap(({ Sid, Effect, Action, Condition }) =>
          Effect === "Deny"
            ? [[Sid, [Action.some((one) => matches(one, "ec2:CreateRoute")), Condition?.StringEquals]]]
            : [],
        ),
      );
    const tags = (environments: string[]) => ({
      "aws:ResourceTag/project": "app",
      "aws:ResourceTag/environment": environments,
    });
    expect(refused("staging")).toEqual({
      ClaimNothing: [true, { "aws:RequestTag/environment": ["prod", "qa"] }],
      LeaveTagged: [true, tags(["qa"])],
      LeavePeers: [false, tags(["prod"])],
    });
    expect(refused("prod")).toEqual({
      ClaimNothing: [true, { "aws:RequestTag/environment": ["staging", "qa"] }],
      LeaveTagged: [true, tags(["staging", "qa"])],
    });
    expect(
      statementsOf(withBootstrap({}, { staging: least }), "apply_staging").map(({ Effect }) => Effect),
    ).not.toContain("Deny");
  });

  test("a boundary gives nothing in IAM but roles to ECS, and nothing of what is another environment's, or the states", () => {
    const [anything, pass, others, , tagged] = JSON.parse(boundaryOf(graph, "staging").policy).Statement;
    expect(anything).toMatchObject({ Effect: "Allow", NotAction: ["account:*", "iam:*", "organizations:*"] });
    expect(pass).toMatchObject({
      Effect: "Allow",
      Action: ["iam:PassRole"],
      Resource: [`arn:aws:iam::${ACCOUNT}:role/staging-*`],
      Condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
    });
    expect(others).toMatchObject({ Effect: "Deny", Action: ["*"] });
    const left = (resource: string) => others.Resource.some((one: string) => matches(one, resource));
    for (const [name, refused] of [
      ["staging", false],
      ["prod", true],
    ] as const)
      expect([
        left(`arn:aws:iam::${ACCOUNT}:role/${name}-web-task`),
        left(`arn:aws:s3:::${name}-uploads-123456789012/cat.png`),
        left(`arn:aws:ssm:us-west-2:${ACCOUNT}:parameter/${name}/service/web/API_KEY`),
      ]).toEqual([refused, refused, refused]);
    expect(left(`${BUCKET}/staging.tfstate`)).toBe(true);
    expect(tagged).toMatchObject({
      Effect: "Deny",
      Condition: {
        StringEquals: { "aws:ResourceTag/project": "app", "aws:ResourceTag/environment": ["prod"] },
      },
    });
  });

  test("a boundary of twenty environments is no longer than AWS takes", () => {
    const names = Array.from({ length: 20 }, (_, index) => `environment-${index}-long`.padEnd(24, "x"));
    const of = withBootstrap({}, Object.fromEntries(names.map((name) => [name, least])));
    const { policy } = boundaryOf(of, names[0] ?? "");
    expect(policy.replaceAll(ACCOUNT, "123456789012").length).toBeLessThanOrEqual(6_144);
  });

  test("every role of an environment has its boundary, a team's own too, where roles for CI demand it", () => {
    const project = { project: "app", bootstrap: { github: {} } };
    const file: EnvironmentFile = {
      props: larger,
      extend: (own) => void new IamRole(own, "own", { name: "staging-own", assumeRolePolicy: "{}" }),
    };
    const of = synthesize(file, "staging", project);
    const roles = of.all("aws_iam_role").map(({ body }) => body.permissions_boundary);
    expect(roles.length).toBeGreaterThan(3);
    expect(new Set(roles)).toEqual(new Set([`arn:aws:iam::${ACCOUNT}:policy/slipway/app-boundary-staging`]));
    for (const bootstrap of [false, { github: false }] as const)
      for (const { body } of synthesize(larger, "staging", { project: "app", bootstrap }).all("aws_iam_role"))
        expect(body).not.toHaveProperty("permissions_boundary");
  });

  test("apply: a repository of its own, where the environment makes one", () => {
    const own: EnvironmentProps = { ...least, registry: { repository: "own", create: true } };
    const statements = statementsOf(withBootstrap({}, { staging: own }), "apply_staging");
    const repository = (name: string) => `arn:aws:ecr:us-west-2:${ACCOUNT}:repository/${name}`;
    expect(allows(statements, "ecr:CreateRepository", repository("own"))).toBe(true);
    expect(allows(statements, "ecr:CreateRepository", repository("app"))).toBe(false);
  });

  test("push: to the repositories of the environments", () => {
    const statements = statementsOf(graph, "push");
    expect(statements.map(({ Sid }) => Sid)).toEqual(["EcrLogin", "PushImages"]);
    expect(statements[1]?.Resource).toEqual([`arn:aws:ecr:us-west-2:${ACCOUNT}:repository/app`]);
  });

  test("deploy: exactly what deploy generates from the contract that will be applied", () => {
    for (const [name, file] of Object.entries(shipped)) {
      const contract = inWords(synthesize(file, name, resolveProject(context).project));
      expect(statementsOf(graph, `deploy_${name}`)).toEqual(deployPolicy(contract).Statement);
    }
  });

  test("deploy: undivided by thirty services but for its length", () => {
    const web = least.services?.web ?? {};
    const services = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [
        `service-${index}`,
        { ...web, paths: [`/${index}/*`], priority: index + 1 },
      ]),
    );
    const thirty = { ...least, services };
    const of = withBootstrap({}, { staging: thirty });
    const policies = of.all("aws_iam_policy").filter(({ id }) => id.startsWith("ci_deploy_"));
    expect(policies.length).toBeGreaterThan(1);
    expect(policies.length).toBeLessThanOrEqual(10);
    for (const { body } of policies)
      expect(body.policy.replaceAll(ACCOUNT, "123456789012").length).toBeLessThanOrEqual(6_144);
    const together = (statements: readonly Ruling[]) =>
      new Set(statements.flatMap(({ Sid, Resource }) => Resource.map((resource) => `${Sid} ${resource}`)));
    const expected = deployPolicy(
      inWords(synthesize(thirty, "staging", resolveProject(context).project)),
    ).Statement;
    expect(together(statementsOf(of, "deploy_staging"))).toEqual(together(expected));
  });
});

/** The contract as an apply will make it: names in the place of references to them. */
function inWords(environment: Graph): Deployable {
  const named: Readonly<Record<string, (body: Json) => string>> = {
    "aws_ecs_cluster.name": ({ name }) => name,
    "aws_ecs_service.name": ({ name }) => name,
    "aws_cloudwatch_log_group.name": ({ name }) => name,
    "data.aws_ecr_repository.name": ({ name }) => name,
    "aws_ssm_parameter.name": ({ name }) => name,
    "aws_db_instance.identifier": ({ identifier }) => identifier,
    "aws_iam_role.arn": ({ name }) => `arn:aws:iam::${ACCOUNT}:role/${name}`,
    "aws_ecs_task_definition.arn": ({ family }) =>
      `arn:aws:ecs:us-west-2:${ACCOUNT}:task-definition/${family}:7`,
  };
  const value: string = environment.json.output.deploy.value;
  const words = value.replaceAll(/\$\{([\w.-]+)\}/g, (reference, path: string) => {
    const match = /^((?:data\.)?aws_\w+)\.([\w-]+)\.(\w+)$/.exec(path);
    const name = match && named[`${match[1]}.${match[3]}`];
    return name && match ? name(environment.one(match[1] ?? "", match[2])) : reference;
  });
  return JSON.parse(words);
}

describe("what Terraform calls", () => {
  /** The AWS service of each resource type that environments are made of, by how its name begins. */
  const prefixes: readonly [string, string][] = [
    ["aws_acm_", "acm"],
    ["aws_appautoscaling_", "application-autoscaling"],
    ["aws_autoscaling_", "autoscaling"],
    ["aws_cloudfront_", "cloudfront"],
    ["aws_cloudwatch_log_", "logs"],
    ["aws_db_", "rds"],
    ["aws_ecr_", "ecr"],
    ["aws_ecs_", "ecs"],
    ["aws_efs_", "elasticfilesystem"],
    ["aws_elasticache_", "elasticache"],
    ["aws_iam_", "iam"],
    ["aws_kms_", "kms"],
    ["aws_lb", "elasticloadbalancing"],
    ["aws_route53_", "route53"],
    ["aws_s3_", "s3"],
    ["aws_scheduler_", "scheduler"],
    ["aws_sqs_", "sqs"],
    ["aws_ssm_", "ssm"],
    ["aws_wafv2_", "wafv2"],
    ["aws_budgets_", "budgets"],
    ["aws_", "ec2"],
  ];
  const serviceOf = (type: string) => prefixes.find(([prefix]) => type.startsWith(prefix))?.[1] ?? type;

  test("of every service that the modules use, a plan may read", () => {
    const used = new Set(typesInModules().map(serviceOf));
    const known = new Set([...Object.keys(services), ...Object.keys(namedServices)]);
    const optional = Object.keys(optionalServices);
    expect([...used].filter((service) => !known.has(service) && !optional.includes(service))).toEqual([]);
    expect([...known].filter((service) => !used.has(service))).toEqual([]);
  });
});

/** Resource types and data sources that the modules import. */
function typesInModules(): string[] {
  const folder = join(__dirname, "../../modules");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) => [
      ...readFileSync(join(folder, file), "utf8").matchAll(/provider-aws\/lib\/([a-z0-9-]+)"/g),
    ])
    .map(([, name = ""]) => name)
    .filter((name) => !["provider", "data-aws-caller-identity"].includes(name))
    .map((name) => `aws_${name.replace(/^data-aws-/, "").replaceAll("-", "_")}`);
}

describe("dividing a policy", () => {
  const statement = fc.record({
    Sid: fc.string({ minLength: 1, maxLength: 10 }),
    Effect: fc.constant("Allow" as const),
    Action: fc.array(fc.string({ maxLength: 20 }), { minLength: 1, maxLength: 3 }),
    Resource: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 30 }),
  });
  const statements = fc.uniqueArray(statement, { selector: ({ Sid }) => Sid, maxLength: 8 });
  const pairs = (all: readonly Ruling[]) =>
    all.flatMap(({ Sid, Action, Resource }) =>
      Resource.map((resource) => JSON.stringify([Sid, Action, resource])),
    );

  test("loses nothing, adds nothing, keeps the order, and keeps each below the limit", () => {
    fc.assert(
      fc.property(statements, fc.integer({ min: 400, max: 2_000 }), (all, longest) => {
        const documents = divide(all, longest);
        expect(documents.flatMap(pairs)).toEqual(pairs(all));
        for (const one of documents) {
          const text = JSON.stringify({ Version: "2012-10-17", Statement: one });
          const single = one.length === 1 && one[0]?.Resource.length === 1;
          expect(single || text.length <= longest).toBe(true);
        }
      }),
    );
  });

  test("leaves one document where all fits", () => {
    fc.assert(
      fc.property(statements, (all) => {
        expect(divide(all, 1_000_000)).toEqual([all]);
      }),
    );
  });
});

describe("the rest", () => {
  test("ECS's role is made unless somebody else made it, and stays once it is ours", () => {
    const { count, aws_service_name } = graph.one("aws_iam_service_linked_role");
    expect(aws_service_name).toBe("ecs.amazonaws.com");
    expect(count).toContain("data.aws_iam_role.ecs_role_existing");
    expect(count).toContain('!= "app"');
  });

  test("a budget warns at four fifths, and when the forecast exceeds it", () => {
    expect(graph.one("aws_budgets_budget")).toMatchObject({
      limit_amount: "250.00",
      time_unit: "MONTHLY",
      notification: [
        { threshold: 80, notification_type: "ACTUAL", subscriber_email_addresses: ["ops@example.com"] },
        { threshold: 100, notification_type: "FORECASTED", subscriber_email_addresses: ["ops@example.com"] },
      ],
    });
    expect(withBootstrap({ budget: false }).count("aws_budgets_budget")).toBe(0);
  });

  test("the commands for GitHub name each repository and environment without the ids of tokens", () => {
    const lines: string[] = graph.json.output.github.value.trimEnd().split("\n");
    expect(lines.filter((line) => line.includes("@"))).toEqual([]);
    const of = (repository: string, environment?: string) =>
      lines
        .filter((line) => line.includes(`--repo ${repository} `))
        .filter((line) => (environment ? line.includes(`--env ${environment} `) : !line.includes("--env")))
        .map((line) => /set (\w+)/.exec(line)?.[1]);
    expect(of("owner/infrastructure")).toEqual(["AWS_REGION", "AWS_PUSH_ROLE"]);
    expect(lines.filter((line) => line.startsWith("plan_roles "))).toEqual([
      expect.stringMatching(/^plan_roles owner\/infrastructure \S+ '\{"bootstrap":/),
    ]);
    expect(of("owner/web")).toEqual(["AWS_REGION", "AWS_PUSH_ROLE"]);
    for (const environment of ["staging", "prod"]) {
      expect(of("owner/infrastructure", environment)).toEqual([
        "AWS_REGION",
        "AWS_APPLY_ROLE",
        "AWS_DEPLOY_ROLE",
      ]);
      expect(of("owner/web", environment)).toEqual(["AWS_REGION", "AWS_DEPLOY_ROLE"]);
    }
    expect(lines.filter((line) => line.startsWith("environment ")).sort()).toEqual(
      ["infrastructure", "web"].flatMap((repository) =>
        ["prod", "staging"].map((environment) => `environment owner/${repository} ${environment}`),
      ),
    );
  });

  test("the commands make each environment once, with rules for the refs that its roles trust", () => {
    const gh = runSetup(graph.json.output.github.value, { there: false, rules: [] });
    const puts = gh.filter((call) => call.includes("--method PUT"));
    expect(puts).toHaveLength(4);
    for (const call of puts)
      expect(call).toMatch(
        /deployment_branch_policy\[protected_branches\]=false .*\[custom_branch_policies\]=true$/,
      );
    const rules = (calls: string[], environment: string) =>
      calls
        .filter((call) => call.includes(`owner/web/environments/${environment}/deployment-branch`))
        .map((call) => /-f type=(\w+) -f name=(.+)$/.exec(call)?.slice(1).join(" "))
        .filter(Boolean);
    expect(rules(gh, "staging")).toEqual(["branch main"]);
    expect(rules(gh, "prod")).toEqual(["branch main", "branch prod", "tag v[0-9]*"]);
    const again = runSetup(graph.json.output.github.value, {
      there: true,
      rules: ["main", "prod", "v[0-9]*"],
    });
    expect(again.filter((call) => call.includes("--method"))).toEqual([]);
    const open = runSetup(graph.json.output.github.value, { there: true, rules: [] });
    expect(open.filter((call) => call.includes("PUT"))).toEqual([]);
    expect(rules(open, "prod")).toHaveLength(3);
  });

  test("the variables that they set are those that the workflows read", () => {
    const workflows = join(__dirname, "../../.github/workflows");
    const read = readdirSync(workflows).flatMap((file) => [
      ...readFileSync(join(workflows, file), "utf8").matchAll(/\bvars\.(\w+)/g),
    ]);
    const set: string = graph.json.output.github.value;
    const names = [...set.matchAll(/gh variable set (\w+)/g)];
    const unique = (found: RegExpMatchArray[]) => [...new Set(found.map(([, name]) => name))].sort();
    expect(unique(names)).toEqual(unique(read));
  });

  test("a larger environment changes no address of another's roles", () => {
    const one = withBootstrap({}, { staging: least }).addresses;
    const two = withBootstrap({}, { staging: least, prod: larger }).addresses;
    expect(one.filter((address) => !two.includes(address))).toEqual([]);
  });
});

/** The calls of GitHub's CLI that the commands make, where GitHub has the environments and their rules, or not. */
function runSetup(script: string, github: { there: boolean; rules: string[] }): string[] {
  const folder = mkdtempSync(join(tmpdir(), "slipway-gh-"));
  try {
    const calls = join(folder, "calls");
    const gh = [
      "#!/bin/sh",
      `echo "$*" >> ${calls}`,
      'case "$*" in',
      `*--method*) exit 0 ;;`,
      `*branch_policies*) printf '%s\\n' ${github.rules.map((rule) => `'${rule}'`).join(" ")} ;;`,
      `*/environments/*) exit ${github.there ? 0 : 1} ;;`,
      "esac",
    ].join("\n");
    writeFileSync(join(folder, "gh"), gh, { mode: 0o755 });
    // Terraform's references, which the output has in their place.
    const input = script.replaceAll(/\$\{[^}]*\}/g, "arn:aws:iam::123456789012:role/it");
    execFileSync("sh", { input, env: { PATH: `${folder}:${process.env.PATH}` } });
    return readFileSync(calls, "utf8").trimEnd().split("\n");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("mistakes", () => {
  const mistakesOf = (wrong: unknown) =>
    resolveProject(wrong).mistakes.map(({ path, message }) => `${path}: ${message}`);

  test.each<[unknown, RegExp]>([
    [{}, /^cdktf\.json\.context\.project: is missing: give a string\.$/],
    [{ project: "My App" }, /context\.project: "My App" must start with a letter/],
    [{ project: "a", bootstrap: { region: "mars-1" } }, /context\.bootstrap\.region: "mars-1" is no region/],
    [
      { project: "a", bootstrap: { region: "us-west-2", github: "repository" } },
      /bootstrap\.github\.repository: "repository" is no GitHub repository; write "owner\/repository"/,
    ],
    [
      { project: "a", bootstrap: { region: "us-west-2", github: "owner/*" } },
      /bootstrap\.github\.repository: "owner\/\*" is no GitHub repository/,
    ],
    ...["o@1/r", "o/r@2", "o@/r@"].map((half): [unknown, RegExp] => [
      { project: "a", bootstrap: { region: "us-west-2", github: half } },
      new RegExp(`github\\.repository: "${half}" is no GitHub repository; .* ids of both "owner@<id>/repo`),
    ]),
    [
      { project: "a", bootstrap: { region: "us-west-2", budget: { monthly: 100, emails: [] } } },
      /bootstrap\.budget\.emails: .*is empty: nobody would hear of it/,
    ],
    [
      { project: "a", bootstrap: { region: "us-west-2", budget: { monthly: 0, emails: ["x"] } } },
      /bootstrap\.budget\.monthly: 0 is below the least allowed/,
    ],
    [{ project: "a", bootstrap: { region: "us-west-2", gitlab: 1 } }, /has no option "gitlab"/],
    [
      { project: "a", stateBuckt: "states" },
      /^cdktf\.json\.context\.stateBuckt: is no option, .*: did you mean "stateBucket"\?$/,
    ],
    [
      { project: "a", "state-region": "us-west-2" },
      /context\.state-region: .* did you mean "stateRegion"\?$/,
    ],
    [{ project: "a", Quota: {} }, /context\.Quota: .* did you mean "quotas"\?$/],
    [{ projet: "a" }, /context\.project: is missing.*\n.*\.projet: .* did you mean "project"\?$/],
  ])("%j", (wrong, message) => {
    expect(mistakesOf(wrong).join("\n")).toMatch(message);
  });

  test("a key of cdktf's own or of a team's is no mistake", () => {
    const context = { project: "a", excludeStackIdFromLogicalIds: "true", team: "web", stage: "x" };
    expect(mistakesOf(context)).toEqual([]);
  });

  test("more repositories than a trust policy holds, and no fewer", () => {
    const github = (count: number) => ({
      repository: "owner/infrastructure",
      services: Array.from(
        { length: count },
        (_, index) => `owner/service-${String(index).padStart(4, "0")}`,
      ),
    });
    const context = (count: number) => ({
      project: "app",
      bootstrap: { region: "us-west-2", github: github(count) },
    });
    const most = Array.from({ length: 40 }, (_, count) => count).findLast(
      (count) => mistakesOf(context(count)).length === 0,
    );
    if (most === undefined) throw new Error("Not one fits.");
    expect(mistakesOf(context(most + 1))).toEqual([
      expect.stringMatching(
        /^cdktf\.json\.context\.bootstrap\.github\.services: are more than a role's trust/,
      ),
    ]);
    const longest = (count: number) => {
      const of = synthesizeBootstrap({ prod: least, ["x".repeat(24)]: least }, context(count));
      const provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com";
      return Math.max(
        ...of
          .all("aws_iam_role")
          .map(({ body }) => body.assume_role_policy.replaceAll(/\$\{[^}]*\}/g, provider).length),
      );
    };
    expect(longest(most)).toBeLessThanOrEqual(2_048);
    const another = longest(most) - longest(most - 1);
    expect(longest(most) + another).toBeGreaterThan(2_048);
  });

  test("all at once", () => {
    expect(mistakesOf({ project: "A", bootstrap: { region: "x", github: "y" } })).toHaveLength(3);
  });

  test("no environment takes a name that the state bucket's begins with", () => {
    for (const name of ["terraform", "terraform-state"])
      expect(() => synthesize(least, name)).toThrow(`"${name}" starts with "terraform"`);
  });
});
