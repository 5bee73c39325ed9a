import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EnvironmentProps } from "../../modules/environment";
import { but, existing, web } from "../modules/support/least";
import { Living } from "./support/living";
import { makeVpc } from "./support/vpc";

const ROOT = join(__dirname, "..", "..");
/** The command as a process: it hands the terminal on to psql. */
const PSQL = `${process.execPath} --require ${require.resolve("slipway/typescript")} ${join(ROOT, "deploy/main.ts")} psql`;
const URL = "postgres://app:hunter2@db.example.com:5432/app?sslmode=require";

const using = (use: "own" | "external", more: object = {}): EnvironmentProps =>
  but({
    network: existing,
    database: { also: "external", use, deletionProtection: true, ...more },
    services: { web: { ...web, secrets: [] } },
  });

describe("two databases in one environment", () => {
  const life = new Living();
  const DEPLOY = life.command("deploy");
  beforeAll(() => makeVpc(life.world));
  afterAll(() => life.remove());
  const words = (said: string) => life.sandbox(`export AWS_REGION=us-west-2; ${said}`);
  /** What the service's containers are given as their URL, by the task definition that it runs. */
  const url = () => {
    const [service] = life.world.list({ type: "aws_ecs_service" });
    const running = life.world
      .list({ type: "aws_ecs_task_definition" })
      .find(({ attributes }) => attributes.arn === service?.attributes.task_definition);
    const [{ secrets }] = JSON.parse(String(running?.attributes.container_definitions));
    return secrets.find(({ name }: Record<string, string>) => name === "POSTGRES_URL").valueFrom;
  };
  /** What a plan does, by address. */
  const announced = (text: string) =>
    [...text.matchAll(/^ *# (\S+) (?:will be|must be) (.*)$/gm)].map(([, address = "", what = ""]) => [
      address,
      what,
    ]);

  it("gives services its own, until the file says otherwise; the URL may be written before that", async () => {
    const made = await life.apply(using("own"));
    expect(made.code, made.text).toBe(0);
    expect(url()).toMatch(/parameter\/staging\/database\/1\/url/);
    const set = await words(
      `${DEPLOY} secret list staging; printf '%s\n' '${URL}' | ${DEPLOY} secret set staging POSTGRES_URL && ${DEPLOY} secret list staging`,
    );
    expect(set.code, set.text).toBe(0);
    const later = "read once `use` names the database that is elsewhere";
    expect(set.stdout).toMatch(new RegExp(`! web\\.POSTGRES_URL +missing, ${later}`));
    expect(set.stdout).toMatch(new RegExp(`✓ web\\.POSTGRES_URL +set \\S+, ${later}`));
    expect(set.text).not.toContain("deploy refuses");
    expect(set.text).not.toContain("hunter2");
  });

  it.each([
    ["external", /parameter\/staging\/database\/url$/],
    ["own", /parameter\/staging\/database\/1\/url/],
  ] as const)(
    "changes to %s by rolling the service, and touches nothing that holds data",
    async (use, to) => {
      const { code, text } = await life.apply(using(use));
      expect(code, text).toBe(0);
      const [applied = "", again] = text.split("\nagain\n");
      expect(again).toContain("No changes.");
      expect(announced(applied).sort()).toEqual([
        ["aws_ecs_service.service_web_service", "updated in-place"],
        ["aws_ecs_task_definition.service_web", "replaced"],
        ["aws_ecs_task_definition.service_web_migration", "replaced"],
        ["aws_ssm_parameter.contract", "updated in-place"],
      ]);
      expect(url()).toMatch(to);
      const shown = await words(`${DEPLOY} status staging; ${DEPLOY} check staging`);
      const name = use === "own" ? "the environment's own" : "the one that is elsewhere";
      const alone = "by its URL alone: web in POSTGRES_URL, GOOSE_DBSTRING. Their PG* variables are empty";
      const isAlone = use === "external" ? expect(shown.text) : expect(shown.text).not;
      isAlone.toContain(alone);
      expect(shown.text).toContain(`  database: ${name}`);
      expect(shown.text).toContain(`use: services and migrations are given ${name}`);
    },
  );

  it("opens psql on the one that services are given, or on the one that is named", async () => {
    const client = join(life.folder, "bin");
    const psql = `mkdir -p ${client}; printf '#!/bin/sh\\necho "$PGUSER@$PGHOST:$PGPORT/$PGDATABASE $PGSSLMODE $#"\\n' > ${client}/psql; chmod +x ${client}/psql; PATH=${client}:$PATH ${PSQL} staging --database external -- -l`;
    const there = await words(psql);
    expect(there.code, there.text).toBe(0);
    expect(there.stdout).toContain("app@db.example.com:5432/app require 1");
    const wrong = await words(
      `${DEPLOY} psql staging --database other; ${DEPLOY} psql staging --database external --as web`,
    );
    expect(wrong.text).toContain("there are own and external");
    expect(wrong.text).toContain("--as names a login of the environment's own database");
  });
});
