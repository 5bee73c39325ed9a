import { RunTaskCommand } from "@aws-sdk/client-ecs";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  dailyPolicyCommand,
  execCommand,
  logsCommand,
  openCommand,
  psqlCommand,
  secretCommands,
} from "../../deploy/daily/commands";
import type { LogsOptions } from "../../deploy/daily/logs";
import type { DailySurroundings } from "../../deploy/daily/session";
import { contractParameter } from "../../modules/contract";
import type { Policy } from "../../modules/contract/policy";
import { PURPOSES, type Purpose } from "../../modules/contract/purposes";
import { SAMPLE } from "../../sandbox/api/sample";
import { BASTION, contractOf, DATABASE_LOGS, putParameter } from "./support/contract";
import { Day } from "./support/day";
import { minute, second } from "./support/driver";

const ID = "0123456789abcdef0123456789abcdef";
const LAST_HOUR = { since: 60 * minute, sinceText: "1h" };

let day: Day;
beforeAll(async () => {
  day = await Day.open({ exec: true });
});
afterAll(() => day.close());
beforeEach(() => day.stage.use());

const logs =
  (services: string[], options: Partial<LogsOptions> = {}) =>
  (around: DailySurroundings) =>
    logsCommand("staging", services, { ...LAST_HOUR, ...options }, around);

