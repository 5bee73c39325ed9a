import type { Service } from "@aws-sdk/client-ecs";
import type { Change, ResourceRecordSet } from "@aws-sdk/client-route-53";
import { AwsError } from "../../../deploy/aws/error";
import type { Context, FindRecord } from "../../../deploy/context";
import type { Done } from "../../../deploy/end";
import type { Contract, MoveContract } from "../../../modules/contract";
import { FIRST_MOVE_STATE, type MoveState, type MoveStep } from "../../../modules/contract/move";
import type { Cloud, FoundDistribution, Scaling, ScheduleNow } from "../../../move/aws/gateway";
import type { AppRunnerService, Minute, Span } from "../../../move/aws/minutes";
import { back } from "../../../move/back";
import { finish, type FinishArgs } from "../../../move/finish";
import { front } from "../../../move/front";
import { Lock } from "../../../move/lock";
import type { Move } from "../../../move/move";
import { type Ask, type Said, SIDE } from "../../../move/probe";
import { shift, type ShiftArgs } from "../../../move/shift";
import { Journal } from "../../../move/state";
import { type BackOptions, type Step, take } from "../../../move/step";
import { survey } from "../../../move/survey/survey";
import type { Check } from "../../../deploy/events";
import { workers } from "../../../move/workers";
import { frontFunction } from "../../../modules/move/front";
import { type EdgeEvent, EdgeFunction, type EdgeResponse } from "../../../sandbox/edge/function";
import { contract, serviceContract } from "../../deploy/support/contract";
import { VirtualClock } from "../../deploy/support/virtual-clock";

export const DOMAIN = "app.example.com";
export const ORIGIN = "abc.us-west-2.awsapprunner.com";
export const EDGE = "d111111abcdef8.cloudfront.net";
export const ZONE = "Z0123456789";
const PARAMETER = "/staging/move";
const LOCK = "/staging/move/lock";

export const OLD_RECORD: ResourceRecordSet = {
  Name: `${DOMAIN}.`,
  Type: "CNAME",
  TTL: 300,
  ResourceRecords: [{ Value: ORIGIN }],
};

const PLAN: MoveContract = {
  parameter: PARAMETER,
  lock: LOCK,
  from: {
    origin: `https://${ORIGIN}`,
    domain: DOMAIN,
    health: "/health",
    distribution: { id: "E123", domainName: EDGE },
    loadBalancer: "app/staging/50dc6c495c0c9188",
    zone: ZONE,
    store: "arn:aws:cloudfront::123456789012:key-value-store/abc",
  },
  held: { worker: { count: 2, schedules: [] } },
};

const MINUTE = 60_000;
/** Milliseconds until CloudWatch tells of a minute. */
const TOLD_AFTER = 120_000;

/** What people ask in a minute, and how many in a hundred of it fail, by the side that answers. */
interface People {
  requests: number;
  failing: { old: number; new: number };
}

const WATCH: ShiftArgs["watch"] = { limit: 10_000, bounds: { errors: 1, slower: 2 }, paths: [] };

/** A side as the edge or a browser meets it. */
interface Side {
  status: number;
  milliseconds: number;
  location?: string;
  /** What it says to a Host that is not its own. */
  foreign: number;
  certificateUntil?: Date;
  /** Breaks every so manieth answer with 500; 0 for none. */
  everyFails: number;
}

/** What the distribution's function is called with. */
const requestOf = ({ path, method = "GET", headers = {}, host = EDGE }: Ask): EdgeEvent => {
  const { cookie = "", ...others } = headers;
  const [, value] = /slipway-viewer=(\w+)/.exec(cookie) ?? [];
  return {
    version: "1.0",
    context: {
      distributionDomainName: EDGE,
      distributionId: "E123",
      eventType: "viewer-request",
      requestId: "1",
    },
    viewer: { ip: "203.0.113.9" },
    request: {
      method,
      uri: path,
      querystring: {},
      headers: Object.fromEntries(
        Object.entries({ host, ...others }).map(([name, text]) => [name, { value: text }]),
      ),
      cookies: value === undefined ? {} : { "slipway-viewer": { value } },
    },
  };
};

/** Nobody presses Ctrl-C. */
const UNTOUCHED = new AbortController().signal;

/** The process died: nothing that it asked for is answered any more. */
const never = () => new Promise<never>(() => {});

/**
 * An account in which `staging` is being moved into, in memory: parameters, one zone, one distribution with its store and its
 * function, one worker, and the old side. What dies, dies between two calls; what was called before has happened.
 */
