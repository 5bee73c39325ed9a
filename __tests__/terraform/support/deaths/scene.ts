import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { rolldown } from "rolldown";
import { environmentOf } from "../../../../demo/move/environment";
import { APP_RUNNER } from "../../../../demo/move/platforms";
import { APP, Play } from "../../../../demo/move/play";
import { type Contract, type MoveContract, parseContract } from "../../../../modules/contract";
import { type MoveState, parseMoveState } from "../../../../modules/contract/move";
import { STALE } from "../../../../move/lock";
import { nextOf } from "../../../../move/steps";
import { block, text } from "../../../../sandbox/engine/attributes";
import { synthesize } from "../../../modules/support/synthesize";
import { ask } from "../../../move-postgres/support/engines";
import { InProcessStack, succeed } from "../in-process";
import { type Death, Fate, type Length, type Victim } from "./deaths";
import { Ledger } from "./ledger";
import { Line } from "./line";
import { startTime } from "./time";
import { Wire } from "./wire";

const ROOT = join(__dirname, "../../../..");
const SPEED = 30;
/** Real milliseconds: an outage that ends, a person's patience with a screen that says nothing, and with a command altogether. */
const OUTAGE = 600;
const PATIENCE = 700;
const HANGS = 180_000;

/** What an old database holds beside what its application writes: it is to stay as it is, byte for byte. */
const CONTENTS = `
CREATE TABLE people (id bigserial PRIMARY KEY, name text UNIQUE, friend bigint REFERENCES people);
INSERT INTO people (name, friend) SELECT 'n' || n, nullif(n / 2, 0) FROM generate_series(1, 50) n;
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON people TO reader USING (name = current_user);
CREATE TABLE keyless (line text, number int);
INSERT INTO keyless SELECT 'l' || n, n FROM generate_series(1, 20) n;
SELECT lo_from_bytea(7, 'a large object');
COMMENT ON TABLE people IS 'who they are';
`;

/** How a command ended. */
export interface End {
  readonly words: string;
  readonly code: number | null;
  readonly text: string;
  readonly fate: Fate;
}

/** The play's world, in which commands are processes, and anything may die. */
export class Scene {
  private readonly time = startTime(SPEED);
  private readonly wire = new Wire({
    before: (statement) => this.fate?.meets("statement", statement, false) ?? no,
    after: (statement) => this.fate?.meets("statement", statement, true) ?? no,
  });
  private readonly stack = new InProcessStack();
  readonly play: Play;
  readonly ledger: Ledger;
  private readonly calls: Line;
  private readonly edge: Line;
  private fate: Fate | undefined;
  private command: ChildProcess | undefined;
  private contract: Contract | undefined;

  constructor() {
    const { folder, world } = this.stack;
    const terraform = async (command: string, ...args: readonly string[]) =>
      (await succeed(this.stack.run(command, ...args))).output;
    this.play = new Play({ folder, world, terraform }, (moves) => synthesize(environmentOf(moves)).json, {
      clock: this.time,
      databasePort: (port) => this.wire.before(port),
      pace: { metrics: 2_000, fargate: 500, pull: 500, cachedPull: 300, records: 6_000, stopTimeout: 60_000 },
    });
    this.ledger = new Ledger(async (path) => (await this.play.visit(APP, { method: "POST", path })).status);
    const listener = {
      before: (what: string) => this.fate?.meets("call", what, false) ?? no,
      after: (what: string) => this.fate?.meets("call", what, true) ?? no,
    };
    this.calls = new Line(() => Number(new URL(this.play.account.endpoint).port), listener);
    this.edge = new Line(() => this.play.edgePort, listener);
  }

  async open(): Promise<void> {
    await this.play.startOldSide();
    await this.oldRoot("CREATE ROLE reader");
    await this.play.old(CONTENTS);
    // Else a sequence begins 32 values further on after a crash, whoever caused that.
    await this.oldRoot("CHECKPOINT");
    await this.play.build();
    const deployed = await this.play.deploy();
    if (deployed.code !== 0) throw new Error(deployed.text);
    await Promise.all([this.calls.listen(), this.edge.listen(), this.build()]);
    this.contract = parseContract(this.play.account.secret("/staging/deploy") ?? "", "the play");
    this.ledger.start();
  }

  /** The command in one file, as it is in the package: it starts in a third of the time. */
  private async build(): Promise<void> {
    const whole = await rolldown({
      cwd: ROOT,
      input: join(__dirname, "process.ts"),
      platform: "node",
      external: [],
    });
    await whole.write({ file: this.program, format: "cjs", codeSplitting: false });
  }

  private get program(): string {
    return join(this.stack.folder, "move.cjs");
  }

  async close(): Promise<void> {
    await this.ledger.stop();
    await this.play.close();
    for (const line of [this.calls, this.edge, this.wire]) line.close();
    await this.stack.remove();
  }