describe("logs", () => {
  beforeEach(() => {
    day.stage.sandbox.logs.clear();
    day.line(`web/web/${ID}`, "second", 20 * second);
    day.line(`web/web/${ID.replace("0", "f")}`, "first: password=hunter2", 30 * second);
    day.line(`web-migration/web/${ID}`, "0007 applied", 25 * second);
    day.line("staging.0", "LOG:  slow", 22 * second, DATABASE_LOGS);
    day.line(`web/web/${ID}`, "::error::\u001b[31mred\u202e ##[add-mask]x", 10 * second);
  });

  test("are merged by time, masked, and command nothing", async () => {
    const { exitCode, out, said } = await day.run(logs(["web"], { database: true }));
    expect(exitCode).toBe(0);
    expect(said).toBe("");
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toBe("2026-11-20 (UTC)");
    expect(lines.slice(1).map((line) => line.replace(/^\d\d:\d\d:\d\d /, ""))).toEqual([
      "web f12345 | first: password=***",
      "postgresql | LOG:  slow",
      "web 012345 | second",
      "web 012345 | ::error::red\\u202e \\x23#[add-mask]x",
    ]);
  });

  test.each<[boolean, NodeJS.ProcessEnv, boolean]>([
    [true, {}, true],
    [true, { NO_COLOR: "1" }, false],
    [true, { NO_COLOR: "" }, true],
    [true, { TERM: "dumb" }, false],
    [false, {}, false],
  ])("on a terminal (%s) with %j are in colours: %s, as secrets are", async (terminal, env, colours) => {
    const options = { service: [] };
    for (const command of [
      logs(["web"]),
      (around: DailySurroundings) => secretCommands.list("staging", options, around),
    ]) {
      const { exitCode, out } = await day.run(command, { terminal, env });
      expect(exitCode).toBe(0);
      expect(out.includes("\u001b")).toBe(colours);
    }
    const { out } = await day.run((around) => secretCommands.diff("staging", "staging", options, around), {
      terminal,
      env,
    });
    expect(out).not.toContain("\u001b");
  });

  test("of migrations alone, filtered, as JSON, and of nothing", async () => {
    const migration = await day.run(logs([], { migration: true, json: true }));
    expect(
      migration.out
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        at: expect.stringMatching(/^2026-11-20T/),
        source: "web migration",
        stream: `web-migration/web/${ID}`,
        text: "0007 applied",
      },
    ]);
    const grep = await day.run(logs([], { grep: "SECOND" }));
    expect(grep.out.match(/\|/g)).toHaveLength(1);
    const none = await day.run(logs([], { grep: "nothing of this" }));
    expect(none).toMatchObject({
      exitCode: 0,
      out: "",
      said: expect.stringContaining('No lines with "nothing of this" in the last 1h; --since 24h'),
    });
  });

  test("of a schedule are those of the tasks that the scheduler started with its command", async () => {
    const run = (command: string[], startedBy: string) =>
      day.stage.others.ecs.send(
        new RunTaskCommand({
          cluster: SAMPLE.cluster,
          taskDefinition: SAMPLE.definition,
          startedBy,
          overrides: { containerOverrides: [{ name: "web", command }] },
        }),
      );
    const ids = [];
    for (const [command, by] of [
      [["report", "--all"], "chronos-schedule/staging-web_nightl"],
      [["report", "--all"], "ana"],
      [["sweep"], "chronos-schedule/staging-web_sweep"],
    ] as const) {
      const { tasks } = await run([...command], by);
      const id = tasks?.[0]?.taskArn?.split("/").at(-1) ?? "";
      ids.push(id);
      day.line(`web/web/${id}`, `of ${by}`);
    }
    await day.stage.sandbox.advance(minute);
    const { out } = await day.run(logs([], { schedule: "nightly" }));
    expect(out.split("\n").filter((line) => line.includes("| of "))).toEqual([
      expect.stringMatching(
        new RegExp(`web nightly ${ids[0]?.slice(0, 6)} \\| of chronos-schedule/staging-web_nightl$`),
      ),
    ]);
    const wrong = await day.run(logs([], { schedule: "hourly" }));
    expect(wrong).toMatchObject({
      exitCode: 1,
      said: "There is no schedule hourly.\n  → There are: nightly.\n",
    });
  });

  test("that are followed show each line once and within two seconds, late ones too, until Ctrl-C", async () => {
    const { clock } = day.stage;
    const shownAt = new Map<string, number>();
    const writtenAt = new Map<string, number>();
    const write = (text: string, ago = 0) => {
      writtenAt.set(text, clock.now());
      day.line(`web/web/${ID}`, text, 0);
      if (ago) day.line(`web/web/${ID.replace("0", "e")}`, `${text}, late`, ago);
    };
    for (let count = 1; count <= 5; count++)
      clock.in(count * 700, () => write(`line ${count}.`, count === 4 ? 12 * second : 0));
    let send: (signal: "SIGINT") => void = () => {};
    clock.in(8 * second, () => send("SIGINT"));
    const { exitCode, out, said } = await day.run(logs(["web"], { follow: true }), {
      on: (text, signal) => {
        send = signal;
        for (const line of text.match(/line \d\.(, late)?/g) ?? []) shownAt.set(line, clock.now());
      },
    });
    expect(exitCode).toBe(130);
    expect(said).toBe("");
    expect(out.match(/line \d\.\n/g)).toEqual([1, 2, 3, 4, 5].map((count) => `line ${count}.\n`));
    expect(out.match(/line 4\., late/g)).toHaveLength(1);
    for (const [line, at] of writtenAt)
      expect((shownAt.get(line) ?? Number.POSITIVE_INFINITY) - at).toBeLessThanOrEqual(2 * second);
  });

  test("end in silence when whoever reads goes away", async () => {
    const { exitCode, said } = await day.run(logs(["web"], { follow: true }), { closes: true });
    expect({ exitCode, said }).toEqual({ exitCode: 0, said: "" });
  });

  test("in GitHub Actions stand outside of commands", async () => {
    const { out } = await day.run(logs(["web"]), { env: { GITHUB_ACTIONS: "true" } });
    expect(out).toMatch(/^::stop-commands::(\S+)\n[\s\S]*\n::\1::\n$/);
  });

  test("of a service that is not there, and with a contract that says too little", async () => {
    const wrong = await day.run(logs(["wep"]));
    expect(wrong).toMatchObject({
      exitCode: 1,
      said: "staging has no service wep.\n  → It has: web. Did you mean web?\n",
    });
    const { database: _, ...older } = contractOf();
    const outputs = day.stage.outputs(older);
    const { exitCode, said } = await day.run(logs([], { database: true, outputs }));
    expect(exitCode).toBe(1);
    expect(said).toContain("written by an older Slipway");
    expect(said).toContain("→ Apply once more with this version: npx slipway apply staging");
  });
});

const NEVER = "(the value)-5f1c";

