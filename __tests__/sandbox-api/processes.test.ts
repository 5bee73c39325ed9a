import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { DescribeTasksCommand, ListTasksCommand, StopTaskCommand } from "@aws-sdk/client-ecs";
import { expect, test } from "vitest";
import { SAMPLE, sampleWorld } from "../../sandbox/api/sample";
import { Sandbox } from "../../sandbox/api/sandbox";
import { ManualClock } from "../../sandbox/engine/clock";
import { redirect } from "../../sandbox/engine/container-environment";
import { Databases } from "../../sandbox/engine/databases";
import { commandLine, folderContent } from "../../sandbox/engine/folder-image";
import { FileStore } from "../../sandbox/engine/store";
import type { World } from "../../sandbox/world";
import { closeAfterTest } from "../support/closing";
import { copyPglite } from "../support/pglite";
import { Bench, minutes, second, temporary } from "./support";

/** A folder that stands for an image. */
function image(files: Record<string, string>): string {
  const folder = temporary();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(folder, name, ".."), { recursive: true });
    writeFileSync(join(folder, name), content, { mode: 0o755 });
  }
  return folder;
}

async function real(files: Record<string, string>, said: string[] = []): Promise<Bench> {
  const folder = image(files);
  const world = await sampleWorld({}, temporary());
  const sandbox = await Sandbox.start({
    world,
    clock: new ManualClock(),
    real: true,
    say: (text) => said.push(text),
  });
  closeAfterTest(() => sandbox.close());
  await sandbox.push({
    repository: SAMPLE.repository,
    region: SAMPLE.region,
    content: folderContent(folder),
    folder,
    tags: [SAMPLE.tag, SAMPLE.candidate],
  });
  await sandbox.advance(minutes(2));
  return new Bench(sandbox, "");
}

const lines = (at: Bench, arn: string) =>
  at.sandbox.logs
    .streams(SAMPLE.region, SAMPLE.logGroup)
    .filter(({ name }) => name.endsWith(arn.split("/").at(-1) as string))
    .flatMap(({ events }) => events.map(({ message }) => message));

test("a command runs in the folder, with environment and secrets; its output and exit code are the container's", async () => {
  const at = await real({
    "bin/migrate": '#!/bin/sh\necho "$1 $MODE $API_KEY"\npwd\necho oops >&2\nexit 3\n',
  });
  const { tasks } = await at.run();
  const arn = tasks?.[0]?.taskArn as string;
  await at.advance(30 * second);
  await at.sandbox.idle();
  await at.advance(5 * second);
  expect(await at.task(arn)).toMatchObject({
    lastStatus: "STOPPED",
    stopCode: "EssentialContainerExited",
    containers: [{ exitCode: 3 }],
  });
  const output = await lines(at, arn);
  expect(output).toContain("up staging set by hand");
  expect(output).toContain("oops");
});

test("a command that does not exist cannot start", async () => {
  const at = await real({ "readme.txt": "nothing to run" });
  const { tasks } = await at.run();
  await at.advance(30 * second);
  await at.sandbox.idle();
  await at.advance(5 * second);
  const task = await at.task(tasks?.[0]?.taskArn as string);
  expect(task).toMatchObject({ stopCode: "TaskFailedToStart" });
  expect(task.containers?.[0]?.reason).toContain('exec: "migrate": executable file not found in $PATH');
  expect(task.containers?.[0]?.exitCode).toBeUndefined();
});

test("StopTask reaches the real process", async () => {
  const at = await real({
    "bin/migrate": "#!/bin/sh\ntrap 'echo bye; exit 9' TERM\necho ready\nwhile :; do sleep 0.05; done\n",
  });
  const { tasks } = await at.run();
  const arn = tasks?.[0]?.taskArn as string;
  await at.advance(30 * second);
  await expect.poll(() => lines(at, arn)).toContain("ready");
  await at.ecs.send(new StopTaskCommand({ cluster: SAMPLE.cluster, task: arn }));
  await at.sandbox.idle();
  await at.advance(5 * second);
  expect(await at.task(arn)).toMatchObject({ stopCode: "UserInitiated", containers: [{ exitCode: 9 }] });
});

