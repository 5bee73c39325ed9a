import {
  Agent,
  createServer,
  type IncomingMessage,
  request as send,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { blocks, text, texts } from "../aws/kind";
import type { Sandbox } from "../api/sandbox";
import type { Clock } from "../engine/clock";
import { edgeOf, seenAt, type EdgeState } from "../engine/edge-state";
import { type Answered, count } from "../engine/traffic";
import type { Fields } from "../wire/value";
import type { World, WorldObject } from "../world";
import {
  EdgeFunction,
  type EdgeEvent,
  type EdgeRequest,
  type EdgeResponse,
  FunctionFailure,
  type OriginChange,
} from "./function";
import { answerHeaders, headersOf, requestOf, responseOf, targetOf } from "./messages";
import { Names } from "./names";

export interface EdgeOptions {
  readonly sandbox: Sandbox<Clock>;
  /** The loopback port of whoever answers in a host's place: an origin, or a load balancer by its name. */
  readonly portOf: (host: string) => number | undefined | Promise<number | undefined>;
}

/** Says who a viewer is, as its address; nobody passes it on. */
export const VIEWER = "x-sandbox-viewer";
/** Says where a viewer connects to, who asks there for another host: as curl does with --connect-to. */
export const CONNECTED = "x-sandbox-connected";
/** The name that CloudFront asks for in the handshake: it is told, since nothing is encrypted here. */
export const SNI = "x-sandbox-sni";

/** Milliseconds that what another process may have changed is not looked at. */
const LOOK = 100;

interface Origin {
  readonly host: string;
  readonly isVpc: boolean;
  /** The VPC origin's id, where it is one. */
  readonly vpcOrigin?: string;
  readonly readTimeout: number;
}

/** What becomes of a request: passed on to a host, with what that is to be told. */
interface Passed {
  readonly origin: Origin;
  readonly request: EdgeRequest;
  readonly before: EdgeRequest;
  /** Host and name in the handshake. */
  readonly host: string;
  readonly sni: string;
}

/**
 * The internet in front of the world: a server on loopback that takes requests for any host, as a browser would send them once it
 * has asked for the name. A name that leads to a distribution is answered as CloudFront answers it: behaviour, functions with
 * their store, origin. Another one is passed on to whoever stands in for it. Nothing is cached and nothing is encrypted.
 */
export class EdgeServer {
  private readonly names: Names;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });
  private readonly server: Server;
  private readonly functions = new Map<string, EdgeFunction>();
  private stores: EdgeState["stores"] = {};
  private leaving: NonNullable<EdgeState["leaving"]> = {};
  /** The last look: how many calls there had been, and how long it will do. */
  private seen = { calls: -1, until: 0, done: Promise.resolve() };
  private requests = 0;
  /** What CloudWatch has not been told yet. */
  private answered: Answered[] = [];
  private telling: NodeJS.Timeout | undefined;

  private constructor(private readonly options: EdgeOptions) {
    this.names = new Names(this.world);
    this.server = createServer((incoming, response) => {
      this.handle(incoming, response).catch((error: unknown) => {
        if (error instanceof FunctionFailure) fail(response, error.status, error.message);
        else response.destroy(error instanceof Error ? error : undefined);
      });
    });
    // Longer than viewers of a test keep a connection: one that closes as it is used is no answer, and browsers would ask again.
    this.server.keepAliveTimeout = 3_600_000;
  }

  static async start(options: EdgeOptions): Promise<EdgeServer> {
    const edge = new EdgeServer(options);
    await new Promise<void>((resolve, reject) => {
      edge.server.once("error", reject);
      edge.server.listen(0, "127.0.0.1", resolve);
    });
    return edge;
  }

  /** The loopback port that requests for all hosts go to. */
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    clearTimeout(this.telling);
    this.agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private get world(): World {
    return this.options.sandbox.host.world;
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const host = (incoming.headers.host ?? "").replace(/:\d+$/, "").toLowerCase();
    const place = String(incoming.headers[CONNECTED] ?? host);
    const led = this.names.lookUp(place, this.options.sandbox.clock.now());
    // Nobody knows the name: there is nothing to connect to.
    if (led === undefined) {
      incoming.socket.destroy();
      return;
    }
    if (!this.one("aws_cloudfront_distribution", "domain_name", led))
      return this.passAround(incoming, response, { host, led });
    await this.look();
    const distribution = this.distributionFor(host);
    if (!distribution) return fail(response, 403, "Bad request: no distribution knows the host.");
    await this.distribute(incoming, response, { host, distribution });
  }

  /**
   * The contents of stores and what is on its way to them. Calls of this sandbox change them, and perhaps another one's: then, and
   * every tenth of a second, it looks, once for all requests that wait.
   */
  private look(): Promise<void> {
    const { sandbox } = this.options;
    const isFresh = sandbox.calls.length === this.seen.calls && performance.now() < this.seen.until;
    if (isFresh) return this.seen.done;
    const done = sandbox.host.run(({ state }) => {
      this.stores = structuredClone(edgeOf(state).stores);
      this.leaving = structuredClone(edgeOf(state).leaving ?? {});
    });
    this.seen = { calls: sandbox.calls.length, until: performance.now() + LOOK, done };
    return done;
  }

  /** App Runner counts whatever comes by the address that it gave a service, once it is answered. */
  private countService(address: string, response: ServerResponse): void {
    const service = this.one("aws_apprunner_service", "service_url", address)?.id;
    response.once("close", () => this.count(service, { status: response.statusCode }));
  }

  /** Counts an answer of a distribution, a load balancer or a service, and tells CloudWatch of all that have come in a tenth of a second. */
  private count(by: string | undefined, answer: Omit<Answered, "by" | "at">): void {
    if (by === undefined) return;
    const { clock, host } = this.options.sandbox;
    this.answered.push({ by, at: clock.now(), ...answer });
    this.telling ??= setTimeout(() => {
      const answers = this.answered;
      this.answered = [];
      this.telling = undefined;
      void host.run(({ state }) => count(state, answers));
    }, LOOK);
  }

  /**
   * The distribution that answers for a host: its names decide, and not which distribution's own name the record leads to. A name
   * that was moved is still at the one before for as long as that is on its way here. Source: "Use wildcards in alternate domain
   * names", CloudFront guide.
   */
  private distributionFor(host: string): WorldObject | undefined {
    const moved = this.leaving[host];
    if (moved && moved.until > this.options.sandbox.clock.now())
      return this.one("aws_cloudfront_distribution", "id", moved.from);
    return this.named(host) ?? this.named(`*.${host.split(".").slice(1).join(".")}`);
  }

  /** The distribution that has a name, among its own or as CloudFront gave it; looked for once in each state of the world. */
  private named(name: string): WorldObject | undefined {
    return this.world.derive(`edge name ${name}`, () =>
      this.world.list({ type: "aws_cloudfront_distribution" }).find(({ attributes }) => {
        const own = attributes as Fields;
        return own.enabled !== false && [...texts(own, "aliases"), text(own, "domain_name")].includes(name);
      }),
    );
  }

  /** To whoever the name leads to, without CloudFront. */
  private passAround(
    incoming: IncomingMessage,
    response: ServerResponse,
    { host, led }: { host: string; led: string },
  ): Promise<void> {
    const request = requestOf(incoming.method ?? "GET", incoming.url ?? "/", viewersOf(incoming));
    this.countService(led, response);
    const origin = { host: led, isVpc: false, readTimeout: 60 };
    return this.pass(incoming, { origin, request, before: request, host, sni: host }, async (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    }).catch(() => void response.destroy());
  }

  private async distribute(
    incoming: IncomingMessage,
    response: ServerResponse,
    { host, distribution }: { host: string; distribution: WorldObject },
  ): Promise<void> {
    const attributes = distribution.attributes as Fields;
    response.once("close", () => this.count(distribution.id, { status: response.statusCode }));
    const before = requestOf(incoming.method ?? "GET", incoming.url ?? "/", viewersOf(incoming));
    const behavior = behaviorFor(attributes, before.uri);
    if (!texts(behavior, "allowed_methods").includes(before.method))
      return fail(response, 403, "This distribution does not allow the method.");
    const event = (eventType: EdgeEvent["context"]["eventType"]): EdgeEvent => ({
      version: "1.0",
      context: {
        distributionDomainName: text(attributes, "domain_name"),
        distributionId: distribution.id,
        eventType,
        requestId: String(++this.requests),
      },
      viewer: { ip: viewerOf(incoming) },
      request: before,
    });
    const asked = await this.functionOf(behavior, "viewer-request")?.run(event("viewer-request"));
    if (asked && isAnswer(asked.value)) return answer(response, asked.value);
    const request = (asked?.value ?? before) as EdgeRequest;
    const assigned = originsOf(attributes).get(text(behavior, "target_origin_id"));
    const own = this.keepsHost(behavior) ? host : (assigned?.host ?? host);
    const passed = { ...toOrigin(attributes, assigned, asked?.origin, own), request, before };
    if (passed.origin.isVpc) this.checkHost(passed.origin, passed.host);
    this.countService(passed.origin.host, response);
    const balancer = this.one("aws_lb", "dns_name", passed.origin.host)?.attributes as Fields | undefined;
    const counter = balancer && text(balancer, "arn_suffix");
    const began = performance.now();
    await this.pass(incoming, passed, async (given) => {
      const status = given.statusCode ?? 502;
      this.count(counter, { status, milliseconds: performance.now() - began });
      const own = responseOf(status, given.headers);
      // CloudFront does not ask about errors. Source: "Restrictions on all edge functions", CloudFront guide.
      const last = status < 400 ? this.functionOf(behavior, "viewer-response") : undefined;
      const said = await last?.run({ ...event("viewer-response"), response: own });
      const { statusCode, ...shown } = (said?.value ?? own) as EdgeResponse;
      response.writeHead(statusCode, answerHeaders({ statusCode, ...shown }, own.headers));
      given.pipe(response);
    }).catch((error: Error) => {
      if (error instanceof FunctionFailure) throw error;
      const status = error.name === "TimeoutError" ? 504 : 502;
      if (response.headersSent) {
        response.destroy();
        return;
      }
      this.count(counter, { status, itself: true });
      fail(response, status, `The origin: ${error.message}`);
    });
  }

  /** Whether the origin is told the viewer's Host: without a policy that says so, it gets its own name. */
  private keepsHost(behavior: Fields | undefined): boolean {
    const id = text(behavior, "origin_request_policy_id");
    const name = text(
      this.one("aws_cloudfront_origin_request_policy", "id", id)?.attributes as Fields,
      "name",
    );
    return id !== "" && name !== "Managed-AllViewerExceptHostHeader" && name !== "Managed-CORS-CustomOrigin";
  }

  /** A load balancer that speaks HTTPS shows a certificate for the environment's names, and CloudFront wants one for the Host. */
  private checkHost({ vpcOrigin }: Origin, host: string): void {
    const origin = this.one("aws_cloudfront_vpc_origin", "id", vpcOrigin ?? "")?.attributes as
      | Fields
      | undefined;
    const [endpoint] = blocks(origin, "vpc_origin_endpoint_config");
    if (text(endpoint, "origin_protocol_policy") === "https-only" && host.endsWith(".cloudfront.net"))
      throw new FunctionFailure(502, `The origin's certificate does not hold ${host}.`);
  }

  /** An object of the world by an attribute, looked for once in each state of the world. */
  private one(type: string, name: string, value: string): WorldObject | undefined {
    const key = `edge ${type} ${value}`;
    return this.world.derive(key, () => this.world.find({ type, where: { [name]: value } }));
  }

  private functionOf(behavior: Fields | undefined, eventType: string): EdgeFunction | undefined {
    const association = blocks(behavior, "function_association").find(
      (one) => text(one, "event_type") === eventType,
    );
    if (!association) return undefined;
    const arn = text(association, "function_arn");
    const attributes = this.one("aws_cloudfront_function", "arn", arn)?.attributes as Fields;
    const code = text(attributes, "code");
    const [store] = texts(attributes, "key_value_store_associations");
    const key = `${arn}\n${store}\n${code}`;
    const known = this.functions.get(key);
    if (known) return known;
    const read = (name: string) => seenAt(this.stores[store ?? ""], this.options.sandbox.clock.now())[name];
    const made = new EdgeFunction(code, store === undefined ? undefined : read);
    this.functions.set(key, made);
    return made;
  }

  private async pass(
    incoming: IncomingMessage,
    { origin, request, before, host, sni }: Passed,
    take: (answer: IncomingMessage) => Promise<void>,
  ): Promise<void> {
    const port = await this.options.portOf(origin.host);
    if (port === undefined) throw new Error(`nobody answers for ${origin.host}`);
    const headers = {
      ...headersOf(request, before),
      host,
      [SNI]: sni,
      "x-forwarded-for": viewerOf(incoming),
    };
    return new Promise((resolve, reject) => {
      const outgoing = send(
        {
          port,
          host: "127.0.0.1",
          method: request.method,
          path: targetOf(request),
          headers,
          agent: this.agent,
        },
        (given) => take(given).then(resolve, reject),
      );
      outgoing.setTimeout(origin.readTimeout * 1000, () =>
        outgoing.destroy(Object.assign(new Error("no answer in time"), { name: "TimeoutError" })),
      );
      outgoing.once("error", reject);
      incoming.pipe(outgoing);
    });
  }
}

