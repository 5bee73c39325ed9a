import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ServiceStatus } from "../../deploy/events";
import { lines } from "../../deploy/screen/words";
import type { Contract, LoginsContract } from "../../modules/contract";
import { dailyPolicy } from "../../modules/contract/daily-policy";
import { policy } from "../../modules/contract/policy";
import { SAMPLE } from "../../sandbox/api/sample";
import { digestOf } from "../../sandbox/engine/images";
import { contractOf, putParameter } from "./support/contract";
import { type Ended, minute, Stage, second } from "./support/driver";

const IMAGE = "public.ecr.aws/docker/library/postgres:17-alpine";
const MADE = "/staging/database/logins";
const PASSWORD = "/staging/database/login/web/1/password";
const definition = (family: string) => SAMPLE.definition.replace("staging-web", family);
const BEFORE = definition("staging-web_before");
const LOGINS = definition("staging-database_logins");

const logins = (service: Partial<LoginsContract["services"][string]> = {}): LoginsContract => ({
  taskDefinition: LOGINS,
  container: "logins",
  network: { subnets: ["subnet-1"], securityGroups: ["sg-1"] },
  logs: { group: SAMPLE.logGroup, prefix: "logins" },
  made: MADE,
  services: { web: { login: "web_a:1", before: null, user: "web_a", password: PASSWORD, ...service } },
});

const rotated = logins({
  login: "web_b:2",
  before: "web_a:1",
  user: "web_b",
  password: PASSWORD.replace("1", "2"),
});

function contractWith(of: LoginsContract): Contract {
  const contract = contractOf();
  if (!contract.database) throw new Error("no database");
  return { ...contract, database: { ...contract.database, logins: of } };
}

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
});
afterAll(() => stage.close());

/** The environment after an apply with logins, none of which is made: the service runs what it had before. */
beforeEach(async () => {
  stage.use();
  await stage.reset(1);
  const { world } = stage.sandbox.host;
  await world.change(() => {
    const [web] = world.list({ type: "aws_ecs_task_definition" });
    const container = { name: "logins", image: IMAGE, essential: true };
    if (!web) throw new Error("no task definition");
    const put = (arn: string, more: object) =>
      world.put({
        ...web,
        id: arn,
        attributes: { ...web.attributes, arn, family: arn.replace(/^.*\/|:\d+$/g, ""), ...more },
      });
    put(BEFORE, {});
    put(LOGINS, {
      network_mode: "awsvpc",
      requires_compatibilities: ["FARGATE"],
      container_definitions: JSON.stringify([container]),
    });
    const [service] = world.list({ type: "aws_ecs_service" });
    if (service) world.update(service, { task_definition: BEFORE });
  });
  await putParameter(world, MADE, "none", 1);
  await stage.sandbox.advance(5 * minute);
  stage.sandbox.calls.length = 0;
});

const made = () => stage.sandbox.secret(MADE);
const runs = async () => Object.values((await stage.state()).services)[0]?.spec.taskDefinition;

async function deploy(
  of: LoginsContract,
  image = "v2",
  words: { skipMigrations?: boolean } = {},
): Promise<Ended> {
  const outputs = stage.outputs(contractWith(of));
  return stage.deploy(image, { outputs, ...words });
}

/** What tasks of the logins were told to make, one after the other. */
const asked = ({ calls }: Ended) =>
  calls
    .filter(({ operation, input }) => operation === "ecs:RunTask" && input.taskDefinition === LOGINS)
    .map(({ input }) => {
      const { overrides } = input as {
        overrides: { containerOverrides: { environment: { value: string }[] }[] };
      };
      return overrides.containerOverrides[0]?.environment[0]?.value;
    });

const stages = ({ events }: Ended) =>
  events.flatMap((event) => (event.type === "stage" && event.state === "succeeded" ? [event.stage] : []));