test("where nothing can run, it says that it pretends", async () => {
  const said: string[] = [];
  const world = await sampleWorld({}, temporary());
  const sandbox = await Sandbox.start({ world, clock: new ManualClock(), say: (text) => said.push(text) });
  closeAfterTest(() => sandbox.close());
  await sandbox.push({
    repository: SAMPLE.repository,
    region: SAMPLE.region,
    content: "x",
    tags: [SAMPLE.candidate],
  });
  await sandbox.advance(minutes(2));
  const at = new Bench(sandbox, "");
  const { tasks } = await at.run();
  await at.advance(minutes(1));
  const told = 'only pretends to run "migrate up"';
  expect((await lines(at, tasks?.[0]?.taskArn as string))[0]).toContain(told);
  expect(said.some((text) => text.includes(told))).toBe(true);
});

test("what runs is kept between two sandboxes, and none sees half of it", async () => {
  const folder = temporary();
  const world = await sampleWorld({}, folder);
  const clock = new ManualClock();
  const begin = async () => {
    const sandbox = await Sandbox.start({ world, clock, store: new FileStore(folder) });
    closeAfterTest(() => sandbox.close().catch(() => undefined));
    return new Bench(sandbox, "");
  };
  const one = await begin();
  await one.push("first", {}, [SAMPLE.tag, SAMPLE.candidate]);
  await one.advance(minutes(5));
  const other = await begin();
  const { tasks } = await one.run({ startedBy: "one" });
  expect((await other.task(tasks?.[0]?.taskArn as string)).startedBy).toBe("one");
  await one.sandbox.close();
  await other.advance(minutes(1));
  expect(await other.task(tasks?.[0]?.taskArn as string)).toMatchObject({ lastStatus: "STOPPED" });
  await Promise.all(Array.from({ length: 8 }, () => other.run({ startedBy: "many" })));
  await Promise.all([other.force(), other.run(), other.release("second")]);
  const third = await begin();
  const { taskArns } = await third.ecs.send(
    new ListTasksCommand({ cluster: SAMPLE.cluster, startedBy: "many" }),
  );
  expect(taskArns).toHaveLength(8);
  const described = await third.ecs.send(
    new DescribeTasksCommand({ cluster: SAMPLE.cluster, tasks: taskArns }),
  );
  expect(described.failures).toEqual([]);
});

test("a service's process ends with its sandbox and goes on in the next", async () => {
  const folder = temporary();
  const world = await sampleWorld({ worker: true }, folder);
  const clock = new ManualClock();
  const said: string[] = [];
  const begin = (asleep = false) =>
    Sandbox.start({
      world,
      clock,
      store: new FileStore(folder),
      real: true,
      asleep,
      say: (text) => said.push(text),
    });
  const command = "process.title = 'worker'; setInterval(() => {}, 1000);";
  const app = image({ "work.js": command, Dockerfile: 'CMD ["node", "work.js"]' });
  const first = await begin();
  const content = folderContent(app);
  await first.push({ repository: "app", region: SAMPLE.region, content, folder: app, tags: [SAMPLE.tag] });
  await first.advance(minutes(3));
  await expect.poll(() => said.length).toBe(1);
  await first.close();
  const next = await begin(true);
  closeAfterTest(() => next.close());
  await next.advance(second);
  expect(said).toHaveLength(1);
  await new Bench(next, "").service();
  await expect.poll(() => said.length).toBe(2);
  const [task] = Object.values((await next.state()).tasks);
  expect(task?.containers[0]?.process).toMatchObject({ state: "running" });
  expect(said[1]).toBe(said[0]);
});

const engine = spawnSync("initdb", ["--version"]).status === 0;

test.skipIf(!engine)(
  "the applied database is a real Postgres with its own user, kept between two starts",
  async () => {
    const folder = temporary();
    chmodSync(folder, 0o755);
    const world = await sampleWorld({}, folder);
    const address = await addDatabase(world);
    const said: string[] = [];
    for (const start of ["first", "again"]) {
      const databases = new Databases(world, (text) => said.push(`${start}: ${text}`));
      const [reached] = await databases.reach(SAMPLE.region, [`postgres://app@${address}:5432/app`]);
      expect(said).toEqual([]);
      expect(await answerTo(reached?.port ?? 0)).toBe("N");
      await databases.close();
    }
  },
  30_000,
);

