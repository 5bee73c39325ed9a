import { EventEmitter } from "node:events";
import {
  type CommandOptions,
  checkCommand,
  type DeployOptions,
  deployCommand,
  imageCommand,
  type RollbackOptions,
  rollbackCommand,
  runCommand,
  statusCommand,
} from "../../../deploy/commands";
import { DEFAULT_LIMITS } from "../../../deploy/context";
import type { DeployEvent, Result } from "../../../deploy/events";
import type { StopSignal } from "../../../deploy/exit-code";
import type { Surroundings } from "../../../deploy/session";
import type { Contract } from "../../../modules/contract";
import { closeAfterTest } from "../../support/closing";
import { contract as sampleContract } from "./contract";
import { Ecs } from "./ecs";
import { Registry } from "./registry";
import { Terminal } from "./terminal";
import { VirtualClock } from "./virtual-clock";
import { Broken, Refusal, serve } from "./wire";

type Input = Record<string, unknown>;

/** Looks at a call before it is answered: throws to refuse, returns a value to answer in its place. */
export type Fault = (operation: string, input: Input, nth: number) => unknown;

export interface Outcome {
  exitCode: number;
  result: Result;
  events: DeployEvent[];
  /** All that was printed. */
  printed: string;
}

/** A command as a person gives it. */
export type Shown =
  | { name: "deploy"; image: string }
  | { name: "check"; image: string }
  | { name: "run"; words: string[] }
  | { name: "rollback" | "status" };

/** An account with one applied environment, behind a loopback port. */
export class World {
  readonly clock = new VirtualClock();
  readonly registry = new Registry();
  readonly ecs: Ecs;
  readonly parameters = new Map<string, { value: string; version: number; description?: string }>();
  readonly logs = new Map<string, string[]>();
  readonly calls: { operation: string; input: Input; at: number }[] = [];
  readonly faults: Fault[] = [];
  account = "123456789012";
  private url = "";

  private constructor(readonly contract: Contract) {
    this.ecs = new Ecs(contract, this.clock, this.registry);
    this.parameters.set("/staging/deploy", { value: JSON.stringify(contract), version: 3 });
    for (const { secrets } of contract.services) {
      for (const name of Object.values(secrets))
        this.parameters.set(name, { value: "secret-value", version: 2 });
    }
  }

