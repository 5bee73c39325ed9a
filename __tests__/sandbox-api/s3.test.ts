import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { Sandbox } from "../../sandbox/api/sandbox";
import { startAccount } from "../../sandbox/aws/account";
import { makeByHand } from "../../sandbox/aws/by-hand";
import { ManualClock } from "../../sandbox/engine/clock";
import { World } from "../../sandbox/world";
import { closeAfterTest } from "../support/closing";
import { temporary } from "./support";

const REGION = "eu-west-1";
let world: World;
let sandbox: Sandbox<ManualClock>;

/** Two buckets, one of which keeps versions. */
beforeEach(async () => {
  world = new World(temporary(), startAccount);
  const versioning_configuration = [{ status: "Enabled" }];
  await world.change(() => {
    makeByHand(world, "aws_s3_bucket", "plain", {}, REGION);
    makeByHand(world, "aws_s3_bucket", "kept", {}, REGION);
    makeByHand(world, "aws_s3_bucket_versioning", "kept", { versioning_configuration }, REGION);
  });
  const identities = { AKIAOTHER: { account: "999999999999" } };
  sandbox = await Sandbox.start({ world, clock: new ManualClock(), identities });
  closeAfterTest(() => sandbox.close());
});

interface Ask {
  headers?: Record<string, string>;
  body?: string | Buffer;
  region?: string;
  accessKey?: string;
}