  get state(): MoveState {
    const state = parseMoveState(this.play.account.secret("/staging/move"));
    if (!state) throw new Error("The parameter holds no state.");
    return state;
  }

  /** The words of the step that comes next; undefined at the end of the road. */
  get next(): string | undefined {
    return nextOf({ plan: this.contract?.move as MoveContract, journal: { state: this.state } as never });
  }

  /** A command as a person types it. @param length how much it does of each kind */
  async run(words: string, death?: Death, length?: Length): Promise<End> {
    const [step = ""] = words.split(" ");
    const fate = new Fate(death, length, (victim) => this.kill(victim));
    this.fate = fate;
    const all = [this.program, "staging", ...words.split(" "), ...(step === "survey" ? [] : ["--yes"])];
    const command = spawn(process.execPath, all, {
      cwd: this.stack.folder,
      env: {
        ...process.env,
        AWS_ENDPOINT_URL: `http://127.0.0.1:${this.calls.port}`,
        AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE: `http://localhost:${this.calls.port}`,
        MOVE_TIME: this.time.text,
        MOVE_EDGE: String(this.edge.port),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.command = command;
    const lines: string[] = [];
    for (const stream of [command.stdout, command.stderr])
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        void fate.says();
      });
    const late = setTimeout(() => {
      lines.push(`It hangs: ${HANGS / 1000} s have passed.`);
      command.kill("SIGKILL");
    }, HANGS);
    const code = await new Promise<number | null>((resolve) => command.once("close", resolve));
    clearTimeout(late);
    this.fate = undefined;
    this.command = undefined;
    return { words, code, text: lines.join("\n"), fate };
  }

  /** Whatever died is there again, as it would be some minutes later. */
  async heal(): Promise<void> {
    for (const line of [this.calls, this.edge]) line.network = "well";
    // An account that was left starts a database for the first that needs it.
    if (this.newPort === undefined) await this.run("survey");
    await soon(async () => {
      await this.oldRoot("SELECT 1");
      await this.newRoot("SELECT 1");
      const headers = { "x-slipway-origin": "new" };
      const { status } = await this.play.visit(APP, { path: "/last", headers });
      return status === 200 ? [] : [`the new side answers ${status}`];
    });
    if (this.play.account.secret("/staging/move/lock") !== undefined) this.time.skip(STALE + 1_000);
  }

  oldRoot<Row extends Record<string, unknown>>(sql: string, database = "app"): Promise<Row[]> {
    const port = portOf(this.play.oldEngine);
    return ask<Row>(`postgres://root:top@127.0.0.1:${port}/${database}?sslmode=disable`, sql);
  }

  newRoot<Row extends Record<string, unknown>>(sql: string): Promise<Row[]> {
    return ask<Row>(this.newUrl, sql);
  }

  private get newPort(): number | undefined {
    return portOf(this.newEngine);
  }

  private get newUrl(): string {
    const { world } = this.stack;
    const database = world.find({ type: "aws_db_instance" });
    if (!database) throw new Error("There is no database.");
    const { username, db_name } = database.attributes;
    const password = encodeURIComponent(world.reveal(database, "password_wo") ?? "");
    return `postgres://${username}:${password}@127.0.0.1:${this.newPort}/${db_name}?sslmode=disable`;
  }

  /** The old database as text, without what its application writes. */
  get oldDump(): string {
    const port = String(portOf(this.play.oldEngine));
    const words = ["-h", "127.0.0.1", "-p", port, "-U", "root", "--no-publications", "app"];
    return execFileSync("pg_dump", [...words, "--exclude-table-data=writes"], {
      env: { PATH: process.env.PATH, PGPASSWORD: "top" },
      encoding: "utf8",
    }).replaceAll(/^(SELECT pg_catalog\.setval\('public\.writes_nr_seq'|\\(un)?restrict ).*$/gm, "");
  }

  /** What the account holds of the domain's records. */
  get records(): string[] {
    return this.stack.world
      .list({ type: "aws_route53_record" })
      .filter(({ attributes }) => attributes.fqdn === APP || attributes.name === APP)
      .map(({ attributes }) => `${attributes.type} ${leadsTo(attributes)}`)
      .sort();
  }

  /** What the edge goes by, as it was written last. */
  store(): Promise<object> {
    return this.play.account.host.run(({ state }) => {
      const [store] = Object.values(state.edge?.stores ?? {});
      return JSON.parse(store?.versions.at(-1)?.keys.move ?? '{"share":0,"hold":false}');
    });
  }

  /** The database that each service's tasks are for. */
  services(): Promise<Record<string, string>> {
    const services = this.contract?.services ?? [];
    return this.play.account.host.run(({ state }) =>
      Object.fromEntries(
        services.map(({ name, service, taskDefinition }) => {
          const tasks = Object.values(state.tasks).filter(
            (task) => task.service?.endsWith(`/${service}`) && task.desiredStatus === "RUNNING",
          );
          const uses = tasks.map(({ definition }) => (definition === taskDefinition ? "own" : "external"));
          return [name, uses.join(", ") || "nobody"];
        }),
      ),
    );
  }

  /** Whether the worker's schedule starts anything, and the database that this is for. */
  get schedule(): string {
    const { attributes } = this.stack.world.find({ type: "aws_scheduler_schedule" }) ?? {};
    const started = text(block(block(attributes, "target"), "ecs_parameters"), "task_definition_arn");
    const own = this.contract?.services.find(({ name }) => name === "worker")?.taskDefinition;
    return `${text(attributes, "state")} ${own?.startsWith(`${started}:`) ? "own" : "external"}`;
  }

  get oldRecord(): string {
    return `CNAME ${APP_RUNNER.target}`;
  }

  private get newEngine(): string {
    const { world } = this.stack;
    const name = String(world.find({ type: "aws_db_instance" })?.attributes.identifier);
    return join(world.folder, "postgres", name);
  }

  /** What a person does with a database that a message names as one that is not empty. */
  emptyOwn(): Promise<unknown> {
    return this.newRoot(
      "DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION pg_database_owner; GRANT USAGE ON SCHEMA public TO PUBLIC; COMMENT ON SCHEMA public IS 'standard public schema'; SELECT lo_unlink(oid) FROM pg_largeobject_metadata; DROP ROLE IF EXISTS reader",
    );
  }

  /** The mover's tasks that run: their words, and their process, the newest first. */
  movers(): Promise<{ readonly words: string; readonly pid: number | undefined }[]> {
    return this.play.account.host.run(({ state }) =>
      Object.values(state.tasks)
        .filter(({ desiredStatus, lastStatus }) => desiredStatus === "RUNNING" && lastStatus !== "STOPPED")
        .flatMap(({ containers, overrides }) =>
          containers
            .filter(({ name, process }) => name === "mover" && process?.state === "running")
            .map(({ process }) => ({
              words: overrides.containerOverrides?.[0]?.environment?.[0]?.value ?? "",
              pid: process?.pid,
            })),
        )
        .reverse(),
    );
  }

  private async kill(victim: Victim): Promise<boolean> {
    switch (victim) {
      case "SIGKILL":
      case "SIGINT":
      case "SIGTERM":
        return this.signal(victim);
      case "mover":
        return endGroup((await this.movers())[0]?.pid);
      case "old engine":
        return endProcess(pidOf(this.play.oldEngine));
      case "new engine":
        return endProcess(pidOf(this.newEngine));
      case "sandbox":
        await this.restartAccount();
        return true;
      case "one answer":
        return true;
      default:
        return this.loseNetwork(victim);
    }
  }

  private async signal(name: "SIGKILL" | "SIGINT" | "SIGTERM"): Promise<boolean> {
    const { command } = this;
    if (!command?.kill(name)) return false;
    if (name === "SIGKILL") await new Promise((resolve) => command.once("exit", resolve));
    return true;
  }

  private loseNetwork(victim: `network ${string}`): boolean {
    const hangs = victim.includes("hangs");
    for (const line of [this.calls, this.edge]) line.network = hangs ? "hang" : "reset";
    if (victim.endsWith("a while"))
      setTimeout(() => {
        for (const line of [this.calls, this.edge]) line.network = "well";
      }, OUTAGE);
    else if (hangs) void this.loseHeart();
    return true;
  }

  /** Somebody in front of a command that says nothing any more: Ctrl-C, and again. */
  private async loseHeart(): Promise<void> {
    const { command } = this;
    for (const _ of [1, 2]) {
      await wait(PATIENCE);
      command?.kill("SIGINT");
    }
  }

  private async restartAccount(): Promise<void> {
    for (const { pid } of await this.movers()) endGroup(pid);
    await this.play.leaveAccount();
    await this.play.openAccount();
  }
}

const no = Promise.resolve(false);

const leadsTo = ({ alias, records }: { alias?: unknown; records?: unknown }) =>
  (alias as { name: string }[])[0]?.name ?? (records as string[]).join(" ");

function endProcess(pid: number | undefined): boolean {
  try {
    return pid !== undefined && process.kill(pid, "SIGKILL");
  } catch {
    return false;
  }
}

const endGroup = (pid: number | undefined) => endProcess(pid === undefined ? undefined : -pid);

/** What an engine says of itself in its folder: its process, and (the fourth line) its port. */
function postmaster(folder: string): number[] {
  try {
    return readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n").map(Number);
  } catch {
    return [];
  }
}

const pidOf = (folder: string) => postmaster(folder)[0];
const portOf = (folder: string) => postmaster(folder)[3];

/** Looks until nothing is wrong. @throws Error with what is, after half a minute */
export async function soon(look: () => Promise<readonly string[]>): Promise<void> {
  for (const end = Date.now() + 30_000; ; ) {
    const wrong = await look().catch((error: Error) => [error.message]);
    if (wrong.length === 0) return;
    if (Date.now() > end) throw new Error(wrong.join("\n"));
    await wait(100);
  }
}
