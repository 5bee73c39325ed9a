import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SAMPLE, sampleWorld } from "../../sandbox/api/sample";
import { Sandbox } from "../../sandbox/api/sandbox";
import { type Artifact, upload } from "./support/artifact";
import { contextsOf } from "./support/events";
import { runJob, type RunOptions } from "./support/runner";
import { defaultsOf, type Job, ROOT, workflowOf } from "./support/workflows";

const service = workflowOf("service");
const base = realpathSync(mkdtempSync(join(tmpdir(), "slipway-services-")));
const workspace = join(base, "workspace");
const temp = join(base, "runner");
afterAll(() => rmSync(base, { recursive: true }));

const run = (job: string, inputs: object, rest: Partial<RunOptions> = {}) => {
  const all = {
    ...contextsOf("push to main"),
    inputs: { ...defaultsOf(service), repository: "app", ...inputs },
  };
  return runJob(service.jobs[job] as Job, {
    folder: workspace,
    contexts: { ...all, job: {}, ...rest.contexts },
    env: {
      GITHUB_REF: "refs/heads/main",
      GITHUB_BASE_REF: "",
      GITHUB_WORKSPACE: workspace,
      RUNNER_TEMP: temp,
      ...rest.env,
    },
    ...(rest.only && { only: rest.only }),
    ...(rest.action && { action: rest.action }),
  });
};

describe("the first job", () => {
  let handedOn: Artifact | undefined;

  const prepare = (inputs: object) => {
    rmSync(workspace, { recursive: true, force: true });
    mkdirSync(workspace, { recursive: true });
    symlinkSync(ROOT, join(workspace, "platform"));
    return run("prepare", inputs, {
      only: ({ run: script = "" }) => !/^npm ci/.test(script),
      action: ({ uses = "" }, options) => {
        if (uses.startsWith("actions/upload-artifact@"))
          handedOn = upload(workspace, options, join(temp, "tools"));
      },
    });
  };

  it("hands on what is built, where it goes, and all that the other jobs work with", async () => {
    const { status, ran, outputs, log } = await prepare({});
    expect(status, log).toBe("success");
    expect(ran).toEqual({
      "What is built, and where it goes": 0,
      "What services migrate with": 0,
      "Tools of the other jobs": 0,
    });
    expect(JSON.parse(outputs.targets ?? "")).toMatchObject({
      images: [{ repository: "app" }],
      first: ["staging"],
    });
    expect(outputs.tools).toMatch(/^tools-[0-9a-f-]{36}$/);
    expect(handedOn?.root).toBe("tools");
    expect(handedOn?.files).toEqual(
      expect.arrayContaining(["migrations/staging.json", "slipway-deploy.js", "test-migrations"]),
    );
    const { engine, services } = JSON.parse(
      readFileSync(join(temp, "tools/migrations/staging.json"), "utf8"),
    );
    expect([engine.image, services.length]).toEqual(["postgres:17", 1]);
  });

  it("refuses an environment that there is none of, and what it is called with, by name", async () => {
    const unknown = await prepare({ environments: "main: stagging" });
    expect(unknown.ran["What services migrate with"]).toBe(1);
    expect(unknown.log).toContain(
      '"stagging" is no environment in environments/; there are: prod, staging. Did you mean staging?',
    );
    const wrong = await prepare({ repository: "", environments: "main: a a" });
    expect(wrong.ran).toEqual({ "What is built, and where it goes": 1 });
    expect(wrong.log).toMatch(
      /^ {2}repository: is not given.*\n {2}environments\.main: "a a" names an environment twice$/m,
    );
  });
});

