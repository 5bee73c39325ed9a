import { createHash } from "node:crypto";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { AwsFailure } from "./errors";

/** One request of S3's REST protocol, path style: `/<bucket>/<key>?<query>`. The body is as it came. */
export type S3Input = {
  bucket: string;
  key: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: Buffer;
};

/** An answer: XML as a nested value under its root's name, or bytes. */
export interface S3Output {
  status?: number;
  headers?: Record<string, string | undefined>;
  xml?: Record<string, Xml>;
  bytes?: Buffer;
}

export type Xml = string | number | boolean | undefined | Xml[] | { [name: string]: Xml };

/** Query parameters that are arguments. Any other one names a part of the bucket or object, such as ?versioning. */
const ARGUMENTS =
  /^(prefix|delimiter|max-keys|marker|key-marker|version-id-marker|continuation-token|start-after|fetch-owner|encoding-type|max-buckets|bucket-region|versionId|x-id|response-.*)$/;

/** Operations by method, what the path names, and the part of it (Amazon S3 API Reference, "Actions"). */
const OPERATIONS: Record<string, string> = {
  "GET account": "ListBuckets",
  "HEAD bucket": "HeadBucket",
  "GET bucket list-type": "ListObjectsV2",
  "GET bucket location": "GetBucketLocation",
  "GET bucket versioning": "GetBucketVersioning",
  "GET bucket versions": "ListObjectVersions",
  "POST bucket delete": "DeleteObjects",
  "GET object": "GetObject",
  "HEAD object": "HeadObject",
  "PUT object": "PutObject",
  "DELETE object": "DeleteObject",
};

export function readS3(
  method: string,
  target: string,
  incoming: IncomingHttpHeaders,
  raw: Buffer,
): { operation: string; input: S3Input } {
  const [path = "", search = ""] = target.split("?");
  const [, bucket = "", key = ""] = /^\/([^/]*)\/?(.*)$/s.exec(decodeURIComponent(path)) ?? [];
  const query = new URLSearchParams(search);
  const part = [...query.keys()].find((name) => !ARGUMENTS.test(name));
  const what = key ? "object" : bucket ? "bucket" : "account";
  const route = [method, what, part, incoming["x-amz-copy-source"] && "copy"].filter(Boolean).join(" ");
  const headers = Object.fromEntries(Object.entries(incoming).map(([name, value]) => [name, String(value)]));
  return { operation: OPERATIONS[route] ?? route, input: { bucket, key, query, headers, body: raw } };
}

/** The body without its chunks, and the headers with what trails behind the body. */
export function received(input: S3Input): { body: Buffer; headers: Record<string, string> } {
  const { body, trailers } = unchunk(input.headers, input.body);
  const headers = { ...input.headers, ...trailers };
  checkDigests(headers, body);
  return { body, headers };
}

/** SDKs stream bodies in signed or unsigned chunks with trailers (S3 API Reference, "Authenticating requests: chunked upload"). */
function unchunk(headers: Record<string, string>, raw: Buffer): { body: Buffer; trailers: object } {
  if (!headers["x-amz-content-sha256"]?.startsWith("STREAMING-")) return { body: raw, trailers: {} };
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = raw.indexOf("\r\n", at);
    const size = Number.parseInt(raw.toString("latin1", at, end), 16);
    if (end < 0 || !(size >= 0) || end + 2 + size > raw.length)
      throw new AwsFailure("IncompleteBody", "The request body terminated unexpectedly.");
    at = end + 2 + size;
    if (size === 0) {
      const lines = raw.toString("latin1", at).split("\r\n");
      const trailers = lines.flatMap((line) => [...line.matchAll(/^([^:]+):\s*(.*)$/g)]);
      return {
        body: Buffer.concat(parts),
        trailers: Object.fromEntries(trailers.map(([, name = "", value]) => [name.toLowerCase(), value])),
      };
    }
    parts.push(raw.subarray(end + 2, at));
    at += 2;
  }
}

/** What the caller says the body's digest is must be true. CRC-32C and CRC-64 are taken as they are. */
const DIGESTS: Record<string, (body: Buffer) => string> = {
  "content-md5": (body) => createHash("md5").update(body).digest("base64"),
  "x-amz-checksum-sha1": (body) => createHash("sha1").update(body).digest("base64"),
  "x-amz-checksum-sha256": (body) => createHash("sha256").update(body).digest("base64"),
  "x-amz-checksum-crc32": crc32,
};

function checkDigests(headers: Record<string, string>, body: Buffer): void {
  for (const [name, digest] of Object.entries(DIGESTS)) {
    if (headers[name] === undefined || headers[name] === digest(body)) continue;
    throw new AwsFailure("BadDigest", `The ${name} you specified did not match what we received.`);
  }
}

/** ISO 3309; node:zlib has it only from Node 20.15 on. */
function crc32(body: Buffer): string {
  let sum = 0xffffffff;
  for (const byte of body) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE((sum ^ 0xffffffff) >>> 0);
  return bytes.toString("base64");
}

export function answerS3(response: ServerResponse, output: S3Output, request: string): void {
  const given = Object.entries(output.headers ?? {}).filter(([, value]) => value !== undefined);
  const headers = { ...Object.fromEntries(given), "x-amz-request-id": request } as Record<string, string>;
  if (output.xml) headers["content-type"] = "application/xml";
  response.writeHead(output.status ?? 200, headers);
  // Node leaves the body out where the method is HEAD.
  response.end(output.xml ? document(output.xml) : output.bytes);
}

export function answerS3Error(response: ServerResponse, failure: AwsFailure, request: string): void {
  const { code, message, status, more } = failure;
  const { headers, ...details } = more as { headers?: Record<string, string>; [detail: string]: Xml };
  const xml = { Error: { Code: code, Message: message, ...details, RequestId: request } };
  answerS3(response, { status, headers: headers ?? {}, xml }, request);
}

const NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"';

function document(root: Record<string, Xml>): string {
  const [name = "", value] = Object.entries(root)[0] ?? [];
  const space = name === "Error" ? "" : NAMESPACE;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${space}>${writeElements(value)}</${name}>`;
}

/** An object as elements, a list as so many of one name. */
export function writeElements(value: Xml): string {
  if (value === undefined || Array.isArray(value)) return "";
  if (typeof value !== "object") return escapeXml(String(value));
  return Object.entries(value)
    .flatMap(([name, inner]) => (Array.isArray(inner) ? inner : [inner]).map((item) => [name, item] as const))
    .map(([name, item]) => (item === undefined ? "" : `<${name}>${writeElements(item)}</${name}>`))
    .join("");
}

export function escapeXml(text: string): string {
  return text.replace(
    /[<>&]/g,
    (character) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;" })[character] as string,
  );
}

/** The texts of all elements of a name, in a document as SDKs write it: no attributes, no comments. */
export function elements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gs"))].map(([, inner = ""]) => inner);
}

export function unescapeXml(text: string): string {
  const named: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) =>
    hex || decimal
      ? String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal))
      : (named[name] ?? whole),
  );
}
