import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildDeployFile } from "../../build/deploy-file";
import { release } from "../../demo/releases";
import { Github } from "../github/support/github";
import { serveSynthesis } from "../support/synthesis";
import { type Artifact, upload } from "./support/artifact";
import { checkout, linkedCheckout, newMachines } from "./support/checkout";
import { interpolate } from "./support/evaluate";
import { contextsOf, type Event } from "./support/events";
import { type JobRun, runJob, type RunOptions, sandboxed } from "./support/runner";
import { type Job, type Step, type Workflow, workflowOf } from "./support/workflows";

const terraform = workflowOf("terraform");
const service = workflowOf("service");

/** What the tests of this project do anyway: a copy of it would say the same. */
const ELSEWHERE = /^npm (ci( --[\w=-]+)*|run (typecheck|"\$TESTS"))$/;

/** Changes by hand, as in the console. */
const retention = (days: number) => [
  "--edit",
  "cloudwatch_log_group//staging/service/web",
  `retention_in_days=${days}`,
];

/** A commit that replaces the database. */
const withOwner = (source: string) =>
  source.replace("preset: small,", 'preset: small, database: { username: "owner" },');

/** What a person might write to reach a machine. */
const OPEN = `
  import { VpcSecurityGroupIngressRule } from "@cdktf/provider-aws/lib/vpc-security-group-ingress-rule";
  const open = (environment: any) => {
    new VpcSecurityGroupIngressRule(environment, "open", {
      securityGroupId: "sg-1", ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIpv4: "0.0.0.0/0",
    });
  };
`;

/**
 * The scripts of the jobs, as they stand in the workflows, each job on a machine of its own, with AWS and GitHub stood in
 * for: each test goes on from the one before. Actions are not run, but for those that move artifacts; nor is what
 * needs Docker: all of pull-request, test and migrations. What services' other jobs run is in services.test.ts.
 */
