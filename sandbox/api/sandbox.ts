import type { PortOf } from "../engine/databases";
import type { Behaviour } from "../engine/behaviour";
import { RealClock, type Clock } from "../engine/clock";
import { interrupt, settle } from "../engine/engine";
import { Host, type HostOptions } from "../engine/host";
import { type Push, pushImage, repositoryOf } from "../engine/images";
import type { Logs } from "../engine/logs";
import type { Instance, Runtime } from "../engine/state";
import { Processes } from "../engine/processes";
import { parameterValue } from "../parameter-value";
import { text } from "../engine/attributes";
import type { Caller } from "./call";
import type { Fault } from "../engine/faults";
import type { Access } from "../iam/access";
import { type Answer, ApiServer, type Neighbours, type Question, type RecordedCall } from "./server";

export interface SandboxOptions extends Omit<HostOptions, "clock"> {
  /** The machine's own time if absent. */
  clock?: Clock;
  /** The access key of whoever may call; a random one if absent. */
  accessKey?: string;
  /** The role that calls with that key; without it, everything is allowed. */
  access?: Access | undefined;
  identities?: Record<string, Partial<Caller>>;
  neighbours?: Neighbours | undefined;
  /** What is closed with it. */
  closeToo?: (() => Promise<void>) | undefined;
  port?: number;
  /** Starts no real process before the first request. */
  asleep?: boolean;
  /** The loopback port that containers are told for a database's engine, by the engine's own. */
  databasePort?: PortOf;
}

/**
 * A running stand-in for AWS, and everything one can do to it.
 *
 *     const sandbox = await Sandbox.start({ world: await sampleWorld(), clock: new ManualClock() });
 *     const digest = await sandbox.push({ repository: "app", region, content: "v1", tags: ["staging"] });
 *     await sandbox.behave(digest, { run: { exit: { code: 1, after: 2000 } } });
 *     await sandbox.fault({ operation: "ecs:UpdateService", kind: "throttle", count: 2 });
 *     await sandbox.advance(60_000);
 *     const credentials = { accessKeyId: sandbox.accessKey, secretAccessKey: "any" };
 *     const ecs = new ECSClient({ endpoint: sandbox.endpoint, region, credentials });
 *
 * Under a ManualClock nothing happens until time is moved: `sandbox.advance`, or `clock.advance` and the next call.
 */
export class Sandbox<C extends Clock = Clock> {
  private constructor(
    /** For AWS_ENDPOINT_URL and the SDK's `endpoint`. */
    readonly endpoint: string,
    readonly host: Host,
    readonly clock: C,
    private readonly server: ApiServer,
    private readonly processes: Processes | undefined,
    private readonly closeToo: (() => Promise<void>) | undefined,
  ) {}

  static async start<C extends Clock = RealClock>(
    options: SandboxOptions & { clock?: C },
  ): Promise<Sandbox<C>> {
    const clock = (options.clock ?? new RealClock()) as C;
    const host = new Host({ ...options, clock });
    const processes = options.real
      ? new Processes(host, options.say ?? (() => {}), options.asleep, options.databasePort)
      : undefined;
    const server = new ApiServer({
      host,
      onRequest: () => processes?.wake(),
      ...(options.accessKey ? { accessKey: options.accessKey } : {}),
      access: options.access,
      neighbours: options.neighbours,
      ...(options.identities ? { identities: options.identities } : {}),
    });
    const endpoint = await server.listen(options.port);
    host.start();
    return new Sandbox(endpoint, host, clock, server, processes, options.closeToo);
  }

  /** For AWS_ACCESS_KEY_ID: the endpoints answer nobody who has another. */
  get accessKey(): string {
    return this.server.accessKey;
  }

  /** Answers a call that comes without HTTP: for programs in this very process. */
  ask(question: Question): Promise<Answer> {
    return this.server.answer(question);
  }

  /** Every call that was answered, oldest first. */
  get calls(): RecordedCall[] {
    return this.server.calls;
  }

  /** Sets AWS's wall clock so many milliseconds ahead of this machine's: signatures and answers' dates go by it. */
  setAhead(milliseconds: number): void {
    this.server.clockAhead = milliseconds;
  }

  /** Lets virtual time pass, and everything happen that is due. */
  async advance(milliseconds: number): Promise<void> {
    this.clock.advance?.(milliseconds);
    await this.host.run(() => undefined);
  }

  /** Pushes an image; returns the digest that its tags name. */
  push(image: Push): Promise<string> {
    return this.host.run((sim) => pushImage(sim, image));
  }

  /** Moves a tag, as somebody else would. */
  retag(region: string, repository: string, tag: string, digest: string): Promise<void> {
    return this.host.run((sim) => {
      repositoryOf(sim, region, repository).tags[tag] = digest;
    });
  }

  /** Says how an image behaves from now on, by the digest of its (platform's) manifest. */
  behave(digest: string, behaviour: Behaviour): Promise<void> {
    return this.host.run((sim) => {
      sim.state.behaviours[digest] = behaviour;
    });
  }

  /** Scripts faults. */
  fault(...faults: Fault[]): Promise<void> {
    return this.host.run((sim) => {
      sim.state.faults.push(...faults.map((fault) => ({ ...fault })));
    });
  }

  clearFaults(): Promise<void> {
    return this.host.run((sim) => {
      sim.state.faults = [];
    });
  }

  /** Capacity that cannot be had until `shortage([])`. */
  shortage(providers: string[]): Promise<void> {
    return this.host.run((sim) => {
      sim.state.shortages = [...providers];
    });
  }

  /** A spot interruption of what is below a task. */
  interrupt(taskArn: string): Promise<void> {
    return this.host.run((sim) => {
      const task = sim.state.tasks[taskArn];
      if (!task) throw new Error(`There is no task ${taskArn}`);
      interrupt(sim, task);
      settle(sim);
    });
  }

  /** Changes instances, such as `agentConnected = false`. */
  instances(change: (instance: Instance) => void): Promise<void> {
    return this.host.run((sim) => {
      for (const instance of Object.values(sim.state.instances)) change(instance);
      settle(sim);
    });
  }

  /** A copy of everything that runs, at the clock's time. */
  state(): Promise<Runtime> {
    return this.host.run((sim) => structuredClone(sim.state));
  }

  /** What containers said. */
  get logs(): Logs {
    return this.host.logs;
  }

  /** The value of a parameter in the clear, for tests. */
  secret(name: string): string | undefined {
    const { world } = this.host;
    const object = world
      .list({ type: "aws_ssm_parameter" })
      .find(({ attributes }) => text(attributes, "name") === name);
    return object && parameterValue(world, object);
  }

  /** Until no one-off container's real process runs any more. */
  async idle(): Promise<void> {
    await this.processes?.idle();
  }

  /** Starts over, with the same applied world and nothing running. */
  async reset(seed = 1): Promise<void> {
    await this.host.reset(seed);
    this.server.calls.length = 0;
  }

  async close(): Promise<void> {
    await this.server.close();
    await this.processes?.close();
    await this.host.close();
    await this.closeToo?.();
  }
}