test("a database answers where only this user may enter: as root, whom Postgres does not serve, it is PGlite", async () => {
  // mkdtemp's folders are so.
  const folder = join(temporary(), ".sandbox");
  await copyPglite(join(folder, "pglite/staging"));
  const world = await sampleWorld({}, folder);
  const address = await addDatabase(world);
  const said: string[] = [];
  const databases = new Databases(world, (text) => said.push(text));
  closeAfterTest(() => databases.close());
  const [reached] = await databases.reach(SAMPLE.region, [`postgres://app@${address}:5432/app`]);
  expect(await answerTo(reached?.port ?? 0)).toBe("N");
  const told =
    /^database staging: Postgres does not run as root, and the user \w+ may not enter \S+, so it is PGlite/;
  expect(said.join("\n")).toMatch(process.getuid?.() === 0 ? told : /^$/);
}, 60_000);

/** An applied database; returns its address. */
async function addDatabase(world: World): Promise<string> {
  const address = "staging.abc.us-west-2.rds.amazonaws.com";
  await world.change(() => {
    world.put({
      type: "aws_db_instance",
      region: SAMPLE.region,
      id: "db-1",
      attributes: { address, identifier: "staging", username: "app", db_name: "app" },
      sealed: { password_wo: world.vault.seal("it's secret") },
      origin: "terraform",
    });
  });
  return address;
}

/** What a Postgres server answers when it is asked for TLS (SSLRequest): "N", not here. */
function answerTo(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])));
    socket.once("data", (data) => {
      socket.end();
      resolve(data.toString());
    });
    socket.once("error", reject);
  });
}

test("the command line is docker's: entry point, command, and what the Dockerfile says", () => {
  const folder = image({ Dockerfile: 'FROM x\nENTRYPOINT ["tini", "--"]\nCMD ["node", \\\n "server.js"]\n' });
  expect(commandLine(folder, undefined, [])).toEqual(["tini", "--", "node", "server.js"]);
  expect(commandLine(folder, undefined, ["goose", "up"])).toEqual(["tini", "--", "goose", "up"]);
  expect(commandLine(folder, ["sh"], [])).toEqual(["sh"]);
  expect(commandLine(image({ Dockerfile: "CMD npm start" }), undefined, [])).toEqual([
    "/bin/sh",
    "-c",
    "npm start",
  ]);
  expect(commandLine(image({ Dockerfile: "CMD ['x']" }), undefined, [])).toEqual(["/bin/sh", "-c", "['x']"]);
  expect(commandLine(image({ a: "" }), undefined, [])).toEqual([]);
});

test("equal folders are one image, other contents another", () => {
  const files = { "a.txt": "a", "deep/b.txt": "b" };
  expect(folderContent(image(files))).toBe(folderContent(image(files)));
  expect(folderContent(image({ ...files, "a.txt": "A" }))).not.toBe(folderContent(image(files)));
});

test("what names the database names the local engine instead", () => {
  const address = "staging.abc.us-west-2.rds.amazonaws.com";
  const variables = {
    PGHOST: address,
    PGPORT: "5432",
    PGSSLMODE: "require",
    DATABASE_URL: `postgres://app:p%40ss@${address}:5432/app?sslmode=require`,
    JDBC: `jdbc:postgresql://${address}:5432/app`,
    OTHER: "untouched",
  };
  expect(redirect(variables, [{ address, port: 6000 }])).toEqual({
    PGHOST: "127.0.0.1",
    PGPORT: "6000",
    PGSSLMODE: "disable",
    DATABASE_URL: "postgres://app:p%40ss@127.0.0.1:6000/app?sslmode=disable",
    JDBC: "jdbc:postgresql://127.0.0.1:6000/app",
    OTHER: "untouched",
  });
});
