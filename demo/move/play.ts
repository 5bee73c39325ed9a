import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { deployCommand } from "../../deploy/commands";
import { DEFAULT_LIMITS } from "../../deploy/context";
import { secretCommands } from "../../deploy/daily/commands";
import type { MoveSurroundings } from "../../move/session";
import { parsePlan } from "../../plan/plan-json";
import { askRoute53, standingRecords, withImports } from "../../plan/records";
import type { Caller } from "../../sandbox/api/call";
import { Sandbox } from "../../sandbox/api/sandbox";
import { EdgeServer, VIEWER } from "../../sandbox/edge/server";
import { type Clock, RealClock } from "../../sandbox/engine/clock";
import type { PortOf } from "../../sandbox/engine/databases";
import { createCluster, findPrograms, freePort, keepPostgres } from "../../sandbox/engine/postgres";
import type { Pace } from "../../sandbox/engine/pace";
import { MemoryStore } from "../../sandbox/engine/store";
import { GLOBAL, type World } from "../../sandbox/world";
import { surroundings, variablesOf } from "./around";
import { demandTls, makeCertificate } from "./certificate";
import { admitMover, MOVER, policyOf } from "./mover";
import { APP_RUNNER, type Platform } from "./platforms";
import { type Answer, type Asked, Stream, type Window } from "./stream";
import { probe, type Visit, type Visited, visit } from "./visit";

/** The name that people type. */
export const APP = "app.example.com";
/** How much faster than real time the account goes on, and whoever moves. Processes and databases have no other time than the machine's. */
export const SPEED = 20;

const REGION = "us-west-2";
const IMAGE = join(__dirname, "image");
const TABLE = "CREATE TABLE writes (nr bigserial PRIMARY KEY, id text NOT NULL, side text NOT NULL)";
/** Milliseconds of the machine's time that what targets are healthy is not asked anew. */
const FRESH = 50;

/** Rights for what does not happen here: where the answer to a call was lost, and where a service does not come up. */
const LOOKS = [
  "ssm:DescribeParameters",
  "ecs:ListTasks",
  "ecs:ListServiceDeployments",
  "ecs:DescribeServiceDeployments",
  "logs:GetLogEvents",
];

/** The environment's folder, and Terraform in it. */
export interface Stack {
  readonly folder: string;
  readonly world: World;
  /** @throws Error with what Terraform said, unless it ends well */
  terraform(command: string, ...args: readonly string[]): Promise<string>;
}

/** A command's end, and all that it printed, each piece with the play's time. */
export interface Told {
  readonly code: number;
  readonly text: string;
  readonly began: number;
  /** When something was first said; undefined where it never was. */
  at(words: string): number | undefined;
}

export interface RunOptions {
  /** What is piped into it. */
  readonly stdin?: string;
  /** Whether viewers may change sides meanwhile. */
  readonly shifts?: boolean;
  /** Whether it is of those that `policy --for move` is for; others may do everything. */
  readonly moves?: boolean;
}

/** What plays of another kind have in its place. */
export interface PlayOptions {
  /** Where the application is at first. @default App Runner */
  readonly platform?: Platform;
  /** The account's time. @default the machine's, so many times as fast as SPEED says */
  readonly clock?: Required<Pick<Clock, "now" | "until">>;
  /** The port that whoever connects to a database is told in place of its engine's. */
  readonly databasePort?: PortOf;
  /** How long what the account does takes, where that is otherwise than in a quiet one. */
  readonly pace?: Partial<Pace>;
}

/**
 * A platform with an address and a Postgres, an environment beside it, and people who read and write throughout. What is not there
 * is AWS itself: Terraform, commands, function at the edge, application, mover and both databases are the real ones.
 */
