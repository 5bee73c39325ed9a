import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startAccount } from "../../sandbox/aws/account";
import { readContents, versionsIn } from "../../sandbox/aws/objects";
import { World } from "../../sandbox/world";
import { Github } from "../github/support/github";
import { serveSynthesis } from "../support/synthesis";
import { type Artifact, upload } from "./support/artifact";
import { linkedCheckout } from "./support/checkout";
import { holds } from "./support/evaluate";
import { contextsOf } from "./support/events";
import { type JobRun, runJob, type RunOptions, sandboxed } from "./support/runner";
import { type Job, jobsOf, ROOT, workflowOf } from "./support/workflows";

const { jobs } = workflowOf("terraform");

/** What of a job still runs once it is cancelled: the runner gives that five minutes more. */
const afterCancel = (job: Job) =>
  (job.steps ?? [])
    .filter((step) => {
      const steps = {
        errored: { outputs: { file: "errored.tfstate" } },
        keep: { outputs: { place: "x", artifact: "yes" } },
      };
      return holds(step.if, { ...contextsOf("push to main"), matrix: {}, steps }, "cancelled");
    })
    .map(({ name, uses }) => name ?? uses?.split("@")[0]);

describe("a job that is cancelled", () => {
  const saving = [
    "Is there a state that could not be saved",
    "aws-actions/configure-aws-credentials",
    "Keep the state that could not be saved",
    "actions/upload-artifact",
    "How to push that state",
  ];

  it("does nothing more but to keep a state that could not be saved: no plan, report or success is handed on", () => {
    const table = jobsOf(workflowOf("terraform")).map((job) => [job.id, afterCancel(job)]);
    const applies = ["apply", "apply-first", "apply-second", "apply-third", "destroy"];
    expect(Object.fromEntries(table)).toEqual({
      ...Object.fromEntries(Object.keys(jobs).map((id) => [id, []])),
      ...Object.fromEntries(applies.map((id) => [id, saving])),
    });
  });
});

const BUCKET = "slipway-states";
const SMALL = `import { environment, small } from "../modules/environment";
export default environment({ preset: small, region: "us-west-2", registry: "app", bastion: false, database: false, distribution: false });
`;

/** The real scripts and the real Terraform with its S3 backend; each test goes on from the one before. */
describe.sequential("an apply that is cancelled", () => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "slipway-cancelled-")));
  const [folder, world] = [join(base, "workspace"), join(base, "world")];
  const synthesis = serveSynthesis(base);
  let github: Github;
  let artifact: Artifact | undefined;

  beforeAll(async () => {
    symlinkSync(join(ROOT, "node_modules"), join(base, "node_modules"));
    mkdirSync(world);
    github = await Github.start();
  });
  afterAll(() => {
    github.close();
    synthesis.close();
    rmSync(base, { recursive: true });
  });

  /** A machine of its own, whose configuration names the bucket. */
  function fresh(): void {
    linkedCheckout(folder, world, synthesis.app, () => SMALL);
    const file = join(folder, "cdktf.json");
    const config = JSON.parse(readFileSync(file, "utf8"));
    const context = { project: "app", stateBucket: BUCKET, stateRegion: "us-west-2" };
    writeFileSync(file, JSON.stringify({ ...config, context }));
  }

  function run(job: string, rest: Partial<RunOptions> = {}): Promise<JobRun> {
    fresh();
    const { GITHUB_TOKEN, ...env } = github.env;
    const all = contextsOf("push to main");
    const context = { ...(all.github as { ref: string; sha: string }), token: GITHUB_TOKEN };
    return runJob(jobs[job] as Job, {
      folder,
      contexts: { ...all, github: context, matrix: { stack: "staging", environment: "staging" }, inputs: {} },
      env: {
        ...env,
        GITHUB_ACTIONS: "true",
        GITHUB_REF: context.ref,
        GITHUB_SHA: context.sha,
        AWS_REGION: "us-west-2",
      },
      sandbox: [],
      only: ({ run: script = "" }) => !/^npm ci/.test(script),
      action: ({ uses = "" }, inputs) => {
        if (uses.startsWith("actions/upload-artifact@") && inputs.name === "plan-staging")
          artifact = upload(folder, inputs, join(base, "plan"));
        if (uses.startsWith("actions/download-artifact@"))
          cpSync(join(base, "plan"), join(folder, inputs.path ?? ""), { recursive: true });
      },
      ...rest,
    });
  }

  /** Sends signals to the step's own process, as a runner does, at the first word of a resource that is made. */
  const cancelWith = (...signals: readonly NodeJS.Signals[]): Partial<RunOptions> => {
    let sent = false;
    return {
      onOutput: (text, shell) => {
        if (sent || !/ \d+\/\d+ aws_\S+ created/.test(text)) return;
        sent = true;
        for (const signal of signals) process.kill(shell(), signal);
      },
    };
  };

  const account = () => new World(world, startAccount);
  /** What lies in the bucket under a name; undefined where nothing does. */
  const stored = (key: string) => {
    const newest = versionsIn(account(), BUCKET)
      .filter((version) => version.key === key)
      .at(-1);
    return newest && !newest.marker
      ? readContents(account(), BUCKET, newest.file).toString("utf8")
      : undefined;
  };
  /** How many objects the state in the bucket knows. */
  const inState = (): number =>
    JSON.parse(stored("staging.tfstate") ?? '{"resources":[]}')
      .resources.filter(({ mode }: { mode: string }) => mode === "managed")
      .reduce((sum: number, { instances }: { instances: object[] }) => sum + instances.length, 0);
  const added = (log: string) => Number(/staging: (?:failed after )?(\d+) added/.exec(log)?.[1]);

  let before = 0;

  it("by both signals of a runner ends what it began, saves what it did, and lets the lock go", async () => {
    fresh();
    const made = await sandboxed(folder, ["--with", `s3_bucket:${BUCKET}@us-west-2`], "true");
    expect(made.code, made.output).toBe(0);
    const planned = await run("plan");
    expect(planned.status, planned.log).toBe("success");
    expect(artifact?.files).toContain("plans/staging.tfplan");
    const { ran, log, summary } = await run("apply", cancelWith("SIGINT", "SIGTERM"));
    expect(ran["Apply exactly this plan"], log).toBe(130);
    expect(log).toContain("execution halted");
    before = added(log);
    expect(before).toBeGreaterThan(0);
    expect(inState()).toBe(before);
    expect(stored("staging.tfstate.tflock")).toBeUndefined();
    expect(summary).not.toContain("what was done is not in its state");
  });

  it("is gone on with by the next run: its plan has the rest, and nothing twice", async () => {
    const planned = await run("plan");
    expect(planned.status, planned.log).toBe("success");
    expect(planned.summary).toMatch(/### staging: [1-9]\d* to add, 0 to change, 0 to replace, 0 to destroy/);
    const { status, log } = await run("apply");
    expect(status, log).toBe("success");
    expect(added(log)).toBeGreaterThan(0);
    expect(inState()).toBe(before + added(log));
  });
});