describe.sequential("the jobs", () => {
  const { base, folder, world, temp } = newMachines("jobs");
  // The first of these tests has a checkout as it is cloned, with the app as it is shipped.
  const synthesis = serveSynthesis(base);
  const fresh = (edit?: (source: string) => string) => linkedCheckout(folder, world, synthesis.app, edit);
  const artifacts = new Map<string, Artifact>();
  let order = "";
  let github: Github;

  beforeAll(async () => {
    github = await Github.start();
  });
  afterAll(() => {
    github.close();
    synthesis.close();
    rmSync(base, { recursive: true });
  });

  const run = (
    workflow: Workflow,
    job: string,
    event: Event,
    { contexts, ...rest }: Partial<RunOptions> = {},
  ): Promise<JobRun> => {
    const { GITHUB_TOKEN, ...env } = github.env;
    const all = contextsOf(event);
    const context = { ...(all.github as { ref: string; sha: string }), token: GITHUB_TOKEN };
    return runJob(workflow.jobs[job] as Job, {
      folder,
      contexts: { ...all, github: context, ...contexts },
      env: {
        ...env,
        GITHUB_ACTIONS: "true",
        GITHUB_REF: context.ref,
        GITHUB_SHA: context.sha,
        AWS_REGION: "us-west-2",
      },
      only: ({ run: script = "" }) => !ELSEWHERE.test(script.trim()),
      action: move,
      ...rest,
    });
  };
  /** Artifacts, as their two actions move them. */
  function move({ uses = "" }: Step, inputs: Readonly<Record<string, string>>): void {
    if (uses.startsWith("actions/upload-artifact@")) {
      const { name = "" } = inputs;
      rmSync(join(base, name), { recursive: true, force: true });
      artifacts.set(name, upload(folder, inputs, join(base, name)));
    }
    if (!uses.startsWith("actions/download-artifact@")) return;
    const { name, pattern = "", path = "" } = inputs;
    const wanted = [...artifacts.keys()].filter(
      (one) => one === name || (pattern && one.startsWith(pattern.replace("*", ""))),
    );
    if (name) expect(wanted).toEqual([name]);
    for (const one of wanted) cpSync(join(base, one), join(folder, path), { recursive: true });
  }

  it("check a pull request without any credential, and say what there is to plan", async () => {
    checkout(folder, world);
    const { status, ran, outputs, summary, log } = await run(terraform, "check", "pull request");
    expect(status, log).toBe("success");
    expect(ran).toEqual({ Synthesize: 0, Guardrails: 0, "Plan offline": 0 });
    expect(outputs).toEqual({ stacks: '["bootstrap","staging"]', order: expect.any(String) });
    order = outputs.order ?? "";
    expect(JSON.parse(order)).toEqual({
      bootstrap: { turn: 0, after: [] },
      staging: { turn: 0, after: [] },
    });
    expect(summary).toMatch(/\d+ rules/);
    expect(summary).toContain("## In an empty account, by the sandbox");
    expect(summary).toMatch(/### staging: \d+ to add, 0 to change, 0 to replace, 0 to destroy/);
    rmSync(world, { recursive: true });
    mkdirSync(world);
  });

  it("fail a check where a guardrail is broken, and say so in its summary", async () => {
    fresh((source) => `${OPEN}${source.replace(/\}\);\s*$/, "}, open);")}`);
    const { status, ran, summary } = await run(terraform, "check", "pull request");
    expect(status).toBe("failure");
    expect(ran).toEqual({ Synthesize: 0, Guardrails: 1 });
    expect(summary).toContain("aws_vpc_security_group_ingress_rule.open");
  });

  const plan = (stack: string, event: Event, sandbox: readonly string[] = []) =>
    run(terraform, "plan", event, { sandbox, contexts: { matrix: { stack } } });

  it("plan bootstrap, and let a person apply it by the commands that the comment gives", async () => {
    fresh();
    const { status, log } = await plan("bootstrap", "pull request", ["--empty"]);
    expect(status, log).toBe("success");
    const body = readFileSync(join(base, "report-bootstrap/bootstrap.md"), "utf8");
    expect(body).toMatch(/^<!-- slipway-plan: bootstrap -->\n[\s\S]*CI never applies bootstrap/);
    const commands = [...body.matchAll(/`(npx slipway .+?)`/g)].map(([, command]) => command);
    expect(commands).toEqual(["npx slipway plan bootstrap", "npx slipway apply bootstrap"]);
    // Nobody is there to type yes.
    const { code, output } = await sandboxed(
      folder,
      [],
      "bash",
      "-c",
      `${commands.join("; ")} --auto-approve`,
    );
    expect(code, output).toBe(0);
    expect(output).toMatch(/✓ bootstrap: \d+ added/);
  });

  const comment = async () => {
    fresh();
    const contexts = { needs: { check: { outputs: { stacks: '["bootstrap","staging"]' } } } };
    const { status, log } = await run(terraform, "comment", "pull request", { contexts });
    expect(status, log).toBe("success");
    return github.comments;
  };

  it("plan a pull request, and write one comment on all of it: no plan is kept", async () => {
    fresh();
    const { status, log, summary } = await plan("staging", "pull request");
    expect(status, log).toBe("success");
    expect(summary).toMatch(/^<!-- slipway-plan: staging -->\n### staging: \d+ to add/);
    expect(summary).not.toContain("bootstrap");
    expect([...artifacts.keys()]).toEqual(["report-bootstrap", "report-staging"]);
    const [one, ...others] = await comment();
    expect(others).toEqual([]);
    expect(one).toMatchObject({ issue: 7, body: expect.stringMatching(/^<!-- slipway-plans -->\n/) });
    expect(one?.body).toMatch(
      /<details open>\n<summary><b>bootstrap: \d+ to add[\s\S]*CI never applies bootstrap/,
    );
    expect(one?.body).toMatch(/<details open>\n<summary><b>staging: \d+ to add/);
  });

  it("say in the comment that no role plans a new environment yet, and what makes one", async () => {
    fresh();
    const { status, ran, summary } = await run(terraform, "plan", "pull request", {
      contexts: { matrix: { stack: "qa" } },
    });
    expect(status).toBe("success");
    expect(ran).toEqual({ "Say that no role plans it": 0 });
    expect(summary).toMatch(
      /^<!-- slipway-plan: qa -->\n### qa: not planned\n[\s\S]*`npx slipway plan bootstrap`/,
    );
    expect(readFileSync(join(base, "report-qa/qa.md"), "utf8").trim()).toBe(summary.trim());
    artifacts.delete("report-qa");
  });

  it("say in the comment that a plan failed, and fail", async () => {
    const domain = 'distribution: { domain: { names: ["absent.example.org"], zone: "absent.example.org" } },';
    fresh((source) => source.replace("services:", `${domain}\n  services:`));
    const { status, ran } = await plan("staging", "pull request");
    expect(status).toBe("failure");
    expect(ran).toEqual({ Plan: 1 });
    const [one, ...others] = await comment();
    expect(others).toEqual([]);
    expect(one?.body).toMatch(/<b>staging: failed<\/b>[\s\S]*absent/);
    for (const name of ["report-bootstrap", "report-staging"]) artifacts.delete(name);
  });

  it("plan main, and keep the plan with all that its apply needs, and nothing else", async () => {
    fresh();
    const stack = join(folder, "cdktf.out/stacks/staging");
    const { status, log } = await run(terraform, "plan", "push to main", {
      sandbox: [],
      contexts: { matrix: { stack: "staging" } },
      action: (step, inputs) => {
        if (existsSync(stack)) {
          // What the real provider leaves there.
          mkdirSync(join(stack, ".terraform/providers"), { recursive: true });
          writeFileSync(join(stack, ".terraform/providers/aws"), "half a gigabyte");
          writeFileSync(join(stack, ".terraform.lock.hcl"), "# The provider lock file.\n");
        }
        move(step, inputs);
      },
    });
    expect(status, log).toBe("success");
    const files = [
      ...["manifest.json", "plans/staging.json", "plans/staging.tfplan"],
      ...["stacks/staging/.terraform.lock.hcl", "stacks/staging/cdk.tf.json"],
    ];
    expect([...artifacts]).toEqual([["plan-staging", { root: "cdktf.out", files }]]);
    expect(github.comments).toHaveLength(1);
  });

  const changed = async () => {
    fresh();
    const contexts = { needs: { check: { outputs: { order } } } };
    const { status, outputs, log } = await run(terraform, "changed", "push to main", { contexts });
    expect(status, log).toBe("success");
    expect(outputs).toMatchObject({ first: "[]", later: "[]" });
    return outputs.apart;
  };
  const apply = (allowDestroy = "") => {
    fresh();
    return run(terraform, "apply", "push to main", {
      sandbox: [],
      contexts: { matrix: { environment: "staging" }, inputs: { "allow-destroy": allowDestroy } },
    });
  };

  it("ask to apply what changes, and apply exactly that plan on another machine", async () => {
    expect(await changed()).toBe('["staging"]');
    const { status, ran, log } = await apply();
    expect(status, log).toBe("success");
    expect(ran).toEqual({
      "Is this the newest commit": 0,
      "Note which plan it is": 0,
      "Apply exactly this plan": 0,
      "Plan again what was merged meanwhile": 0,
    });
    expect(artifacts.get("applied-staging")?.files).toEqual(["staging.json"]);
    expect(log).toMatch(/✓ staging: \d+ added, 0 changed, 0 destroyed/);
  });

  it("neither plan nor apply a commit that main has left behind, and end green", async () => {
    const { head } = github;
    github.head = "2e".repeat(20);
    const kept = new Map(artifacts);
    fresh();
    const planned = await plan("staging", "push to main");
    const applied = await apply();
    github.head = head;
    for (const { status, ran, summary, log } of [planned, applied]) {
      expect(status, log).toBe("success");
      expect(ran).toEqual({ "Is this the newest commit": 0 });
      expect(summary).toMatch(/^Superseded by (?:2e){20}: nothing is (?:planned|changed) here/);
    }
    expect(new Map(artifacts)).toEqual(kept);
  });

  it("plan a stale plan again: the same one a second time finds all of it done", async () => {
    const { status, log } = await apply();
    expect(status, log).toBe("success");
    expect(log).toContain("✓ staging: 0 added, 0 changed, 0 destroyed");
  });

  it("refuse a stale plan that does more by now, and say what to do", async () => {
    fresh();
    const { status, ran, log, summary } = await run(terraform, "apply", "push to main", {
      sandbox: retention(1),
      contexts: { matrix: { environment: "staging" }, inputs: { "allow-destroy": "" } },
    });
    expect(status).toBe("failure");
    expect(ran).toEqual({
      "Is this the newest commit": 0,
      "Note which plan it is": 0,
      "Apply exactly this plan": 1,
      "Is there a state that could not be saved": 0,
      "Plan again what was merged meanwhile": 0,
      "What to do now": 0,
    });
    expect(log).toContain("Saved plan is stale");
    expect(summary).toMatch(/^### ❌ staging: not applied[\s\S]*\*\*Run workflow\*\* on main/m);
    expect(summary).not.toContain("END");
  });

  describe("deploy", () => {
    const HERE = "Whether migrations run here";
    const commits = { older: "", released: "" };
    const targets = { images: [{ repository: "app" }], first: ["staging"], name: "app" };
    const deploy = (commit: string, rest: Partial<RunOptions> = {}) =>
      run(service, "deploy", "push to main", {
        sandbox: ["--speed", "30"],
        contexts: {
          needs: { prepare: { outputs: { targets: JSON.stringify(targets) } } },
          matrix: { environment: "staging" },
          inputs: { service: "web" },
        },
        env: { GITHUB_ACTIONS: "true", GITHUB_SHA: commit, RUNNER_TEMP: temp, AWS_REGION: "us-west-2" },
        ...rest,
      });

    /** The checkout of the service, with its history. */
    beforeAll(async () => {
      await buildDeployFile(join(temp, "tools"));
      const git = (...words: readonly string[]) =>
        execFileSync("git", ["-c", "user.name=Ana", "-c", "user.email=ana@example.com", ...words], {
          cwd: folder,
          encoding: "utf8",
        }).trim();
      git("init", "--quiet");
      for (const name of ["older", "released"] as const) {
        writeFileSync(join(folder, "name"), name);
        git("add", "name");
        git("commit", "--quiet", "--message", name);
        commits[name] = git("rev-parse", "HEAD");
      }
    });

    it("needs its secrets, and fails with deploy's own code and words without them", async () => {
      const pushed = [
        ...release("v1", base).map((word) => word.replace(":v1=", `:${commits.released}=`)),
        ...release("v4", base).map((word) => word.replace(":v4=", `:${commits.older}=`)),
      ];
      const { code, output } = await sandboxed(folder, pushed, "true");
      expect(code, output).toBe(0);
      const { status, ran, summary } = await deploy(commits.released);
      expect(status).toBe("failure");
      expect(ran).toEqual({ [HERE]: 0, Deploy: 1 });
      expect(summary).toMatch(/^### ❌ deploy staging\n[\s\S]*exit code 1/);
    });

    it("is interrupted itself by a signal to the step's process: its migration is stopped", async () => {
      const secrets = ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"].map(
        (name) => `/staging/service/web/${name}`,
      );
      const script = join(folder, "demo/write-secrets.cjs");
      const write = ["-e", "require(process.argv[1])(...process.argv.slice(2))", script, ...secrets];
      const written = await sandboxed(folder, [], process.execPath, ...write);
      expect(written.code, written.output).toBe(0);
      let sent = false;
      const { ran, log, summary } = await deploy(commits.released, {
        onOutput: (text, shell) => {
          if (sent || !text.includes("migrate web:")) return;
          sent = true;
          process.kill(shell(), "SIGINT");
        },
      });
      expect(ran, log).toEqual({ [HERE]: 0, Deploy: 130 });
      expect(summary).toContain("exit code 130");
    });

    it("ships the image of the commit, and hands on where it is", async () => {
      const { status, summary, log, steps } = await deploy(commits.released);
      expect(status, log).toBe("success");
      expect(log).toContain("web deployed");
      expect(steps).toMatchObject({ here: { outputs: { login: "false" } } });
      expect(summary).toMatch(/^### ✅ deploy staging\n/);
      expect(summary).toMatch(/\| image `app-staging:staging` \| `sha256:[0-9a-f]{12}`/);
      // What the job's environment shows as its address.
      expect(interpolate("${{ steps.deploy.outputs.url }}", { steps })).toMatch(
        /^https:\/\/\w+\.cloudfront\.net$/,
      );
    });

    it("is refused for an older commit than the one that runs: its build took longer", async () => {
      const { ran, log } = await deploy(commits.older);
      expect(ran, log).toEqual({ [HERE]: 0, Deploy: 1 });
      expect(log).toContain(`${commits.released}, which runs, is newer`);
      expect(log).toContain("npx slipway rollback staging --to app:COMMIT");
    });
  });

  describe("release", () => {
    const press = (command: string, inputs: Readonly<Record<string, string>> = {}) =>
      run(workflowOf("release"), "release", "dispatch on main", {
        sandbox: ["--speed", "30"],
        contexts: { inputs: { command, environment: "staging", image: "", service: "", run: "", ...inputs } },
      });

    it("shows what runs, by a button", async () => {
      const { status, log, summary } = await press("status");
      expect(status, log).toBe("success");
      expect(log).toContain("COMPLETED");
      expect(summary).toMatch(/^### ✅ status staging/);
    });

    it("runs a command in the service's image, each word of it as it is quoted, and ends as it does", async () => {
      const { ran, log } = await press("run", {
        run: `node -e 'console.log("$0; two  words"); process.exit(7)'`,
      });
      expect(ran, log).toEqual({ Release: 7 });
      expect(log).toContain("$0; two  words");
    });
  });

  it("refuse to destroy what no apply makes again, unless the dispatch names it for this environment", async () => {
    fresh(withOwner);
    const planned = await plan("staging", "dispatch on main");
    expect(planned.summary, planned.log).toContain("No apply can make this again");
    const refused = await apply("prod:aws_db_instance.database_instance");
    expect(refused.status).toBe("failure");
    expect(refused.log).toContain("--allow-destroy 'staging:aws_db_instance.database_instance'");
    const allowed = await apply("prod:aws_x.y  staging:aws_db_instance.database_instance");
    expect(allowed.status, allowed.log).toBe("success");
  });

  it("ask nobody where a plan changes nothing", async () => {
    fresh(withOwner);
    expect((await plan("staging", "push to main")).status).toBe("success");
    expect(await changed()).toBe("[]");
  });

  /** The night's jobs: staging is planned, and what it says is told. */
  const drift = async (...edits: readonly string[]) => {
    fresh(withOwner);
    const planned = await plan("staging", "schedule", edits);
    expect(planned.status, planned.log).toBe("success");
    fresh(withOwner);
    const contexts = { needs: { check: { outputs: { stacks: '["staging"]' } } } };
    return run(terraform, "drift", "schedule", { contexts });
  };
  const issues = () =>
    github.issues.map(({ state, title, body }) => [
      state,
      title,
      /retention_in_days: \d+ → \d+/.exec(body ?? "")?.[0],
    ]);

  it("find drift and open an issue, and close it where there is none any more", async () => {
    const found = await drift(...retention(1));
    expect(found.status, found.log).toBe("success");
    expect(issues()).toEqual([["open", "Drift: staging", "retention_in_days: 7 → 1"]]);
    const gone = await drift(...retention(7));
    expect(gone.log).toMatch(/No drift any more: closed issue/);
    expect(issues()).toEqual([["closed", "Drift: staging", "retention_in_days: 7 → 1"]]);
  });

  it("destroy an environment that a person named: show what goes, refuse what holds data, take it away", async () => {
    const destroy = (job: string, allowed: string) => {
      fresh(withOwner);
      const inputs = { destroy: "staging", "allow-destroy": allowed };
      const contexts = { inputs, matrix: { environment: "staging" } };
      return run(terraform, job, "dispatch on main", { sandbox: [], contexts });
    };
    const refused = await destroy("destroy-plan", "");
    expect(refused.status).toBe("failure");
    expect(refused.summary).toMatch(/^## What goes with staging\n[\s\S]*aws_db_instance\.\S+ is DESTROYED/);
    const losses = refused.log.matchAll(/--allow-destroy '([^']+)'/g);
    const allowed = [...losses].map(([, address]) => address).join(" ");
    const planned = await destroy("destroy-plan", allowed);
    expect(planned.status, planned.log).toBe("success");
    expect(planned.outputs).toEqual({ environments: '["staging"]' });
    const { status, log, summary } = await destroy("destroy", allowed);
    expect(status, log).toBe("success");
    expect(log).toMatch(/✓ staging: 0 added, 0 changed, \d+ destroyed/);
    expect(summary).toMatch(/^### staging is destroyed\nRemove environments\/staging\.ts/);
    // ECR deletes no repository that holds images, and bootstrap's apply would end there.
    expect(summary).toContain("`aws ecr delete-repository --force --repository-name REGISTRY-staging`");
    expect(summary).toContain("`npx slipway apply bootstrap` (bootstrap-<account> in a further account)");
  });
});