export class Play {
  readonly clock: Required<Pick<Clock, "now" | "until">>;
  readonly stream = new Stream(
    (asked) => this.answer(asked),
    () => this.clock.now(),
  );
  /** When sides or records were being changed. */
  readonly windows: Window[] = [];
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });
  private readonly folder = mkdtempSync(join(tmpdir(), "slipway-old-"));
  private readonly variables: NodeJS.ProcessEnv = {};
  private readonly closing: (() => unknown)[] = [];
  private readonly identities: Record<string, Partial<Caller>> = {};
  private readonly store = new MemoryStore();
  private sandbox: Sandbox<Clock> | undefined;
  private edge: EdgeServer | undefined;
  private oldPort = 0;
  private oldUrl = "";
  private targets = { ports: [] as number[], until: 0, turn: 0 };

  constructor(
    private readonly stack: Stack,
    /** The environment's configuration, with and without its move. */
    private readonly configuration: (moves: boolean) => object,
    private readonly options: PlayOptions = {},
  ) {
    this.clock = options.clock ?? new RealClock(SPEED);
  }

  /** Where the application is at first. */
  get platform(): Platform {
    return this.options.platform ?? APP_RUNNER;
  }

  /** The old platform: an application behind its own address, with a Postgres whose user is a hosted one's. */
  async startOldSide(): Promise<void> {
    const { host, service, target, rights, keeps, tls, router } = this.platform;
    const programs = findPrograms();
    if (!programs)
      throw new Error(
        "The move is played between two real engines, and initdb and postgres are not on the PATH: apt-get install postgresql, then add /usr/lib/postgresql/<major>/bin to the PATH.",
      );
    chmodSync(this.folder, 0o755);
    chmodSync(this.stack.folder, 0o755);
    this.closing.push(() => rmSync(this.folder, { recursive: true, force: true }));
    await createCluster(programs, this.oldEngine, { user: "root", password: "top" });
    const encrypted = tls ? [demandTls(this.oldEngine, makeCertificate("127.0.0.1"))] : [];
    const engine = await keepPostgres(programs, this.oldEngine, ["wal_level=logical", ...encrypted]);
    this.closing.push(() => engine.stop());
    const port = (await this.options.databasePort?.(engine.port)) ?? engine.port;
    const at = (user: string, name: string) =>
      `postgres://${user}@127.0.0.1:${port}/${name}?sslmode=${tls ? "require" : "disable"}`;
    await query(at("root:top", "postgres"), `CREATE ROLE hosted LOGIN ${rights} PASSWORD 'hunter2'`);
    await query(at("root:top", "postgres"), "CREATE DATABASE app OWNER hosted");
    if (keeps !== "") await query(at("root:top", "app"), keeps);
    this.oldUrl = at("hosted:hunter2", "app");
    await this.old(TABLE);
    const web = await freePort();
    const names = [host, APP];
    const child = spawn(process.execPath, [join(IMAGE, "serve.cjs")], {
      env: {
        PATH: process.env.PATH,
        DATABASE_URL: this.oldUrl,
        NAMES: names.join(),
        PORT: String(web),
        SIDE: "old",
      },
      stdio: "ignore",
    });
    this.closing.push(() => end(child));
    const before = await router?.(names, web, SPEED);
    if (before) this.closing.push(before.close);
    this.oldPort = before?.port ?? web;
    await this.leadTo(target);
    if (service) await this.list(service);
  }

  /** The environment beside it, empty. */
  async build(): Promise<void> {
    this.configure(true);
    await this.stack.terraform("apply", "-auto-approve");
    this.closing.push(() => this.leaveAccount());
    await this.openAccount();
    await this.account.push({
      repository: "app",
      region: REGION,
      content: "v1",
      tags: ["v1"],
      folder: IMAGE,
      architectures: ["amd64", "arm64"],
    });
  }

  /** The account answers, with all that ran in it when it was left. */
  async openAccount(): Promise<void> {
    const { world } = this.stack;
    const { clock, store, options, identities } = this;
    const given = { world, clock, store, real: true, say: () => {}, identities };
    const sandbox = await Sandbox.start<Clock>({
      ...given,
      ...(options.databasePort && { databasePort: options.databasePort }),
      ...(options.pace && { pace: options.pace }),
    });
    this.sandbox = sandbox;
    this.edge = await EdgeServer.start({ sandbox, portOf: (host) => this.portOf(host) });
    for (const [name, value] of variablesOf(sandbox, REGION)) {
      if (!(name in this.variables)) this.variables[name] = process.env[name];
      process.env[name] = value;
    }
  }

  /** Nobody answers any more, nothing runs, and what ran is known. */
  async leaveAccount(): Promise<void> {
    this.agent.destroy();
    await this.edge?.close();
    await this.sandbox?.close();
  }

  /** What is asked in AWS's place. */
  get account(): Sandbox<Clock> {
    if (!this.sandbox) throw new Error("Nobody stands in for AWS yet.");
    return this.sandbox;
  }

  /** The port of the edge. */
  get edgePort(): number {
    return this.edge?.port ?? 0;
  }

  /** The folder of the old database. */
  get oldEngine(): string {
    return join(this.folder, "old");
  }

  /** The old database's URL as the environment's secret, then the first deployment. */
  async deploy(): Promise<Told> {
    const set = await this.run(
      (around) => secretCommands.set("staging", "DATABASE_URL", { service: [] }, around),
      {
        stdin: this.oldUrl,
        moves: false,
      },
    );
    if (set.code !== 0) return set;
    const options = { image: "v1", service: [], limits: DEFAULT_LIMITS };
    const deployed = await this.run((around) => deployCommand("staging", options, around), { moves: false });
    await this.admitMover();
    return deployed;
  }

  /** Whoever moves has the policy that `policy --for move` prints, and no other right. */
  private async admitMover(): Promise<void> {
    this.identities[MOVER.key] = { access: await admitMover(this.account, this.stack.world) };
  }

  /** Rights of whoever moves that none of the commands has asked for where all goes well, by statement and action. */
  get unused(): string[] {
    const { access } = this.identities[MOVER.key] ?? {};
    const asked = new Set(access?.used.map(({ sid, action }) => `${sid} ${action}`));
    return policyOf(this.account)
      .Statement.flatMap(({ Sid, Action }) => Action.map((action) => `${Sid} ${action}`))
      .filter((right) => !asked.has(right) && !LOOKS.includes(right.split(" ")[1] ?? ""));
  }

  /** How many requests of whoever moves were looked at. */
  get asked(): number {
    return this.identities[MOVER.key]?.access?.asked.length ?? 0;
  }

  /** A command as a person types it, and what it prints. */
  async run(
    command: (around: MoveSurroundings) => Promise<number>,
    { stdin = "", shifts = false, moves = true }: RunOptions = {},
  ): Promise<Told> {
    process.env.AWS_ACCESS_KEY_ID = moves ? MOVER.key : this.sandbox?.accessKey;
    const began = this.clock.now();
    const said: { readonly at: number; readonly text: string }[] = [];
    const { clock } = this;
    const write = (text: string) => void said.push({ at: clock.now(), text });
    const code = await command(
      surroundings({ clock, write, stdin, probe: (ask) => probe(this.people, ask) }),
    ).finally(() => {
      process.env.AWS_ACCESS_KEY_ID = this.sandbox?.accessKey;
    });
    if (shifts) this.windows.push({ from: began, to: this.clock.now() });
    return {
      code,
      text: said.map(({ text }) => text).join(""),
      began,
      at: (words) => said.find(({ text }) => text.includes(words))?.at,
    };
  }

  /** What a plan of the file as it is says. */
  plan(): Promise<string> {
    return this.stack.terraform("plan");
  }

  /**
   * Takes `move` out of the file, and applies: records that stand are imported.
   * @returns what the plan said, and what the one after it says
   */
  async leave(): Promise<{ readonly planned: string; readonly after: string }> {
    this.configure(false);
    const { stack } = this;
    const place = { name: "staging", folder: stack.folder };
    await stack.terraform("plan", "-out=first");
    const shown = await stack.terraform("show", "-json", "first");
    const { imports, problems } = await standingRecords(parsePlan(shown), askRoute53(place));
    if (problems.length > 0) throw new Error(problems.join("\n"));
    const planned = await withImports(place, imports, () => stack.terraform("plan", "-out=second"));
    await stack.terraform("apply", "second");
    return { planned, after: await stack.terraform("plan") };
  }

  /** Rows of the old database. */
  old(sql: string): Promise<Record<string, unknown>[]> {
    return query(this.oldUrl, sql);
  }

  /** Every write that the old database has. */
  async oldWrites(): Promise<string[]> {
    return (await this.old("SELECT id FROM writes")).map(({ id }) => String(id));
  }

  /** Every write that the database has which people's requests use now. */
  async writes(): Promise<string[]> {
    return JSON.parse((await this.visit(APP, { path: "/writes" })).body) as string[];
  }

  /** Whether anything of the account's own tells of a word. */
  tells(word: string): boolean {
    const { world } = this.stack;
    return [
      "aws_cloudfront_distribution",
      "aws_cloudfront_function",
      "aws_ssm_parameter",
      "aws_route53_record",
    ].some((type) => JSON.stringify(world.list({ type })).includes(word));
  }

  async close(): Promise<void> {
    await this.stream.stop();
    for (const close of this.closing.reverse()) await close();
    for (const [name, value] of Object.entries(this.variables))
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }

  /** The configuration, where `plan` would write it. */
  private configure(moves: boolean): void {
    const { terraform, ...json } = this.configuration(moves) as { terraform?: object };
    const file = join(this.stack.folder, "cdk.tf.json");
    writeFileSync(file, JSON.stringify({ ...json, terraform: { ...terraform, backend: undefined } }));
  }

  /** The name's record, as the platform's customers make it. */
  private leadTo(host: string): Promise<unknown> {
    const { world } = this.stack;
    const zone = world.find({ type: "aws_route53_zone" })?.id ?? "";
    const attributes = {
      zone_id: zone,
      name: APP,
      fqdn: APP,
      type: "CNAME",
      ttl: 60,
      records: [host],
      alias: [],
    };
    return world.change(() =>
      world.put({
        type: "aws_route53_record",
        region: GLOBAL,
        id: `${zone}_${APP}_CNAME`,
        origin: "person",
        attributes,
      }),
    );
  }

  /** The platform's own entry of the service, as far as its address goes. */
  private list([service_name, service_id]: NonNullable<Platform["service"]>): Promise<unknown> {
    const { world } = this.stack;
    const type = "aws_apprunner_service";
    const id = `arn:aws:apprunner:${REGION}:${world.account}:service/${service_name}/${service_id}`;
    const attributes = { id, arn: id, service_name, service_id, service_url: this.platform.host };
    return world.change(() => world.put({ type, region: REGION, id, origin: "person", attributes }));
  }

  private portOf(host: string): number | undefined | Promise<number | undefined> {
    const { platform } = this;
    if (host === platform.host || host === platform.target) return this.oldPort;
    return host.endsWith(".elb.amazonaws.com") ? this.healthyTarget() : undefined;
  }

  /** One after the other of those that a load balancer would send to. */
  private async healthyTarget(): Promise<number | undefined> {
    const now = performance.now();
    if (this.sandbox && now > this.targets.until) {
      this.targets.until = now + FRESH;
      this.targets.ports = await this.sandbox.host.run(({ state }) =>
        Object.values(state.tasks)
          .filter(({ target, lastStatus }) => target === "healthy" && lastStatus === "RUNNING")
          .flatMap(({ containers }) => containers.flatMap(({ process: real }) => real?.port ?? [])),
      );
    }
    const { ports } = this.targets;
    return ports[this.targets.turn++ % ports.length];
  }

  private async answer({ method, path, cookie, viewer }: Asked): Promise<Answer> {
    const headers = { ...(cookie && { cookie }), [VIEWER]: viewer };
    const { status, headers: told } = await this.visit(APP, { method, path, headers });
    const [set] = [told["set-cookie"] ?? []].flat();
    return {
      status,
      side: told["x-side"]?.toString(),
      cookie: set?.split(";")[0],
      retryAfter: told["retry-after"]?.toString(),
    };
  }

  /** A request of somebody's, by the edge. */
  visit(at: string, asked: Visit): Promise<Visited> {
    return visit(this.people, at, asked);
  }

  private get people() {
    return { port: this.edgePort, agent: this.agent };
  }
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  // To pg 8, require means that the certificate's authority is known, too.
  const client = new Client({ connectionString: url.replace("=require", "=no-verify") });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
