import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { containerEnvironment } from "./container-environment";
import { Databases, isAlive, type PortOf } from "./databases";
import { findContainer, settle } from "./engine";
import type { Host } from "./host";
import { containerTarget } from "./log-streams";
import type { LogTarget } from "./logs";
import { freePort } from "./postgres";
import { Probe } from "./probe";
import { report } from "./running";
import type { Sim } from "./sim";
import type { Container, Definition, Task } from "./state";
import { beginStop, containerEnded } from "./stopping";
import { taskLabel } from "./tasks";

/** How long a one-off process may go on when the sandbox itself ends (real milliseconds). */
const PATIENCE = 30_000;

/** A line longer than this is several: what one event of CloudWatch takes (PutLogEvents in its API reference). */
const LONGEST_LINE = 262_118;

/** A process that lives so long counts as started (real milliseconds). */
const SETTLED = 1000;

interface Child {
  child: ChildProcess;
  oneOff: boolean;
  sent?: "SIGTERM" | "SIGKILL";
  probe?: Probe;
  ended: Promise<void>;
}

/**
 * Containers whose command runs for real: child processes of this sandbox. After every step of the engine it looks for
 * what should run, what should be signalled, and what an earlier sandbox left behind; what processes do comes back as steps.
 */
export class Processes {
  private readonly children = new Map<string, Child>();
  private readonly starting = new Set<Promise<void>>();
  private readonly databases: Databases;
  private closing = false;

  /** @param asleep starts nothing before `wake`: a command that never calls AWS needs no containers. */
  constructor(
    private readonly host: Host,
    private readonly say: (text: string) => void,
    private asleep = false,
    databasePort?: PortOf,
  ) {
    this.databases = new Databases(host.world, say, databasePort);
    host.onStep = (sim) => this.look(sim);
  }

  wake(): void {
    this.asleep = false;
  }

  /** Until no one-off process runs any more. */
  async idle(): Promise<void> {
    while (this.starting.size > 0) await Promise.all(this.starting);
    await Promise.all([...this.children.values()].filter(({ oneOff }) => oneOff).map(({ ended }) => ended));
  }

