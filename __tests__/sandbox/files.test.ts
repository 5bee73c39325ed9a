import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { FileStore } from "../../sandbox/engine/store";
import { emptyRuntime } from "../../sandbox/engine/state";
import { DamagedFile } from "../../sandbox/files";
import { World } from "../../sandbox/world";
import { configure, insideProcess, sandbox, temporaryFolder } from "./helpers";

vi.setConfig({ testTimeout: 60_000 });

test("a damaged file is one sentence with the way out, and --reset is that way", async () => {
  const folder = temporaryFolder();
  expect((await sandbox(folder, ["--with", "ecr_repository:api"])).code).toBe(0);
  writeFileSync(join(folder, ".sandbox/world.json"), '{"version": 1, "objects"');
  const { code, stderr, stdout } = await sandbox(folder, ["--show"]);
  expect(code).toBe(1);
  expect(stdout).toBe("");
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toMatch(/^sandbox: \S+world\.json is damaged: .*"npx slipway sandbox --reset" forgets/);
  const again = await sandbox(folder, ["--reset", "--show"]);
  expect(again.code, again.stderr).toBe(0);
});

test("each file says what is wrong with it: no JSON, another version, a key that is none or another's", async () => {
  const folder = temporaryFolder();
  const world = new World(join(folder, ".sandbox"));
  const sealed = world.vault.seal("hunter2");
  await world.change(() => {
    world.put({ type: "aws_sqs_queue", region: "eu-west-1", id: "q", attributes: {}, origin: "person" });
  });
  const store = new FileStore(world.folder);
  await store.locked(async () => ({ state: emptyRuntime(0, 1), result: undefined }));
  const check = () => {
    const fresh = new World(world.folder);
    fresh.check();
    new FileStore(world.folder).time();
    return fresh.vault.open(sealed);
  };
  expect(check()).toBe("hunter2");
  const wrong: [string, string, RegExp][] = [
    ["world.json", "[1]", /world\.json is of another version of the sandbox \(undefined, not 1\)/],
    ["world.json", '{"version": 7}', /world\.json is of another version of the sandbox \(7, not 1\)/],
    ["runtime.json", "", /runtime\.json is damaged/],
    ["runtime.json", '{"version": 1}', /runtime\.json is of another version of the sandbox \(1, not 3\)/],
    ["key", "no key", /key is damaged: it is no key/],
    ["key", "0".repeat(64), /key is not the key that this world's secrets were sealed with/],
  ];
  for (const [name, text, message] of wrong) {
    const file = join(world.folder, name);
    const kept = readFileSync(file, "utf8");
    writeFileSync(file, text);
    expect(check, text).toThrow(DamagedFile);
    expect(check).toThrow(message);
    writeFileSync(file, kept);
  }
  expect(check()).toBe("hunter2");
});

test("what the sandbox writes is for its owner alone, states and copies of stacks included", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, ".sandbox"));
  chmodSync(join(folder, ".sandbox"), 0o755);
  configure(join(folder, "infra"), { resource: { aws_vpc: { one: { cidr_block: "10.0.0.0/16" } } } });
  const line = "cd infra && terraform init -input=false && terraform apply -input=false -auto-approve";
  const { code, text } = await insideProcess(folder, line);
  expect(code, text).toBe(0);
  const sandboxed = join(folder, ".sandbox");
  expect(statSync(sandboxed).mode & 0o777).toBe(0o700);
  const open = readdirSync(sandboxed, { recursive: true, encoding: "utf8" }).filter(
    (name) => (statSync(join(sandboxed, name)).mode & 0o077) !== 0,
  );
  expect(open).toEqual([]);
});

test("a long listing is whole through a pipe", async () => {
  const folder = temporaryFolder();
  const world = new World(join(folder, ".sandbox"));
  const count = 400;
  await world.change(() => {
    for (let index = 0; index < count; index++) {
      const attributes = { name: `q${index}`, policy: "x".repeat(2000) };
      world.put({
        type: "aws_sqs_queue",
        region: "eu-west-1",
        id: `q${index}`,
        attributes,
        origin: "person",
      });
    }
  });
  const { stdout, code } = await sandbox(folder, ["--show", "--json"]);
  expect(code).toBe(0);
  expect(stdout.length).toBeGreaterThan(500_000);
  expect(JSON.parse(stdout)).toHaveLength(count);
});
