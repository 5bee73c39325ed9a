import { randomInt } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AwsError } from "../aws/kind";
import { createSim } from "../engine/engine";
import type { Host } from "../engine/host";
import { bare, emptyRuntime } from "../engine/state";
import type { Access } from "../iam/access";
import { checkRepositoryPolicy } from "../iam/repository-policy";
import { World } from "../world";
import type { Call, Caller, Operations } from "./call";
import { APP_RUNNER } from "./app-runner";
import { APPLICATION_AUTOSCALING } from "./application-autoscaling";
import { CLOUDFRONT } from "./cloudfront";
import { CLOUDWATCH } from "./cloudwatch";
import { ECR } from "./ecr";
import { ECS } from "./ecs";
import { AwsFailure, failureOf, isOfQueries, missing, type ServiceName, unknownKey } from "./errors";
import { type Fault, takeFaults } from "../engine/faults";
import { KEY_VALUES } from "./key-values";
import { LOGS } from "./logs";
import { answerError, answerOk, type Request, readRequest } from "./protocol";
import { RDS } from "./rds";
import { ROUTE53 } from "./route53";
import { S3 } from "./s3";
import { SCHEDULER } from "./scheduler";
import { SSM } from "./ssm";
import { SESSIONS } from "./ssm-sessions";
import { STS } from "./sts";

const SERVICES: Record<ServiceName, Operations> = {
  "application-autoscaling": APPLICATION_AUTOSCALING,
  apprunner: APP_RUNNER,
  cloudwatch: CLOUDWATCH,
  ecs: ECS,
  ecr: ECR,
  ssm: { ...SSM, ...SESSIONS },
  logs: LOGS,
  sts: STS,
  rds: RDS,
  s3: S3,
  cloudfront: CLOUDFRONT,
  "cloudfront-keyvaluestore": KEY_VALUES,
  route53: ROUTE53,
  scheduler: SCHEDULER,
};

/** A call that was answered, for tests of what a program really asks. */
export interface RecordedCall {
  /** As IAM names it: "ecs:RunTask". */
  operation: string;
  region: string;
  at: number;
  input: Record<string, unknown>;
  /** Error code, if it failed. */
  error?: string;
}

/** A call apart from its wire. */
export type Question = Pick<Request, "service" | "operation" | "region" | "accessKey" | "input">;

/** What becomes of a call: its output, AWS's refusal, or a connection that breaks. */
export type Answer = { output: object } | { failure: AwsFailure } | "broken";

/** The stand-in of another account. */
export interface Neighbour {
  readonly host: Host;
  readonly accessKey: string;
  ask(question: Question): Promise<Answer>;
}

/** Other accounts that there are. */
export interface Neighbours {
  /** The stand-in of this account; undefined where there is none. */
  of(account: string): Promise<Neighbour | undefined>;
  /** Whether whoever has the access key is signed in to them, too: by the key with the account's number behind it. */
  readonly signedIn: boolean;
}

export interface ApiOptions {
  host: Host;
  /** Whose repositories can be read from here, as far as their policies let it. */
  neighbours?: Neighbours | undefined;
  /** The access key of whoever may call; a random one if absent. */
  accessKey?: string;
  /** The role that calls with that key; without it, everything is allowed. */
  access?: Access | undefined;
  /** Access keys of other accounts and principals. */
  identities?: Record<string, Partial<Caller>>;
  /** Told of every request before it is carried out. */
  onRequest?: () => void;
}

/**
 * The HTTP server: loopback only, for those who know its access key. Commands of containers run for real, so whoever may
 * call may run anything as this user: other users of the machine and web pages in its browsers may not.
 */
export class ApiServer {
  readonly calls: RecordedCall[] = [];
  readonly accessKey: string;
  /** How far AWS's wall clock is ahead of this machine's, in milliseconds. */
  clockAhead = 0;
  private readonly server: Server;
  private address = "";

