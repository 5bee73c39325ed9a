import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { milliseconds } from "../../deploy/duration";
import type { DeployEvent, Result } from "../../deploy/events";
import { imageReference } from "../../deploy/image";
import { StreamLines } from "../../deploy/printable";
import { GithubScreen, summary } from "../../deploy/screen/github";
import { plainScreen } from "../../deploy/screen/plain";
import { TreeScreen } from "../../deploy/screen/tree";
import { duration } from "../../terminal/duration";
import { readStartedBy, startedBy } from "../../deploy/started-by";
import { World } from "./support/world";

const result: Result = {
  command: "deploy",
  environment: "staging",
  exitCode: 3,
  text: "The roll-out of web failed.",
  wayOut: ["The migration was not undone."],
  lastLines: ["panic: | pipe", "```"],
  images: [{ repository: "shop", tag: "staging", digest: `sha256:${"a".repeat(64)}`, previous: null }],
  services: [{ name: "web", outcome: "failed", deployment: "ecs-svc/1" }],
  seconds: 65,
  url: null,
};

test("the job summary is one table, and log lines cannot break out of their block", () => {
  const text = summary(result);
  expect(text).toContain("| image `shop:staging` | `sha256:aaaaaaaaaaaa` |");
  expect(text).toContain("1 m 05 s, exit code 3");
  expect(text).toContain("\n    ```\n");
});

test("plain lines carry the time, and never begin with what a container wrote", () => {
  let printed = "";
  const screen = plainScreen((text) => {
    printed += text;
  });
  screen({ type: "log", subject: "web", text: "::set-output name=x::y", at: "2026-11-20T12:00:01.000Z" });
  expect(printed).toBe("12:00:01 web | ::set-output name=x::y\n");
});

test("the tree draws services that roll out side by side as one step, a line each", async () => {
  const drawn = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const tree = new TreeScreen(() => {});
  const at = "2026-11-20T12:00:00.000Z";
  const stage = "roll out" as const;
  const events: DeployEvent[] = [
    { type: "stage", stage, subject: "web", state: "started", text: "deployment ecs-svc/1", at },
    { type: "stage", stage, subject: "worker", state: "started", text: "deployment ecs-svc/2", at },
    { type: "progress", stage, subject: "web", text: "1 of 2 running", at },
    { type: "stage", stage, subject: "worker", state: "failed", text: "failed: exit code 1", at },
    { type: "stage", stage, subject: "web", state: "succeeded", text: "2 running", at },
  ];
  for (const event of events) tree.subscriber(event);
  await tree.close();
  const text = drawn.mock.calls.map(([chunk]) => stripVTControlCharacters(String(chunk))).join("");
  drawn.mockRestore();
  expect(text).toContain("roll out 2 services, 2 ended");
  expect(text).toContain("✗ worker: failed: exit code 1");
});

test("the tree draws every step and the result, in order", async () => {
  const written: string[] = [];
  const tree = new TreeScreen((text) => written.push(text));
  const at = "2026-11-20T12:00:00.000Z";
  const events: DeployEvent[] = [
    { type: "stage", stage: "migrate", subject: "web", state: "started", text: "goose up", at },
    { type: "log", subject: "web", text: "0007 applied", at },
    { type: "stage", stage: "migrate", subject: "web", state: "failed", text: "exit code 1", at },
    { type: "result", result, at },
  ];
  for (const event of events) tree.subscriber(event);
  await tree.close();
  expect(written.join("")).toContain("The roll-out of web failed. (1 m 05 s, exit code 3)");
});

test("log lines lose colours and cursor movements, and show what else a terminal would obey", () => {
  const lines = (text: string) => new StreamLines().of(text);
  expect(lines("\u001b[31mred\u001b[0m\r\nnext\u0007\n\n")).toEqual(["red", "next\\x07"]);
  expect(lines("x".repeat(5_000))[0]).toHaveLength(2_000);
  expect(lines("a\u0085b \u202edc\u2066 e\u200bf\u2028g\u{e0041} \ud800 \tü é 漢 🎉")).toEqual([
    "a\\x85b \\u202edc\\u2066 e\\u200bf\\u2028g\\u{e0041} \\ud800 \tü é 漢 🎉",
  ]);
  expect(lines("##[set-output name=url]x ##vso[task.setvariable] ###[x] # a ## b")).toEqual([
    "\\x23#[set-output name=url]x \\x23#vso[task.setvariable] #\\x23#[x] # a ## b",
  ]);
});