describe("secret", () => {
  const options = { service: [] };
  const set = (value: string) =>
    day.run((around) => secretCommands.set("staging", "API_KEY", options, around), { stdin: value });

  test("set takes the value from standard input, and shows it nowhere", async () => {
    const { exitCode, out, said, calls } = await set(`${NEVER}\n`);
    expect(exitCode).toBe(0);
    expect(said).toContain("✓ web.API_KEY set.");
    expect(out + said).not.toContain(NEVER);
    expect(day.stage.sandbox.secret(SAMPLE.secret)).toBe(NEVER);
    expect(calls.map(({ operation }) => operation)).toEqual([
      "ssm:GetParameter",
      "ssm:DescribeParameters",
      "ssm:PutParameter",
    ]);
  });

  test("set whose answer was lost is looked for, and made once", async () => {
    await day.stage.sandbox.fault({ operation: "ssm:PutParameter", kind: "lost" });
    const { exitCode } = await set("again");
    await day.stage.sandbox.clearFaults();
    expect(exitCode).toBe(0);
    expect(day.stage.sandbox.secret(SAMPLE.secret)).toBe("again");
  });

  test.each([
    ["", "Nothing was given"],
    ["x".repeat(4097), "The value has 4097 bytes; a parameter holds 4096."],
  ])("set refuses a value of %#", async (value, message) => {
    const { exitCode, said, calls } = await set(value);
    expect(exitCode).toBe(1);
    expect(said).toContain(message);
    expect(calls.some(({ operation }) => operation === "ssm:PutParameter")).toBe(false);
  });

  test("set names the secrets that there are", async () => {
    const { exitCode, said } = await day.run(
      (around) => secretCommands.set("staging", "API_KAY", options, around),
      { stdin: "x" },
    );
    expect(exitCode).toBe(1);
    expect(said).toContain(
      "No service in staging has a secret API_KAY. There are: API_KEY.\n  → To have it, list API_KAY among",
    );
  });

  test("list, unset and diff tell names and states", async () => {
    const list = () => day.run((around) => secretCommands.list("staging", options, around));
    expect((await list()).out).toMatch(/^✓ web\.API_KEY {2}set 2026-11-\d\d\n$/);
    const diff = await day.run((around) => secretCommands.diff("staging", "staging", options, around));
    expect(diff).toMatchObject({
      exitCode: 0,
      out: "",
      said: expect.stringContaining("1 of 1 secrets are in the same state"),
    });
    const unset = (yes: boolean) =>
      day.run((around) => secretCommands.unset("staging", "API_KEY", { ...options, yes }, around));
    const asked = await unset(false);
    expect(asked).toMatchObject({
      exitCode: 1,
      said: expect.stringContaining(
        "Nothing was deleted. Tasks of web that start before it is set again will fail.",
      ),
    });
    expect((await unset(true)).said).toContain("✓ web.API_KEY deleted.");
    expect((await list()).out).toBe("! web.API_KEY  missing\n");
    expect((await set("x")).said).toContain("✓ web.API_KEY set.");
    expect((await list()).out).toMatch(/^✓ web\.API_KEY {2}set /);
  });

  const ahead = (variable: string, service: string[]) =>
    day.run((around) => secretCommands.set("staging", variable, { service, new: true }, around), {
      stdin: "x",
    });

  test("set --new makes one before a service has it, encrypted and tagged as everything else", async () => {
    const { exitCode, said } = await ahead("MAIL_KEY", ["web"]);
    expect(exitCode, said).toBe(0);
    const name = "/staging/service/web/MAIL_KEY";
    expect(day.stage.sandbox.secret(name)).toBe("x");
    const { attributes } =
      day.stage.sandbox.host.world.find({ type: "aws_ssm_parameter", where: { name } }) ?? {};
    expect(attributes).toMatchObject({
      type: "SecureString",
      version: 1,
      tags: { project: "app", environment: "staging", "managed-by": "slipway" },
    });
    // The second time it is there.
    expect((await ahead("MAIL_KEY", ["web"])).exitCode).toBe(0);
    // One that the service has already is that one.
    await ahead("API_KEY", ["web"]);
    expect(day.stage.sandbox.secret(SAMPLE.secret)).toBe("x");
  });

  test.each([
    ["MAIL_KEY", [], "so nobody knows whose it will be.\n  → Name the service: --service web"],
    ["MAIL-KEY", ["web"], '"MAIL-KEY" is no name of a variable.'],
    ["MAIL_KEY", ["wep"], "staging has no service wep."],
  ])("set --new refuses %s of %j", async (variable, service, message) => {
    const { exitCode, said, calls } = await ahead(variable, service);
    expect(exitCode).toBe(1);
    expect(said).toContain(message);
    expect(calls.some(({ operation }) => operation === "ssm:PutParameter")).toBe(false);
  });
});