  /** By default `v1` runs as `staging`, and `v2` is pushed. */
  static async open(contract = sampleContract(), { fresh = false } = {}): Promise<World> {
    const world = new World(contract);
    if (!fresh) {
      world.registry.tags.set("staging", world.registry.push("v1", "one"));
      for (const { service } of contract.services) world.ecs.deployed(service);
    }
    world.registry.push("v2", "two");
    const { url, server } = await serve(
      (operation, input) => world.answer(operation, input),
      (path) => world.registry.blobs.get(decodeURIComponent(path.slice(1))),
    );
    closeAfterTest(() => server.close().closeAllConnections());
    world.url = url;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: "us-west-2",
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "example",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    });
    return world;
  }

  digest(tag: string): string | undefined {
    return this.registry.tags.get(tag);
  }

  /** Calls of these operations, as `RunTask`. */
  made(name: string) {
    return this.calls.filter(({ operation }) => operation.endsWith(`:${name}`));
  }

  private answer(operation: string, input: Input): unknown {
    this.calls.push({ operation, input, at: this.clock.elapsed() });
    const nth = this.calls.filter((call) => call.operation === operation).length;
    for (const fault of this.faults) {
      const answer = fault(operation, input, nth);
      if (answer !== undefined) return answer;
    }
    const handler = this.handlers[operation];
    if (!handler) throw new Refusal("UnknownOperationException", operation);
    return this.perhapsStale(operation, input, nth, () => handler(input as never));
  }

  /** Readings that answer every other time with what they answered before: eventual consistency. */
  readonly stale = new Set<string>();
  private readonly earlier = new Map<string, unknown>();

  private perhapsStale(operation: string, input: Input, nth: number, read: () => unknown): unknown {
    if (!this.stale.has(operation)) return read();
    const key = `${operation} ${JSON.stringify(input)}`;
    const before = this.earlier.get(key);
    const now = structuredClone(read());
    this.earlier.set(key, now);
    return nth % 2 === 0 ? (before ?? now) : now;
  }

  private readonly handlers: Record<string, (input: never) => unknown> = {
    "sts:GetCallerIdentity": () => ({
      Account: this.account,
      Arn: `arn:aws:sts::${this.account}:assumed-role/deploy/ana`,
    }),
    "ssm:GetParameter": ({ Name }: { Name: string }) => {
      const found = this.parameters.get(Name);
      if (!found) throw new Refusal("ParameterNotFound", "");
      return { Parameter: { Name, Value: found.value, Version: found.version } };
    },
    "ssm:DescribeParameters": ({ ParameterFilters }: { ParameterFilters: { Values: string[] }[] }) => ({
      Parameters: (ParameterFilters[0]?.Values ?? []).flatMap((Name) => {
        const found = this.parameters.get(Name);
        return found ? [{ Name, Version: found.version, Description: found.description }] : [];
      }),
    }),
    "ecr:BatchGetImage": ({ imageIds }: { imageIds: never[] }) => this.registry.batchGetImage(imageIds),
    "ecr:PutImage": (input: Record<string, string>) => this.registry.putImage(input),
    "ecr:DescribeImages": ({ imageIds }: { imageIds: never[] }) => this.registry.describeImages(imageIds),
    "ecr:GetDownloadUrlForLayer": ({ layerDigest }: { layerDigest: string }) => ({
      downloadUrl: `${this.url}/${encodeURIComponent(layerDigest)}`,
      layerDigest,
    }),
    "ecs:DescribeClusters": () => ({ clusters: [this.ecs.cluster] }),
    "ecs:DescribeServices": ({ services }: { services: string[] }) => ({
      services: services.flatMap((name) => this.ecs.describeService(name) ?? []),
      failures: [],
    }),
    "ecs:UpdateService": ({ service }: { service: string }) => this.ecs.forceDeployment(service),
    "ecs:RunTask": (input: Input) => this.ecs.runTask(input),
    "ecs:StopTask": ({ task }: { task: string }) => this.ecs.stopTask(task),
    "ecs:ListTasks": (input: Input) => this.ecs.listTasks(input),
    "ecs:DescribeTasks": ({ tasks }: { tasks: string[] }) => this.ecs.describeTasks(tasks),
    "ecs:ListServiceDeployments": ({ service }: { service: string }) =>
      this.ecs.listServiceDeployments(service),
    "ecs:DescribeServiceDeployments": ({
      serviceDeploymentArns: [arn = ""],
    }: {
      serviceDeploymentArns: string[];
    }) => ({
      serviceDeployments: this.ecs
        .listServiceDeployments(arn.split("/")[2] ?? "")
        .serviceDeployments.filter(({ serviceDeploymentArn }) => serviceDeploymentArn === arn),
    }),
    "ecs:DescribeServiceRevisions": ({ serviceRevisionArns }: { serviceRevisionArns: string[] }) =>
      this.ecs.describeServiceRevisions(serviceRevisionArns),
    "logs:GetLogEvents": ({ logStreamName, nextToken }: { logStreamName: string; nextToken?: string }) => {
      const [, , id = ""] = logStreamName.split("/");
      const lines = this.logs.get(id) ?? this.ecs.tasks.find(({ arn }) => arn.endsWith(`/${id}`))?.script.log;
      if (!lines) throw new Refusal("ResourceNotFoundException", "The specified log stream does not exist.");
      const start = nextToken ? Number(nextToken.split("/")[1]) : 0;
      const events = lines.slice(start).map((message) => ({ message, timestamp: this.clock.now() }));
      return { events, nextForwardToken: `f/${lines.length}` };
    },
  };

  /** What name servers say; nobody asks them without it. */
  find: Surroundings["find"];
  readonly signals = new EventEmitter();
  readonly exits: number[] = [];

  /** Ctrl-C, or the runner's SIGTERM. */
  interrupt(signal: StopSignal = "SIGINT"): void {
    this.signals.emit(signal);
  }

  private around(print: (text: string) => void): Surroundings {
    const signals = Object.assign(this.signals, { exit: (code: number) => void this.exits.push(code) });
    const find = this.find && { find: this.find };
    return { clock: this.clock, random: () => 0.5, signals, stdout: { write: print }, ...find };
  }

  private async record(command: (around: Surroundings) => Promise<number>): Promise<Outcome> {
    let printed = "";
    const exitCode = await command(
      this.around((text) => {
        printed += text;
      }),
    );
    const events = printed
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as DeployEvent);
    const last = events.at(-1);
    if (last?.type !== "result") throw new Error(`no result: ${printed}`);
    return { exitCode, result: last.result, events, printed };
  }

  private common = (options: Partial<CommandOptions>): CommandOptions => ({
    service: [],
    json: true,
    limits: DEFAULT_LIMITS,
    ...options,
  });

  deploy = (image: DeployOptions["image"] = "v2", options: Partial<DeployOptions> = {}) =>
    this.record((around) => deployCommand("staging", { ...this.common(options), ...options, image }, around));

  /** A deploy whose runner dies at that moment, in milliseconds from the start: it cleans nothing up. */
  async killedAfter(elapsed: number, image = "v2"): Promise<void> {
    let killed = () => {};
    const death = new Promise<void>((resolve) => {
      killed = resolve;
    });
    const sleep = this.clock.sleep.bind(this.clock);
    this.clock.sleep = async (milliseconds, signal) => {
      if (this.clock.elapsed() < elapsed) return sleep(milliseconds, signal);
      killed();
      return new Promise(() => {});
    };
    void this.deploy(image);
    await death;
    this.clock.sleep = sleep;
  }

  /** A deploy whose screen breaks after so many lines, as a closed pipe does. */
  deployUnseen(image: string, lines: number): Promise<number> {
    let left = lines;
    const print = () => {
      if (left-- <= 0) throw Object.assign(new Error("write EPIPE"), { code: "EPIPE" });
    };
    return deployCommand("staging", { ...this.common({}), image }, this.around(print));
  }

  /** What a person or a CI log sees. */
  deployPlainly = (image: string) => this.plainly({ name: "deploy", image });

  /** What a pipe or a CI log gets of a command. */
  async plainly(command: Shown): Promise<string> {
    let printed = "";
    await this.show(
      command,
      this.around((text) => {
        printed += text;
      }),
    );
    return printed;
  }

  /** What stands on a terminal of so many columns when a command has ended. */
  async onTerminal(columns: number, command: Shown): Promise<string[]> {
    const terminal = new Terminal(columns);
    const { stdout } = process;
    const { isTTY, columns: before, write } = stdout;
    const type = (text: string | Uint8Array) => {
      terminal.write(String(text));
      return true;
    };
    // The library that draws the tree asks the process's own output how wide it is.
    Object.assign(stdout, { isTTY: true, columns, write: type });
    try {
      await this.show(command, {
        ...this.around(() => {}),
        stdout: { isTTY: true, write: (text) => process.stdout.write(text) },
      });
    } finally {
      Object.assign(stdout, { isTTY, columns: before, write });
    }
    return terminal.lines;
  }

  private show(command: Shown, around: Surroundings): Promise<number> {
    const common = this.common({ json: false });
    if (command.name === "deploy") return deployCommand("staging", { ...common, ...command }, around);
    if (command.name === "rollback") return rollbackCommand("staging", common, around);
    if (command.name === "check") return checkCommand("staging", { ...common, ...command }, around);
    if (command.name === "run") return runCommand("staging", command.words, common, around);
    return statusCommand("staging", common, around);
  }

  rollback = (options: Partial<RollbackOptions> = {}) =>
    this.record((around) => rollbackCommand("staging", { ...this.common(options), ...options }, around));

  check = (image?: string) =>
    this.record((around) => checkCommand("staging", { ...this.common({}), ...(image && { image }) }, around));

  /** The same of an environment by any name. */
  checkOf = (environment: string) =>
    this.record((around) => checkCommand(environment, this.common({}), around));

  status = () => this.record((around) => statusCommand("staging", this.common({}), around));

  /** What `slipway image` prints on its standard output, and its exit code. */
  async image(repository: string, commit = "HEAD"): Promise<{ exitCode: number; digest: string }> {
    let digest = "";
    const around = this.around((text) => {
      digest += text;
    });
    return { exitCode: await imageCommand(repository, { commit }, around), digest: digest.trim() };
  }

  run = (command: string[]) =>
    this.record((around) => runCommand("staging", command, this.common({}), around));
}

/** Refuses every call of an operation. */
export const deny =
  (name: string): Fault =>
  (operation) => {
    if (operation.endsWith(`:${name}`)) {
      throw new Refusal("AccessDeniedException", `User is not authorized to perform: ${operation}`);
    }
  };

/** Throttles the first calls of an operation. */
export const throttle =
  (name: string, times: number): Fault =>
  (operation, _, nth) => {
    if (operation.endsWith(`:${name}`) && nth <= times)
      throw new Refusal("ThrottlingException", "Rate exceeded");
  };

/** Breaks the connection of the first calls of an operation, after or before they had their effect. */
export const breakOff =
  (name: string, times: number): Fault =>
  (operation, _, nth) => {
    if (operation.endsWith(`:${name}`) && nth <= times) throw new Broken();
  };