export class MoveWorld {
  readonly clock = new VirtualClock();
  readonly parameters = new Map<string, { value: string; version: number }>();
  records: ResourceRecordSet[] = [structuredClone(OLD_RECORD)];
  aliases = [DOMAIN];
  deployed = true;
  foreign: { id: string; account: string }[] = [];
  /** The other distribution of the account, where people come by one today. */
  other = { id: "E999", aliases: [] as string[], deployed: true };
  private isOnItsWay = false;
  /** Whether the certificate of the environment's distribution holds the name. */
  isCovered = true;
  zoneName = "example.com";
  store: { value: string | undefined; version: number } = { value: undefined, version: 1 };
  /** What the edge goes by: the store, some time later. */
  private seen: string | undefined;
  propagation = 3_000;
  counts: Record<string, number> = { "staging-worker": 0 };
  /** Tasks that somebody started by other means. */
  extra = 0;
  readonly schedules: Record<string, "ENABLED" | "DISABLED"> = {};
  /** What schedules start, without a revision. */
  readonly starts: Record<string, string> = {};
  readonly scalings: Record<string, Scaling> = {};
  people: People = { requests: 0, failing: { old: 0, new: 0 } };
  /** When the edge showed which share, the last one at the end. */
  private readonly shares = [{ at: 0, share: 0 }];
  /** Our own requests to the new side, by their minute. */
  private readonly ours: Record<number, number> = {};
  readonly sides: Record<"old" | "new", Side> = {
    old: { status: 200, milliseconds: 40, foreign: 404, everyFails: 0 },
    new: { status: 200, milliseconds: 30, foreign: 200, everyFails: 0 },
  };
  private readonly answered = { old: 0, new: 0 };
  /** The old service, as App Runner knows it; undefined where it is of another account. */
  service: AppRunnerService | undefined = { name: "shop", id: "8fe1e10304f84fd2b0df550fe98a71fa" };
  /** When it was sent a request, by whatever way. */
  private readonly called: number[] = [];
  /** Every call, by its operation. */
  readonly calls: string[] = [];
  /** Looks at each call before it is answered: what it throws is the answer. */
  readonly faults: ((operation: string) => void)[] = [];
  plan: MoveContract = structuredClone(PLAN);
  /** Whether a request that came to a side fails there. */
  failing: (ask: Ask, side: "old" | "new") => boolean = () => false;
  /** Asks the name servers of a domain that is kept elsewhere. */
  find: FindRecord | undefined;
  readonly told: string[] = [];
  readonly asked: string[] = [];

  constructor() {
    this.parameters.set(PARAMETER, { value: JSON.stringify(FIRST_MOVE_STATE), version: 1 });
  }

  get state(): MoveState {
    return JSON.parse(this.parameters.get(PARAMETER)?.value ?? "null");
  }

  set state(state: MoveState) {
    this.parameters.set(PARAMETER, { value: JSON.stringify(state), version: 9 });
  }

  get isLocked(): boolean {
    return this.parameters.has(LOCK);
  }

  /** What the store says. */
  get edge(): { share: number; hold: boolean; only?: string } {
    return JSON.parse(this.store.value ?? '{"share":0,"hold":false}');
  }

  /** Changes the store as a person does, by hand. */
  putByHand(share: number, hold = false, only = this.edge.only ?? null): void {
    this.put(JSON.stringify({ share, hold, ...(only && { only }) }));
  }

  /** The records that lead people somewhere, short. */
  get leading(): string[] {
    return this.records
      .map(({ Type, AliasTarget, ResourceRecords }) => {
        const to = AliasTarget?.DNSName ?? ResourceRecords?.map(({ Value }) => Value).join(", ");
        return `${Type} ${to}`;
      })
      .sort();
  }

  /** The distribution's function, as CloudFront runs it. */
  private readonly function = new EdgeFunction(frontFunction(ORIGIN, "load-balancer"), () => this.seen);

  private distributionOf(id: string): FoundDistribution | undefined {
    const { aliases, deployed } = this;
    if (id === this.other.id) return this.other;
    return id === PLAN.from?.distribution.id ? { aliases, deployed } : undefined;
  }

  /** CloudFront's one step: the name is on one of the two at any moment, and both are on their way for some minutes. */
  private takeName(id: string, name: string): void {
    const [to, from] = id === this.other.id ? [this.other, this] : [this, this.other];
    from.aliases = from.aliases.filter((alias) => alias !== name);
    to.aliases = [...to.aliases, name];
    this.deployed = this.other.deployed = false;
    this.isOnItsWay = true;
    this.clock.in(180_000, () => {
      this.deployed = this.other.deployed = true;
      this.isOnItsWay = false;
    });
  }

