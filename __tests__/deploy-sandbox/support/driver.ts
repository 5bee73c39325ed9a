import { EventEmitter } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  ECSClient,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";
import {
  type CommandOptions,
  checkCommand,
  type CopyOptions,
  copyImageCommand,
  type DeployOptions,
  deployCommand,
  type RollbackOptions,
  rollbackCommand,
  runCommand,
  statusCommand,
} from "../../../deploy/commands";
import type { Clock } from "../../../deploy/clock";
import { DEFAULT_LIMITS } from "../../../deploy/context";
import type { DeployEvent, Result } from "../../../deploy/events";
import type { StopSignal } from "../../../deploy/exit-code";
import type { Surroundings } from "../../../deploy/session";
import { contractParameter } from "../../../modules/contract";
import { addSample, repositoryOf, SAMPLE, type Sample, sampleWorld } from "../../../sandbox/api/sample";
import { Sandbox, type SandboxOptions } from "../../../sandbox/api/sandbox";
import type { RecordedCall } from "../../../sandbox/api/server";
import type { Behaviour, Run } from "../../../sandbox/engine/behaviour";
import type { Fault } from "../../../sandbox/engine/faults";
import type { Architecture, Runtime, Task } from "../../../sandbox/engine/state";
import { VirtualClock } from "../../deploy/support/virtual-clock";
import { contractOf, putParameter } from "./contract";
import { directClients } from "./direct";

export const second = 1_000;
export const minute = 60 * second;

/** Longer than any service of these tests needs to come up. */
const COMING_UP = 5 * minute;

export type Settings = Sample & Partial<Pick<SandboxOptions, "pace" | "identities" | "seed">>;

/** How a command of the deploy ended, and what it asked AWS meanwhile. */
export interface Ended {
  exitCode: number;
  result: Result;
  events: DeployEvent[];
  calls: RecordedCall[];
  /** All that it printed. */
  output: string;
}

export interface Arguments extends Partial<Omit<DeployOptions, "image">> {
  image?: string;
  /** Called with every event, in the moment when it happens. */
  on?: (event: DeployEvent, signal: (name?: StopSignal) => void) => void;
  /** Called once, with what sends a signal to the deploy. */
  started?: (signal: (name: StopSignal) => void) => void;
  /** Instead of the shared one. */
  clock?: Clock;
  /** The screen breaks after so many lines, as a closed pipe does; what would have stood there is kept. */
  closedAfter?: number;
}

/** The sample environment in a sandbox, and deploy's real commands against it, in one virtual time. */
export class Stage {
  /** The image that runs at first, `v1`. */
  digest = "";
  /** Whether deploy asks the sandbox without HTTP. */
  direct = false;
  /** The repository that tasks pull from. */
  repository = SAMPLE.repository;

  private constructor(
    readonly sandbox: Sandbox<VirtualClock>,
    readonly clock: VirtualClock,
    private readonly folder: string,
  ) {}

  /** `v1` runs in the environment. */
  static async open(settings: Settings = {}): Promise<Stage> {
    const folder = mkdtempSync(join(tmpdir(), "deploy-sandbox-"));
    const world = await sampleWorld(settings, folder);
    await putParameter(world, contractParameter("staging"), JSON.stringify(contractOf(settings)), 1);
    await putParameter(world, SAMPLE.secret, settings.secret ?? "set by hand", 2);
    const clock = new VirtualClock();
    const sandbox = await Sandbox.start({ accessKey: "AKIASANDBOX", ...settings, world, clock });
    const stage = new Stage(sandbox, clock, folder);
    stage.use();
    await stage.comeUp(settings);
    return stage;
  }