async function ask(method: string, path: string, { headers, body, region, accessKey }: Ask = {}) {
  const scope = `${accessKey ?? sandbox.accessKey}/20260101/${region ?? REGION}/s3/aws4_request`;
  const response = await fetch(`${sandbox.endpoint}${path}`, {
    method,
    headers: {
      ...headers,
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    ...(body === undefined ? {} : { body }),
    redirect: "manual",
  });
  const text = await response.text();
  const code = /<Code>(.*?)<\/Code>/.exec(text)?.[1];
  return { status: response.status, headers: response.headers, text, code };
}

const put = (path: string, body: string, headers: Record<string, string> = {}) =>
  ask("PUT", path, { body, headers });
const all = (text: string, name: string) =>
  [...text.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gs"))].map(([, inner]) => inner);
const files = (bucket: string) => readdirSync(join(world.folder, "objects", bucket));

test("what is written is read: bytes, tag, type, and only its owner can read the file", async () => {
  const { headers, status } = await put("/plain/a/b%20c.json", "hello", {
    "content-type": "application/json",
    "x-amz-meta-of": "me",
  });
  const etag = `"${createHash("md5").update("hello").digest("hex")}"`;
  expect([status, headers.get("etag")]).toEqual([200, etag]);
  const got = await ask("GET", "/plain/a/b%20c.json");
  expect(got).toMatchObject({ status: 200, text: "hello" });
  expect(Object.fromEntries(got.headers)).toMatchObject({
    etag,
    "content-type": "application/json",
    "content-length": "5",
    "x-amz-meta-of": "me",
    "x-amz-server-side-encryption": "AES256",
  });
  expect(got.headers.get("x-amz-version-id")).toBeNull();
  const head = await ask("HEAD", "/plain/a/b%20c.json");
  expect([head.status, head.text, head.headers.get("content-length")]).toEqual([200, "", "5"]);
  const [file = ""] = files("plain");
  expect(statSync(join(world.folder, "objects/plain", file)).mode & 0o777).toBe(0o600);
  expect(statSync(join(world.folder, "objects/plain")).mode & 0o777).toBe(0o700);
});

test("parts of an object", async () => {
  await put("/plain/k", "0123456789");
  const part = async (range: string) => {
    const { status, text, headers } = await ask("GET", "/plain/k", { headers: { range } });
    return [status, status === 206 ? text : "", headers.get("content-range")];
  };
  expect(await part("bytes=2-4")).toEqual([206, "234", "bytes 2-4/10"]);
  expect(await part("bytes=0-5242879")).toEqual([206, "0123456789", "bytes 0-9/10"]);
  expect(await part("bytes=7-")).toEqual([206, "789", "bytes 7-9/10"]);
  expect(await part("bytes=-3")).toEqual([206, "789", "bytes 7-9/10"]);
  expect(await part("bytes=10-")).toEqual([416, "", null]);
});

test("a digest that is not the body's is refused, and nothing is written", async () => {
  const wrong = { "content-md5": "rL0Y20zC+Fzt72VPzMSk2A==", "x-amz-checksum-crc32": "AAAAAA==" };
  for (const header of [
    ...Object.entries(wrong),
    ["x-amz-checksum-sha256", "eA=="],
    ["x-amz-checksum-sha1", "eA=="],
  ]) {
    const answer = await put("/plain/k", "hello", { [String(header[0])]: String(header[1]) });
    expect([header[0], answer.status, answer.code]).toEqual([header[0], 400, "BadDigest"]);
  }
  expect((await ask("GET", "/plain/k")).code).toBe("NoSuchKey");
  const sha256 = createHash("sha256").update("hello").digest("base64");
  const right = { "x-amz-checksum-crc32": "NhCmhg==", "x-amz-checksum-sha256": sha256 };
  expect((await put("/plain/k", "hello", right)).status).toBe(200);
  const checked = await ask("GET", "/plain/k", { headers: { "x-amz-checksum-mode": "ENABLED" } });
  expect(checked.headers.get("x-amz-checksum-crc32")).toBe("NhCmhg==");
  expect((await ask("GET", "/plain/k")).headers.get("x-amz-checksum-crc32")).toBeNull();
});

test("bodies come in chunks with what trails them", async () => {
  const chunked = (trailer: string) =>
    put(
      "/plain/k",
      `3;chunk-signature=0\r\nhel\r\n2;chunk-signature=0\r\nlo\r\n0;chunk-signature=0\r\n${trailer}\r\n\r\n`,
      {
        "content-encoding": "aws-chunked",
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-decoded-content-length": "5",
      },
    );
  expect((await chunked("x-amz-checksum-crc32:AAAAAA==")).code).toBe("BadDigest");
  expect((await chunked("x-amz-checksum-crc32:NhCmhg==")).status).toBe(200);
  expect((await ask("GET", "/plain/k")).text).toBe("hello");
  const cut = await put("/plain/k", "ff\r\nhello", {
    "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
  });
  expect(cut.code).toBe("IncompleteBody");
});

test("of many writers at once, one makes the object that must not exist yet", async () => {
  const writers = Array.from({ length: 8 }, (_, at) =>
    put("/kept/lock", `writer ${at}`, { "if-none-match": "*" }),
  );
  const answers = await Promise.all(writers);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(412)]);
  expect(answers.find(({ status }) => status === 412)?.code).toBe("PreconditionFailed");
  const winner = answers.findIndex(({ status }) => status === 200);
  expect((await ask("GET", "/kept/lock")).text).toBe(`writer ${winner}`);
  await ask("DELETE", "/kept/lock");
  expect((await put("/kept/lock", "next", { "if-none-match": "*" })).status).toBe(200);
});

test("only what was read may be written over or removed, where that is asked", async () => {
  const etag = String((await put("/plain/k", "one")).headers.get("etag"));
  const old = { "if-match": etag };
  expect((await put("/plain/k", "two", old)).status).toBe(200);
  expect(await put("/plain/k", "three", old)).toMatchObject({ status: 412, code: "PreconditionFailed" });
  expect((await ask("DELETE", "/plain/k", { headers: old })).status).toBe(412);
  expect((await ask("GET", "/plain/k")).text).toBe("two");
  expect((await put("/plain/none", "x", old)).code).toBe("NoSuchKey");
  expect((await ask("DELETE", "/plain/k", { headers: { "if-match": "*" } })).status).toBe(204);
  expect((await ask("GET", "/plain/k")).code).toBe("NoSuchKey");
});