/** A tunnel that opens as the plugin's does, and stays until it is told to end. */
const TUNNEL = `
const request = JSON.parse(process.argv[6]);
const port = request.Parameters.localPortNumber[0];
require("node:net").createServer().listen(port, "127.0.0.1", () => console.log("Port " + port + " opened for sessionId x."));
`;

describe("psql", () => {
  const psql = (env: NodeJS.ProcessEnv = {}) =>
    day.run((around) => psqlCommand("staging", ["-c", "select 1"], {}, around), {
      env: { PGSSLROOTCERT: "bundle.pem", ...env },
    });

  test("opens a tunnel of its own, verifies whom it talks to, and closes it again", async () => {
    day.program("session-manager-plugin", TUNNEL);
    day.program("psql", `process.exit(3)`);
    const { exitCode, said, calls } = await psql();
    expect(exitCode, said).toBe(3);
    const { argv, env } = day.given("psql");
    expect(argv).toEqual(["-c", "select 1"]);
    expect(env).toMatchObject({
      PGHOST: "staging.abc.us-west-2.rds.amazonaws.com",
      PGHOSTADDR: "127.0.0.1",
      PGUSER: "app",
      PGDATABASE: "app",
      PGPASSWORD: "s3cret-of-the-database",
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: "bundle.pem",
    });
    const plugin = day.given("session-manager-plugin");
    expect(plugin.argv.slice(0, 4)).toEqual([
      "AWS_SSM_START_SESSION_RESPONSE",
      SAMPLE.region,
      "StartSession",
      "",
    ]);
    expect(JSON.parse(plugin.argv[4] as string)).toEqual({
      Target: BASTION,
      DocumentName: "AWS-StartPortForwardingSessionToRemoteHost",
      Parameters: { host: [env.PGHOST], portNumber: ["5432"], localPortNumber: [env.PGPORT] },
    });
    const session = JSON.parse(plugin.env.AWS_SSM_START_SESSION_RESPONSE as string);
    expect(session).toMatchObject({ SessionId: expect.any(String), TokenValue: expect.any(String) });
    expect(JSON.stringify(plugin.argv)).not.toContain(session.TokenValue);
    expect(calls.find(({ operation }) => operation === "ssm:TerminateSession")?.input).toEqual({
      SessionId: session.SessionId,
    });
    expect(said).not.toContain("s3cret");
  });

  test("says why a tunnel does not open, and starts no psql", async () => {
    day.program("session-manager-plugin", `console.error("dial tcp: refused"); process.exit(1)`);
    day.program("psql", `require("node:fs").writeFileSync(__filename + ".ran", "")`);
    const { exitCode, said } = await psql();
    expect(exitCode).toBe(1);
    expect(said).toContain(
      "The tunnel did not open: session-manager-plugin ended with 1.\n  → dial tcp: refused",
    );
  });

  test("--as a service that has no login of its own names who has, or how to have one", async () => {
    day.program("session-manager-plugin", TUNNEL);
    day.program("psql", "");
    const { exitCode, said, calls } = await day.run((around) =>
      psqlCommand("staging", [], { as: "web" }, around),
    );
    expect(exitCode).toBe(1);
    expect(said).toContain("--as web: web of staging has no login of its own.");
    expect(said).toContain("database: { logins: true } in environments/staging.ts gives each service one");
    expect(calls.map(({ operation }) => operation)).toEqual(["ssm:GetParameter"]);
  });

  test("without its programs names where to get them, before any session", async () => {
    const { exitCode, said, calls } = await psql({ PATH: "/nowhere" });
    expect(exitCode).toBe(1);
    expect(said).toContain("session-manager-plugin is not installed");
    expect(said).toContain("brew install --cask session-manager-plugin");
    expect(calls.map(({ operation }) => operation)).toEqual(["ssm:GetParameter"]);
  });
});

