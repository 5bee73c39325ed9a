import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { runnerOf } from "../../github/api";
import { planAgain } from "../../github/again";
import { upsertComment } from "../../github/comment";
import { tellDrift } from "../../github/drift";
import { newerCommit } from "../../github/newer";
import { plansText } from "../../github/plans";
import { fitted } from "../../github/post";
import { LIMIT } from "../../plan/markdown";
import { slipwayHere } from "../support/commands-here";
import { Github } from "./support/github";

let github: Github;
beforeEach(async () => {
  github = await Github.start();
});
afterEach(() => github.close());

const MARKER = "<!-- slipway-plan: staging -->";
const text = (words: string) => `${MARKER}\n${words}\n`;
const comment = (body: string, ref = "refs/pull/7/merge") => upsertComment(runnerOf(github.env), body, ref);
const RUN = "[Run](https://github.example/octo/infra/actions/runs/4711)";

describe("the sticky comment", () => {
  it("is written once, and then written anew", async () => {
    expect(await comment(text("3 to add"))).toBe(`Commented ${MARKER} on pull request 7.`);
    expect(github.comments).toMatchObject([{ issue: 7, body: `${text("3 to add")}\n${RUN}\n` }]);
    expect(await comment(text("no changes"))).toBe(`Updated the comment ${MARKER} on pull request 7.`);
    expect(github.comments).toMatchObject([{ issue: 7, body: `${text("no changes")}\n${RUN}\n` }]);
  });

  it("is found on the third page, and no page after it is asked for", async () => {
    for (let other = 0; other < 230; other++) github.commented(7, `comment ${other}`);
    const ours = github.commented(7, text("old"));
    for (let other = 0; other < 100; other++) github.commented(7, `later ${other}`);
    await comment(text("new"));
    expect(ours.body).toContain("new");
    expect(github.comments).toHaveLength(331);
    expect(github.requests).toEqual([
      "GET /issues/7/comments?per_page=100&page=1",
      "GET /issues/7/comments?per_page=100&page=2",
      "GET /issues/7/comments?per_page=100&page=3",
      `PATCH /issues/comments/${ours.id}`,
    ]);
  });

  it("leaves other environments', other pull requests' and other people's comments alone", async () => {
    const others = [
      github.commented(7, "<!-- slipway-plan: prod -->\nprod"),
      github.commented(8, text("another pull request")),
      github.commented(7, text("by a person who knows the marker"), "mallory"),
      github.commented(7, `I quote:\n${text("a quotation")}`),
    ].map(({ body }) => body);
    await comment(text("ours"));
    expect(github.comments.map(({ body }) => body)).toEqual([...others, expect.stringContaining("ours")]);
  });

  it.each([
    ["no marker", "### staging", "refs/pull/7/merge", /does not begin with a marker/],
    ["an empty file", "", "refs/pull/7/merge", /does not begin with a marker/],
    ["a push", text("x"), "refs/heads/main", /GITHUB_REF is "refs\/heads\/main", which is no pull request/],
  ])("is not written for %s", async (_, body, ref, message) => {
    await expect(comment(body, ref)).rejects.toThrow(message);
    expect(github.requests).toEqual([]);
  });

  it("is cut where it is longer than GitHub takes", async () => {
    await comment(text(`\`\`\`diff\n${"+ aws_subnet.private\n".repeat(4000)}\`\`\``));
    const [{ body = "" } = {}] = github.comments;
    expect(body.length).toBeLessThanOrEqual(LIMIT);
    expect(body.length).toBeGreaterThan(LIMIT - 100);
    expect(body.endsWith(`\n\`\`\`\n\n… the rest is in the run's log and summary.\n\n${RUN}\n`)).toBe(true);
  });
});

describe("the comment of a run that a newer push overtook", () => {
  const of = (head: string) => upsertComment(runnerOf(github.env), text("x"), "refs/pull/7/merge", head);

  it("is not written over that one's", async () => {
    expect(await of("1a".repeat(20))).toBe(
      `Not commented: pull request 7 has ${github.pushed} by now, whose own run comments.`,
    );
    expect(github.comments).toEqual([]);
    await of(github.pushed);
    expect(github.comments).toHaveLength(1);
  });
});