  /** Lets the SDK of this process talk to this sandbox. */
  use(environment: NodeJS.ProcessEnv = {}): void {
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: this.sandbox.endpoint,
      AWS_REGION: SAMPLE.region,
      AWS_ACCESS_KEY_ID: this.sandbox.accessKey,
      AWS_SECRET_ACCESS_KEY: "example-secret-key",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
      ...environment,
    });
  }

  /** The same environment anew, with `v1` running and nothing else. */
  async reset(seed: number, sample: Sample = {}): Promise<void> {
    const { world } = this.sandbox.host;
    // At once: the world's file is written once for all that wait.
    await Promise.all([
      addSample(world, sample),
      putParameter(world, SAMPLE.secret, "set by hand", 2),
      putParameter(world, contractParameter("staging"), JSON.stringify(contractOf(sample)), 1),
    ]);
    this.clock.forget();
    await this.sandbox.reset(seed);
    await this.comeUp(sample);
  }

  private async comeUp(sample: Sample): Promise<void> {
    const architectures: Architecture[] = sample.architecture === "ARM64" ? ["arm64"] : ["amd64"];
    this.repository = repositoryOf(sample);
    this.digest = await this.push("v1", {}, [], architectures);
    await this.here("v1", [SAMPLE.tag], architectures);
    await this.sandbox.advance(COMING_UP);
    this.sandbox.calls.length = 0;
  }

  /** Pushes an image under its own name as a tag, and says how it behaves; returns its digest. */
  push(
    name: string,
    behaviour: Behaviour = {},
    tags: string[] = [],
    architectures: Architecture[] = ["amd64"],
  ): Promise<string> {
    const { repository, region } = SAMPLE;
    return this.sandbox.push({
      repository,
      region,
      content: name,
      tags: [name, ...tags],
      architectures,
      behaviour,
    });
  }

  /** Lets the repository that tasks pull from have an image that was pushed, under these tags. */
  here(content: string, tags: string[], architectures: Architecture[] = ["amd64"]): Promise<string> {
    const { repository } = this;
    return this.sandbox.push({ repository, region: SAMPLE.region, content, tags, architectures });
  }

  /** Pushes a release whose migration and whose service behave as said; both well if nothing is. */
  release(
    name: string,
    runs: { migration?: Run; service?: Run; pull?: Behaviour["pull"] } = {},
  ): Promise<string> {
    const { migration = {}, service = {}, pull = {} } = runs;
    return this.push(name, { pull, run: service, commands: [{ command: ["migrate"], run: migration }] });
  }

  /** Somebody else's client: the SDK's own. */
  readonly others = new Others(() => this.sandbox);

  /** Tasks of the migration, running and stopped. */
  async migrations(): Promise<Task[]> {
    return Object.values((await this.state()).tasks).filter(
      ({ definition }) => definition === SAMPLE.migration,
    );
  }

  /** Digests that the service's running tasks carry. */
  async running(): Promise<(string | undefined)[]> {
    const tasks = Object.values((await this.state()).tasks);
    return tasks
      .filter(
        ({ service, lastStatus, desiredStatus }) =>
          service && lastStatus === "RUNNING" && desiredStatus === "RUNNING",
      )
      .map(({ containers }) => containers.find(({ name }) => name === "web")?.digest);
  }

  state(): Promise<Runtime> {
    return this.sandbox.state();
  }

  /** What a tag names. */
  async tag(name: string = SAMPLE.tag): Promise<string | undefined> {
    return (await this.state()).repositories[`${SAMPLE.region}/${this.repository}`]?.tags[name];
  }

  /** Calls of an operation, named without its service. */
  made(name: string): RecordedCall[] {
    return this.sandbox.calls.filter(({ operation }) => operation.endsWith(`:${name}`));
  }

  deploy(image: string, args: Arguments = {}): Promise<Ended> {
    const options = { ...common, ...args, image };
    return this.perform(args, (around) => deployCommand("staging", options, around));
  }

  rollback(args: Partial<RollbackOptions> & Arguments = {}): Promise<Ended> {
    return this.perform(args, (around) => rollbackCommand("staging", { ...common, ...args }, around));
  }

  check(args: Partial<CommandOptions> & Arguments = {}): Promise<Ended> {
    return this.perform(args, (around) => checkCommand("staging", { ...common, ...args }, around));
  }

  copyImage(args: Partial<CopyOptions> & Arguments = {}): Promise<Ended> {
    return this.perform(args, (around) => copyImageCommand("staging", { ...common, ...args }, around));
  }

  status(args: Arguments = {}): Promise<Ended> {
    return this.perform(args, (around) => statusCommand("staging", { ...common, ...args }, around));
  }

  run(command: readonly string[], args: Arguments = {}): Promise<Ended> {
    return this.perform(args, (around) => runCommand("staging", command, { ...common, ...args }, around));
  }

  /** Several deploys at once, in one time. */
  together(images: readonly string[]): Promise<Ended[]> {
    return Promise.all(images.map((image) => this.deploy(image)));
  }

  /** A deploy whose runner dies at a call: whatever it asked is not answered, and it cleans nothing up. */
  async dies(at: Fault): Promise<void> {
    await this.sandbox.fault(at);
    let died = () => {};
    const death = new Promise<void>((resolve) => {
      died = resolve;
    });
    const dying = {
      now: () => this.clock.now(),
      sleep: (milliseconds: number, signal?: AbortSignal): Promise<void> => {
        if (!this.sandbox.calls.some(({ error }) => error === "connection reset"))
          return this.clock.sleep(milliseconds, signal);
        died();
        return new Promise(() => {});
      },
    };
    void this.deploy("v2", { clock: dying });
    await death;
    await this.sandbox.clearFaults();
    this.sandbox.calls.length = 0;
  }

  /** A file with outputs, as `cdktf apply --outputs-file` writes it. */
  outputs(contract: object): string {
    const file = join(this.folder, "outputs.json");
    writeFileSync(file, JSON.stringify({ staging: { deploy: contract } }));
    return file;
  }

  private async perform(
    { on, started, json = true, clock = this.clock, closedAfter = Number.POSITIVE_INFINITY }: Arguments,
    command: (around: Surroundings) => Promise<number>,
  ): Promise<Ended> {
    const signals = Object.assign(new EventEmitter(), { exit: () => undefined });
    const signal = (name: StopSignal = "SIGINT") => void signals.emit(name);
    started?.(signal);
    const before = this.sandbox.calls.length;
    let output = "";
    let written = 0;
    const write = (text: string) => {
      output += text;
      if (json) on?.(JSON.parse(text) as DeployEvent, signal);
      if (written++ >= closedAfter) throw Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    };
    const clients = async () => directClients(this.sandbox);
    const around = {
      clock,
      random: () => 0.5,
      signals,
      stdout: { write },
      ...(this.direct && { clients }),
    };
    const exitCode = await command(around);
    const events = json ? eventsOf(output) : [];
    const last = events.at(-1);
    const result = last?.type === "result" ? last.result : ({} as Result);
    return { exitCode, result, events, calls: this.sandbox.calls.slice(before), output };
  }

  async close(): Promise<void> {
    await this.sandbox.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What other people do to the environment with the SDK. */
export class Others {
  private client: ECSClient | undefined;

  constructor(private readonly sandbox: () => Sandbox<VirtualClock>) {}

  get ecs(): ECSClient {
    this.client ??= new ECSClient({
      endpoint: this.sandbox().endpoint,
      region: SAMPLE.region,
      credentials: { accessKeyId: this.sandbox().accessKey, secretAccessKey: "secret" },
    });
    return this.client;
  }

  /** A call that may come to nothing. */
  async act<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    command: Parameters<typeof ECSClient.prototype.send<I, O>>[0],
  ): Promise<O | undefined> {
    try {
      return await this.ecs.send(command);
    } catch {
      return undefined;
    }
  }

  /** Forces a deployment of whatever the tag names. */
  async force(): Promise<void> {
    const { cluster, service } = SAMPLE;
    await this.ecs.send(new UpdateServiceCommand({ cluster, service, forceNewDeployment: true }));
  }
}

const common: CommandOptions = { service: [], json: true, limits: DEFAULT_LIMITS };

const eventsOf = (output: string) =>
  output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as DeployEvent);
