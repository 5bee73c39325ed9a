import type { IncomingMessage, ServerResponse } from "node:http";
import { AwsFailure, isOfQueries, isRest, type ServiceName } from "./errors";
import { answerRest, answerRestError, readRest, type RestOutput } from "./rest";
import {
  answerS3,
  answerS3Error,
  escapeXml,
  readS3,
  type S3Output,
  writeElements,
  type Xml,
} from "./s3-wire";

export interface Request {
  service: ServiceName;
  operation: string;
  region: string;
  accessKey: string;
  /** The time in the signature, in milliseconds since the epoch. */
  signedAt: number | undefined;
  input: Record<string, unknown>;
}

/** X-Amz-Target prefixes of the services that speak AWS JSON 1.1, or 1.0 (each client's model). */
const TARGETS: ReadonlyMap<string, ServiceName> = new Map([
  ["AppRunner", "apprunner"],
  ["AmazonEC2ContainerServiceV20141113", "ecs"],
  ["AmazonEC2ContainerRegistry_V20150921", "ecr"],
  ["AmazonSSM", "ssm"],
  ["Logs_20140328", "logs"],
  ["GraniteServiceVersion20100801", "cloudwatch"],
  ["AnyScaleFrontendService", "application-autoscaling"],
]);

/** Reads a request of AWS JSON 1.1, of the query protocol that STS and RDS speak, or of S3's own. */
export async function readRequest(incoming: IncomingMessage): Promise<Request> {
  const raw = await bodyOf(incoming);
  // A signature for all regions has none in its scope. Source: "Signing AWS API requests", SigV4A, IAM guide.
  const scope = /Credential=([^/]+)\/\d+\/(?:([^/]+)\/)?([^/]+)\/aws4_request/.exec(
    incoming.headers.authorization ?? "",
  );
  if (!scope)
    throw new AwsFailure(
      "MissingAuthenticationTokenException",
      "Request is missing Authentication Token",
      400,
    );
  const [, accessKey = "", region = ""] = scope;
  const signedAt = timeOf(incoming.headers["x-amz-date"]);
  if (scope[3] === "s3") {
    const request = readS3(incoming.method ?? "", incoming.url ?? "", incoming.headers, raw);
    return { service: "s3", region, accessKey, signedAt, ...request };
  }
  const body = raw.toString("utf8");
  if (isRest(scope[3])) {
    const service = scope[3];
    const asked = readRest(service, incoming.method ?? "", incoming.url ?? "", incoming.headers, body);
    return { service, region, accessKey, signedAt, ...asked };
  }
  const target = incoming.headers["x-amz-target"];
  if (typeof target === "string") {
    const [prefix = "", operation = ""] = target.split(".");
    const service = TARGETS.get(prefix);
    if (!service)
      throw new AwsFailure("UnknownOperationException", `The sandbox does not stand in for ${target}.`);
    return { service, operation, region, accessKey, signedAt, input: parseJson(body) };
  }
  const form = new URLSearchParams(body);
  const operation = form.get("Action");
  const service = scope[3];
  if (!isOfQueries(service) || !operation)
    throw new AwsFailure(
      "UnknownOperationException",
      `The sandbox does not stand in for ${incoming.method} ${incoming.url} of ${service}.`,
    );
  return { service, operation, region, accessKey, signedAt, input: Object.fromEntries(form) };
}

/** `20261120T120000Z` */
function timeOf(header: string | string[] | undefined): number | undefined {
  const time = Date.parse(
    String(header).replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, "$1-$2-$3:$4:$5"),
  );
  return Number.isNaN(time) ? undefined : time;
}

function parseJson(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body === "" ? "{}" : body);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {}
  throw new AwsFailure("SerializationException", "The request body is not a JSON object.");
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** Dates travel as seconds. Members without a value stay out. */
function encode(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([name, inner]) => [name, encode(inner)]),
  );
}

/** Documents of the query protocol, by service. */
const NAMESPACES = {
  sts: "https://sts.amazonaws.com/doc/2011-06-15/",
  rds: "http://rds.amazonaws.com/doc/2014-10-31/",
};

/** A list of RDS is one element with its members in it, each named in the singular. */
function asXml(value: unknown): Xml {
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object" || value === null) return value as Xml;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      Array.isArray(inner) ? { [name.replace(/s$/, "")]: inner.map(asXml) } : asXml(inner),
    ]),
  );
}

let requests = 0;

function requestId(): string {
  requests += 1;
  return `00000000-0000-4000-8000-${requests.toString(16).padStart(12, "0")}`;
}

export function answerOk(response: ServerResponse, request: Request, output: object): void {
  if (request.service === "s3") {
    answerS3(response, output as S3Output, requestId());
    return;
  }
  if (isRest(request.service)) {
    answerRest(response, request.service, output as RestOutput, requestId());
    return;
  }
  if (isOfQueries(request.service)) {
    const name = request.operation;
    answerXml(
      response,
      200,
      `<${name}Response xmlns="${NAMESPACES[request.service]}"><${name}Result>${writeElements(asXml(output))}</${name}Result><ResponseMetadata><RequestId>${requestId()}</RequestId></ResponseMetadata></${name}Response>`,
    );
    return;
  }
  answerJson(response, 200, encode(output) as object);
}

export function answerError(response: ServerResponse, service: ServiceName, failure: AwsFailure): void {
  if (service === "s3") {
    answerS3Error(response, failure, requestId());
    return;
  }
  if (isRest(service)) {
    answerRestError(response, service, failure, requestId());
    return;
  }
  const { code, message, status, more } = failure;
  if (isOfQueries(service)) {
    const type = status < 500 ? "Sender" : "Receiver";
    answerXml(
      response,
      status,
      `<ErrorResponse xmlns="${NAMESPACES[service]}"><Error><Type>${type}</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error><RequestId>${requestId()}</RequestId></ErrorResponse>`,
    );
    return;
  }
  answerJson(response, status, { __type: code, message, ...more });
}

function answerJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    "content-type": "application/x-amz-json-1.1",
    "x-amzn-requestid": requestId(),
  });
  response.end(JSON.stringify(body));
}

function answerXml(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/xml", "x-amzn-requestid": requestId() });
  response.end(body);
}