test("without versioning the newest replaces the older, and a deleted object is gone, file and all", async () => {
  await put("/plain/k", "one");
  await put("/plain/k", "two");
  expect(files("plain")).toHaveLength(1);
  expect(all((await ask("GET", "/plain?versions")).text, "VersionId")).toEqual(["null"]);
  expect((await ask("GET", "/plain?versioning")).text).not.toContain("<Status>");
  expect((await ask("DELETE", "/plain/k")).status).toBe(204);
  expect((await ask("DELETE", "/plain/k")).status).toBe(204);
  expect(files("plain")).toEqual([]);
});

test("with versioning every write is kept, and a deletion is a marker that can be taken away", async () => {
  expect((await ask("GET", "/kept?versioning")).text).toContain("<Status>Enabled</Status>");
  const first = (await put("/kept/k", "one")).headers.get("x-amz-version-id");
  const second = (await put("/kept/k", "two")).headers.get("x-amz-version-id");
  expect((await ask("GET", `/kept/k?versionId=${first}`)).text).toBe("one");
  const marker = (await ask("DELETE", "/kept/k")).headers;
  expect(marker.get("x-amz-delete-marker")).toBe("true");
  const gone = await ask("GET", "/kept/k");
  expect([gone.status, gone.code, gone.headers.get("x-amz-delete-marker")]).toEqual([
    404,
    "NoSuchKey",
    "true",
  ]);
  const id = marker.get("x-amz-version-id");
  expect((await ask("GET", `/kept/k?versionId=${id}`)).status).toBe(405);
  expect((await ask("GET", "/kept/k?versionId=none")).code).toBe("NoSuchVersion");
  const listed = (await ask("GET", "/kept?versions")).text;
  expect(all(listed, "VersionId")).toEqual([second, first, id]);
  expect(all(listed, "IsLatest")).toEqual(["false", "false", "true"]);
  expect(all((await ask("GET", "/kept?list-type=2")).text, "Key")).toEqual([]);
  await ask("DELETE", `/kept/k?versionId=${id}`);
  expect((await ask("GET", "/kept/k")).text).toBe("two");
  await ask("DELETE", `/kept/k?versionId=${second}`);
  expect((await ask("GET", "/kept/k")).text).toBe("one");
  expect(files("kept")).toHaveLength(1);
});

test("lists: by prefix, in folders, page by page, in the order of bytes", async () => {
  for (const key of ["b", "a/2", "a/1", "a/x/3", "B", "c&d"])
    await put(`/plain/${encodeURIComponent(key)}`, key);
  const list = async (query: string) => (await ask("GET", `/plain?list-type=2&${query}`)).text;
  expect(all(await list(""), "Key")).toEqual(["B", "a/1", "a/2", "a/x/3", "b", "c&amp;d"]);
  expect(all(await list("prefix=a%2F"), "Key")).toEqual(["a/1", "a/2", "a/x/3"]);
  const folders = await list("delimiter=%2F&prefix=");
  expect(all(folders, "Key")).toEqual(["B", "b", "c&amp;d"]);
  expect(all(folders, "CommonPrefixes")).toEqual(["<Prefix>a/</Prefix>"]);
  expect(all(await list("encoding-type=url"), "Key")).toContain("c%26d");
  const pages: (string | undefined)[][] = [];
  for (let token: string | undefined; ; ) {
    const page = await list(`max-keys=2${token ? `&continuation-token=${encodeURIComponent(token)}` : ""}`);
    pages.push(all(page, "Key"));
    token = all(page, "NextContinuationToken")[0];
    expect(all(page, "IsTruncated")).toEqual([String(token !== undefined)]);
    if (token === undefined) break;
  }
  expect(pages).toEqual([
    ["B", "a/1"],
    ["a/2", "a/x/3"],
    ["b", "c&amp;d"],
  ]);
});

test("versions are listed page by page", async () => {
  for (const key of ["a", "a", "b", "a"]) await put(`/kept/${key}`, "x");
  const found: (string | undefined)[] = [];
  for (let markers = ""; ; ) {
    const page = (await ask("GET", `/kept?versions&max-keys=1${markers}`)).text;
    found.push(...all(page, "Key"));
    const [key] = all(page, "NextKeyMarker");
    if (key === undefined) break;
    markers = `&key-marker=${key}&version-id-marker=${all(page, "NextVersionIdMarker")[0]}`;
  }
  expect(found).toEqual(["a", "a", "a", "b"]);
});