  private put(value: string): void {
    this.store = { value, version: this.store.version + 1 };
    this.clock.in(this.propagation, () => {
      this.seen = value;
      this.shares.push({ at: this.clock.now(), share: JSON.parse(value).share });
    });
  }

  /** What an account answers, for as long as its caller lives, and nobody has pressed Ctrl-C. */
  cloud(isDead: () => boolean = () => false, signal = UNTOUCHED): Cloud {
    const call =
      <Args extends unknown[], T>(operation: string, answer: (...args: Args) => T) =>
      async (...args: Args): Promise<T> => {
        if (isDead()) return never();
        signal.throwIfAborted();
        this.calls.push(operation);
        for (const fault of this.faults) fault(operation);
        const said = structuredClone(answer(...args));
        // It has happened, and nobody hears of it.
        return isDead() ? never() : said;
      };
    const own: Partial<Cloud> = {
      parameter: call("parameter", (name: string) => this.parameters.get(name)?.value),
      writtenParameter: call("writtenParameter", (name: string) => this.parameters.get(name)),
      writeParameter: call("writeParameter", (name: string, value: string) => {
        this.parameters.set(name, { value, version: (this.parameters.get(name)?.version ?? 0) + 1 });
      }),
      createParameter: call("createParameter", (name: string, value: string) => {
        if (this.parameters.has(name)) return false;
        this.parameters.set(name, { value, version: 1 });
        return true;
      }),
      deleteParameter: call("deleteParameter", (name: string) => {
        this.parameters.delete(name);
      }),
      zoneName: call("zoneName", () => this.zoneName),
      recordSets: call("recordSets", () => this.records),
      changeRecords: call("changeRecords", (_zone: string, changes: Change[]) => {
        this.records = changed(this.records, changes);
        return "/change/C1";
      }),
      isInSync: call("isInSync", () => true),
      distribution: call("distribution", (id: string) => this.distributionOf(id) as FoundDistribution),
      findDistribution: call("findDistribution", (id: string) => this.distributionOf(id)),
      distributionsOf: call("distributionsOf", () => {
        if (this.isCovered) return this.foreign;
        throw refusal("The distribution has no valid certificate that covers it.", "InvalidArgument");
      }),
      associateAlias: call("associateAlias", (id: string, name: string) => this.takeName(id, name)),
      stored: call("stored", () => ({ value: this.store.value, etag: String(this.store.version) })),
      putStored: call("putStored", (_arn: string, value: string, etag: string) => {
        if (etag !== String(this.store.version)) return false;
        this.put(value);
        return true;
      }),
      services: call("services", (_cluster: string, names: readonly string[]) =>
        names.map(
          (serviceName): Service => ({
            serviceName,
            desiredCount: this.counts[serviceName] ?? 0,
            runningCount: (this.counts[serviceName] ?? 0) + this.extra,
          }),
        ),
      ),
      setCount: call("setCount", (_cluster: string, service: string, count: number) => {
        this.counts[service] = count;
      }),
      schedule: call("schedule", (name: string) => ({
        state: this.schedules[name] ?? "DISABLED",
        taskDefinition: this.starts[name],
      })),
      setSchedule: call("setSchedule", (name: string, { state, taskDefinition }: Partial<ScheduleNow>) => {
        if (state) this.schedules[name] = state;
        if (taskDefinition) this.starts[name] = taskDefinition;
      }),
      scaling: call(
        "scaling",
        (_cluster: string, service: string) => this.scalings[service] ?? { min: 0, max: 0 },
      ),
      setScaling: call("setScaling", (_cluster: string, service: string, scaling: Scaling) => {
        this.scalings[service] = scaling;
      }),
      minutesOfLoadBalancer: call("minutesOfLoadBalancer", (_name: string, span: Span) =>
        this.minutes(span, (at) => this.answeredBy("new", at)),
      ),
      minutesOfDistribution: call("minutesOfDistribution", (_id: string, span: Span) =>
        this.minutes(span, (at) => {
          const [older, newer] = [this.answeredBy("old", at), this.answeredBy("new", at)];
          return { requests: older.requests + newer.requests, failed: older.failed + newer.failed };
        }),
      ),
      appRunnerService: call("appRunnerService", (address: string, region: string) =>
        address === ORIGIN && region === "us-west-2" ? this.service : undefined,
      ),
      minutesOfAppRunner: call("minutesOfAppRunner", (_service: object, _region: string, span: Span) =>
        this.minutes(span, (at) => ({
          requests: this.called.filter((time) => time >= at && time < at + MINUTE).length,
          failed: 0,
        })),
      ),
    };
    return { ...own, ...this.more(call) } as Cloud;
  }

