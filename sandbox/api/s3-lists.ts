import { type Version, versionsIn } from "../aws/objects";
import type { WorldObject } from "../world";
import type { Call } from "./call";
import type { S3Input, S3Output, Xml } from "./s3-wire";

/** One line of a list: a version, or all keys that share a prefix up to the delimiter. */
type Line = { name: string; version?: Version; latest?: boolean };

const order = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other));

/** What a list shows, in order: keys by their bytes, versions of one key newest first. */
function lines({ query }: S3Input, versions: Version[]): Line[] {
  const prefix = query.get("prefix") ?? "";
  const delimiter = query.get("delimiter");
  const newest = new Map(versions.map((version) => [version.key, version]));
  const found = new Map<string, Line>();
  for (const version of [...versions].reverse()) {
    const { key } = version;
    if (!key.startsWith(prefix)) continue;
    const at = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
    if (at < 0)
      found.set(`${key}\n${version.id}`, { name: key, version, latest: newest.get(key) === version });
    else {
      const name = key.slice(0, at + (delimiter ?? "").length);
      found.set(name, { name });
    }
  }
  return [...found.values()].sort((one, other) => order(one.name, other.name));
}

/** A page of lines, and what both kinds of list say of it. */
function paged(input: S3Input, all: Line[]): { page: Line[]; more: boolean; head: Record<string, Xml> } {
  const { query, bucket } = input;
  const most = Math.min(1000, Number(query.get("max-keys") ?? 1000));
  const page = all.slice(0, most);
  const more = page.length < all.length && most > 0;
  const head = {
    Name: bucket,
    Prefix: encoded(input, query.get("prefix") ?? ""),
    Delimiter: query.get("delimiter") ?? undefined,
    MaxKeys: most,
    EncodingType: query.get("encoding-type") ?? undefined,
    IsTruncated: more,
  };
  const CommonPrefixes = page
    .filter(({ version }) => !version)
    .map(({ name }) => ({ Prefix: encoded(input, name) }));
  return { page, more, head: { ...head, CommonPrefixes } };
}

/** The AWS CLI asks for keys as URLs write them, because XML cannot hold every character. */
function encoded({ query }: S3Input, text: string): string {
  return query.get("encoding-type") === "url" ? encodeURIComponent(text).replaceAll("%2F", "/") : text;
}

function shown(input: S3Input, { key, etag, size, modified }: Version): Record<string, Xml> {
  return {
    Key: encoded(input, key),
    LastModified: new Date(modified).toISOString(),
    ETag: etag,
    Size: size,
    StorageClass: "STANDARD",
  };
}

function ListObjectsV2({ sim }: Call, input: S3Input, bucket: WorldObject): S3Output {
  const { query } = input;
  const token = query.get("continuation-token");
  const after = token === null ? query.get("start-after") : Buffer.from(token, "base64").toString("utf8");
  const versions = versionsIn(sim.world, bucket.id);
  const newest = [...new Map(versions.map((version) => [version.key, version])).values()];
  const all = lines(
    input,
    newest.filter(({ marker }) => !marker),
  ).filter(({ name }) => after === null || order(name, after) > 0);
  const { page, more, head } = paged(input, all);
  const Contents = page.flatMap(({ version }) => (version ? [shown(input, version)] : []));
  const next = more ? Buffer.from(page.at(-1)?.name ?? "").toString("base64") : undefined;
  return {
    xml: {
      ListBucketResult: {
        ...head,
        KeyCount: page.length,
        Contents,
        ContinuationToken: token ?? undefined,
        NextContinuationToken: next,
      },
    },
  };
}

function ListObjectVersions({ sim }: Call, input: S3Input, bucket: WorldObject): S3Output {
  const { query } = input;
  const key = query.get("key-marker") ?? "";
  const id = query.get("version-id-marker") ?? "";
  const whole = lines(input, versionsIn(sim.world, bucket.id));
  const at = whole.findIndex(({ name, version }) => name === key && version?.id === id);
  const rest = at >= 0 ? whole.slice(at + 1) : whole.filter(({ name }) => key === "" || order(name, key) > 0);
  const { page, more, head } = paged(input, rest);
  const last = page.at(-1);
  const entries = (marker: boolean) =>
    page.flatMap(({ version, latest }) => {
      if (version?.marker !== marker) return [];
      const { ETag, Size, StorageClass, ...common } = shown(input, version);
      const own = marker ? {} : { ETag, Size, StorageClass };
      return [{ ...common, ...own, VersionId: version.id, IsLatest: latest }];
    });
  return {
    xml: {
      ListVersionsResult: {
        ...head,
        KeyMarker: encoded(input, key),
        VersionIdMarker: id,
        NextKeyMarker: more && last ? encoded(input, last.name) : undefined,
        NextVersionIdMarker: more ? last?.version?.id : undefined,
        Version: entries(false),
        DeleteMarker: entries(true),
      },
    },
  };
}

export const LISTS = { ListObjectsV2, ListObjectVersions };
