import { EventEmitter } from "node:events";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import {
  checkCommand,
  type CommandOptions,
  type DeployOptions,
  deployCommand,
  type RollbackOptions,
  rollbackCommand,
  statusCommand,
} from "../../../deploy/commands";
import { DEFAULT_LIMITS } from "../../../deploy/context";
import type { DeployEvent, Result } from "../../../deploy/events";
import type { StopSignal } from "../../../deploy/exit-code";
import type { Surroundings } from "../../../deploy/session";
import { appRunner, type AppRunnerServiceProps } from "../../../modules/app-runner";
import { Sandbox } from "../../../sandbox/api/sandbox";
import type { Behaviour } from "../../../sandbox/engine/behaviour";
import { FileStore } from "../../../sandbox/engine/store";
import type { Access } from "../../../sandbox/iam/access";
import type { World, WorldObject } from "../../../sandbox/world";
import { VirtualClock } from "../../deploy/support/virtual-clock";
import { synthesizeAppRunner } from "../../modules/support/synthesize";
import { InProcessStack, type Run } from "../../terraform/support/in-process";
import { directClients } from "./direct";

export const REGION = "us-west-2";
export const PASSWORD = "hunter2/secret";
const minute = 60_000;

/** How a command ended. */
export interface Ended {
  readonly exitCode: number;
  readonly result: Result;
  readonly events: readonly DeployEvent[];
  /** All that it printed. */
  readonly output: string;
}

/** Where the real Terraform makes the environment. */
export interface Stack {
  readonly world: World;
  apply(web: AppRunnerServiceProps): Promise<Run>;
  plan(): Promise<Run>;
  remove(): void | Promise<void>;
}

/** An environment that makes its own repository, in an account of its own. */
function alone(): Stack {
  const stack = new InProcessStack();
  return {
    world: stack.world,
    apply: (web) => {
      const registry = { repository: "app", create: true };
      stack.configure(
        synthesizeAppRunner(appRunner({ region: REGION, registry, services: { web } }), "growth").json,
      );
      return stack.apply();
    },
    plan: () => stack.run("plan"),
    remove: () => stack.remove(),
  };
}

/** The environment `growth` on App Runner: the real Terraform applies it, deploy's real commands go into it, in one virtual time. */
export class Growth {
  readonly clock = new VirtualClock();
  private database: Server | undefined;
  private started: Sandbox<VirtualClock> | undefined;

  private constructor(
    private readonly stack: Stack,
    /** The repository that releases are pushed to. */
    private readonly repository: string,
  ) {}

  /**
   * @param stack where Terraform runs
   * @param access whoever deploys; everything is allowed without
   */
  static async open(stack: Stack = alone(), access?: Access, repository = "app"): Promise<Growth> {
    const growth = new Growth(stack, repository);
    const { world } = stack;
    await world.change(() => undefined);
    const store = new FileStore(world.folder);
    const { clock } = growth;
    growth.started = await Sandbox.start({ world, store, clock, accessKey: "AKIASANDBOX", access });
    return growth;
  }

  get sandbox(): Sandbox<VirtualClock> {
    if (!this.started) throw new Error("The sandbox is not open.");
    return this.started;
  }

  get world() {
    return this.stack.world;
  }

  /** Applies the environment as it is written now. */
  apply(web: AppRunnerServiceProps): Promise<Run> {
    return this.stack.apply(web);
  }

  plan(): Promise<Run> {
    return this.stack.plan();
  }

  /** Pushes a release, and says how its containers behave. */
  push(name: string, run: Behaviour["run"] = {}): Promise<string> {
    return this.sandbox.push({
      repository: this.repository,
      region: REGION,
      content: name,
      tags: [name],
      behaviour: { run },
    });
  }

  /** Lets virtual time pass, so that what an apply began is over. */
  settle(): Promise<void> {
    return this.sandbox.advance(5 * minute);
  }

  /** A Postgres that answers, as far as a connection goes; its URL. */
  async answeringUrl(): Promise<string> {
    this.database ??= await new Promise<Server>((resolve) => {
      const server = createServer((socket) => socket.end());
      server.listen(0, "127.0.0.1", () => resolve(server));
    });
    const { port } = this.database.address() as AddressInfo;
    return `postgres://app:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/app`;
  }

  /** Writes a SecureString, as a person would. */
  async secret(name: string, value: string): Promise<void> {
    const { world } = this;
    await world.change(() => {
      const arn = `arn:aws:ssm:${REGION}:${world.account}:parameter${name}`;
      world.put({
        type: "aws_ssm_parameter",
        region: REGION,
        id: name,
        origin: "person",
        sealed: { value: world.vault.seal(value) },
        attributes: { name, arn, type: "SecureString", version: 1 },
      });
    });
  }

  /** What the environment's tag names. */
  async tag(): Promise<string | undefined> {
    return (await this.sandbox.state()).repositories[`${REGION}/app`]?.tags.growth;
  }

  /** The App Runner service as it runs. */
  async service() {
    const [service] = Object.values((await this.sandbox.state()).appRunner ?? {});
    if (!service) throw new Error("There is no service.");
    return service;
  }

  /** What deploy wrote down. */
  releases(): { digest: string; operation: string | null }[] {
    const text = this.parameter("/growth/app-runner/web")?.attributes.insecure_value;
    return JSON.parse(String(text)).released;
  }

  parameter(name: string): WorldObject | undefined {
    return this.world.find({ type: "aws_ssm_parameter", where: { name } });
  }

  deploy(image: string, options: Partial<DeployOptions> = {}, started?: Started): Promise<Ended> {
    const all = { ...common, ...options, image };
    return this.perform((around) => deployCommand("growth", all, around), started);
  }

  rollback(options: Partial<RollbackOptions> = {}): Promise<Ended> {
    return this.perform((around) => rollbackCommand("growth", { ...common, ...options }, around));
  }

  check(): Promise<Ended> {
    return this.perform((around) => checkCommand("growth", common, around));
  }

  status(): Promise<Ended> {
    return this.perform((around) => statusCommand("growth", common, around));
  }

  private async perform(
    command: (around: Surroundings) => Promise<number>,
    started?: Started,
  ): Promise<Ended> {
    const signals = Object.assign(new EventEmitter(), { exit: () => undefined });
    let output = "";
    const write = (text: string) => {
      output += text;
      started?.(JSON.parse(text) as DeployEvent, (name) => void signals.emit(name));
    };
    const clients = async () => directClients(this.sandbox);
    const around = { clock: this.clock, random: () => 0.5, signals, stdout: { write }, clients };
    const exitCode = await command(around);
    const lines = output.trim().split("\n");
    const events = lines.map((line) => JSON.parse(line) as DeployEvent);
    const last = events.at(-1);
    if (last?.type !== "result") throw new Error(`No result: ${output}`);
    return { exitCode, result: last.result, events, output };
  }

  async close(): Promise<void> {
    this.database?.close();
    await this.sandbox.close();
    await this.stack.remove();
  }
}

/** Told of each event as it happens, with what sends a signal. */
type Started = (event: DeployEvent, signal: (name: StopSignal) => void) => void;

const common: CommandOptions = { service: [], json: true, limits: DEFAULT_LIMITS };