describe("a login", () => {
  test("is made before migrations, written down, and taken over with the roll-out; once", async () => {
    await stage.release("v2");
    const first = await deploy(logins());
    expect(first.exitCode, first.output).toBe(0);
    expect(stages(first)).toEqual(["check", "logins", "migrate", "promote", "roll out"]);
    expect(asked(first)).toEqual(["web_a:1"]);
    expect(made()).toBe("web_a:1");
    expect(await runs()).toBe(SAMPLE.definition);

    const again = await deploy(logins());
    expect(again.exitCode, again.output).toBe(0);
    expect(asked(again)).toEqual([]);
    expect(again.calls.filter(({ input }) => "taskDefinition" in input && input.service)).toEqual([]);
  });

  test("that rotates keeps the user before until a later deploy, and then it does not come back", async () => {
    await stage.release("v2");
    await putParameter(stage.sandbox.host.world, MADE, "web_a:1", 2);
    const handOver = await deploy(rotated);
    expect(handOver.exitCode, handOver.output).toBe(0);
    expect([asked(handOver), made()]).toEqual([["web_b:2,web_a:1"], "web_b:2,web_a:1"]);
    const next = await deploy(rotated);
    expect([asked(next), made()]).toEqual([["web_b:2"], "web_b:2"]);
    expect(asked(await deploy(rotated))).toEqual([]);
  });

  test("before the one that rotates stays for as long as schedules start tasks with it, until an apply moves them", async () => {
    await stage.release("v2");
    await putParameter(stage.sandbox.host.world, MADE, "web_a:1", 2);
    const { web } = rotated.services;
    const scheduledWith = (scheduled: string) => ({
      ...rotated,
      services: { web: { ...web, scheduled } as NonNullable<typeof web> },
    });
    expect(asked(await deploy(scheduledWith("web_a:1")))).toEqual(["web_b:2,web_a:1"]);
    expect(asked(await deploy(scheduledWith("web_a:1")))).toEqual([]);
    expect(made()).toBe("web_b:2,web_a:1");
    expect(asked(await deploy(scheduledWith("web_b:2")))).toEqual(["web_b:2"]);
  });

  test("that the database never had is not made when its successor is", async () => {
    await stage.release("v2");
    const first = await deploy(rotated);
    expect([first.exitCode, asked(first), made()]).toEqual([0, ["web_b:2"], "web_b:2"]);
  });

  test("that cannot be made leaves the service, its schema and what was written down alone", async () => {
    await stage.release("v2");
    await stage.sandbox.behave(digestOf(IMAGE), {
      run: {
        exit: { code: 3, after: second },
        log: [{ after: 0, text: "ERROR:  The user web_a is there already" }],
      },
    });
    const failed = await deploy(logins());
    await stage.sandbox.behave(digestOf(IMAGE), {});
    expect(failed.exitCode).toBe(2);
    expect(failed.result.text).toMatch(
      /^The logins were not made: .*exit code 3.* No service was touched\.$/,
    );
    expect(await stage.migrations()).toEqual([]);
    expect([made(), await runs()]).toEqual(["none", BEFORE]);
  });

  test("that the application cannot work with is left again: the service goes back to what it ran", async () => {
    await stage.release("v2", { service: { exit: { code: 1, after: second } } });
    const failed = await deploy(logins());
    expect(failed.exitCode).toBe(3);
    expect(await runs()).toBe(BEFORE);
    expect((await stage.running()).length).toBeGreaterThan(0);
  });

  test("is no matter of a rollback or of --skip-migrations, which go on with what was made", async () => {
    await stage.release("v2");
    const skipped = await deploy(logins(), "v2", { skipMigrations: true });
    expect(skipped.exitCode, skipped.output).toBe(0);
    expect([asked(skipped), made(), await runs()]).toEqual([[], "none", BEFORE]);
  });

  test("that nobody wrote down is made again", async () => {
    await stage.release("v2");
    await stage.sandbox.fault({ operation: "ssm:PutParameter", kind: "denied", count: 1 });
    const failed = await deploy(logins());
    expect(failed.exitCode).toBe(2);
    expect(failed.result.text).toContain(
      "The logins were made, and that could not be written down. No service was touched.",
    );
    await stage.sandbox.clearFaults();
    const again = await deploy(logins());
    expect([again.exitCode, made()]).toEqual([0, "web_a:1"]);
  });

  test("is what psql --as a service comes in with, and in that command's policy, whatever its version", async () => {
    const { Statement } = dailyPolicy(contractWith(rotated), "psql");
    expect(Statement.find(({ Sid }) => Sid === "ReadPassword")?.Resource).toEqual([
      "arn:aws:ssm:us-west-2:123456789012:parameter/staging/database/*/password",
      "arn:aws:ssm:us-west-2:123456789012:parameter/staging/database/login/web/*/password",
    ]);
  });

  test("that is not made yet is what no command is run with", async () => {
    await stage.release("v2");
    const outputs = stage.outputs(contractWith(logins()));
    const refused = await stage.run(["migrate"], { outputs });
    expect([refused.exitCode, refused.result.text]).toEqual([
      1,
      "Nothing was run: web has the login web_a, which the database does not know yet.",
    ]);
    expect(refused.result.wayOut).toEqual([
      expect.stringMatching(/: npx slipway deploy staging --image app:staging$/),
    ]);
    expect(stage.made("RunTask")).toEqual([]);
    await putParameter(stage.sandbox.host.world, MADE, "web_a:1", 2);
    const done = await stage.run(["migrate"], { outputs });
    expect(done.exitCode, done.output).toBe(0);
  });

  test("is told by status: not made, made, or used", () => {
    const shown = (login: ServiceStatus["login"]) => {
      const tag = { name: "app:staging", digest: null, runs: true };
      const service = {
        name: "web",
        state: "COMPLETED",
        tag,
        database: null,
        login,
        running: [],
        deployments: [],
      };
      return lines({ type: "status", services: [service], at: "2026-11-20T00:00:00Z" })[1];
    };
    expect((["not made", "made", "used"] as const).map((state) => shown({ user: "web_a", state }))).toEqual([
      "  database login web_a, which the next deploy makes",
      "  database login web_a, made; the next deploy or apply hands the service over to it",
      "  database login web_a",
    ]);
    expect(shown(null)).toBeUndefined();
  });

  test("is in the deploy role's policy: its task, its log, and the one parameter", async () => {
    const { Statement } = policy(contractWith(logins()));
    const of = (sid: string) => Statement.find(({ Sid }) => Sid === sid)?.Resource;
    const arn = (service: string) => `arn:aws:${service}:us-west-2:123456789012:`;
    expect(of("WriteLogins")).toEqual([`${arn("ssm")}parameter${MADE}`]);
    expect(of("ReadContract")).toEqual([
      `${arn("ssm")}parameter/staging/deploy`,
      `${arn("ssm")}parameter${MADE}`,
    ]);
    expect(of("RunTasks")).toContain(`${arn("ecs")}task-definition/staging-database_logins:*`);
    expect(policy(contractOf()).Statement.map(({ Sid }) => Sid)).not.toContain("WriteLogins");
  });
});