  /** What CloudWatch knows of a span by now: nothing of minutes in which nobody asked. */
  private minutes({ from, to }: Span, answered: (at: number) => Omit<Minute, "at">): Minute[] {
    const first = Math.floor(from / MINUTE);
    return Array.from({ length: Math.ceil(to / MINUTE) - first }, (_, nth) => (first + nth) * MINUTE)
      .filter((at) => at + MINUTE + TOLD_AFTER <= this.clock.now())
      .map((at) => ({ at, ...answered(at) }))
      .filter(({ requests }) => requests > 0);
  }

  private answeredBy(side: "old" | "new", at: number): Omit<Minute, "at"> {
    const share = this.shares.findLast((one) => one.at <= at)?.share ?? 0;
    const asked = (this.people.requests * (side === "new" ? share : 100 - share)) / 100;
    const ours = side === "new" ? (this.ours[at] ?? 0) : 0;
    return { requests: asked + ours, failed: (asked * this.people.failing[side]) / 100 };
  }

  /** No time passes while a server on this machine is asked. */
  private standStill<T>(ask: () => Promise<T> | undefined): Promise<T> {
    const asked = ask() as Promise<T>;
    return new Promise((resolve, reject) => this.clock.in(0, () => asked.then(resolve, reject)));
  }

  /** What else an account answers. */
  protected more(_call: Call): Partial<Cloud> {
    return {};
  }

  /** What the parts of deploy work with. */
  protected contextOf(_aws: Cloud, _lasting: Cloud): Context {
    throw new Error("no step of the address needs deploy's parts");
  }

  /** A request as the world answers it: by the distribution, or from the old side itself. */
  readonly probe = async (ask: Ask): Promise<Said> => {
    if (ask.at === ORIGIN) return this.answer("old", ask.host === undefined || ask.host === ORIGIN);
    // The host decides which distribution answers, wherever one connects to; a name on its way is at the other one yet.
    const isOnOther = this.other.aliases.includes(DOMAIN) !== this.isOnItsWay;
    if (ask.host === DOMAIN && (isOnOther || this.foreign.length > 0)) return this.answer("old", true);
    if (ask.at !== EDGE) throw new Error(`getaddrinfo ENOTFOUND ${ask.at}`);
    const { value, origin } = await this.function.run(requestOf(ask));
    const { statusCode, headers = {} } = value as Partial<EdgeResponse>;
    if (statusCode !== undefined)
      return { status: statusCode, milliseconds: 1, headers: { "x-slipway-origin": headers[SIDE]?.value } };
    const side = origin && "id" in origin ? "new" : "old";
    // The load balancer's certificate does not hold the distribution's own name.
    if (side === "new" && ask.host !== DOMAIN) return { status: 502, milliseconds: 1, headers: {} };
    const said = { ...this.answer(side, true), ...(this.failing(ask, side) && { status: 500 }) };
    // CloudFront asks the function for answers below 400 alone.
    return said.status < 400 ? { ...said, headers: { ...said.headers, "x-slipway-origin": side } } : said;
  };

  private answer(side: "old" | "new", ownHost: boolean): Said {
    const minute = Math.floor(this.clock.now() / MINUTE) * MINUTE;
    if (side === "new") this.ours[minute] = (this.ours[minute] ?? 0) + 1;
    else this.called.push(this.clock.now());
    const { status, milliseconds, location, foreign, certificateUntil, everyFails } = this.sides[side];
    const fails = everyFails > 0 && ++this.answered[side] % everyFails === 0;
    return {
      status: fails ? 500 : ownHost ? status : foreign,
      milliseconds,
      headers: { location },
      ...(certificateUntil && { certificateUntil }),
    };
  }

  get contract(): Contract {
    return contract({
      services: [...new Set(["web", "worker", ...Object.keys(this.plan.held)])].map((name) =>
        serviceContract(name),
      ),
      move: this.plan,
    });
  }

