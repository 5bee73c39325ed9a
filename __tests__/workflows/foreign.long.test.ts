import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commands } from "../adopting/support/guide";
import { serveSynthesis } from "../support/synthesis";
import { linkedCheckout, newMachines } from "./support/checkout";
import { contextsOf, type Event, VARIABLES } from "./support/events";
import { type JobRun, runJob, type RunOptions, sandboxed } from "./support/runner";
import { type Job, ROOT, workflowOf } from "./support/workflows";

const { jobs } = workflowOf("terraform");

/** Another team's copy of this repository, as docs/adopting.md has them write it. */
interface Team {
  readonly repository: string;
  readonly region: string;
  /** `context` of cdktf.json. */
  readonly context: { readonly project: string; readonly [option: string]: unknown };
  /** By name: what stands in environments/. */
  readonly environments: Readonly<Record<string, string>>;
  /** What its account has before, as options of the sandbox. */
  readonly there: readonly string[];
}

const shop: Team = {
  repository: "acme/platform",
  region: "eu-central-1",
  context: {
    project: "shop",
    stateBucket: "terraform-state-shop-123456789012",
    stateRegion: "eu-central-1",
    bootstrap: {
      region: "eu-central-1",
      github: { repository: "acme/platform", services: ["acme/storefront"] },
      budget: { monthly: 400, emails: ["team@acme.example"] },
    },
  },
  environments: {
    qa: `import { environment, small } from "slipway";
export default environment({
  preset: small,
  region: "eu-central-1",
  network: { zones: 2 },
  registry: "storefront",
  services: { store: { port: 3000, health: "/up", database: ["DATABASE_URL"], secrets: ["STRIPE_KEY"] } },
});
`,
    uat: `import { environment, small } from "slipway";
export default environment({
  preset: small,
  after: "qa",
  region: "eu-central-1",
  registry: "storefront",
  distribution: { domain: { names: ["www.acme.io", "acme.io"], zone: "acme.io" } },
  services: { store: { port: 3000, health: "/up", database: ["DATABASE_URL"], secrets: ["STRIPE_KEY"] } },
});
`,
  },
  there: [
    "route53_zone:acme.io",
    "s3_bucket:terraform-state-shop-123456789012@eu-central-1",
    "ecr_repository:storefront-uat@eu-central-1",
  ].flatMap((what) => ["--with", what]),
};

const GITHUB = "https://token.actions.githubusercontent.com";
const LOGS = "/demo/service/api";
const QUEUE = "https://sqs.ap-southeast-2.amazonaws.com/123456789012/demo-jobs";

const legacy: Team = {
  repository: "legacy@12/infra@34",
  region: "ap-southeast-2",
  context: {
    project: "legacy",
    bootstrap: {
      region: "ap-southeast-2",
      github: { repository: "legacy@12/infra@34", provider: "existing" },
    },
  },
  environments: {
    demo: `import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { environment, small } from "slipway";
export default environment(
  {
    preset: small,
    region: "ap-southeast-2",
    registry: "legacy/api",
    bastion: false,
    services: { api: { port: 9000, database: ["POSTGRES_URL"] } },
  },
  (demo) => {
    demo.services.api.logGroup.importFrom("${LOGS}");
    new SqsQueue(demo, "jobs", { name: "demo-jobs", sqsManagedSseEnabled: true }).importFrom("${QUEUE}");
  },
);
`,
  },
  there: [
    `iam_openid_connect_provider:${GITHUB}`,
    ...["ecr_repository:legacy/api", "ecr_repository:legacy/api-demo"],
    ...[`cloudwatch_log_group:${LOGS}`, "sqs_queue:demo-jobs"],
  ].flatMap((what) => ["--with", `${what}@ap-southeast-2`]),
};

const lab: Team = {
  repository: "octavia/lab",
  region: "us-east-2",
  context: { project: "octavia", bootstrap: false },
  environments: {
    preview: `import { environment, light } from "slipway";
export default environment({
  preset: light,
  region: "us-east-2",
  registry: "shared/images",
  services: { hello: { port: 80 } },
});
`,
  },
  there: ["--with", "ecr_repository:shared/images@us-east-2"],
};

