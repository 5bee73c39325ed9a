import { EventEmitter } from "node:events";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { contractOf } from "../deploy-sandbox/support/contract";
import { Day } from "../deploy-sandbox/support/day";
import {
  dailyPolicyCommand,
  execCommand,
  logsCommand,
  openCommand,
  psqlCommand,
  secretCommands,
} from "../../deploy/daily/commands";
import type { DailySurroundings } from "../../deploy/daily/session";
import { statusCommand } from "../../deploy/commands";
import { DEFAULT_LIMITS } from "../../deploy/context";
import { policy } from "../../modules/contract/policy";
import { PURPOSES, type Purpose } from "../../modules/contract/purposes";
import type { Caller } from "../../sandbox/api/call";
import { Access } from "../../sandbox/iam/access";
import type { World } from "../../sandbox/world";

const KEY = "AKIASOMEBODYELSE0000";

/** Whoever has this policy and no other. */
async function somebody(world: World, json: string): Promise<Access> {
  const name = "somebody";
  const at = { region: "global", origin: "terraform" } as const;
  const arn = `arn:aws:iam::${world.account}:role/${name}`;
  await world.change(() => {
    world.put({
      ...at,
      type: "aws_iam_role",
      id: name,
      attributes: { name, arn, assume_role_policy: '{"Statement":[]}' },
    });
    world.put({
      ...at,
      type: "aws_iam_role_policy",
      id: name,
      attributes: { name: "printed", role: name, policy: json },
    });
  });
  return new Access(world, name);
}

const identities: Record<string, Partial<Caller>> = { [KEY]: {} };
let day: Day;

/** Lets the commands act under a policy. */
async function under(json: string): Promise<Access> {
  const access = await somebody(day.stage.sandbox.host.world, json);
  identities[KEY] = { access };
  day.stage.use({ AWS_ACCESS_KEY_ID: KEY });
  return access;
}

/** The statements' actions that nobody asked for. */
function unused(json: string, { used }: Access): string[] {
  const { Statement } = JSON.parse(json) as { Statement: { Sid: string; Action: string[] }[] };
  const asked = new Set(used.map(({ sid, action }) => `${sid} ${action}`));
  return Statement.flatMap(({ Sid, Action }) => Action.map((action) => `${Sid} ${action}`)).filter(
    (one) => !asked.has(one),
  );
}

const ROLE = contractOf().roles[0] as string;

beforeAll(async () => {
  day = await Day.open({ exec: true, identities });
  await day.stage.release("v2");
  await day.stage.release("v3", { service: { exit: { code: 1, after: 100 } } });
  await day.stage.release("v4", { migration: { exit: { code: 0, after: 7_200_000 } } });
  const { world } = day.stage.sandbox.host;
  await world.change(() => {
    for (const definition of world.list({ type: "aws_ecs_task_definition" }))
      world.update(definition, { execution_role_arn: ROLE, task_role_arn: ROLE });
  });
});
beforeEach(() => day.stage.use());
afterAll(() => day.close());

const refusedIn = ({ asked }: Access) =>
  asked.flatMap(({ action, resource, decision }) => (decision.allowed ? [] : `${action} ${resource}`));

const status = () =>
  statusCommand(
    "staging",
    { limits: DEFAULT_LIMITS, service: [] },
    {
      clock: day.stage.clock,
      random: () => 0.5,
      signals: Object.assign(new EventEmitter(), { exit: () => undefined }),
      stdout: { write: () => {} },
    },
  );

describe("under the policy that deploy prints", () => {
  const { Statement } = policy(contractOf());
  const printed = JSON.stringify({ Statement });

  test("everything that deploy does passes, and nothing in it is left over", async () => {
    const access = await under(printed);
    const ends = [
      await day.stage.check(),
      await day.stage.deploy("v2"),
      await day.stage.rollback(),
      await day.stage.deploy("v3"),
      await day.stage.deploy("v4"),
    ];
    expect(await status()).toBe(0);
    expect(refusedIn(access)).toEqual([]);
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 3, 2]);
    expect(unused(printed, access)).toEqual([]);
  });

  // What failed deployments are asked about is asked of those alone, and one that is left in between comes last.
  const isLast = ({ Sid }: { Sid: string }) => Number(Sid === "SeeDeployments");
  test.each([...Statement].sort((one, other) => isLast(one) - isLast(other)))(
    "but for $Sid, something is refused",
    async ({ Sid: left, Action }) => {
      const access = await under(JSON.stringify({ Statement: Statement.filter(({ Sid }) => Sid !== left) }));
      if (left === "SeeDatabase") await day.stage.check();
      else await day.stage.deploy(left === "SeeDeployments" ? "v3" : "v2");
      const [refused = ""] = refusedIn(access);
      expect(Action).toContain(refused.split(" ")[0]);
    },
  );

  test("what is refused is told in AWS's words", async () => {
    await under('{"Statement":[]}');
    const { exitCode, output } = await day.stage.deploy("v2");
    expect(exitCode).toBe(1);
    expect(output).toContain(
      "User: arn:aws:sts::123456789012:assumed-role/somebody/sandbox is not authorized to perform: ssm:GetParameter on resource: arn:aws:ssm:us-west-2:123456789012:parameter/staging/deploy because no identity-based policy allows the ssm:GetParameter action",
    );
  });
});

describe.each(PURPOSES)("under the policy that deploy prints for %s", (purpose: Purpose) => {
  const commands: Record<Purpose, (around: DailySurroundings) => Promise<number>> = {
    logs: (around) =>
      logsCommand(
        "staging",
        [],
        { since: 3_600_000, sinceText: "1h", schedule: "nightly", database: true },
        around,
      ),
    exec: (around) => execCommand("staging", "web", [], {}, around),
    psql: (around) => psqlCommand("staging", [], {}, around),
    secret: (around) => secretCommands.set("staging", "API_KEY", { service: [] }, around),
    open: (around) => openCommand("staging", {}, around),
  };
  const run = (command: Purpose) =>
    day.run(commands[command], { stdin: "x", env: { PGSSLROOTCERT: "bundle.pem" } });
  let printed: string;
  let access: Access;

  beforeEach(async () => {
    day.program("session-manager-plugin", "");
    day.program("psql", "");
    printed = (await day.run((around) => dailyPolicyCommand("staging", purpose, {}, around))).out;
    access = await under(printed);
  });

  test("nothing that the command asks for is refused, and nothing in it is left over", async () => {
    const unset = (around: DailySurroundings) =>
      secretCommands.unset("staging", "API_KEY", { service: [], yes: true }, around);
    if (purpose === "secret") expect((await day.run(unset)).exitCode).toBe(0);
    await run(purpose);
    expect(refusedIn(access)).toEqual([]);
    expect(unused(printed, access)).toEqual([]);
  });

  test("what the other commands ask for is refused", async () => {
    for (const other of PURPOSES.filter((one) => one !== purpose && one !== "open")) {
      const { exitCode, said } = await run(other);
      expect(exitCode).toBe(1);
      expect(said).toContain("assumed-role/somebody/sandbox is not authorized to perform: ");
    }
  });
});
