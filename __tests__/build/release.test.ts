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
import { obstacles, pendingChangesets } from "../../build/publish";
import { ownerAndName } from "../../build/repository";
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

describe("what stands in the way of a release", () => {
  const ready = {
    ...{ version: "1.5.0", repository: "octo/slipway", publisher: undefined, pending: [] },
    changelog: "# slipway\n\n## 1.5.0\n\n- `a`\n",
  };

  it("is nothing where it is told of, and says whose it is", () => {
    expect(obstacles(ready)).toEqual([]);
    expect(obstacles({ ...ready, publisher: "octo/slipway" })).toEqual([]);
  });

  it("is told at once: changesets that are left, a repository that is not named, and one that is another", () => {
    const bare = { ...ready, repository: undefined, pending: ["logs.md", "names.md"] };
    expect(obstacles(bare)).toEqual([
      "CHANGELOG.md does not tell of logs.md, names.md yet: npm run release:version",
      expect.stringMatching(/^package\.json names no repository on GitHub.*"repository": \{ "type": "git"/),
    ]);
    expect(obstacles({ ...ready, version: "1.6.0", publisher: "fork/slipway" })).toEqual([
      "CHANGELOG.md does not tell of 1.6.0 yet: npm run release:version",
      "This is fork/slipway, and package.json says that the packages are published from octo/slipway.",
    ]);
  });

  it.each([
    ["git+https://github.com/octo/slip.way.git", "octo/slip.way"],
    ["https://github.com/octo/slipway", "octo/slipway"],
    ["git@github.com:octo/slipway.git", "octo/slipway"],
    ["github:octo/slipway", "octo/slipway"],
    ["octo/slipway", "octo/slipway"],
    ["https://gitlab.com/octo/slipway.git", undefined],
    ["https://github.com.example.com/octo/slipway", undefined],
    ["", undefined],
  ])("a repository is read as npm writes it: %s", (url, expected) => {
    expect(ownerAndName(url)).toBe(expected);
    expect(ownerAndName({ url })).toBe(expected);
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
    env = { ...process.env, npm_config_userconfig: npmrc, npm_config_registry: `http://${registry}` };
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const node = async (...words: readonly string[]) =>
    (await promisify(execFile)(process.execPath, ["--require", LOADER, ...words], { env })).stdout;
  const publish = async (...names: readonly string[]) => {
    for (const name of names) {
      mkdirSync(join(folder, name), { recursive: true });
      const repository = { type: "git", url: "git+https://github.com/octo/slipway.git" };
      writeFileSync(
        join(folder, name, "package.json"),
        JSON.stringify({ name, version: "1.4.0", repository }),
      );
    }
    const folders = JSON.stringify(names.map((name) => join(folder, name)));
    const script = `require(${JSON.stringify(join(ROOT, "build/publish.ts"))}).publishPackages(${folders}, "octo/slipway")`;
    return node("-e", script);
  };

  it("gets each package once, and each says whose it is", async () => {
    expect(await publish("one")).toBe("one@1.4.0 is published.\n");
    expect(await publish("one", "two")).toBe("one@1.4.0 is there.\ntwo@1.4.0 is published.\n");
    expect(Object.values(published).map(({ repository }) => repository?.url)).toEqual([
      "git+https://github.com/octo/slipway.git",
      "git+https://github.com/octo/slipway.git",
    ]);
  });

  it("has a name of somebody else's, whose package is neither taken for this one nor compared with", async () => {
    published.three = { version: "1.4.0", repository: { url: "git+https://github.com/other/three.git" } };
    const refusal = /npm has a three@1\.4\.0 of other\/three, and package\.json here names octo\/slipway/;
    await expect(publish("three", "four")).rejects.toThrow(refusal);
    expect(published).not.toHaveProperty("four");
    published.slipway = { version: "9.9.9", repository: { url: "git+https://github.com/other/slipway.git" } };
    await expect(node(join(ROOT, "build/changes.ts"))).rejects.toMatchObject({
      stderr: expect.stringMatching(/^npm has a slipway@latest of other\/slipway, .*\n$/),
    });
    delete published.slipway;
  });

  it("has no release to compare with, where it has none", async () => {
    expect(await node(join(ROOT, "build/changes.ts"))).toBe(
      "npm has no slipway yet: there is no release to compare with.\n",
    );
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