/** A viewer's headers without those that end with the connection, and without what only the sandbox is told. */
function viewersOf({ headers }: IncomingMessage) {
  const { connection: _, "keep-alive": __, [VIEWER]: ___, [CONNECTED]: ____, ...others } = headers;
  return others;
}

const viewerOf = ({ headers, socket }: IncomingMessage) => String(headers[VIEWER] ?? socket.remoteAddress);

const isAnswer = (value: unknown): value is EdgeResponse =>
  typeof value === "object" && value !== null && "statusCode" in value;

function answer(response: ServerResponse, given: EdgeResponse): void {
  const { statusCode, statusDescription, body } = given;
  const data =
    typeof body === "object" ? Buffer.from(body.data, body.encoding === "base64" ? "base64" : "utf8") : body;
  response.writeHead(statusCode, statusDescription, answerHeaders(given));
  response.end(data);
}

function fail(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "content-type": "text/plain", server: "CloudFront" });
  response.end(`${message}\n`);
}

/** The behaviour of the first pattern that fits the path, or the default one. */
function behaviorFor(attributes: Fields, path: string): Fields | undefined {
  const fits = (pattern: string) =>
    new RegExp(
      `^${pattern
        .replace(/^(?!\/)/, "/")
        .replaceAll(/[.+^${}()|[\]\\]/g, "\\$&")
        .replaceAll("*", ".*")
        .replaceAll("?", ".")}$`,
    ).test(path);
  return (
    blocks(attributes, "ordered_cache_behavior").find((one) => fits(text(one, "path_pattern"))) ??
    blocks(attributes, "default_cache_behavior")[0]
  );
}

