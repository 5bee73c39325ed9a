import { createHash } from "node:crypto";
import {
  BatchCheckLayerAvailabilityCommand,
  BatchGetImageCommand,
  CompleteLayerUploadCommand,
  GetDownloadUrlForLayerCommand,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
} from "@aws-sdk/client-ecr";
import { expect, test } from "vitest";
import { SAMPLE } from "../../sandbox/api/sample";
import { type Bench, bench, failure } from "./support";

const MEBIBYTE = 1024 * 1024;
const repositoryName = "app-staging";
const sha = (content: Uint8Array) => `sha256:${createHash("sha256").update(content).digest("hex")}`;

const initiate = async (at: Bench) =>
  (await at.ecr.send(new InitiateLayerUploadCommand({ repositoryName }))).uploadId ?? "";

const upload = (at: Bench, uploadId: string, first: number, part: Uint8Array, said = part.length) =>
  at.ecr.send(
    new UploadLayerPartCommand({
      repositoryName,
      uploadId,
      partFirstByte: first,
      partLastByte: first + said - 1,
      layerPartBlob: part,
    }),
  );

const complete = (at: Bench, uploadId: string, digest: string) =>
  at.ecr.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [digest] }));

const isThere = async (at: Bench, digest: string) => {
  const request = new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests: [digest] });
  return (await at.ecr.send(request)).layers?.[0]?.layerAvailability;
};

test("a layer goes up in parts, each after the one before", async () => {
  const at = await bench({ ownRepository: true });
  const layer = new Uint8Array(6 * MEBIBYTE).fill(7);
  const [head, tail] = [layer.subarray(0, 5 * MEBIBYTE), layer.subarray(5 * MEBIBYTE)];
  const id = await initiate(at);
  expect(await failure(upload(at, id, 1, head))).toMatchObject({
    name: "InvalidLayerPartException",
    lastValidByteReceived: -1,
  });
  expect(await isThere(at, sha(layer))).toBe("UNAVAILABLE");
  expect(await upload(at, id, 0, head)).toMatchObject({ lastByteReceived: head.length - 1 });
  expect(await failure(upload(at, id, 0, head))).toMatchObject({
    name: "InvalidLayerPartException",
    lastValidByteReceived: head.length - 1,
  });
  await upload(at, id, head.length, tail);
  expect((await complete(at, id, sha(layer))).layerDigest).toBe(sha(layer));
  expect(await isThere(at, sha(layer))).toBe("AVAILABLE");
  expect((await failure(complete(at, id, sha(layer)))).name).toBe("UploadNotFoundException");
  const again = await initiate(at);
  await upload(at, again, 0, layer);
  expect((await failure(complete(at, again, sha(layer)))).name).toBe("LayerAlreadyExistsException");
  const unused = new GetDownloadUrlForLayerCommand({ repositoryName, layerDigest: sha(layer) });
  expect((await failure(at.ecr.send(unused))).name).toBe("LayerInaccessibleException");
});

test("what is no layer is refused", async () => {
  const at = await bench({ ownRepository: true });
  const layer = new Uint8Array(10).fill(7);
  const id = await initiate(at);
  expect((await failure(complete(at, id, sha(layer)))).name).toBe("EmptyUploadException");
  expect((await failure(upload(at, id, 0, layer, 9))).name).toBe("InvalidLayerPartException");
  expect((await failure(upload(at, "no such upload", 0, layer))).name).toBe("UploadNotFoundException");
  await upload(at, id, 0, layer);
  expect((await failure(complete(at, id, sha(new Uint8Array(9))))).name).toBe("InvalidLayerException");
  await upload(at, id, 10, layer);
  const both = new Uint8Array(20).fill(7);
  expect((await failure(complete(at, id, sha(both)))).name).toBe("LayerPartTooSmallException");
  const large = new Uint8Array(21 * MEBIBYTE);
  expect((await failure(upload(at, await initiate(at), 0, large))).name).toBe("InvalidLayerPartException");
});

test("an image is taken where its layers are, and no tag of a release moves", async () => {
  const at = await bench({ ownRepository: true });
  const [first, second] = [await at.push("first", {}, ["v1"]), await at.push("second", {}, ["v2"])];
  const get = { repositoryName: SAMPLE.repository, imageIds: [{ imageDigest: second }] };
  const [image] = (await at.ecr.send(new BatchGetImageCommand(get))).images ?? [];
  const put = (repositoryName: string, imageTag: string) =>
    failure(
      at.ecr.send(new PutImageCommand({ repositoryName, imageTag, imageManifest: image?.imageManifest })),
    );
  expect(first).not.toBe(second);
  expect((await put(SAMPLE.repository, "v1")).name).toBe("ImageTagAlreadyExistsException");
  expect((await put(repositoryName, "staging")).name).toBe("LayersNotFoundException");
});
