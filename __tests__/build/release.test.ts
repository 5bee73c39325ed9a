import { execFile, execFileSync } from "node:child_process";
import { createServer, type Server } from "node:http";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { judge, sectionOf } from "../../build/named";
import { pendingChangesets } from "../../build/publish";
import type { ResourceSummary } from "../../plan/summary";
import type { UpgradeReport } from "../../plan/upgrade/report";

const ROOT = join(__dirname, "../..");
const LOADER = require.resolve("slipway/typescript");

const resource = (
  address: string,
  kind: ResourceSummary["kind"],
  ...paths: readonly string[]
): ResourceSummary => ({
  address,
  type: address.split(".")[0] ?? "",
  kind,
  attributes: paths.map((path) => ({ path })),
  forcedBy: [],
});

const report = (
  resources: readonly ResourceSummary[],
  options: UpgradeReport["options"] = {},
): UpgradeReport => {
  const counts = { create: 0, update: 0, replace: 0, destroy: 0, forget: 0, move: 0, import: 0 };
  const version = { number: "1.4.0", spec: "slipway@1.4.0", label: "1.4.0" };
  const summary = { counts, resources, drift: [], outputs: [] };
  const staging = { name: "staging", outcome: "changes", seconds: 1, summary, problems: [] } as const;
  return { version: 1, from: version, to: version, exitCode: 2, written: false, stacks: [staging], options };
};

describe("a release", () => {
  const moved = [resource("aws_lb.internal", "destroy"), resource("aws_lb.inside", "create")];
  const changed = resource(
    "aws_db_instance.database_instance",
    "update",
    "backup_retention_period",
    "tags.team",
  );

  it("is stopped by an address that no changeset names", () => {
    expect(judge(report(moved), ["The load balancer is called `aws_lb.inside`."])).toEqual({
      ok: false,
      text: expect.stringMatching(
        /^staging: aws_lb\.internal \(destroy\)\n\nNo changeset names that\. .*npx changeset$/,
      ),
    });
    const { ok, text } = judge(report(moved), ["`aws_lb.internal` is `aws_lb.inside` now."]);
    expect([ok, text]).toEqual([true, "Since 1.4.0: changes in environments: 2, each of them named."]);
  });

  it("is stopped by each attribute that is planned otherwise, unless the whole resource is named", () => {
    const path = "`aws_db_instance.database_instance.backup_retention_period`";
    expect(judge(report([changed]), [path]).text).toMatch(
      /^staging: aws_db_instance\.database_instance\.tags\.team\n/,
    );
    for (const named of [
      `${path} and \`*.tags.team\``,
      "`aws_db_instance.database_instance`",
      "`aws_db_instance.*`",
    ])
      expect(judge(report([changed]), [named]).ok, named).toBe(true);
  });

  it("is stopped by an option that has another value, and by an output", () => {
    const options = { staging: [{ path: "services.web.logDays", before: 7, after: 14 }] };
    expect(judge(report([], options), []).text).toMatch(/^staging: the option services\.web\.logDays\n/);
    expect(judge(report([], options), ["Logs: `services.*.logDays`"]).ok).toBe(true);
    const [staging] = report([]).stacks;
    const outputs = {
      ...report([]),
      stacks: [{ ...staging, summary: { ...staging?.summary, outputs: ["deploy"] } }],
    };
    expect(judge(outputs as UpgradeReport, []).text).toMatch(/^staging: output\.deploy\n/);
  });

  it("is stopped by a stack that cannot be compared, whatever is named", () => {
    const problems = [{ severity: "error", summary: "Its state would lie elsewhere", detail: "" }] as const;
    const stacks = [{ name: "prod", outcome: "failed", seconds: 0, problems }] as const;
    expect(judge({ ...report([]), stacks }, ["`*`"])).toEqual({
      ok: false,
      text: "prod cannot be compared: Its state would lie elsewhere",
    });
  });

  it("takes for a pattern only what stands in backticks, and a dot for a dot", () => {
    expect(judge(report(moved), ["aws_lb.internal and aws_lb.inside"]).ok).toBe(false);
    expect(judge(report(moved), ["`aws_lb_internal` `aws_lb.inside2` `aws.lb.inside`"]).ok).toBe(false);
  });

  it("has its names in the changelog once its changesets are used up", () => {
    const changelog = "# slipway\n\n## 1.5.0\n\n### Minor Changes\n\n- `a`\n\n## 1.4.0\n\n- `b`\n";
    expect(sectionOf(changelog, "1.5.0")).toMatch(/`a`/);
    expect(sectionOf(changelog, "1.5.0")).not.toMatch(/`b`/);
    expect(sectionOf(changelog, "1.6.0")).toBe("");
  });
});

describe("changesets", () => {
  it("come to a version and a changelog by the tool that people use", () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-changeset-")));
    mkdirSync(join(folder, ".changeset"));
    for (const file of [".changeset/config.json", ".changeset/README.md", "CHANGELOG.md"])
      writeFileSync(join(folder, file), readFileSync(join(ROOT, file)));
    writeFileSync(join(folder, "package.json"), '{ "name": "slipway", "version": "1.4.0" }\n');
    writeFileSync(
      join(folder, ".changeset/logs.md"),
      '---\n"slipway": minor\n---\n\nLogs stay: `services.*.logDays`\n',
    );
    execFileSync("git", ["init", "--quiet"], { cwd: folder });
    expect(pendingChangesets(join(folder, ".changeset"))).toEqual(["logs.md"]);
    execFileSync(process.execPath, [join(ROOT, "node_modules/@changesets/cli/bin.js"), "version"], {
      cwd: folder,
    });
    expect(pendingChangesets(join(folder, ".changeset"))).toEqual([]);
    expect(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version).toBe("1.5.0");
    expect(sectionOf(readFileSync(join(folder, "CHANGELOG.md"), "utf8"), "1.5.0")).toContain(
      "`services.*.logDays`",
    );
    rmSync(folder, { recursive: true });
  });
});

