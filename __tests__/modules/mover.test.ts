import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { resolve } from "../../modules/environment/resolve";
import { moverProgram } from "../../modules/move/mover-program";
import { but, web } from "./support/least";
import { synthesize } from "./support/synthesize";

const services = { web: { ...web, secrets: [] } };
const still = synthesize(but({ database: {}, services }));
const moving = synthesize(but({ database: { engineVersion: "16" }, services, move: { database: true } }));

const task = () => moving.one("aws_ecs_task_definition", "mover");
const container = () => JSON.parse(String(task().container_definitions))[0];

describe("the task that moves a database", () => {
  test("is there while data moves, and nothing of it before or after", () => {
    const ofMover = (graph: typeof still) =>
      graph.elements.map(({ address }) => address).filter((address) => address.includes("mover"));
    expect(ofMover(still)).toEqual([]);
    expect(ofMover(moving).sort()).toMatchSnapshot();
    expect(
      JSON.stringify(still.one("aws_db_parameter_group", "database_parameters").parameter),
    ).not.toContain("logical");
    expect(moving.one("aws_db_parameter_group", "database_parameters").parameter).toContainEqual({
      apply_method: "pending-reboot",
      name: "rds.logical_replication",
      value: "1",
    });
  });

  test("has the programs of the database's own major, both passwords by reference, and a disk for nothing else to read", () => {
    expect(container()).toMatchObject({
      image: "public.ecr.aws/docker/library/postgres:16",
      readonlyRootFilesystem: true,
      mountPoints: [{ containerPath: "/tmp", readOnly: false, sourceVolume: "work" }],
      secrets: [
        { name: "PGPASSWORD", valueFrom: "${aws_ssm_parameter.database_password_1.arn}" },
        { name: "SOURCE_URL", valueFrom: expect.stringMatching(/parameter\/staging\/database\/url$/) },
      ],
    });
    expect(task().task_role_arn).toBeUndefined();
    const variables = container().environment.map(({ name }: { name: string }) => name);
    expect(variables).toEqual(["MOVER", "PGDATABASE", "PGHOST", "PGPORT", "PGSSLMODE", "PGUSER", "PROGRAM"]);
    // A task definition holds 64 KiB, the rest of which is small.
    expect(gzipSync(moverProgram()).toString("base64").length).toBeLessThan(40_000);
  });

  test("reads two parameters and writes its log, no more", () => {
    const { Statement } = JSON.parse(
      String(moving.one("aws_iam_role_policy", "mover_execution_policy").policy),
    );
    expect(Statement.flatMap(({ Action }: { Action: unknown }) => Action)).toEqual(
      expect.arrayContaining(["logs:CreateLogStream", "logs:PutLogEvents", "ssm:GetParameters"]),
    );
    const secrets = Statement.find(({ Sid }: { Sid: string }) => Sid === "ReadSecrets");
    expect(secrets.Resource).toHaveLength(2);
  });

  test("reaches the database, and is called by it alone", () => {
    const into = moving
      .all("aws_vpc_security_group_ingress_rule")
      .filter(({ body }) => body.security_group_id === "${aws_security_group.mover_tasks.id}");
    expect(into.map(({ body }) => body.referenced_security_group_id)).toEqual([
      "${aws_security_group.database.id}",
    ]);
    const out = moving
      .all("aws_vpc_security_group_egress_rule")
      .filter(({ body }) => body.security_group_id === "${aws_security_group.database.id}");
    expect(out.map(({ body }) => body.referenced_security_group_id)).toEqual([
      "${aws_security_group.mover_tasks.id}",
    ]);
    expect(moving.one("aws_vpc_security_group_ingress_rule", "database_from_mover")).toMatchObject({
      from_port: 5432,
      to_port: 5432,
    });
  });

  test("is told in the contract", () => {
    expect(String(moving.one("aws_ssm_parameter", "contract").value)).toContain(
      '"database":{"taskDefinition":"${aws_ecs_task_definition.mover.arn}","container":"mover"',
    );
  });

  test("is refused where there is no way out", () => {
    const network = { nat: false, endpoints: true } as const;
    const { mistakes } = resolve(
      but({ database: {}, services, network, move: { database: true } }),
      "staging",
    );
    expect(mistakes.map(({ path, message }) => `${path}: ${message}`)).toEqual([
      expect.stringMatching(/move\.database: needs a way out/),
    ]);
  });
});