test("many objects are deleted in one request", async () => {
  for (const key of ["a", "c&d", "e"]) await put(`/plain/${encodeURIComponent(key)}`, key);
  const body =
    "<Delete><Object><Key>a</Key></Object><Object><Key>c&amp;d</Key></Object><Object><Key>none</Key></Object></Delete>";
  const { text } = await ask("POST", "/plain?delete", { body });
  expect(all(text, "Key")).toEqual(["a", "c&amp;d", "none"]);
  expect(all((await ask("GET", "/plain?list-type=2")).text, "Key")).toEqual(["e"]);
  const quiet = "<Delete><Quiet>true</Quiet><Object><Key>e</Key></Object></Delete>";
  expect(all((await ask("POST", "/plain?delete", { body: quiet })).text, "Deleted")).toEqual([]);
  expect(all((await ask("GET", "/plain?list-type=2")).text, "Key")).toEqual([]);
});

test("buckets: which there are, where they are, and whose", async () => {
  expect(all((await ask("GET", "/")).text, "Name")).toEqual(["plain", "kept"]);
  expect(all((await ask("GET", "/", { accessKey: "AKIAOTHER" })).text, "Name")).toEqual([]);
  expect((await ask("GET", "/plain?location")).text).toContain(`>${REGION}</LocationConstraint>`);
  const head = await ask("HEAD", "/plain");
  expect([head.status, head.headers.get("x-amz-bucket-region")]).toEqual([200, REGION]);
  expect(await ask("GET", "/none/k")).toMatchObject({ status: 404, code: "NoSuchBucket" });
  expect(await ask("HEAD", "/none")).toMatchObject({ status: 404, text: "" });
  const elsewhere = await ask("GET", "/plain/k", { region: "us-east-1" });
  expect([elsewhere.status, elsewhere.code]).toEqual([301, "PermanentRedirect"]);
  expect(elsewhere.headers.get("x-amz-bucket-region")).toBe(REGION);
  const stranger = await ask("GET", "/plain/k", { accessKey: "AKIAOTHER" });
  expect([stranger.status, stranger.code]).toEqual([403, "AccessDenied"]);
});

test("faults are answered in S3's words, and hit nothing else", async () => {
  await sandbox.fault({ operation: "s3:PutObject", kind: "expired", count: 1 });
  await sandbox.fault({ operation: "s3:PutObject", kind: "throttle", count: 1, skip: 1 });
  await sandbox.fault({ operation: "s3:HeadObject", kind: "denied", count: 1 });
  expect(await put("/plain/k", "x")).toMatchObject({ status: 400, code: "ExpiredToken" });
  expect(await put("/plain/k", "x")).toMatchObject({ status: 503, code: "SlowDown" });
  expect(await put("/plain/k", "x")).toMatchObject({ status: 200 });
  expect(await ask("HEAD", "/plain/k")).toMatchObject({ status: 403, text: "" });
  await sandbox.fault({ operation: "s3:DeleteObject", kind: "lost", count: 1 });
  await expect(ask("DELETE", "/plain/k")).rejects.toThrow();
  expect((await ask("GET", "/plain/k")).code).toBe("NoSuchKey");
  expect(sandbox.calls.map(({ operation }) => operation)).toContain("s3:DeleteObject");
});

test("what S3 does beyond that is refused by name", async () => {
  for (const path of ["/plain/k?tagging", "/plain/k?uploads", "/plain?acl"]) {
    const { status, code, text } = await ask("GET", path);
    expect([path, status, code]).toEqual([path, 400, "UnknownOperationException"]);
    expect(text).toContain("does not stand in for s3:GET ");
  }
  const copy = { "x-amz-copy-source": "/plain/k" };
  expect((await ask("PUT", "/plain/l", { headers: copy })).code).toBe("UnknownOperationException");
});
