import { type ChildProcess, spawn } from "node:child_process";
import { EXAMPLE } from "./goose";

/** The example's service as a process of its own, and what it printed. */
export class Service {
  readonly lines: string[] = [];
  readonly exited: Promise<number | null>;
  private heard: (() => void)[] = [];

  private constructor(readonly child: ChildProcess) {
    this.exited = new Promise((resolve) => {
      child.once("close", (code) => {
        resolve(code);
        for (const listener of this.heard.splice(0)) listener();
      });
    });
    let rest = "";
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (data: Buffer) => {
        const lines = (rest + data.toString()).split("\n");
        rest = lines.pop() ?? "";
        this.lines.push(...lines);
        for (const listener of this.heard.splice(0)) listener();
      });
  }

  static start(env: Readonly<Record<string, string>>): Service {
    const variables = { PATH: process.env.PATH, PORT: "0", ...env };
    return new Service(spawn(process.execPath, ["server.js"], { cwd: EXAMPLE, env: variables }));
  }

  /** Waits for a line that holds this field, and answers the field's value. */
  async said(field: string): Promise<unknown> {
    for (;;) {
      const line = this.lines.find((text) => text.includes(`"${field}":`));
      if (line) return JSON.parse(line)[field];
      if (this.child.exitCode !== null)
        throw new Error(`It ended without "${field}":\n${this.lines.join("\n")}`);
      await new Promise<void>((resolve) => this.heard.push(resolve));
    }
  }

  async url(path = "/"): Promise<string> {
    return `http://127.0.0.1:${await this.said("listening")}${path}`;
  }

  async get(path: string) {
    const response = await fetch(await this.url(path));
    return { status: response.status, body: await response.json() };
  }

  async post(body: string) {
    const response = await fetch(await this.url(), { method: "POST", body });
    return { status: response.status, body: await response.json() };
  }

  async end(): Promise<void> {
    if (this.child.exitCode === null) this.child.kill("SIGKILL");
    await this.exited;
  }
}