describe("exec", () => {
  const exec = (words: string[] = [], options = {}, env: NodeJS.ProcessEnv = {}) =>
    day.run((around) => execCommand("staging", undefined, words, options, around), { env });

  test("enters the newest task, and says which", async () => {
    day.program("session-manager-plugin", "");
    const { exitCode, said, calls } = await exec(["sh", "-c", "echo 'a b'"]);
    expect(exitCode, said).toBe(0);
    const call = calls.find(({ operation }) => operation === "ecs:ExecuteCommand")?.input;
    expect(call).toMatchObject({
      cluster: "staging",
      container: "web",
      interactive: true,
      command: `sh -c 'echo '\\''a b'\\'''`,
    });
    expect(said).toContain(`web: task ${call?.task}, since 2026-11-20T`);
    const { argv } = day.given("session-manager-plugin");
    expect(JSON.parse(argv[4] as string).Target).toMatch(new RegExp(`^ecs:staging_${call?.task}_.`));
  });

  test("refuses a task that is not there", async () => {
    const { exitCode, said } = await exec([], { task: "zzz" });
    expect(exitCode).toBe(1);
    expect(said).toMatch(/web runs no task zzz\.\n {2}→ It runs: [0-9a-f]{32}\./);
  });

  test("explains each refusal", async () => {
    await day.stage.sandbox.fault({
      operation: "ecs:ExecuteCommand",
      kind: "error",
      code: "TargetNotConnectedException",
      message: "not connected",
      count: 1,
    });
    expect((await exec()).said).toContain("→ The task reaches no ssmmessages endpoint");
    await day.stage.sandbox.fault({ operation: "ecs:ExecuteCommand", kind: "denied", count: 1 });
    expect((await exec()).said).toContain("policy staging --for exec");
  });
});

test("exec of a service without the option, of tasks from before it, and of none", async () => {
  const other = await Day.open();
  try {
    other.program("session-manager-plugin", "");
    const exec = () => other.run((around) => execCommand("staging", "web", [], {}, around));
    const off = await exec();
    expect(off).toMatchObject({ exitCode: 1, out: "" });
    expect(off.said).toContain(
      "web takes no shell: ECS Exec is not enabled.\n  → services: { web: { exec: true } }",
    );
    const { world } = other.stage.sandbox.host;
    await world.change(() => {
      for (const service of world.list({ type: "aws_ecs_service" }))
        world.update(service, { enable_execute_command: true });
    });
    await other.stage.sandbox.advance(second);
    expect((await exec()).said).toMatch(
      /No task of web can be entered now\.\n {2}→ [0-9a-f]{32}: it started before exec was enabled/,
    );
    await world.change(() => {
      for (const service of world.list({ type: "aws_ecs_service" }))
        world.update(service, { desired_count: 0 });
    });
    await other.stage.sandbox.advance(5 * minute);
    const none = await exec();
    expect(none.said).toContain(
      "web has no running task (0 of 0 running).\n  → What happened to them: npx slipway status staging",
    );
    expect(other.stage.made("ExecuteCommand")).toEqual([]);
  } finally {
    await other.close();
  }
});

test("open prints the address", async () => {
  const { exitCode, out } = await day.run((around) => openCommand("staging", {}, around));
  expect({ exitCode, out }).toEqual({ exitCode: 0, out: "https://staging.example.com\n" });
});

