import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EnvironmentProps } from "../../modules/environment";
import { but } from "../modules/support/least";
import { Living } from "./support/living";

const ROOT = join(__dirname, "..", "..");

/** What the image's programs begin with. */
const CLIENT = `const { Client } = require(${JSON.stringify(join(ROOT, "node_modules/pg"))});
const client = new Client({ connectionString: process.env.POSTGRES_URL });
const end = (error) => { console.log("failed: " + error.message); process.exit(1); };`;

const migrate = `${CLIENT}
(async () => {
  await client.connect();
  await client.query("CREATE TABLE IF NOT EXISTS guests (id serial, name text)");
  const { rows } = await client.query("SELECT current_schema, session_user");
  console.log("migrated " + rows[0].current_schema + " as " + rows[0].session_user);
  await client.end();
})().catch(end);`;

/** Serves only if it can write its own table, and says what it sees of the others'. */
const serve = `${CLIENT}
(async () => {
  await client.connect();
  const other = process.env.OTHER && (await client.query("SELECT * FROM " + process.env.OTHER).then(() => "seen", (error) => error.message));
  await client.query("INSERT INTO guests (name) VALUES ('Ada')");
  const { rows } = await client.query("SELECT session_user FROM guests");
  console.log("serves as " + rows[0].session_user + (other ? ", " + process.env.OTHER + ": " + other : ""));
  require("node:http").createServer((_, answer) => answer.end("ok")).listen(process.env.PORT);
})().catch(end);`;

const service = { database: ["POSTGRES_URL"], migrations: ["node", "migrate.js"] };
const environment = (database: EnvironmentProps["database"]) =>
  but({
    bastion: false,
    cluster: { capacity: {} },
    database,
    services: {
      web: { ...service, port: 8080, config: { OTHER: "billing.guests" } },
      billing: {
        ...service,
        config: { OTHER: "public.guests" },
        database: { urls: ["POSTGRES_URL"], schema: "billing" },
      },
    },
  });

describe("a login per service", () => {
  const life = new Living();
  const image = join(life.folder, "image");
  afterAll(() => life.remove());
  beforeAll(() => {
    mkdirSync(image);
    for (const [name, text] of Object.entries({
      "migrate.js": migrate,
      "serve.js": serve,
      Dockerfile: 'CMD ["node", "serve.js"]',
    }))
      writeFileSync(join(image, name), text);
  });

  /** The task definitions that services run, by family. */
  const runs = () =>
    Object.fromEntries(
      life.world
        .list({ type: "aws_ecs_service" })
        .map(({ attributes }) => [
          attributes.name,
          String(attributes.task_definition).replace(/^.*\/|:\d+$/g, ""),
        ]),
    );
  /** The users that deploy has written down. */
  const made = () => {
    const name = "/staging/database/logins";
    const text = life.world.find({ type: "aws_ssm_parameter", where: { name } })?.attributes.insecure_value;
    return String(text)
      .split(",")
      .map((login) => login.split(":")[0]);
  };
  const deploy = () =>
    life.sandbox(`AWS_REGION=us-west-2 ${life.command("deploy")} staging --image v1 --wait`, [
      ...["--speed", "60"],
      ...["--image", `app:v1=${image}`],
    ]);
  /** PGlite has one user, whoever comes: what logins may there is shown by the SQL's own test. */
  const told = (login: string, sees: string) =>
    existsSync(join(life.folder, ".sandbox", "pglite"))
      ? "serves as postgres"
      : `serves as ${login}, ${sees}`;
  const logins = (passwordVersion: number) => environment({ logins: true, passwordVersion });

  it("is made by the first deploy: no task begins with it before, and none without it after", async () => {
    const applied = await life.apply(logins(1));
    expect(applied.code, applied.text).toBe(0);
    expect(runs()).toEqual({ web: "staging-web_before", billing: "staging-billing_before" });
    expect(made()).toEqual(["none"]);

    const deployed = await deploy();
    expect(deployed.code, deployed.text + life.said()).toBe(0);
    expect(deployed.text).toContain("logins staging: succeeded, web_a, billing_a");
    expect(runs()).toEqual({ web: "staging-web", billing: "staging-billing" });
    expect(made()).toEqual(["web_a", "billing_a"]);
    expect(life.said()).toMatch(/migrated public as (app|postgres)/);
    expect(life.said()).toContain(told("web_a", "billing.guests: permission denied for schema billing"));
    expect(life.said()).toContain(told("billing_a", "public.guests: permission denied for table guests"));
    expect(life.said()).not.toContain("failed:");
  });

  it("changes nothing more: the plan after the deploy is empty", async () => {
    const applied = await life.apply(logins(1));
    expect(applied.text).toContain("Apply complete! Resources: 0 added, 0 changed, 0 destroyed");
  });

  it("rotates without a task that fails: the user before stays until a later deploy", async () => {
    const applied = await life.apply(logins(2));
    expect(applied.code, applied.text).toBe(0);
    expect(runs()).toEqual({ web: "staging-web_before", billing: "staging-billing_before" });
    const handedOver = await deploy();
    expect(handedOver.code, handedOver.text + life.said()).toBe(0);
    expect(made()).toEqual(["web_b", "web_a", "billing_b", "billing_a"]);
    expect(life.said()).toContain(told("web_b", "billing.guests: permission denied for schema billing"));

    const ended = await deploy();
    expect(ended.code, ended.text + life.said()).toBe(0);
    expect(made()).toEqual(["web_b", "billing_b"]);
    expect(life.said()).toContain("web_a may not log in any more");
    expect(life.said()).not.toContain("failed:");
  });
});