  async close(): Promise<void> {
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE).unref());
    if ([...this.children.values()].some(({ oneOff }) => oneOff))
      this.say("waiting for one-off commands to end");
    await Promise.race([this.idle(), patience]);
    this.closing = true;
    await Promise.all([...this.children.values()].map(end));
    await this.host.run((sim) => this.leave(sim));
    await this.databases.close();
  }

  /** What the next sandbox finds: services that want their processes again, one-off commands that were cut short. */
  private leave(sim: Sim): void {
    for (const arn of this.children.keys()) {
      const found = findContainer(sim.state, arn);
      if (found) this.adopt(sim, found.task, found.container);
    }
  }

  private look(sim: Sim): void {
    if (this.closing || this.asleep) return;
    for (const task of Object.values(sim.state.tasks))
      for (const container of task.containers) if (container.process) this.lookAt(sim, task, container);
  }

  private lookAt(sim: Sim, task: Task, container: Container): void {
    const real = container.process;
    if (!real || real.state === "ended") return;
    if (real.state === "running" && real.owner !== process.pid && !isAlive(real.owner))
      this.adopt(sim, task, container);
    if (real.state === "wanted") {
      real.state = "running";
      real.owner = process.pid;
      const definition = sim.state.definitions[task.definition];
      if (definition)
        this.begin(structuredClone(task), structuredClone(container), structuredClone(definition));
    }
    const child = this.children.get(container.arn);
    if (child && real.signal && child.sent !== real.signal) {
      child.sent = real.signal;
      signal(child.child, real.signal);
    }
  }

  /** The sandbox that ran it is gone. A service's process goes on in another; a one-off one cannot be repeated. */
  private adopt(sim: Sim, task: Task, container: Container): void {
    if (!container.process) return;
    if (task.service && task.desiredStatus === "RUNNING") container.process.state = "wanted";
    else {
      containerEnded(sim, task, container, 137, "sandbox: the process ended with the sandbox that ran it");
      settle(sim);
    }
  }

  private begin(task: Task, container: Container, definition: Definition): void {
    const started = this.launch(task, container, definition).catch((error: unknown) =>
      this.refused(container, error),
    );
    this.starting.add(started);
    void started.finally(() => this.starting.delete(started));
  }

  private async launch(task: Task, container: Container, definition: Definition): Promise<void> {
    const { folder, command } = container.process as NonNullable<Container["process"]>;
    const port = await freePort();
    const env = await containerEnvironment(
      this.host.world,
      this.databases,
      task,
      container.name,
      definition,
      { folder, port },
    );
    if (this.closing) return;
    const child = spawn(command[0] as string, command.slice(1), {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    await new Promise<void>((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", reject);
    });
    this.say(`${taskLabel(task, container)}: runs ${command.join(" ")} in ${folder}`);
    const target = containerTarget(task, container, definition);
    const outputs = [child.stdout, child.stderr].map((stream) => this.readLines(target, stream));
    const ended = this.whenEnded(container.arn, child, outputs);
    const entry: Child = { child, oneOff: !task.service, ended };
    this.children.set(container.arn, entry);
    if (task.service) entry.probe = new Probe(this.host, task, port);
    setTimeout(() => void this.reportRunning(container.arn), SETTLED).unref();
    await this.note(container.arn, port, child.pid);
  }

  /** Where a load balancer would find it, and the machine. */
  private note(arn: string, port: number, pid: number | undefined): Promise<void> {
    return this.host.run(({ state }) => {
      const real = findContainer(state, arn)?.container.process;
      if (real) Object.assign(real, { port, pid });
    });
  }

  private async reportRunning(arn: string): Promise<void> {
    if (!this.children.has(arn) || this.closing) return;
    await this.host.run((sim) => {
      const found = findContainer(sim.state, arn);
      if (found) report(sim, found.task);
      settle(sim);
    });
  }

  /** Lines go to the log stream as they come, those that come at once together. */
  private async readLines(target: LogTarget | undefined, stream: Readable): Promise<void> {
    const add = (lines: string[]) => {
      if (target && lines.length > 0) this.host.log(target, lines);
    };
    let rest = "";
    for await (const chunk of stream.setEncoding("utf8")) {
      const lines = (rest + chunk).split(/\r?\n/);
      rest = lines.pop() ?? "";
      if (rest.length > LONGEST_LINE) lines.push(rest.slice(0, LONGEST_LINE));
      if (rest.length > LONGEST_LINE) rest = rest.slice(LONGEST_LINE);
      add(lines);
    }
    if (rest !== "") add([rest]);
  }

  private async whenEnded(arn: string, child: ChildProcess, outputs: Promise<void>[]): Promise<void> {
    const code = await new Promise<number>((resolve) => {
      child.once("exit", (exit, killer) => resolve(exit ?? 128 + (SIGNALS[killer ?? ""] ?? 9)));
    });
    this.children.get(arn)?.probe?.stop();
    if (this.closing) return;
    await Promise.all(outputs);
    await this.host.run((sim) => {
      const found = findContainer(sim.state, arn);
      if (found) containerEnded(sim, found.task, found.container, code);
      settle(sim);
    });
    this.children.delete(arn);
  }

  private async refused(container: Container, error: unknown): Promise<void> {
    const { code, message } = error as NodeJS.ErrnoException;
    const program = container.process?.command[0];
    const why =
      code === "ENOENT"
        ? `exec: "${program}": executable file not found in $PATH: unknown`
        : `exec: "${program}": ${message}`;
    await this.host.run((sim) => {
      const found = findContainer(sim.state, container.arn);
      if (!found) return;
      found.container.lastStatus = "PENDING";
      found.container.reason = `CannotStartContainerError: Error response from daemon: failed to create task for container: ${why}`;
      if (found.container.process) found.container.process.state = "ended";
      const told = found.task.launchType === "FARGATE" ? found.container.reason : "Task failed to start";
      beginStop(sim, found.task, "TaskFailedToStart", told);
      settle(sim);
    });
  }
}

const SIGNALS: Record<string, number> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

/** To the whole group: a shell's children must not stay behind. */
function signal(child: ChildProcess, name: NodeJS.Signals): void {
  try {
    if (child.pid) process.kill(-child.pid, name);
  } catch {}
}

async function end({ child, probe }: Child): Promise<void> {
  probe?.stop();
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  signal(child, "SIGTERM");
  const timer = setTimeout(() => signal(child, "SIGKILL"), 2000);
  await ended;
  clearTimeout(timer);
}