  constructor(private readonly options: ApiOptions) {
    this.accessKey = options.accessKey ?? newAccessKey();
    this.server = createServer((request, response) => {
      this.handle(request, response).catch((error: unknown) => {
        process.stderr.write(`sandbox: ${error instanceof Error ? error.stack : String(error)}\n`);
        response.destroy();
      });
    });
    this.server.keepAliveTimeout = 60_000;
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, "127.0.0.1", resolve);
    });
    this.address = `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    return `http://${this.address}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let request: Request;
    try {
      this.refuseStrangers(incoming);
      request = await readRequest(incoming);
    } catch (error) {
      return answerError(response, "ecs", asFailure(error));
    }
    if (!this.knows(request.accessKey))
      return answerError(response, request.service, unknownKey(request.service));
    const now = Date.now() + this.clockAhead;
    response.setHeader("date", new Date(now).toUTCString());
    const old = wrongTime(request, now);
    if (old) return answerError(response, request.service, old);
    const answer = await this.answer(request);
    if (answer === "broken") incoming.socket.resetAndDestroy();
    else if ("failure" in answer) answerError(response, request.service, answer.failure);
    else answerOk(response, request, answer.output);
  }

  /** Carries a call out, with the faults that hit it. */
  async answer(request: Question): Promise<Answer> {
    const account = this.neighbourIn(request.accessKey);
    if (account !== undefined) {
      const neighbour = await this.options.neighbours?.of(account);
      if (!neighbour) return { failure: unknownKey(request.service) };
      return neighbour.ask({ ...request, accessKey: neighbour.accessKey });
    }
    const action = `${request.service}:${request.operation}`;
    this.options.onRequest?.();
    const caller = this.callerOf(request.accessKey);
    const faults = await this.options.host.run((sim) => takeFaults(sim.state.faults, action, sim.state.time));
    const hit = (kind: Fault["kind"]) => faults.some((fault) => fault.kind === kind);
    const record: RecordedCall = {
      operation: action,
      region: request.region,
      at: this.options.host.clock.now(),
      input: request.input,
    };
    this.calls.push(record);
    await this.delay(faults);
    if (hit("reset")) return broken(record);
    try {
      const failure = faults
        .map((fault) => failureOf(fault, request.service, action, caller.arn))
        .find(Boolean);
      if (failure) throw failure;
      if (hit("double")) await this.carryOut(request, caller, faults);
      const output = await this.carryOut(request, caller, faults);
      return hit("lost") ? broken(record) : { output };
    } catch (error) {
      const failure = asFailure(error);
      record.error = failure.code;
      return { failure };
    }
  }

  /**
   * No SDK sends an Origin, and each names the host that it was given: others are web pages, whose names may lead here
   * (DNS rebinding). What an account's key-value stores are asked under begins with its number.
   */
  private refuseStrangers({ headers }: IncomingMessage): void {
    const port = this.address.replace(/^.*:/, "");
    const host = (headers.host ?? "").replace(/^\d{12}\.localhost:/, "127.0.0.1:");
    if (host === `127.0.0.1:${port}` && headers.origin === undefined) return;
    throw new AwsFailure(
      "AccessDeniedException",
      `The sandbox answers programs that call ${this.address} by this address, and no web page.`,
      403,
    );
  }

  private knows(accessKey: string): boolean {
    return (
      accessKey === this.accessKey ||
      Object.hasOwn(this.options.identities ?? {}, accessKey) ||
      this.neighbourIn(accessKey) !== undefined
    );
  }

  /** The account whose number stands behind our access key, for whoever is signed in to all. */
  private neighbourIn(accessKey: string): string | undefined {
    if (!this.options.neighbours?.signedIn || !accessKey.startsWith(this.accessKey)) return undefined;
    return /^\d{12}$/.exec(accessKey.slice(this.accessKey.length))?.[0];
  }

  /** Who keeps what a call is about, where that is another account that the call names: its image registry. */
  private async ownerOf({ service, input }: Question, caller: Caller): Promise<Neighbour | undefined> {
    const { registryId } = input;
    if (service !== "ecr" || typeof registryId !== "string" || registryId === caller.account)
      return undefined;
    return this.options.neighbours?.of(registryId);
  }

  private async carryOut(request: Question, caller: Caller, faults: Fault[]): Promise<object> {
    const operations = SERVICES[request.service];
    const operation = Object.hasOwn(operations, request.operation)
      ? operations[request.operation]
      : undefined;
    if (!operation) {
      const known = Object.keys(operations).join(", ");
      throw new AwsFailure(
        "UnknownOperationException",
        `The sandbox does not stand in for ${request.service}:${request.operation}. It knows ${known}.`,
      );
    }
    for (const name of operation.required)
      if (isBlank(request.input[name])) throw missing(request.service, name);
    caller.access?.api(request.service, request.operation, request.region, request.input);
    const kinds = faults.map(({ kind }) => kind);
    const owner = await this.ownerOf(request, caller);
    const host = owner?.host ?? this.options.host;
    const output = await host.run((sim) => {
      if (owner)
        checkRepositoryPolicy(sim.world, {
          action: `ecr:${request.operation}`,
          region: request.region,
          repository: String(request.input.repositoryName),
          caller,
        });
      // A bucket's name is known in every account: S3 tells a stranger's request apart by itself.
      const own = caller.account === sim.world.account || request.service === "s3" || owner !== undefined;
      const call: Call = {
        sim: own ? sim : emptyAccount(sim.state.time),
        region: request.region,
        caller,
        stale: kinds.includes("stale"),
        missing: kinds.includes("missing"),
      };
      return operation.run(call, request.input);
    });
    if (owner) await this.remember(owner, request);
    return output;
  }

  /** Keeps what the images of another account do when they run: a copy of one does the same. */
  private async remember(owner: Neighbour, { region, input }: Question): Promise<void> {
    const behind = await owner.host.run(({ state }) => ({
      images: state.repositories[`${region}/${input.repositoryName}`]?.images ?? {},
      behaviours: state.behaviours,
    }));
    const { images, behaviours } = structuredClone(behind);
    await this.options.host.run(({ state }) => {
      // No region has this name: nobody pulls from there.
      const known = state.repositories.elsewhere?.images;
      state.repositories.elsewhere = { images: bare({ ...known, ...images }), tags: bare({}), blobs: [] };
      Object.assign(state.behaviours, behaviours);
    });
  }

  private callerOf(accessKey: string): Caller {
    const { account: home } = this.options.host.world;
    const known = this.options.identities?.[accessKey] ?? {};
    const account = known.account ?? home;
    const access = known.access ?? (accessKey === this.accessKey ? this.options.access : undefined);
    const arn = known.arn ?? access?.session ?? `arn:aws:sts::${account}:assumed-role/sandbox/sandbox`;
    return { accessKey, account, arn, access };
  }

  /** While a call is slow, time passes: the clock's own if it is moved by hand. */
  private async delay(faults: Fault[]): Promise<void> {
    const delay = faults.reduce((sum, fault) => sum + (fault.kind === "slow" ? (fault.delay ?? 0) : 0), 0);
    const { clock } = this.options.host;
    if (clock.advance) clock.advance(delay);
    else if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
  }
}

