import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { DescribeImagesCommand, ECRClient } from "@aws-sdk/client-ecr";
import { expect, test } from "vitest";
import { type FolderImage, ImageError, pushFolders, startApi } from "../../sandbox/api/command";
import { SAMPLE, sampleWorld } from "../../sandbox/api/sample";
import { parseOptions, UsageError } from "../../sandbox/command/options";
import { RealClock } from "../../sandbox/engine/clock";
import { closeAfterTest } from "../support/closing";
import { temporary } from "./support";

test("--image names repository, tag and folder, and region or platform where they matter", () => {
  const images = (...words: string[]) =>
    parseOptions([...words.flatMap((word) => ["--image", word]), "sh"]).images;
  expect(images("app:v1=./sample", "app@eu-west-1:v2/arm64=/srv/app=1")).toEqual([
    { repository: "app", tag: "v1", folder: "./sample", architecture: "amd64" },
    { repository: "app", region: "eu-west-1", tag: "v2", folder: "/srv/app=1", architecture: "arm64" },
  ]);
  for (const wrong of ["app", "app=folder", "app:v1=", ":v1=folder"])
    expect(() => images(wrong)).toThrow(UsageError);
  expect(parseOptions(["--speed", "2.5", "sh"]).speed).toBe(2.5);
  expect(() => parseOptions(["--speed", "fast", "sh"])).toThrow(UsageError);
});

test("a pushed folder is in the registry of the next command", async () => {
  const world = await sampleWorld({}, temporary());
  const folder = temporary();
  writeFileSync(join(folder, "a.txt"), "a");
  const image: FolderImage = { repository: "app", tag: "v1", folder, architecture: "amd64" };
  await pushFolders(world, [image]);
  const sandbox = await startApi(world, 1000);
  closeAfterTest(() => sandbox.close());
  const ecr = new ECRClient({
    endpoint: sandbox.endpoint,
    region: SAMPLE.region,
    credentials: { accessKeyId: sandbox.accessKey, secretAccessKey: "s" },
  });
  const find = new DescribeImagesCommand({ repositoryName: "app", imageIds: [{ imageTag: "v1" }] });
  expect((await ecr.send(find)).imageDetails?.[0]?.imageManifestMediaType).toContain("index");
  await expect(pushFolders(world, [{ ...image, folder: join(folder, "none") }])).rejects.toThrow(ImageError);
  await expect(pushFolders(world, [{ ...image, repository: "other" }])).rejects.toThrow(
    /no image repository other yet/,
  );
});

test("time goes on by itself, faster if wanted, and never back", async () => {
  const ahead = Date.now() + 3_600_000;
  expect(new RealClock(1, ahead).now()).toBeGreaterThanOrEqual(ahead);
  const clock = new RealClock(1000);
  expect(clock.until(clock.now() + 60_000)).toBeLessThanOrEqual(60);
  const world = await sampleWorld({ worker: true }, temporary());
  const sandbox = await startApi(world, 2000);
  closeAfterTest(() => sandbox.close());
  const running = async () =>
    Object.values((await sandbox.state()).instances).some(({ status }) => status === "ACTIVE");
  await expect.poll(running, { timeout: 5000 }).toBe(true);
});

test("a command inside the sandbox finds the endpoints", async () => {
  const folder = temporary();
  mkdirSync(join(folder, "project"));
  writeFileSync(join(folder, "project", "cdktf.json"), "{}");
  const main = join(__dirname, "../../sandbox/main.ts");
  const script =
    'fetch(process.env.AWS_ENDPOINT_URL, {method: "POST"}).then(async (r) => console.log(await r.text()))';
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--require", require.resolve("slipway/typescript"), main, process.execPath, "-e", script],
    { cwd: join(folder, "project") },
  );
  expect(stdout).toContain("MissingAuthenticationTokenException");
}, 30_000);