/** The lines that a GitHub runner obeys as commands, as actions/runner reads them. */
function obeyed(printed: string): string[] {
  let token: string | null = null;
  const commands: string[] = [];
  for (const line of printed.split("\n")) {
    const command = /^\s*::([^ :]+)[^:]*::(.*)$/.exec(line) ?? /##\[([^ \]]+)[^\]]*\](.*)$/.exec(line);
    if (!command) continue;
    if (token !== null) {
      if (command[1] === token) token = null;
    } else if (command[1] === "stop-commands") token = command[2] ?? "";
    else commands.push(line);
  }
  if (token !== null) commands.push("(commands stay stopped)");
  return commands;
}

test("in GitHub Actions nothing is obeyed but the annotations, whatever a container prints", () => {
  let printed = "";
  const write = (text: string) => {
    printed += text;
  };
  const screen = new GithubScreen(write, { summary: undefined, output: undefined });
  const hostile = "\n::set-output name=url::https://evil.example\n##[add-mask]web\n::stop-commands::x\n";
  write(hostile);
  screen.subscriber({ type: "warning", text: "one", at: "" });
  const [, token = ""] = /^::stop-commands::(.*)$/m.exec(printed) ?? [];
  write(`${hostile}::${token}::\n${hostile}`);
  screen.subscriber({ type: "result", result, at: "" });
  write(hostile);
  screen.close();
  expect(token).toMatch(/^[0-9a-f-]{36}$/);
  expect(obeyed(printed)).toEqual([
    "::warning title=deploy::one",
    expect.stringMatching(/^::error title=deploy staging::The roll-out of web failed\./),
  ]);
});

test("durations are read and written", () => {
  expect(["90s", "15m", "1h"].map(milliseconds)).toEqual([90_000, 900_000, 3_600_000]);
  expect(["", "1", "1.5m", "-1s", "1 m", "soon", "999999s"].map(milliseconds)).toEqual(Array(7).fill(null));
  expect([5, 60, 125].map(duration)).toEqual(["5 s", "1 m 00 s", "2 m 05 s"]);
});

test("property: a tag or a digest is read as such, everything else is refused", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/), (tag) => {
      expect(imageReference(tag)).toEqual({ tag });
    }),
  );
  const digest = `sha256:${"0".repeat(64)}`;
  expect(imageReference(digest)).toEqual({ digest });
  for (const wrong of ["", "a/b", "a:b", "a b", ".a", digest.slice(0, -1), "x".repeat(129)])
    expect(imageReference(wrong)).toBeNull();
});

test("property: the mark can be read back, and always fits", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-f]{64}$/), fc.string({ minLength: 1 }), (hex, who) => {
      const mark = startedBy({ digest: `sha256:${hex}`, who });
      expect(mark).toMatch(/^[A-Za-z0-9/_-]{1,128}$/);
      expect(readStartedBy(mark)?.digest).toBe(`sha256:${hex}`);
    }),
  );
  for (const foreign of [undefined, "", "ecs-svc/1", "slipway/short/ana"])
    expect(readStartedBy(foreign)).toBeNull();
});

test("a deploy reads well in a plain log", async () => {
  const world = await World.open();
  world.ecs.taskScripts.push({ log: ["OK   0007_orders.sql"] });
  const printed = await world.deployPlainly("v2");
  const lines = printed.trim().split("\n");
  for (const line of lines) expect(line).toMatch(/^\d\d:\d\d:\d\d /);
  expect(printed).toMatch(
    /✓ image shop:staging[\s\S]*1\. migrate: run[\s\S]*web \| OK {3}0007_orders.sql[\s\S]*✓ web deployed: sha256:\w{12} runs\./,
  );
});