/** A long-term access key as IAM forms it: AKIA and sixteen letters and digits. */
function newAccessKey(): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return `AKIA${Array.from({ length: 16 }, () => letters[randomInt(letters.length)]).join("")}`;
}

/** How far a signature's time may be from AWS's, in milliseconds; S3 takes three times as much. Source: IAM guide, SigV4. */
const SIGNATURE_LIFE = 5 * 60_000;

function wrongTime({ service, signedAt }: Request, now: number): AwsFailure | undefined {
  if (signedAt === undefined) return undefined;
  const life = service === "s3" ? 3 * SIGNATURE_LIFE : SIGNATURE_LIFE;
  const compact = (time: number) => new Date(time).toISOString().replace(/[-:]|\.\d+/g, "");
  const times = (word: string) => `${compact(signedAt)} is ${word} ${compact(now)}`;
  if (Math.abs(now - signedAt) <= life) return undefined;
  if (service === "s3")
    return new AwsFailure(
      "RequestTimeTooSkewed",
      "The difference between the request time and the current time is too large.",
      403,
    );
  const code = isOfQueries(service) ? "SignatureDoesNotMatch" : "InvalidSignatureException";
  const message =
    signedAt < now
      ? `Signature expired: ${times("now earlier than")}`
      : `Signature not yet current: ${times("still later than")}`;
  return new AwsFailure(code, `${message} (5 min.)`, isOfQueries(service) ? 403 : 400);
}

function isBlank(value: unknown): boolean {
  return (
    value === undefined || value === null || value === "" || (Array.isArray(value) && value.length === 0)
  );
}

function broken(record: RecordedCall): "broken" {
  record.error = "connection reset";
  return "broken";
}

function asFailure(error: unknown): AwsFailure {
  if (error instanceof AwsFailure) return error;
  if (error instanceof AwsError)
    return new AwsFailure(error.code, error.message, error.code === "AccessDenied" ? 403 : 400);
  process.stderr.write(`sandbox: ${error instanceof Error ? error.stack : String(error)}\n`);
  return new AwsFailure("InternalFailure", "The sandbox made a mistake; its terminal says which.", 500);
}

/** Somebody else's account: nothing of ours is in it. */
function emptyAccount(time: number): Call["sim"] {
  const nothing = Object.create(World.prototype) as World;
  const derive = (_: string, make: () => unknown) => make();
  Object.assign(nothing, { list: () => [], get: () => undefined, find: () => undefined, derive });
  return createSim(emptyRuntime(time, 1), nothing);
}