describe("npm", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-publish-")));
  const published: Record<string, { repository?: { url: string }; version: string }> = {};
  let server: Server;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const name = (request.url ?? "").slice(1).split("?")[0] ?? "";
      if (request.method === "PUT") {
        const body = (await new Response(request as never).json()) as { versions: object };
        [published[name]] = Object.values(body.versions) as [{ version: string }];
        response.writeHead(201).end("{}");
      } else if (published[name]) {
        const { version } = published[name];
        response.end(
          JSON.stringify({
            name,
            "dist-tags": { latest: version },
            versions: { [version]: published[name] },
          }),
        );
      } else response.writeHead(404).end("{}");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const registry = `127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const npmrc = join(folder, ".npmrc");
    writeFileSync(
      npmrc,
      `registry=http://${registry}\n//${registry}:_authToken=x\ncache=${join(folder, "cache")}\nfetch-retries=0\n`,
    );
    env = { ...process.env, npm_config_userconfig: npmrc };
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  it("gets each package once, and each says whose it is", async () => {
    for (const name of ["one", "two"]) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, "package.json"), JSON.stringify({ name, version: "1.4.0" }));
    }
    const publish = async (...names: readonly string[]) => {
      const folders = JSON.stringify(names.map((name) => join(folder, name)));
      const script = `require(${JSON.stringify(join(ROOT, "build/publish.ts"))}).publishPackages(${folders}, "https://github.com/octo/slipway")`;
      const { stdout } = await promisify(execFile)(process.execPath, ["--require", LOADER, "-e", script], {
        env,
      });
      return stdout;
    };
    expect(await publish("one")).toBe("one@1.4.0 is published.\n");
    expect(await publish("one", "two")).toBe("one@1.4.0 is there.\ntwo@1.4.0 is published.\n");
    expect(Object.values(published).map(({ repository }) => repository?.url)).toEqual([
      "git+https://github.com/octo/slipway.git",
      "git+https://github.com/octo/slipway.git",
    ]);
  });

  it("has no release to compare with, where it has none", async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--require", LOADER, join(ROOT, "build/changes.ts")],
      { env: { ...env, npm_config_registry: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` } },
    );
    expect(stdout).toBe("npm has no slipway yet: there is no release to compare with.\n");
  });
});

const { jobs } = parse(readFileSync(join(ROOT, ".github/workflows/publish.yaml"), "utf8"));

describe("what is to be published", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-version-")));
  afterAll(() => rmSync(folder, { recursive: true }));
  const script = jobs.version.steps.find(({ id }: { id?: string }) => id === "version").run;

  it.each([
    ["a version that the changelog tells of", "# slipway\n\n## 1.5.0\n", [], "version=1.5.0\n"],
    ["nothing of one that it does not tell of", "# slipway\n\n## 1.4.0\n", [], ""],
    ["nothing of one that is tagged", "# slipway\n\n## 1.5.0\n", ["v1.5.0"], ""],
    [
      "a version beside the tags of others",
      "# slipway\n\n## 1.5.0\n",
      ["v1", "v1.5.0-rc.1"],
      "version=1.5.0\n",
    ],
  ])("is %s", (_, changelog, tags, expected) => {
    const project = mkdtempSync(join(folder, "project-"));
    writeFileSync(join(project, "package.json"), '{ "version": "1.5.0" }');
    writeFileSync(join(project, "CHANGELOG.md"), changelog);
    writeFileSync(join(project, "output"), "");
    const git = (...words: readonly string[]) =>
      execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@example.com", ...words], {
        cwd: project,
      });
    git("init", "--quiet");
    git("commit", "--quiet", "--allow-empty", "--message", "x");
    for (const tag of tags) git("tag", tag);
    const env = { PATH: process.env.PATH, GITHUB_OUTPUT: join(project, "output") };
    execFileSync("bash", ["-eo", "pipefail", "-c", script], { cwd: project, env });
    expect(readFileSync(join(project, "output"), "utf8")).toBe(expected);
  });
});

describe("the tags", () => {
  const [{ run }] = jobs.tag.steps;

  it.each([
    ["is there", "0", ["PATCH v1", "v1.4.0"]],
    ["is not there yet", "1", ["PATCH v1", "v1", "v1.4.0"]],
  ])(
    "are its major's, which moves, and the version's own at last, without which a run goes on, where the first %s",
    (_, status, expected) => {
      const gh = `gh() { echo "$@" >&2; case "$*" in *PATCH*) return ${status} ;; esac; }\n`;
      const env = {
        PATH: process.env.PATH,
        GITHUB_REPOSITORY: "octo/slipway",
        GITHUB_SHA: "abc",
        VERSION: "1.4.0",
      };
      const said = execFileSync("bash", ["-eo", "pipefail", "-c", `exec 2>&1\n${gh}${run}`], {
        env,
        encoding: "utf8",
      });
      const asked = said
        .trim()
        .split("\n")
        .map((line) =>
          line.includes("PATCH")
            ? `PATCH ${/tags\/(\S+)/.exec(line)?.[1]}`
            : /ref=refs\/tags\/(\S+) --field sha=abc$/.exec(line)?.[1],
        );
      expect(asked).toEqual(expected);
    },
  );
});
