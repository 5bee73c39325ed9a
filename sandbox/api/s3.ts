import { createHash } from "node:crypto";
import {
  addVersion,
  bucketNamed,
  readContents,
  removeVersion,
  type Version,
  versioningOf,
  versionsIn,
  writeContents,
} from "../aws/objects";
import { hex } from "../engine/sim";
import type { WorldObject } from "../world";
import type { Call, Operations } from "./call";
import { AwsFailure } from "./errors";
import { LISTS } from "./s3-lists";
import { elements, received, type S3Input, type S3Output, unescapeXml } from "./s3-wire";

type Run = (call: Call, input: S3Input, bucket: WorldObject) => S3Output;

const HeadBucket: Run = (_, __, bucket) => ({ headers: { "x-amz-bucket-region": bucket.region } });

/** us-east-1 has no name here (API Reference, "GetBucketLocation"). */
const GetBucketLocation: Run = (_, __, { region }) => ({
  xml: { LocationConstraint: region === "us-east-1" ? "" : region },
});

const GetBucketVersioning: Run = ({ sim }, _, bucket) => ({
  xml: { VersioningConfiguration: { Status: versioningOf(sim.world, bucket.id) } },
});

const GetObject: Run = (call, input, bucket) => {
  const version = versionAsked(call, input, bucket);
  const whole = readContents(call.sim.world, bucket.id, version.file);
  const described = describe(call, bucket, version);
  const { range } = input.headers;
  if (range) return { ...part(whole, range, described) };
  const checksum = input.headers["x-amz-checksum-mode"] === "ENABLED";
  return { headers: checksum ? described : withoutChecksums(described), bytes: whole };
};

const HeadObject: Run = (call, input, bucket) => ({
  headers: describe(call, bucket, versionAsked(call, input, bucket)),
});

const KEPT =
  /^(content-type|content-disposition|cache-control|x-amz-meta-.*|x-amz-checksum-(?!mode|type).*)$/;

const PutObject: Run = (call, input, bucket) => {
  const { sim } = call;
  checkPreconditions(call, input, bucket);
  const { body, headers: sent } = received(input);
  const file = hex(sim, 32);
  writeContents(sim.world, bucket.id, file, body);
  const version: Version = {
    key: input.key,
    id: newVersionId(call, bucket),
    marker: false,
    etag: `"${createHash("md5").update(body).digest("hex")}"`,
    size: body.length,
    modified: sim.state.time,
    headers: Object.fromEntries(Object.entries(sent).filter(([name]) => KEPT.test(name))),
    file,
  };
  sim.edits.push((world) => addVersion(world, bucket, version));
  const { "content-length": _, "last-modified": __, ...headers } = describe(call, bucket, version);
  return { headers };
};

const DeleteObject: Run = (call, input, bucket) => {
  checkPreconditions(call, input, bucket);
  const { id, marker } = remove(call, bucket, input.key, input.query.get("versionId") ?? undefined);
  return {
    status: 204,
    headers: { "x-amz-version-id": id, "x-amz-delete-marker": marker ? "true" : undefined },
  };
};

const DeleteObjects: Run = (call, input, bucket) => {
  const xml = received(input).body.toString("utf8");
  const quiet = elements(xml, "Quiet")[0] === "true";
  const deleted = elements(xml, "Object").map((object) => {
    const key = unescapeXml(elements(object, "Key")[0] ?? "");
    const versionId = elements(object, "VersionId")[0];
    const { id, marker } = remove(call, bucket, key, versionId);
    const made = marker ? { DeleteMarker: true, DeleteMarkerVersionId: id } : {};
    return { Key: key, VersionId: versionId, ...made };
  });
  return { xml: { DeleteResult: { Deleted: quiet ? [] : deleted } } };
};

/** Removes one version for good; without its id, the object: where versions are kept, a delete marker goes on top. */
function remove(
  call: Call,
  bucket: WorldObject,
  key: string,
  versionId: string | undefined,
): { id?: string; marker: boolean } {
  const { sim } = call;
  const versions = versionsIn(sim.world, bucket.id).filter((version) => version.key === key);
  if (versionId !== undefined) {
    const version = versions.find(({ id }) => id === versionId);
    if (version) sim.edits.push((world) => removeVersion(world, bucket, version));
    return { id: versionId, marker: version?.marker ?? false };
  }
  if (!versioningOf(sim.world, bucket.id)) {
    for (const version of versions) sim.edits.push((world) => removeVersion(world, bucket, version));
    return { marker: false };
  }
  const id = newVersionId(call, bucket);
  const marker = {
    key,
    id,
    marker: true,
    etag: "",
    size: 0,
    modified: sim.state.time,
    headers: {},
    file: "",
  };
  sim.edits.push((world) => addVersion(world, bucket, marker));
  return { id, marker: true };
}

function newVersionId({ sim }: Call, bucket: WorldObject): string {
  return versioningOf(sim.world, bucket.id) === "Enabled" ? hex(sim, 32) : "null";
}

/** The newest version of a key, unless it is a delete marker. */
function current({ sim }: Call, bucket: WorldObject, key: string): Version | undefined {
  const newest = versionsIn(sim.world, bucket.id).findLast((version) => version.key === key);
  return newest?.marker ? undefined : newest;
}

