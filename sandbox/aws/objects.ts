import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keyOf, type World, type WorldObject } from "../world";

/** What a bucket holds, as objects of the world: their contents are files beside it, because they may be large. */
const TYPE = "sandbox_s3_object";

/** One version of an S3 object; a delete marker is one without contents. */
export interface Version {
  key: string;
  /** "null" where the bucket keeps no versions. */
  id: string;
  marker: boolean;
  etag: string;
  size: number;
  /** Milliseconds since 1970. */
  modified: number;
  /** Headers that come back with it: content type, metadata, checksum. */
  headers: Record<string, string>;
  /** The file of its contents; "" for a marker. */
  file: string;
}

export function bucketNamed(world: World, name: string): WorldObject | undefined {
  return world.find({ type: "aws_s3_bucket", where: { bucket: name } });
}

/** Versions of a bucket's objects, oldest first. The world keeps the order in which they came. */
export function versionsIn(world: World, bucket: string): Version[] {
  return world
    .list({ type: TYPE, where: { bucket } })
    .map(({ attributes }) => attributes.version as unknown as Version);
}

/**
 * Whether a bucket keeps old versions, or undefined when it never did. Once it did, it can only be suspended: that is
 * what the provider does when aws_s3_bucket_versioning goes.
 */
export function versioningOf(world: World, bucket: string): "Enabled" | "Suspended" | undefined {
  const setting = world.find({ type: "aws_s3_bucket_versioning", where: { bucket } });
  const [configuration] = (setting?.attributes.versioning_configuration ?? []) as { status?: string }[];
  if (configuration?.status === "Enabled") return "Enabled";
  const once =
    configuration?.status === "Suspended" || versionsIn(world, bucket).some(({ id }) => id !== "null");
  return once ? "Suspended" : undefined;
}

/** Adds a version as the newest of its key, in place of one with the same id. Only inside `World.change`. */
export function addVersion(world: World, bucket: WorldObject, version: Version): void {
  removeVersion(world, bucket, version);
  world.put({
    ...identityOf(bucket, version),
    attributes: { bucket: bucket.id, version: version as unknown as Record<string, string> },
    origin: "aws",
    owner: keyOf(bucket),
  });
}

/** Only inside `World.change`. */
export function removeVersion(world: World, bucket: WorldObject, { key, id }: Version): void {
  const identity = identityOf(bucket, { key, id });
  const old = world.get(identity.type, identity.region, identity.id);
  if (!old) return;
  world.remove(old);
  const { file } = old.attributes.version as unknown as Version;
  if (file) rmSync(fileOf(world, bucket.id, file), { force: true });
}

function identityOf(bucket: WorldObject, { key, id }: Pick<Version, "key" | "id">) {
  return { type: TYPE, region: bucket.region, id: `${bucket.id}/${key}?versionId=${id}` };
}

/** States lie in buckets, and may hold secrets: their owner alone can read them. */
export function writeContents(world: World, bucket: string, file: string, contents: Buffer): void {
  mkdirSync(join(world.folder, "objects", bucket), { recursive: true, mode: 0o700 });
  writeFileSync(fileOf(world, bucket, file), contents, { mode: 0o600 });
}

export function readContents(world: World, bucket: string, file: string): Buffer {
  return readFileSync(fileOf(world, bucket, file));
}

/** Forgets the contents of a bucket that is gone. */
export function forgetContents(world: World, bucket: string): void {
  rmSync(join(world.folder, "objects", bucket), { recursive: true, force: true });
}

function fileOf(world: World, bucket: string, file: string): string {
  return join(world.folder, "objects", bucket, file);
}
