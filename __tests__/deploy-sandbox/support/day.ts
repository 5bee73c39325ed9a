import { EventEmitter } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import type { StopSignal } from "../../../deploy/exit-code";
import type { DailySurroundings } from "../../../deploy/daily/session";
import type { RecordedCall } from "../../../sandbox/api/server";
import { SAMPLE } from "../../../sandbox/api/sample";
import { ACCOUNT } from "../../../sandbox/world";
import { BASTION, DATABASE_LOGS } from "./contract";
import { type Settings, Stage } from "./driver";

export interface Printed {
  exitCode: number;
  out: string;
  said: string;
  calls: RecordedCall[];
}

export interface Around {
  stdin?: string;
  /** On top of the PATH with the stand-ins. */
  env?: NodeJS.ProcessEnv;
  /** Told of everything that is printed. */
  on?: (text: string, send: (signal: StopSignal) => void) => void;
  /** Whoever reads goes away after the first text. */
  closes?: boolean;
  /** The output is a terminal. */
  terminal?: boolean;
}

/** The sample environment with a bastion and a database's log group, and daily commands against it. */
export class Day {
  private constructor(
    readonly stage: Stage,
    private readonly folder: string,
  ) {}

  static async open(settings: Settings = {}): Promise<Day> {
    const day = new Day(await Stage.open(settings), mkdtempSync(join(tmpdir(), "deploy-day-")));
    const { world } = day.stage.sandbox.host;
    const region = SAMPLE.region;
    await world.change(() => {
      world.put({
        type: "aws_instance",
        region,
        id: BASTION,
        origin: "terraform",
        attributes: { id: BASTION },
      });
      const name = DATABASE_LOGS;
      const arn = `arn:aws:logs:${region}:${ACCOUNT}:log-group:${name}`;
      world.put({
        type: "aws_cloudwatch_log_group",
        region,
        id: name,
        origin: "terraform",
        attributes: { name, arn },
      });
      const password = "/staging/database/1/password";
      world.put({
        type: "aws_ssm_parameter",
        region,
        id: password,
        origin: "terraform",
        attributes: {
          name: password,
          type: "SecureString",
          version: 1,
          arn: `arn:aws:ssm:${region}:${ACCOUNT}:parameter${password}`,
        },
        sealed: { value_wo: world.vault.seal("s3cret-of-the-database") },
      });
    });
    return day;
  }

  /** Adds a line to a stream, so many milliseconds ago, seen at once. */
  line(stream: string, message: string, ago = 0, group = SAMPLE.logGroup): void {
    const at = this.stage.clock.now() - ago;
    this.stage.sandbox.logs.append({ region: SAMPLE.region, group, stream }, [message], at, at);
  }

  /** A program on the PATH that writes down what it is given, and does as the script says. */
  program(name: string, script: string): void {
    const file = join(this.folder, name);
    const record = `require("node:fs").writeFileSync(${JSON.stringify(`${file}.json`)}, JSON.stringify({ argv: process.argv.slice(2), env: process.env }));`;
    const version = `if (process.argv[2] === "--version") { console.log("1.2.707.0"); process.exit(); }`;
    writeFileSync(file, `#!${process.execPath}\n${version}\n${record}\n${script}\n`);
    chmodSync(file, 0o755);
  }

  /** What a program was given. */
  given(name: string): { argv: string[]; env: Record<string, string> } {
    return JSON.parse(readFileSync(join(this.folder, `${name}.json`), "utf8"));
  }

  async run(
    command: (around: DailySurroundings) => Promise<number>,
    { stdin = "", env = {}, on, closes = false, terminal = false }: Around = {},
  ): Promise<Printed> {
    let out = "";
    let said = "";
    const signals = Object.assign(new EventEmitter(), { exit: () => undefined });
    const stdout = Object.assign(new EventEmitter(), {
      isTTY: terminal,
      write: (text: string) => {
        out += text;
        on?.(text, (signal) => void signals.emit(signal));
        if (closes) queueMicrotask(() => void stdout.emit("error"));
        return !closes;
      },
    });
    const stderr = {
      write: (text: string) => {
        said += text;
      },
    };
    const before = this.stage.sandbox.calls.length;
    const exitCode = await command({
      clock: this.stage.clock,
      random: () => 0.5,
      signals,
      stdin: Readable.from([stdin]) as unknown as NodeJS.ReadableStream,
      stdout,
      stderr,
      env: { PATH: `${this.folder}:${dirname(process.execPath)}`, HOME: this.folder, ...env },
    });
    return { exitCode, out, said, calls: this.stage.sandbox.calls.slice(before) };
  }

  async close(): Promise<void> {
    await this.stage.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