describe("a commit's image", () => {
  let sandbox: Sandbox;
  const git = (...words: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=Ana", "-c", "user.email=ana@example.com", ...words], {
      cwd: workspace,
      encoding: "utf8",
    }).trim();
  const commit = (text: string, message = text) => {
    writeFileSync(join(workspace, "server.js"), text);
    git("add", ".");
    git("commit", "--quiet", "--message", message);
    return git("rev-parse", "HEAD");
  };

  beforeAll(async () => {
    sandbox = await Sandbox.start({ world: await sampleWorld({}, join(base, "world")) });
  });
  afterAll(() => sandbox.close());
  beforeEach(() => {
    rmSync(workspace, { recursive: true, force: true });
    mkdirSync(workspace, { recursive: true });
    git("init", "--quiet", "--initial-branch", "main");
  });

  const look = async (sha: string) => {
    const env = {
      GITHUB_SHA: sha,
      AWS_ENDPOINT_URL: sandbox.endpoint,
      AWS_REGION: SAMPLE.region,
      AWS_ACCESS_KEY_ID: sandbox.accessKey,
      AWS_SECRET_ACCESS_KEY: "example-secret-key",
    };
    const built: string[] = [];
    const { steps, status, log } = await run(
      "build",
      {},
      {
        env,
        contexts: { matrix: { image: { repository: SAMPLE.repository } } },
        action: ({ name = "", uses = "" }) => void built.push(name || (uses.split("@")[0] ?? "")),
      },
    );
    expect(status, log).toBe("success");
    const { pushed } = steps as { pushed: { outputs: { digest: string } } };
    return {
      digest: pushed.outputs.digest,
      built: built.includes("Build and push"),
      attested: built.some((one) => one.startsWith("Attest")),
    };
  };

  it("is built and attested where there is none", async () => {
    expect(await look(commit("new"))).toEqual({ digest: "", built: true, attested: true });
  });

  it("is that of the commit with the same files, of another branch: prod gets what staging ran", async () => {
    const first = commit("one");
    const tested = commit("tested");
    const digest = await tagged(tested);
    git("switch", "--quiet", "--create", "prod", first);
    const squashed = commit("tested", "All of it in one");
    expect(squashed).not.toBe(tested);
    expect(await look(squashed)).toEqual({ digest, built: false, attested: false });
    // Under its own tag, too, by which deploy asks for it.
    expect(await look(squashed)).toEqual({ digest, built: false, attested: false });
  });

  /** An image that was pushed with a commit as its tag. */
  const tagged = (name: string) =>
    sandbox.push({
      repository: SAMPLE.repository,
      region: SAMPLE.region,
      content: name,
      tags: [name],
      architectures: ["amd64"],
      behaviour: {},
    });
});

describe("the scripts", () => {
  beforeEach(() => {
    rmSync(workspace, { recursive: true, force: true });
    mkdirSync(join(workspace, "web"), { recursive: true });
  });

  const image = { repository: "app", context: "web", "test-target": "", "test-command": "" };

  it("run the service's own tests in its folder, as a shell that stops at the first failure", async () => {
    const test = (command: string) =>
      run("test", {}, { contexts: { matrix: { image: { ...image, "test-command": command } } } });
    expect((await test('touch "$(basename "$PWD")-was-here"')).status).toBe("success");
    expect(existsSync(join(workspace, "web/web-was-here"))).toBe(true);
    for (const failing of ["false; true", "false | true", 'echo "$NOWHERE"'])
      expect((await test(failing)).status).toBe("failure");
  });

  it.each(["pull-request", "migrations"])(
    "try the migrations of every environment with the image, and stop at the first that fails: %s",
    async (job) => {
      const sha = "1f".repeat(20);
      // That of a pull request stays on its machine; the other is pulled from the registry, whose action is not run here.
      const built = `${job === "migrations" ? "/" : ""}app:${sha}`;
      const migrate = async (fails: string) => {
        rmSync(temp, { recursive: true, force: true });
        mkdirSync(join(temp, "tools/migrations"), { recursive: true });
        for (const name of ["prod", "staging"])
          writeFileSync(join(temp, `tools/migrations/${name}.json`), "{}");
        writeFileSync(
          join(temp, "tools/test-migrations"),
          `echo "$(basename "$1") $2 $3"; [ "$(basename "$1")" != "${fails}" ]`,
        );
        const contexts = { matrix: { image } };
        return run(job, {}, { contexts, only: ({ name }) => name === "Test the migrations" });
      };
      const all = await migrate("");
      expect(all.log).toBe(`prod.json app ${built}\nstaging.json app ${built}\n`);
      const failed = await migrate("prod.json");
      expect([failed.status, failed.log]).toEqual(["failure", `prod.json app ${built}\n`]);
    },
  );
});