function versionAsked(call: Call, { key, query }: S3Input, bucket: WorldObject): Version {
  const asked = query.get("versionId");
  const versions = versionsIn(call.sim.world, bucket.id).filter((version) => version.key === key);
  const version = asked === null ? versions.at(-1) : versions.find(({ id }) => id === asked);
  if (version && !version.marker) return version;
  const headers = version && { "x-amz-delete-marker": "true", "x-amz-version-id": version.id };
  if (asked === null)
    throw new AwsFailure("NoSuchKey", "The specified key does not exist.", 404, { Key: key, headers });
  if (version)
    throw new AwsFailure("MethodNotAllowed", "The specified method is not allowed.", 405, { headers });
  throw new AwsFailure("NoSuchVersion", "The specified version does not exist.", 404, { VersionId: asked });
}

/** S3 User Guide, "How to prevent object overwrites with conditional writes" and "… conditional deletes". */
function checkPreconditions(call: Call, { key, headers }: S3Input, bucket: WorldObject): void {
  const there = current(call, bucket, key);
  const wanted = headers["if-match"];
  if (wanted !== undefined && !there)
    throw new AwsFailure("NoSuchKey", "The specified key does not exist.", 404, { Key: key });
  const matches = wanted === undefined || wanted === "*" || unquoted(wanted) === unquoted(there?.etag ?? "");
  const failed = matches ? headers["if-none-match"] === "*" && there && "If-None-Match" : "If-Match";
  if (failed)
    throw new AwsFailure(
      "PreconditionFailed",
      "At least one of the pre-conditions you specified did not hold",
      412,
      { Condition: failed },
    );
}

const unquoted = (etag: string) => etag.replaceAll('"', "");

/** S3 encrypts everything since January 2023: with its own keys, if the bucket says nothing else. */
function describe({ sim }: Call, bucket: WorldObject, version: Version): Record<string, string> {
  const where = { bucket: bucket.id };
  const setting = sim.world.find({ type: "aws_s3_bucket_server_side_encryption_configuration", where });
  const algorithm = /"sse_algorithm":"([\w:]+)"/.exec(JSON.stringify(setting?.attributes ?? {}))?.[1];
  return {
    ...version.headers,
    etag: version.etag,
    "content-length": String(version.size),
    "last-modified": new Date(version.modified).toUTCString(),
    "accept-ranges": "bytes",
    "x-amz-server-side-encryption": algorithm ?? "AES256",
    ...(versioningOf(sim.world, bucket.id) ? { "x-amz-version-id": version.id } : {}),
  };
}

function part(whole: Buffer, range: string, headers: Record<string, string>): S3Output {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  const start = from ? Number(from) : Math.max(0, whole.length - Number(to));
  const end = from && to ? Math.min(Number(to), whole.length - 1) : whole.length - 1;
  if (start > end)
    throw new AwsFailure("InvalidRange", "The requested range is not satisfiable", 416, {
      RangeRequested: range,
    });
  return {
    status: 206,
    headers: {
      ...withoutChecksums(headers),
      "content-length": String(end - start + 1),
      "content-range": `bytes ${start}-${end}/${whole.length}`,
    },
    bytes: whole.subarray(start, end + 1),
  };
}

/** Checksums are told only where they are asked for, and concern the whole object. */
function withoutChecksums(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith("x-amz-checksum-")));
}

/** The bucket that a request names, if its caller may use it from where the request is signed for. */
function bucketOf({ sim, region, caller }: Call, name: string): WorldObject {
  const bucket = bucketNamed(sim.world, name);
  if (!bucket)
    throw new AwsFailure("NoSuchBucket", "The specified bucket does not exist", 404, { BucketName: name });
  if (caller.account !== sim.world.account) throw new AwsFailure("AccessDenied", "Access Denied", 403);
  if (bucket.region === region) return bucket;
  throw new AwsFailure(
    "PermanentRedirect",
    "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.",
    301,
    {
      Endpoint: `s3.${bucket.region}.amazonaws.com`,
      Bucket: name,
      headers: { "x-amz-bucket-region": bucket.region },
    },
  );
}

const IN_BUCKET: Record<string, Run> = {
  HeadBucket,
  GetBucketLocation,
  GetBucketVersioning,
  GetObject,
  HeadObject,
  PutObject,
  DeleteObject,
  DeleteObjects,
  ...LISTS,
};

const ListBuckets = ({ sim, caller }: Call): S3Output => {
  const all = caller.account === sim.world.account ? sim.world.list({ type: "aws_s3_bucket" }) : [];
  // When a bucket was made is not kept.
  const CreationDate = new Date(0).toISOString();
  const Bucket = all.map(({ id, region }) => ({ Name: id, CreationDate, BucketRegion: region }));
  return { xml: { ListAllMyBucketsResult: { Buckets: { Bucket } } } };
};

/** S3's own endpoint, as far as states, and the tools that look at them, use it (Amazon S3 API Reference). */
export const S3: Operations = {
  ListBuckets: { required: [], run: ListBuckets },
  ...Object.fromEntries(
    Object.entries(IN_BUCKET).map(([name, run]) => [
      name,
      { required: [], run: (call: Call, input: S3Input) => run(call, input, bucketOf(call, input.bucket)) },
    ]),
  ),
};