/** IAM's wildcard. */
const matches = (pattern: string, text: string) =>
  new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"))
      .join(".*")}$`,
  ).test(text);

test("policy --for psql allows the password of every version: a rotation takes nobody's way in", async () => {
  const { out } = await day.run((around) => dailyPolicyCommand("staging", "psql", {}, around));
  const { Statement } = JSON.parse(out) as Policy;
  const [pattern = ""] = Statement.find(({ Sid }) => Sid === "ReadPassword")?.Resource ?? [];
  const allows = (name: string) =>
    matches(pattern, `arn:aws:ssm:us-west-2:${contractOf().account}:parameter/${name}`);
  expect(["staging/database/1/password", "staging/database/2/password"].map(allows)).toEqual([true, true]);
  expect(["staging/database/1/url-0c864f19", "prod/database/1/password"].map(allows)).toEqual([false, false]);
});

test.each(PURPOSES)(
  "policy --for %s allows its calls, no action that it never makes, and names no other environment's",
  async (purpose: Purpose) => {
    const made: Record<Purpose, string[]> = {
      logs: ["logs:FilterLogEvents", "ecs:ListTasks", "ecs:DescribeTasks"],
      exec: ["ecs:DescribeServices", "ecs:ListTasks", "ecs:DescribeTasks", "ecs:ExecuteCommand"],
      psql: ["ssm:GetParameter", "ssm:StartSession", "ssm:TerminateSession"],
      secret: ["ssm:DescribeParameters", "ssm:PutParameter", "ssm:AddTagsToResource", "ssm:DeleteParameter"],
      open: [],
    };
    const commands: Record<Purpose, (around: DailySurroundings) => Promise<number>> = {
      logs: logs([], { schedule: "nightly", database: true }),
      exec: (around) => execCommand("staging", "web", [], {}, around),
      psql: (around) => psqlCommand("staging", [], {}, around),
      secret: (around) => secretCommands.set("staging", "API_KEY", { service: [] }, around),
      open: (around) => openCommand("staging", {}, around),
    };
    day.program("session-manager-plugin", purpose === "psql" ? TUNNEL : "");
    day.program("psql", "");
    const { calls } = await day.run(commands[purpose], { stdin: "x", env: { PGSSLROOTCERT: "bundle.pem" } });
    expect(["ssm:GetParameter", ...made[purpose]]).toEqual(
      expect.arrayContaining(calls.map(({ operation }) => operation)),
    );
    const { out } = await day.run((around) => dailyPolicyCommand("staging", purpose, {}, around));
    const policy = JSON.parse(out) as Policy;
    const actions = new Set(policy.Statement.flatMap(({ Action }) => Action));
    expect(actions).toEqual(new Set(["ssm:GetParameter", ...made[purpose]]));
    const other = [
      "arn:aws:ssm:us-west-2:000000000000:parameter/prod/service/web/API_KEY",
      "arn:aws:ecs:us-west-2:000000000000:task/prod/1",
    ];
    for (const { Resource, Sid } of policy.Statement) {
      if (Sid === "ListTasks" || Sid === "SeeSecretVersions") continue;
      for (const pattern of Resource)
        for (const one of other)
          expect(
            matches(pattern, one.replace("000000000000", contractOf().account)),
            `${Sid} ${pattern}`,
          ).toBe(false);
    }
  },
);

describe("with a key of the environment's own", () => {
  const key = `arn:aws:kms:us-west-2:${contractOf().account}:key/1b7c0d0e-0000-4000-8000-000000000001`;
  const keyId = key.replace(/^.*\//, "");

  beforeEach(async () => {
    const { world } = day.stage.sandbox.host;
    await putParameter(world, contractParameter("staging"), JSON.stringify({ ...contractOf(), key }), 1);
    await putParameter(world, SAMPLE.secret, "set by hand", 2);
    await world.change(() =>
      world.put({
        type: "aws_kms_key",
        region: "us-west-2",
        id: keyId,
        origin: "terraform",
        attributes: { id: keyId, arn: key },
      }),
    );
  });

  test("a secret is written under it, whatever it lay under before", async () => {
    const set = (around: DailySurroundings) =>
      secretCommands.set("staging", "API_KEY", { service: [] }, around);
    const { exitCode, said } = await day.run(set, { stdin: "x" });
    expect(exitCode, said).toBe(0);
    const written = day.stage.sandbox.host.world.find({
      type: "aws_ssm_parameter",
      where: { name: SAMPLE.secret },
    });
    expect(written?.attributes.key_id).toBe(key);
  });

  test.each([
    ["psql", "kms:Decrypt"],
    ["secret", "kms:Encrypt"],
  ] as const)("policy --for %s allows %s with it, through Systems Manager alone", async (purpose, action) => {
    const { out } = await day.run((around) => dailyPolicyCommand("staging", purpose, {}, around));
    const { Statement } = JSON.parse(out) as Policy;
    expect(Statement.filter(({ Action }) => Action.some((one) => one.startsWith("kms:")))).toEqual([
      {
        Sid: expect.any(String),
        Effect: "Allow",
        Action: [action],
        Resource: [key],
        Condition: { StringEquals: { "kms:ViaService": "ssm.us-west-2.amazonaws.com" } },
      },
    ]);
  });
});