describe("the button's script", () => {
  const bin = join(base, "bin");
  beforeAll(() => {
    mkdirSync(bin);
    writeFileSync(join(bin, "node"), `#!/bin/sh\nfor word in "$@"; do echo "[$word]"; done\n`);
    chmodSync(join(bin, "node"), 0o755);
  });

  /** The inputs, and the words that deploy gets. */
  function press(values: {
    command: string;
    environment?: string;
    image?: string;
    service?: string;
    run?: string;
  }) {
    const { command, environment = "prod", image = "", service = "", run = "" } = values;
    const { status, stdout, stderr } = spawnSync(
      ".github/scripts/release",
      [command, environment, image, service, run],
      {
        cwd: ROOT,
        env: { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` },
        encoding: "utf8",
      },
    );
    const words = [...stdout.matchAll(/^\[(.*)\]$/gm)].map(([, word]) => word);
    expect(words.slice(0, 3)).toEqual(
      status === 0 ? ["--require", "slipway/typescript", "deploy/main.ts"] : [],
    );
    return { status, said: stderr, words: words.slice(3) };
  }

  it.each([
    [{ command: "status" }, ["status", "prod"]],
    [{ command: "check", service: "web" }, ["check", "prod", "--service=web"]],
    [{ command: "deploy", image: "app:v1" }, ["deploy", "prod", "--image=app:v1"]],
    [
      { command: "deploy", image: " web:v1  worker:v2 " },
      ["deploy", "prod", "--image=web:v1", "--image=worker:v2"],
    ],
    [{ command: "rollback" }, ["rollback", "prod"]],
    [{ command: "rollback", image: "app:v1" }, ["rollback", "prod", "--to=app:v1"]],
    [
      { command: "run", run: `sh -c 'echo "a  b" $HOME; $(rm -rf x)' "" last` },
      ["run", "prod", "--", "sh", "-c", `echo "a  b" $HOME; $(rm -rf x)`, "", "last"],
    ],
    [{ command: "deploy", image: "--skip-migrations" }, ["deploy", "prod", "--image=--skip-migrations"]],
    [
      { command: "status", service: "--outputs=/etc/passwd" },
      ["status", "prod", "--service=--outputs=/etc/passwd"],
    ],
    [{ command: "deploy", image: "$(id):`id`" }, ["deploy", "prod", "--image=$(id):`id`"]],
  ])("%j is deploy's %j", (values, words) => {
    expect(press(values)).toEqual({ status: 0, said: "", words });
  });

  it.each([
    [{ command: "destroy" }, /command is "destroy": status, check, deploy, rollback or run/],
    [{ command: "status", environment: "--help" }, /environment is "--help"/],
    [{ command: "status", environment: "prod; id" }, /environment is "prod; id"/],
    [{ command: "deploy" }, /image is empty: deploy which one/],
    [{ command: "rollback", image: "app:v1 app:v2" }, /rollback takes one/],
    [{ command: "status", image: "app:v1" }, /status takes none/],
    [{ command: "run" }, /run is empty/],
    [{ command: "rollback", run: "id" }, /run is "id": rollback takes none/],
  ])("%j is refused, and nothing is done", (values, said) => {
    const { status, said: error, words } = press(values);
    expect([status, words]).toEqual([64, []]);
    expect(error).toMatch(said);
  });
});