function originsOf(attributes: Fields): ReadonlyMap<string, Origin> {
  return new Map(
    blocks(attributes, "origin").map((origin) => {
      const [vpc] = blocks(origin, "vpc_origin_config");
      const [custom] = blocks(origin, "custom_origin_config");
      const readTimeout = Number((vpc ?? custom)?.origin_read_timeout ?? 30);
      return [
        text(origin, "origin_id"),
        {
          host: text(origin, "domain_name"),
          isVpc: vpc !== undefined,
          ...(vpc && { vpcOrigin: text(vpc, "vpc_origin_id") }),
          readTimeout,
        },
      ];
    }),
  );
}

/**
 * Where a request goes, and by which names. All of the viewer's headers go along, its Host too, unless the function says another
 * one. Source: "Helper methods for origin modification", CloudFront guide.
 */
function toOrigin(
  attributes: Fields,
  assigned: Origin | undefined,
  change: OriginChange | undefined,
  viewersHost: string,
): Pick<Passed, "origin" | "host" | "sni"> {
  const names = change && ("id" in change ? change.overrides : change.properties);
  const origin = change && "id" in change ? originsOf(attributes).get(change.id) : assigned;
  if (!origin)
    throw new FunctionFailure(502, "The function selects an origin that the distribution has not.");
  if (change && !("id" in change) && origin.isVpc)
    throw new FunctionFailure(502, "updateRequestOrigin takes no VPC origin.");
  const domain = change && !("id" in change) ? change.properties.domainName : undefined;
  const host = names?.hostHeader ?? domain ?? viewersHost;
  return { origin: { ...origin, host: domain ?? origin.host }, host, sni: names?.sni ?? host };
}
