import { EventEmitter } from "node:events";
import { RDSClient, RebootDBInstanceCommand } from "@aws-sdk/client-rds";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { leaves } from "../../deploy/check";
import { checkCommand } from "../../deploy/commands";
import { systemClock } from "../../deploy/clock";
import { DEFAULT_LIMITS } from "../../deploy/context";
import type { Check, DeployEvent } from "../../deploy/events";
import { policy } from "../../modules/contract/policy";
import { contractParameter, parseContract } from "../../modules/contract";
import { Sandbox } from "../../sandbox/api/sandbox";
import { RealClock } from "../../sandbox/engine/clock";
import { Access } from "../../sandbox/iam/access";
import { but, existing } from "../modules/support/least";
import { synthesize } from "../modules/support/synthesize";
import { InProcessStack, succeed } from "./support/in-process";
import { makeVpc } from "./support/vpc";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const REGION = "us-west-2";
const LOOKER = "AKIALOOKER0000000000";
const REBOOT = `aws rds reboot-db-instance --region ${REGION} --db-instance-identifier`;

/** What these tests set of it. */
interface Database {
  readonly parameters?: Record<string, string>;
  readonly instanceClass?: string;
  readonly applyImmediately?: boolean;
}

/** An environment without services, whose database has a replica. */
const environment = (database: Database) =>
  but({
    network: existing,
    bastion: false,
    distribution: false,
    services: {},
    database: { replicas: 1, ...database },
  });

/** What the check says of the database, one line for each instance and each thing that waits. */
describe("check, after an apply that changed the database", () => {
  const stack = new InProcessStack();
  const identities: Record<string, { access?: Access }> = { [LOOKER]: {} };
  let sandbox: Sandbox;
  let rds: RDSClient;

  beforeAll(async () => {
    // No environment's file lies beside this process.
    vi.spyOn(process, "cwd").mockReturnValue("/");
    await makeVpc(stack.world);
    await apply({ parameters: { max_connections: "100" } }, "init");
    sandbox = (await Sandbox.start({ world: stack.world, clock: new RealClock(), identities })) as Sandbox;
    const credentials = { accessKeyId: sandbox.accessKey, secretAccessKey: "example" };
    rds = new RDSClient({ region: REGION, endpoint: sandbox.endpoint, credentials });
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: sandbox.endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: sandbox.accessKey,
      AWS_SECRET_ACCESS_KEY: "example",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    });
  });
  afterEach(() => {
    process.env.AWS_ACCESS_KEY_ID = sandbox.accessKey;
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await sandbox?.close();
    await stack.remove();
  });

  async function apply(database: Database, init?: "init"): Promise<void> {
    stack.configure(synthesize(environment(database)).json);
    if (init) await succeed(stack.run(init));
    await succeed(stack.apply());
  }

  async function check(): Promise<{ exitCode: number; database: Check[]; said: string[] }> {
    let output = "";
    const exitCode = await checkCommand(
      "staging",
      { service: [], json: true, limits: DEFAULT_LIMITS },
      {
        clock: systemClock,
        random: () => 0.5,
        signals: Object.assign(new EventEmitter(), { exit: () => undefined }),
        stdout: {
          write: (text: string) => {
            output += text;
          },
        },
      },
    );
    const events = output.split("\n").flatMap((line) => (line ? [JSON.parse(line) as DeployEvent] : []));
    const tree = events.flatMap((event) => (event.type === "checks" ? event.checks : []));
    const database = tree.filter(({ name }) => name === "database");
    const said = leaves(database, "warning").map(({ name, detail }) => `${name}: ${detail}`);
    return { exitCode, database, said };
  }

  const reboot = (DBInstanceIdentifier: string, ForceFailover = false) =>
    rds.send(new RebootDBInstanceCommand({ DBInstanceIdentifier, ForceFailover }));

  it("is quiet where nothing waits", async () => {
    const { exitCode, database } = await check();
    expect(exitCode).toBe(0);
    expect(leaves(database, "ok").map(({ name }) => name)).toEqual(["staging", "staging-replica"]);
    expect(leaves(database, "warning")).toEqual([]);
  });

  it("is quiet where RDS takes a parameter over at once", async () => {
    await apply({ parameters: { max_connections: "100", log_min_duration_statement: "500" } });
    expect((await check()).said).toEqual([]);
  });

  it("names each instance that a static parameter waits on, with the command, until each was rebooted", async () => {
    await apply({ parameters: { max_connections: "200" } });
    const before = await check();
    expect(before.exitCode).toBe(0);
    expect(before.said).toEqual(
      ["staging", "staging-replica"].map((name) =>
        expect.stringMatching(
          new RegExp(`^${name}: staging-postgres\\d+ has .* reboot.*: ${REBOOT} ${name}$`),
        ),
      ),
    );

    await reboot("staging");
    const between = await check();
    expect(between.said).toEqual([expect.stringContaining(`${REBOOT} staging-replica`)]);

    await reboot("staging-replica");
    expect((await check()).said).toEqual([]);
  });

  it("names what waits for the maintenance window, with the command, until an apply takes it at once", async () => {
    const parameters = { max_connections: "200" };
    await apply({ parameters, instanceClass: "db.m7g.large", applyImmediately: false });
    const { exitCode, said } = await check();
    expect(exitCode).toBe(0);
    expect(said).toEqual(
      ["staging", "staging-replica"].map((name) =>
        expect.stringMatching(
          new RegExp(
            `^${name}: DBInstanceClass db\\.m7g\\.large waits for the maintenance window \\(.* UTC\\).*: aws rds modify-db-instance --region ${REGION} --db-instance-identifier ${name} --apply-immediately$`,
          ),
        ),
      ),
    );
    await apply({ parameters, instanceClass: "db.m7g.large", applyImmediately: true });
    expect((await check()).said).toEqual([]);
  });

  it("says once how a role that may not look is allowed to, and looks with what the policy allows", async () => {
    const name = contractParameter("staging");
    const contract = parseContract(sandbox.secret(name) ?? "", name);
    const { Statement } = policy(contract);
    const under = async (statements: object[]) => {
      const role = "looker";
      const at = { region: "global", origin: "terraform" } as const;
      await stack.world.change((world) => {
        const arn = `arn:aws:iam::${world.account}:role/${role}`;
        const assume_role_policy = '{"Statement":[]}';
        world.put({
          ...at,
          type: "aws_iam_role",
          id: role,
          attributes: { name: role, arn, assume_role_policy },
        });
        const json = JSON.stringify({ Statement: statements });
        const attributes = { name: "printed", role, policy: json };
        world.put({ ...at, type: "aws_iam_role_policy", id: role, attributes });
      });
      identities[LOOKER] = { access: new Access(stack.world, role) };
      process.env.AWS_ACCESS_KEY_ID = LOOKER;
      return check();
    };
    const without = await under(Statement.filter(({ Sid }) => Sid !== "SeeDatabase"));
    expect(without.exitCode).toBe(0);
    expect(without.said).toEqual([
      expect.stringMatching(/^instances: .*rds:DescribeDBInstances.*npx slipway policy staging/),
    ]);
    const within = await under(Statement);
    expect(leaves(within.database, "ok").map((one) => one.name)).toEqual(["staging", "staging-replica"]);
  });

  it("fails over only where there is something to fail over to, and reboots only what is there", async () => {
    await expect(reboot("staging", true)).rejects.toThrow("not Multi-AZ");
    await expect(reboot("elsewhere")).rejects.toMatchObject({ name: "DBInstanceNotFoundFault" });
  });
});