  /** One process that takes a step: lock, state, step, lock. It may die on the way. */
  private async process<T>(
    step: MoveStep,
    by: string,
    yes: boolean,
    isDead: () => boolean,
    signal: AbortSignal,
    body: (move: Move, consent: Parameters<typeof take>[3]) => Promise<T>,
  ): Promise<T> {
    const aws = this.cloud(isDead);
    const lock = new Lock(aws, this.clock, LOCK);
    await lock.take(by, step);
    try {
      const options = { check: () => lock.check(), by, now: () => this.clock.now() };
      const journal = await Journal.read(aws, PARAMETER, options);
      const living = new AbortController().signal;
      const moveWith = (ends: AbortSignal, cloud: Cloud): Move => ({
        contract: this.contract,
        plan: this.plan,
        aws: cloud,
        clock: this.clock,
        signal: ends,
        journal,
        probe: async (ask) => (isDead() ? never() : this.probe(ask)),
        find: this.find && ((record) => this.standStill(() => this.find?.(record))),
        tell: async (text) => void this.told.push(text),
        context: () => ({ ...this.contextOf(cloud, aws), signal: ends }),
        lasting: () => moveWith(living, aws),
      });
      const consent = {
        show: async (_step: MoveStep, { lines, back: price }: { lines: readonly string[]; back: string }) =>
          void this.asked.push([...lines, `back: ${price}`].join("\n")),
        ask: async () => yes,
      };
      return await body(moveWith(signal, this.cloud(isDead, signal)), consent);
    } finally {
      await lock.release();
    }
  }

  protected run<Args>(
    step: Step<Args>,
    args: Args,
    { by = "ana", yes = true, isDead = () => false, signal = UNTOUCHED }: How = {},
  ) {
    return this.process(step.name, by, yes, isDead, signal, (move, consent) =>
      take(move, step, args, consent),
    );
  }

  front = (how?: How): Promise<Done> => this.run(front as Step<undefined>, undefined, how);
  shift = (share: number, how?: How, watch: Partial<ShiftArgs["watch"]> = {}): Promise<Done> =>
    this.run(shift, { share, watch: { ...WATCH, ...watch } }, how);
  workers = (names: readonly string[], how?: How): Promise<Done> => this.run(workers, names, how);
  finish = (args: Partial<FinishArgs> = {}, how?: How): Promise<Done> =>
    this.run(finish, { quiet: 86_400_000, ...args }, how);
  back = (
    { by = "ana", yes = true, isDead = () => false, signal = UNTOUCHED }: How = {},
    options?: Partial<BackOptions>,
  ) =>
    this.process("back", by, yes, isDead, signal, (move, consent) =>
      back(move, { word: false, copyBack: false, ...options }, consent),
    );

  /** The survey's findings, one line each. */
  async survey(): Promise<{ done: Done; findings: Check[] }> {
    let findings: Check[] = [];
    const done = await this.process(
      "survey",
      "ana",
      true,
      () => false,
      UNTOUCHED,
      (move) =>
        survey(move, async (checks) => {
          findings = checks.flatMap(({ children }) => children);
        }),
    );
    return { done, findings };
  }

  /** Lets time pass. */
  wait = (milliseconds: number) => this.clock.sleep(milliseconds);
}

/** A call of an account by its operation, and what it answers. */
export type Call = <Args extends unknown[], T>(
  operation: string,
  answer: (...args: Args) => T,
) => (...args: Args) => Promise<T>;

export interface How {
  readonly by?: string;
  readonly yes?: boolean;
  readonly isDead?: () => boolean;
  /** Ends as by Ctrl-C. */
  readonly signal?: AbortSignal;
}

/** A batch as Route 53 takes it: whole, or not at all. */
function changed(now: readonly ResourceRecordSet[], changes: readonly Change[]): ResourceRecordSet[] {
  let next = [...now];
  for (const { Action, ResourceRecordSet: set } of changes) {
    const name = `${set?.Name?.replace(/\.$/, "")}.`;
    const wanted = { ...set, Name: name } as ResourceRecordSet;
    const same = next.find(({ Name, Type }) => Name === name && Type === wanted.Type);
    if (Action === "DELETE" && JSON.stringify(valuesOf(same)) !== JSON.stringify(valuesOf(wanted)))
      throw refusal(
        `Tried to delete resource record set [name='${name}', type='${wanted.Type}'] but it was not found`,
      );
    next = next.filter((one) => one !== same);
    if (Action !== "DELETE") next.push(wanted);
  }
  const types = next.map(({ Type }) => Type);
  if (types.includes("CNAME") && types.some((type) => type !== "CNAME"))
    throw refusal("RRSet of type CNAME with DNS name app.example.com. is not permitted beside others");
  return next;
}

const valuesOf = (set: ResourceRecordSet | undefined) => [
  set?.TTL,
  set?.ResourceRecords,
  set?.AliasTarget?.DNSName,
];

export const refusal = (message: string, code = "InvalidChangeBatch") =>
  new AwsError("route53:ChangeResourceRecordSets", "refused", code, message, undefined);