describe("a plan that ended before it planned anything", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-reports-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("is told as not planned, and keeps nobody from the drift of others", async () => {
    const report = {
      version: 1,
      stacks: [{ name: "prod", outcome: "changes" }],
      orphans: { found: [] },
    };
    for (const [file, content] of [
      ["staging.json", ""],
      ["staging.md", ""],
      ["prod.json", JSON.stringify(report)],
      ["prod.md", "### prod: 1 to add\n"],
    ] as const)
      writeFileSync(join(folder, file), content);
    const env = { ...process.env, ...github.env, GITHUB_REF: "refs/pull/7/merge", GITHUB_EVENT_PATH: "" };
    const tell = async (command: string, ...options: readonly string[]) =>
      (await slipwayHere(folder, ["github", command, folder, "prod", "staging", ...options], env)).stdout;
    expect(await tell("drift")).toMatch(/^Opened issue \d+: Drift: prod\.\n$/);
    expect(JSON.parse(await tell("comment", "--json"))).toEqual({
      done: "Commented <!-- slipway-plans --> on pull request 7.",
    });
    expect(github.comments[0]?.body).toContain("<b>staging: not planned</b>");
  });
});

describe("all plans in one comment", () => {
  const of = (stack: string, title: string, rest = "") =>
    `<!-- slipway-plan: ${stack} -->\n### ${stack}: ${title}\n${rest}`;
  const change = "\n**To do**\n\n```diff\n+ aws_vpc.a\n```\n";

  it("begin with what changes, open; fold away what is only said; and name in a line what does not change", () => {
    const plans = {
      bootstrap: of("bootstrap", "no changes"),
      lab: of("lab", "no changes", "\n**Terraform says**\n"),
      prod: of("prod", "1 to add, to be applied after staging", change),
      qa: undefined,
      staging: of("staging", "no changes"),
    };
    expect(plansText(plans)).toBe(`<!-- slipway-plans -->

<details>
<summary><b>lab: no changes</b></summary>

**Terraform says**

</details>

<details open>
<summary><b>prod: 1 to add, to be applied after staging</b></summary>

${change.trim()}

</details>

<details open>
<summary><b>qa: not planned</b></summary>

The run says why.

</details>

No changes: bootstrap, staging.
`);
  });

  it.each([1, 2, 20, 60])("are cut to what GitHub takes, with the heads of all %i", (count) => {
    const long = (index: number) =>
      `\n\`\`\`diff\n${"+ aws_subnet.private\n".repeat(index % 2 ? 9_000 : 3)}\`\`\`\n`;
    const plans = Object.fromEntries(
      Array.from({ length: count }, (_, index) => [`e${index}`, of(`e${index}`, "9 to add", long(index))]),
    );
    const body = plansText(plans);
    expect(body.length).toBeLessThanOrEqual(LIMIT - 100);
    expect(body.match(/<summary>/g)).toHaveLength(count);
    expect(body.match(/<\/details>/g)).toHaveLength(count);
    expect((body.match(/^```/gm) ?? []).length % 2).toBe(0);
    if (count > 1) expect(body.length).toBeGreaterThan(LIMIT * 0.8);
  });

  it("are found again by the marker of the comment, whatever else a bot wrote", async () => {
    github.commented(7, "<!-- another -->\n");
    await upsertComment(
      runnerOf(github.env),
      plansText({ a: of("a", "1 to add", change) }),
      "refs/pull/7/merge",
    );
    await upsertComment(runnerOf(github.env), plansText({ a: of("a", "no changes") }), "refs/pull/7/merge");
    expect(github.comments).toHaveLength(2);
    expect(github.comments[1]?.body).toContain("\nNo changes: a.\n");
  });
});

describe("a text that is cut", () => {
  it.each([100, 150, 200, 230, 231, 300])("never exceeds %i characters, nor leaves a fence open", (limit) => {
    const long = `head\n\n\`\`\`\`diff\n${"`a`\n```\n".repeat(20)}\`\`\`\`\n\nafter\n${"more\n".repeat(20)}`;
    const body = fitted(long, "END", limit);
    expect(body.length).toBeLessThanOrEqual(limit);
    expect(body.endsWith("END")).toBe(true);
    expect((body.match(/^````/gm) ?? []).length % 2).toBe(0);
  });

  it("is whole where it fits to the last character", () => {
    expect(fitted("12345", "67890", 10)).toBe("1234567890");
  });
});

describe("a commit that was merged while an older one was applied", () => {
  const again = (sha: string) =>
    planAgain(runnerOf(github.env), {
      ref: "refs/heads/main",
      sha,
      workflow: "octo/infra/.github/workflows/pipeline.yaml@refs/heads/main",
    });

  it("is planned again by the workflow that the run is of", async () => {
    expect(await again("2e".repeat(20))).toBe(
      `${github.head} was merged while this was applied: a new run plans it again, since its own may have planned too early.`,
    );
    expect(github.requests.at(-1)).toBe("POST /actions/workflows/pipeline.yaml/dispatches");
    expect(github.dispatched).toEqual(["main"]);
  });

  it("is none where main is what was applied: nothing is started", async () => {
    expect(await again(github.head)).toBe("Nothing was merged while this was applied.");
    expect(github.dispatched).toEqual([]);
  });
});

describe("the newest commit of a branch", () => {
  const newer = (sha: string, ref = "refs/heads/main") => newerCommit(runnerOf(github.env), ref, sha);

  it("is told only where it is another one than the run's", async () => {
    expect(await newer(github.head)).toBeUndefined();
    expect(await newer("2e".repeat(20))).toBe(github.head);
    expect(github.requests).toEqual(["GET /git/ref/heads/main", "GET /git/ref/heads/main"]);
  });

  it("is null for a program where it is the run's own", async () => {
    const newerOf = async (sha: string) => {
      const env = { ...process.env, ...github.env, GITHUB_REF: "refs/heads/main", GITHUB_SHA: sha };
      return JSON.parse((await slipwayHere(process.cwd(), ["github", "newer", "--json"], env)).stdout);
    };
    expect(await newerOf(github.head)).toEqual({ newer: null });
    expect(await newerOf("2e".repeat(20))).toEqual({ newer: github.head });
  });

  it("is an error where it cannot be known: nothing goes on then", async () => {
    await expect(newer("x", "refs/heads/gone")).rejects.toThrow(/GitHub answers 404.*contents: read/);
    await expect(newer("x", "refs/pull/7/merge")).rejects.toThrow("only a run of a branch can be behind it");
  });
});

const report = (outcomes: Readonly<Record<string, string>>, orphans: readonly string[] = []) =>
  JSON.stringify({
    version: 1,
    orphans: { found: orphans.map((name) => ({ name })) },
    stacks: Object.entries(outcomes).map(([name, outcome]) => ({ name, outcome })),
  });
const drift = (outcomes: Readonly<Record<string, string>>, markdown = "the plan") =>
  tellDrift(
    runnerOf(github.env),
    Object.fromEntries(
      Object.entries(outcomes).map(([name, outcome]) => [
        name,
        { report: report({ [name]: outcome }), markdown },
      ]),
    ),
  );
const open = () => github.issues.filter(({ state }) => state === "open");

describe("the issue of drift", () => {
  it("tells an environment whose file is gone, and closes nothing where that is unknown", async () => {
    const unchanged = { staging: "no changes" };
    const orphan = { report: report(unchanged, ["prod"]), markdown: "the plan" };
    const told = await tellDrift(runnerOf(github.env), { staging: orphan, qa: orphan });
    expect(told).toMatch(/^Opened issue \d+: Drift: prod has no file\.$/);
    const unknown = JSON.stringify({
      ...JSON.parse(report(unchanged)),
      orphans: { found: [], problem: "Access Denied" },
    });
    expect(await tellDrift(runnerOf(github.env), { staging: { report: unknown, markdown: "" } })).toBe(
      "No drift is known, but not planned: states without a file. No issue was touched.",
    );
    expect(open()).toHaveLength(1);
  });

  it("is opened, updated, closed, and opened anew: one at a time", async () => {
    expect(await drift({ prod: "no changes", staging: "changes" }, "first")).toMatch(
      /^Opened issue \d+: Drift: staging\.$/,
    );
    expect(open()).toMatchObject([
      { title: "Drift: staging", body: expect.stringMatching(/^<!-- slipway-drift -->\n[\s\S]*first$/) },
    ]);
    const [first] = open();
    expect(await drift({ prod: "changes", staging: "changes" }, "second")).toMatch(/^Updated issue/);
    expect(github.issues).toHaveLength(1);
    expect(first).toMatchObject({ title: "Drift: prod, staging", body: expect.stringContaining("second") });
    expect(first?.body).not.toContain("first");
    expect(await drift({ prod: "no changes", staging: "no changes" })).toMatch(
      /^No drift any more: closed issue/,
    );
    expect(first).toMatchObject({ state: "closed", state_reason: "completed" });
    expect(github.comments).toMatchObject([
      { issue: first?.number, body: expect.stringContaining("runs/4711") },
    ]);
    expect(await drift({ staging: "changes" })).toMatch(/^Opened/);
    expect(open()).toHaveLength(1);
    expect(github.issues).toHaveLength(2);
  });

  it("writes nothing where there is neither drift nor an issue", async () => {
    expect(await drift({ staging: "no changes" })).toBe("No drift, and no open issue of it.");
    expect(github.requests).toEqual(["GET /issues?state=open&per_page=100&page=1"]);
  });

  it("stays open while of one stack there is no plan at all", async () => {
    const issue = github.opened("<!-- slipway-drift -->\nold", { title: "Drift: prod" });
    const planned = { report: report({ staging: "no changes" }), markdown: "" };
    expect(await tellDrift(runnerOf(github.env), { staging: planned, prod: undefined })).toMatch(
      /not planned: prod/,
    );
    expect(issue).toMatchObject({ state: "open", body: "<!-- slipway-drift -->\nold" });
  });

  it("stays open while an environment could not be planned, and tells the others' drift", async () => {
    const issue = github.opened("<!-- slipway-drift -->\nold", { title: "Drift: staging" });
    expect(await drift({ prod: "failed", staging: "no changes" })).toMatch(/not planned: prod/);
    expect(issue).toMatchObject({ state: "open", body: "<!-- slipway-drift -->\nold" });
    await drift({ prod: "failed", staging: "changes" }, "new");
    expect(issue.body).toContain("new");
    expect(github.issues).toHaveLength(1);
  });

  it("is found behind a hundred others, and is nobody else's", async () => {
    const strangers = [
      github.opened(null),
      github.opened("<!-- slipway-drift -->", { user: { login: "mallory" } }),
      github.opened("<!-- slipway-drift -->", { pull_request: {} }),
    ];
    for (let other = 0; other < 120; other++) github.opened(`issue ${other}`);
    const ours = github.opened("<!-- slipway-drift -->\nold");
    await drift({ staging: "no changes" });
    expect(ours.state).toBe("closed");
    expect(strangers.map(({ state }) => state)).toEqual(["open", "open", "open"]);
  });

  it("fits, with every environment's plan in it", async () => {
    await drift({ staging: "changes" }, "line\n".repeat(20_000));
    expect(open()[0]?.body?.length).toBeLessThanOrEqual(LIMIT);
    expect(open()[0]?.body?.length).toBeGreaterThan(LIMIT - 100);
  });

  it.each(["", "{}", '{"version":2,"stacks":[]}', '{"version":1,"stacks":[{"name":"a","outcome":"fine"}]}'])(
    "is not touched for the report %j",
    async (text) => {
      await expect(
        tellDrift(runnerOf(github.env), { staging: { report: text, markdown: "" } }),
      ).rejects.toThrow(/The report is not what npx slipway plan/);
      expect(github.requests).toEqual([]);
    },
  );
});

describe("a refusal of GitHub", () => {
  const refused = async (status: number, message: string, headers?: Record<string, string>) => {
    github.refusal = { status, body: { message }, headers };
    return [await comment(text("x")).catch(String), await drift({ staging: "changes" }).catch(String)];
  };

  it("names the permission that is missing", async () => {
    const [commenting, telling] = await refused(403, "Resource not accessible by integration");
    expect(commenting).toContain(
      'GET /repos/octo/infra/issues/7/comments?per_page=100&page=1: GitHub answers 403, Resource not accessible by integration. The job needs "permissions: { pull-requests: write }"',
    );
    expect(telling).toContain('The job needs "permissions: { issues: write }"');
  });

  it.each([
    [404, "Not Found", {}, 'needs "permissions: {'],
    [401, "Bad credentials", {}, "The token is wrong or expired"],
    [403, "You have exceeded a secondary rate limit", { "retry-after": "60" }, "Too many requests"],
    [403, "API rate limit exceeded", { "x-ratelimit-remaining": "0" }, "Too many requests"],
    [410, "Issues has been disabled in this repository", {}, "switch them on"],
    [502, "Server Error", {}, "GitHub's own failure"],
  ])("of %i, %s, says what to do", async (status, message, headers, words) => {
    for (const error of await refused(status, message, headers as Record<string, string>)) {
      expect(error).toContain(`GitHub answers ${status}, ${message}`);
      expect(error).toContain(words);
    }
    // Nothing is tried twice, nothing is written.
    expect(github.requests).toHaveLength(2);
  });

  it("to answer at all is told with the address", async () => {
    const { env } = github;
    github.close();
    await expect(upsertComment(runnerOf(env), text("x"), "refs/pull/7/merge")).rejects.toThrow(
      `${env.GITHUB_API_URL} does not answer (connect ECONNREFUSED`,
    );
  });

  it("to say where it is names each variable, and never the token", () => {
    expect(() => runnerOf({ GITHUB_TOKEN: "secret", GITHUB_RUN_ID: "" })).toThrow(
      /^Not set: GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_SERVER_URL, GITHUB_RUN_ID\. (?!.*secret)/,
    );
  });
});