/** The required check and the plan, script by script, in one checkout: only what a team writes changes between them. */
describe.sequential("the pull request of a team with names of its own", () => {
  const { base, folder, world, temp } = newMachines("foreign");
  const synthesis = serveSynthesis(base);
  const lists = join(folder, "__tests__/environments/addresses");
  const handedOn = join(base, "env");
  let team = shop;

  beforeAll(() => {
    linkedCheckout(folder, world, synthesis.app);
    // Lists of addresses are written there.
    rmSync(join(folder, "__tests__"));
    cpSync(join(ROOT, "__tests__"), join(folder, "__tests__"), { recursive: true });
  });
  afterAll(() => {
    synthesis.close();
    rmSync(base, { recursive: true });
  });

  /** What the team commits, without lists of addresses; its account has only what was there before. */
  async function begin(next: Team): Promise<void> {
    team = next;
    const environments = join(folder, "environments");
    for (const part of [environments, lists, join(folder, "cdktf.out")])
      rmSync(part, { recursive: true, force: true });
    mkdirSync(environments);
    for (const [name, source] of Object.entries(team.environments))
      writeFileSync(join(environments, `${name}.ts`), source);
    const file = join(folder, "cdktf.json");
    const config = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...config, context: team.context }));
    await type("true", "--reset", "--empty", ...team.there);
  }

  /** What a person types, where it has to succeed. */
  async function type(line: string, ...options: readonly string[]): Promise<string> {
    const { code, output } = await sandboxed(folder, options, "bash", "-ec", line);
    expect(code, output).toBe(0);
    return output;
  }

  function run(job: string, { contexts, ...rest }: Partial<RunOptions> = {}, event: Event = "pull request") {
    const { repository, region } = team;
    const stacks = ["bootstrap", ...Object.keys(team.environments)];
    const roles = Object.fromEntries(stacks.map((name) => [name, `arn:plan-${name}`]));
    const vars = { ...VARIABLES, AWS_REGION: region, AWS_PLAN_ROLES: JSON.stringify(roles) };
    return runJob(jobs[job] as Job, {
      folder,
      contexts: { ...contextsOf(event), vars, ...contexts },
      env: {
        // With the role; check has neither.
        ...(job === "plan" && { AWS_REGION: region }),
        GITHUB_ACTIONS: "true",
        GITHUB_ACTOR: "octocat",
        GITHUB_ENV: handedOn,
        GITHUB_EVENT_NAME: "pull_request",
        GITHUB_REF: "refs/pull/7/merge",
        GITHUB_REPOSITORY: repository.replaceAll(/@\d+/g, ""),
        GITHUB_RUN_ATTEMPT: "1",
        GITHUB_RUN_ID: "7",
        GITHUB_SHA: "1f".repeat(20),
        GITHUB_WORKFLOW: "terraform",
        RUNNER_OS: "Linux",
        RUNNER_TEMP: temp,
      },
      // Types are checked in a created project.
      only: ({ run: script = "" }) => !/^npm (ci|run typecheck)/.test(script),
      ...rest,
    });
  }

  /** What the comment's heading says of a stack. */
  const plan = async (stack: string) => {
    // Each job has a machine of its own.
    rmSync(join(folder, "reports"), { recursive: true, force: true });
    const { status, ran, summary, log } = await run("plan", {
      sandbox: [],
      contexts: { matrix: { stack } },
    });
    expect([status, ran], log).toEqual(["success", { Plan: 0 }]);
    return /^### (.*)$/m.exec(summary)?.[1];
  };

  const taken = ({ summary }: JobRun) =>
    [...summary.matchAll(/^- `(aws_\w+)` `(.+)`$/gm)].map(([, kind, name]) => `${kind} ${name}`).sort();
  const headings = ({ summary }: JobRun) =>
    [...summary.matchAll(/^### (\w+): \d+ to add, (.*)$/gm)].map(([, name, rest]) => `${name}: ${rest}`);
  const NOTHING_ELSE = "0 to change, 0 to replace, 0 to destroy";

  /** By stack: what was synthesized. */
  const synthesized = () =>
    Object.fromEntries(
      readdirSync(join(folder, "cdktf.out/stacks")).map((name) => [
        name,
        readFileSync(join(folder, `cdktf.out/stacks/${name}/cdk.tf.json`), "utf8"),
      ]),
    );
  /** A list of addresses, read from what was synthesized. */
  const listOf = (text: string) => {
    const { resource }: { resource: Record<string, object> } = JSON.parse(text);
    const addresses = Object.entries(resource).flatMap(([type, ids]) =>
      Object.keys(ids).map((id) => `${type}.${id}`),
    );
    return `${addresses.sort().join("\n")}\n`;
  };
  /** The required check, on a machine whose account nobody knows, and what it synthesized of the team's own. */
  async function check(rest: Partial<RunOptions> = {}, event?: Event): Promise<JobRun> {
    const account = join(folder, ".sandbox");
    rmSync(account);
    const made = await run("check", rest, event);
    rmSync(account, { recursive: true, force: true });
    symlinkSync(world, account);
    for (const [name, text] of Object.entries(synthesized())) {
      expect(text, name).not.toMatch(/us-west-2|example\.com/);
      expect(text, name).toContain(`"project": "${team.context.project}"`);
    }
    return made;
  }
  const TESTS = 'npm run "$TESTS"';
  const green = (...names: readonly string[]) => ({
    status: "success",
    ran: Object.fromEntries(["Synthesize", "Guardrails", "Plan offline", ...names].map((name) => [name, 0])),
  });
  /** Lists are not compared that the tests themselves have just written. */
  const untested: Partial<RunOptions> = { only: ({ run: script = "" }) => !script.startsWith("npm ") };

  it("is green with two environments and a domain, once its lists are its own, by the guide", async () => {
    await begin(shop);
    // As the guide says of a copy of this repository.
    const guide = commands.find((line) => line.startsWith("npm test -- -u")) ?? "false";
    await type(guide.replace("npm test", "npm run test:environments"));
    const made = await check(untested);
    expect(made, made.log).toMatchObject(green());
    expect(JSON.parse(made.outputs.stacks ?? "")).toEqual(["bootstrap", "qa", "uat"]);
    expect(JSON.parse(made.outputs.order ?? "")).toEqual({
      bootstrap: { turn: 0, after: [] },
      qa: { turn: 1, after: [] },
      uat: { turn: 2, after: ["qa"] },
    });
    for (const [name, text] of Object.entries(synthesized()))
      expect(readFileSync(join(lists, `${name}.txt`), "utf8"), name).toBe(listOf(text));
    expect(taken(made)).toEqual(["aws_route53_zone acme.io"]);
    expect(headings(made)).toEqual([
      `bootstrap: ${NOTHING_ELSE}`,
      `qa: ${NOTHING_ELSE}`,
      `uat: ${NOTHING_ELSE}, to be applied after qa`,
    ]);
    expect(await plan("uat")).toMatch(
      new RegExp(`^uat: \\d+ to add, ${NOTHING_ELSE}, to be applied after qa$`),
    );
  });

  it("is green with one environment, an OIDC provider that is there, and imports", async () => {
    await begin(legacy);
    await type("npx slipway synth");
    mkdirSync(lists);
    for (const [name, text] of Object.entries(synthesized()))
      writeFileSync(join(lists, `${name}.txt`), listOf(text));
    const made = await check();
    expect(made, made.log).toMatchObject(green(TESTS));
    expect(JSON.parse(made.outputs.stacks ?? "")).toEqual(["bootstrap", "demo"]);
    expect(taken(made)).toEqual([
      `aws_cloudwatch_log_group ${LOGS}`,
      `aws_iam_openid_connect_provider ${GITHUB}`,
      `aws_sqs_queue ${QUEUE}`,
    ]);
    expect(headings(made)).toEqual([
      `bootstrap: ${NOTHING_ELSE}`,
      "demo: 2 to change, 0 to replace, 0 to destroy, 2 to import",
    ]);
    expect(await plan("bootstrap")).toMatch(new RegExp(`^bootstrap: \\d+ to add, ${NOTHING_ELSE}$`));
    expect(await plan("demo")).toMatch(
      /^demo: \d+ to add, 2 to change, 0 to replace, 0 to destroy, 2 to import$/,
    );
  });

  it("is red for its list alone, where nobody committed one: CI compares, and writes none", async () => {
    await begin(lab);
    const made = await check({}, "pull request of a fork");
    const ran = { ...green("Say where the plan is").ran, [TESTS]: 1 };
    expect(made, made.log).toMatchObject({ status: "failure", ran });
    expect(made.log).toContain("× of preview is the committed one");
    expect(existsSync(lists)).toBe(false);
    // Without bootstrap, which others provide.
    expect(JSON.parse(made.outputs.stacks ?? "")).toEqual(["preview"]);
    expect(taken(made)).toEqual(["aws_ecr_repository shared/images"]);
    expect(headings(made)).toEqual([`preview: ${NOTHING_ELSE}`]);
    expect(await plan("preview")).toMatch(new RegExp(`^preview: \\d+ to add, ${NOTHING_ELSE}$`));
  });

  it("hands nothing on to later steps: no script writes the runner's environment", () => {
    expect(existsSync(handedOn)).toBe(false);
  });
});
