import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { leaves } from "../../deploy/check";
import type { CheckStatus } from "../../deploy/events";
import { type Outcome, World } from "./support/world";

const base = realpathSync(mkdtempSync(join(tmpdir(), "slipway-commits-")));
const here = join(base, "here");
const git = (...words: readonly string[]) =>
  execFileSync("git", words, { cwd: here, encoding: "utf8" }).trim();

/** A commit of the one file, and its name. */
function commit(text: string): string {
  writeFileSync(join(here, "server.js"), text);
  git("add", ".");
  git("commit", "--quiet", "--allow-empty", "--message", text);
  return git("rev-parse", "HEAD");
}

const commits = { one: "", two: "", back: "", squashed: "", hotfix: "" };

beforeAll(() => {
  execFileSync("git", ["init", "--quiet", "--initial-branch", "main", here]);
  for (const [name, value] of [
    ["user.name", "Ana"],
    ["user.email", "ana@example.com"],
    ["commit.gpgsign", "false"],
  ] as const)
    git("config", name, value);
  commits.one = commit("one");
  commits.two = commit("two");
  git("switch", "--quiet", "--create", "prod", commits.one);
  commits.hotfix = commit("one, mended");
  commits.squashed = commit("two");
  git("switch", "--quiet", "main");
  commits.back = commit("one");
});
afterAll(() => rmSync(base, { recursive: true }));
beforeEach(() => {
  vi.spyOn(process, "cwd").mockReturnValue(here);
});

/** A world where the image of a commit runs. */
async function running(name: keyof typeof commits): Promise<World> {
  const world = await World.open();
  const digest = world.registry.push(commits[name], name);
  world.registry.tags.set("staging", digest);
  for (const { service } of world.contract.services) world.ecs.deployed(service);
  return world;
}

const told = ({ events }: Outcome, status: CheckStatus) =>
  events.flatMap((event) =>
    event.type === "checks"
      ? leaves(event.checks, status).flatMap(({ name, detail }) => (name === "commit" ? [detail] : []))
      : [],
  );

describe("a deploy with its commit", () => {
  test("is refused where a newer commit runs, which is named with the way back, and nothing is changed", async () => {
    const world = await running("two");
    const outcome = await world.deploy("v2", { commit: commits.one });
    expect(outcome.exitCode).toBe(1);
    expect(told(outcome, "failed")).toEqual([
      `${commits.two}, which runs, is newer: to go back all the same, npx slipway rollback staging --to shop:COMMIT`,
    ]);
    expect(world.made("PutImage")).toEqual([]);
  });

  test.each([
    ["of a newer one", "one", "two"],
    ["of the same one", "two", "two"],
    ["of another branch", "hotfix", "two"],
    ["that puts the files of an older one back", "two", "back"],
  ] as const)("goes on over one %s", async (_, runs, next) => {
    const outcome = await (await running(runs)).deploy("v2", { commit: commits[next] });
    expect(outcome.exitCode).toBe(0);
    expect(told(outcome, "ok")).toEqual(["no older than what runs"]);
  });

  test("goes on where the image that runs is of an older and of a newer commit, which have the same files", async () => {
    const world = await running("one");
    world.registry.tags.set(commits.back, world.digest(commits.one) ?? "");
    expect((await world.deploy("v2", { commit: commits.one })).exitCode).toBe(0);
    expect((await (await running("back")).deploy("v2", { commit: commits.two })).exitCode).toBe(1);
  });

  test("goes on where what runs has no commit, or one that is not in the history here, and says so", async () => {
    const unmarked = await (await World.open()).deploy("v2", { commit: commits.one });
    expect(told(unmarked, "ok")).toEqual(["what runs has no commit as its tag"]);
    const world = await running("two");
    world.registry.tags.delete(commits.two);
    world.registry.tags.set("f".repeat(40), world.digest("staging") ?? "");
    const outcome = await world.deploy("v2", { commit: commits.one });
    expect(outcome.exitCode).toBe(0);
    expect(told(outcome, "warning")).toEqual([
      `${"f".repeat(40)}, which runs, is not in the history here: nobody knows which is newer`,
    ]);
  });

  test("looks for no commit where none is named", async () => {
    const world = await running("two");
    const outcome = await world.deploy("v2");
    expect(outcome.exitCode).toBe(0);
    expect(world.made("DescribeImages")).toEqual([]);
  });

  test.each([
    ["a commit that is not here", () => {}, "0".repeat(40), /^0{40} is no commit here: .*fetch-depth: 0/],
    [
      "no repository",
      () => void vi.spyOn(process, "cwd").mockReturnValue(base),
      "HEAD",
      /^git answers fatal: not a git repository.*fetch-depth: 0/,
    ],
    [
      "a part of the history",
      () => {
        const part = join(base, "part");
        execFileSync("git", ["clone", "--quiet", "--depth", "1", `file://${here}`, part]);
        vi.spyOn(process, "cwd").mockReturnValue(part);
      },
      "HEAD",
      /^git has a part of the history alone: .*fetch-depth: 0/,
    ],
  ])("is refused with %s: nobody could tell", async (_, prepare, named, said) => {
    const world = await running("two");
    prepare();
    const outcome = await world.deploy("v2", { commit: named });
    expect(outcome.exitCode).toBe(1);
    expect(told(outcome, "failed")).toEqual([expect.stringMatching(said)]);
    expect(world.made("PutImage")).toEqual([]);
  });
});

describe("the image of a commit", () => {
  beforeEach(() => {
    vi.spyOn(process.stderr, "write").mockReturnValue(true);
  });

  test("is the one that was built of it: nothing is changed", async () => {
    const world = await running("two");
    expect(await world.image("shop", commits.two)).toEqual({
      exitCode: 0,
      digest: world.digest(commits.two),
    });
    expect(world.made("PutImage")).toEqual([]);
  });

  test("is that of another commit with the same files, which is given its tag", async () => {
    const world = await running("two");
    const digest = world.digest(commits.two);
    expect(await world.image("shop", commits.squashed)).toEqual({ exitCode: 0, digest });
    expect(world.digest(commits.squashed)).toBe(digest);
  });

  test("is that of the newest of several", async () => {
    const world = await running("one");
    const digest = world.registry.push(commits.back, "built again");
    git("switch", "--quiet", "--create", "again", commits.hotfix);
    const merged = commit("one");
    git("switch", "--quiet", "main");
    expect((await world.image("shop", merged)).digest).toBe(digest);
  });

  test("is none while nothing with these files was built", async () => {
    const world = await running("one");
    expect(await world.image("shop", commits.two)).toEqual({ exitCode: 0, digest: "" });
    expect(world.made("PutImage")).toEqual([]);
  });

  test("is not looked for under a name that no repository has, nor of a commit that is not here", async () => {
    const world = await running("one");
    expect((await world.image("Shop")).exitCode).toBe(1);
    expect((await world.image("shop", "nowhere")).exitCode).toBe(1);
    expect(world.calls).toEqual([]);
  });
});
