import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { but, existing } from "../modules/support/least";
import { Living } from "./support/living";
import { makeVpc } from "./support/vpc";

const URL = "postgres://app:hunter2@old.example.com:5432/app?sslmode=require";

/** Programs that say which database they were given. */
const SAYS = `console.log(process.argv[2] + " at " + new URL(process.env.DATABASE_URL).hostname.split(".").slice(-2).join("."));`;
const SERVES = `${SAYS} require("node:http").createServer((_, answer) => answer.end("ok")).listen(process.env.PORT);`;

const environment = but({
  network: existing,
  bastion: false,
  cluster: { capacity: {} },
  distribution: false,
  move: { database: true },
  services: {
    worker: {
      command: ["node", "serve.js", "serves"],
      database: ["DATABASE_URL"],
      migrations: ["node", "say.js", "migrates"],
    },
  },
});

describe("a database that moves in", () => {
  const life = new Living();
  const DEPLOY = life.command("deploy");
  const image = join(life.folder, "image");
  afterAll(() => life.remove());
  beforeAll(async () => {
    await makeVpc(life.world);
    mkdirSync(image);
    const files = { "say.js": SAYS, "serve.js": SERVES, Dockerfile: "ENV PORT=0" };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(image, name), text);
  });

  const runs = () => {
    const [service] = life.world.list({ type: "aws_ecs_service" });
    return String(service?.attributes.task_definition).replace(/^.*\/|:\d+$/g, "");
  };
  const sandbox = (words: string) =>
    life.sandbox(`export AWS_REGION=us-west-2; ${words}`, ["--speed", "60", "--image", `app:v1=${image}`]);
  /** Writes the state as a step of the move does. */
  const write = (change: object) =>
    life.world.change(() => {
      const [parameter] = life.world.list({ type: "aws_ssm_parameter", where: { name: "/staging/move" } });
      if (!parameter) throw new Error("no state");
      const now = JSON.parse(String(parameter.attributes.insecure_value));
      const insecure_value = JSON.stringify({ ...now, workers: ["worker"], ...change });
      life.world.update(parameter, { insecure_value, value: insecure_value });
    });

  it("begins with the one that is elsewhere: services and migrations are given it", async () => {
    const applied = await life.apply(environment);
    expect(applied.code, applied.text).toBe(0);
    await write({});
    expect((await life.apply(environment)).code).toBe(0);
    expect(runs()).toBe("staging-worker_external");
    const deployed = await sandbox(
      `printf '%s' '${URL}' | ${DEPLOY} secret set staging DATABASE_URL && ${DEPLOY} staging --image v1`,
    );
    expect(deployed.code, deployed.text + life.said()).toBe(0);
    expect(life.said()).toContain("migrates at example.com");
    expect(life.said()).toContain("serves at example.com");
    expect(life.said()).not.toContain("at amazonaws.com");
  });

  it("is not migrated while it is copied, but may be deployed to without", async () => {
    const at = "2026-11-22T00:00:00Z";
    const copy = { step: "copy", state: "done", by: "ada", at, data: { following: true } };
    await write({ steps: [copy] });
    const refused = await sandbox(`${DEPLOY} staging --image v1`);
    expect(refused.code).toBe(1);
    expect(refused.text).toContain(
      "a migration would make the copy another one: deploy with --skip-migrations",
    );
    const checked = await sandbox(`${DEPLOY} staging --image v1 --skip-migrations --dry-run`);
    expect(checked.code, checked.text).toBe(0);
    await write({ steps: [copy, { step: "flip", state: "begun", by: "ada", at }] });
    const under = await sandbox(`${DEPLOY} staging --image v1 --skip-migrations`);
    expect(under.code).toBe(1);
    expect(under.text).toContain("one has begun, and hands services over");
  });

  it("is used once the parameter says so: deploy hands over, run and migrations follow, and no plan differs", async () => {
    await write({ use: "own", steps: [] });
    const status = await sandbox(`${DEPLOY} status staging; ${DEPLOY} deploy staging --image v1 --dry-run`);
    expect(status.text).toContain("  database: the environment's own");
    expect(status.text).toContain("with the database that is used");
    const deployed = await sandbox(
      `${DEPLOY} staging --image v1 && ${DEPLOY} run staging -- node say.js runs`,
    );
    expect(deployed.code, deployed.text + life.said()).toBe(0);
    expect(runs()).toBe("staging-worker");
    for (const what of ["migrates", "serves", "runs"])
      expect(life.said()).toMatch(new RegExp(`${what} at (?!example\\.com)`));
    const again = await life.apply(environment);
    expect(again.text).toContain("Apply complete! Resources: 0 added, 0 changed, 0 destroyed");
  });

  it("goes back as it came", async () => {
    await write({ use: "external" });
    const deployed = await sandbox(`${DEPLOY} check staging; ${DEPLOY} staging --image v1 --skip-migrations`);
    expect(deployed.code, deployed.text).toBe(0);
    expect(deployed.text).toMatch(
      /staging-worker:1 is not that of the database that is used; a deploy hands over to staging-worker_external:1/,
    );
    expect(runs()).toBe("staging-worker_external");
  });

  it("leaves an environment that never had a move: the definitions of the other go, and the service is not replaced", async () => {
    await write({ use: "own" });
    expect((await life.apply(environment)).code).toBe(0);
    const { move: _, ...rest } = environment;
    const { code, text } = await life.apply(rest);
    expect(code, text).toBe(0);
    const [applied = "", again] = text.split("\nagain\n");
    expect(again).toContain("No changes.");
    const announced = [...applied.matchAll(/^ *# (\S+) (?:will be|must be) (.*)$/gm)].map(
      ([, address, what]) => `${address} ${what}`,
    );
    expect(announced.filter((line) => /db_instance|ecs_service|_s3_/.test(line))).toEqual([]);
    expect(announced).toContain("aws_ssm_parameter.move destroyed");
  });
});
