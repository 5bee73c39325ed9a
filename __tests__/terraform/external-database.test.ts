import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { but, existing, web } from "../modules/support/least";
import { Living } from "./support/living";
import { makeVpc } from "./support/vpc";

const URL = "postgres://app:hunter2@db.example.com:5432/app?sslmode=require";

const elsewhere = but({
  network: existing,
  database: { url: "external" },
  services: { web: { ...web, secrets: [] }, worker: { command: ["bin/worker"], database: ["POSTGRES_URL"] } },
});

describe("a database that is elsewhere", () => {
  const life = new Living();
  const DEPLOY = life.command("deploy");
  beforeAll(() => makeVpc(life.world));
  afterAll(() => life.remove());
  const secret = (words: string) => life.sandbox(`export AWS_REGION=us-west-2; ${words}`);

  it("is a parameter that a person writes once, for all services and migrations, and no apply changes", async () => {
    const made = await life.apply(elsewhere);
    expect(made.code, made.text).toBe(0);
    expect(life.world.list({ type: "aws_db_instance" })).toEqual([]);

    const before = await secret(`${DEPLOY} secret list staging`);
    for (const variable of ["web.POSTGRES_URL", "web.GOOSE_DBSTRING", "worker.POSTGRES_URL"])
      expect(before.stdout).toMatch(new RegExp(`! ${variable.replace(".", "\\.")} +missing`));

    const set = await secret(
      `printf '%s\n' '${URL}' | ${DEPLOY} secret set staging POSTGRES_URL && ${DEPLOY} secret list staging --json`,
    );
    expect(set.code, set.text).toBe(0);
    const [listed = "[]"] = /\[.*\]/.exec(set.stdout) ?? [];
    expect(
      JSON.parse(listed).map(({ parameter, state }: Record<string, string>) => [parameter, state]),
    ).toEqual(Array.from({ length: 3 }, () => ["/staging/database/url", "set"]));
    const [parameter] = life.world.list({
      type: "aws_ssm_parameter",
      where: { name: "/staging/database/url" },
    });
    expect(parameter?.attributes).toMatchObject({
      version: 1,
      type: "SecureString",
      tags: { environment: "staging" },
    });

    const again = await life.apply(elsewhere);
    expect(again.text).toContain("Apply complete! Resources: 0 added, 0 changed, 0 destroyed");
    for (const { text } of [made, set, again]) expect(text).not.toContain("hunter2");
  });

  it("is deleted once, however many services read it", async () => {
    const unset = await secret(`${DEPLOY} secret unset staging POSTGRES_URL --yes`);
    expect(unset.code, unset.text).toBe(0);
    expect(life.world.list({ type: "aws_ssm_parameter", where: { name: "/staging/database/url" } })).toEqual(
      [],
    );
  });
});
