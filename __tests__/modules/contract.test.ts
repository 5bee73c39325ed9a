import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { contractParameter, parseContract } from "../../modules/contract";
import type { EnvironmentProps } from "../../modules/environment";
import { butWeb, larger, least, web } from "./support/least";
import { synthesize } from "./support/synthesize";

const graph = synthesize(least);
const written = graph.one("aws_ssm_parameter", "contract").value as string;

/** The contract as an apply would write it: each reference gives a text that shows what it refers to. */
const applied = (text: string) =>
  text.replace(/\$\{([^}]*)\}/g, (_, reference: string) => {
    const known = reference.replace(/[^A-Za-z0-9_.]/g, "");
    return known.endsWith(".arn") ? `arn:${known}` : known;
  });

describe("the contract", () => {
  test("is written once as an output and once as a parameter, word for word", () => {
    expect(graph.json.output.deploy.value).toBe(written);
    expect(graph.one("aws_ssm_parameter", "contract")).toMatchObject({
      name: contractParameter("staging"),
      type: "String",
      tier: "Intelligent-Tiering",
    });
  });

  test.each([
    ["staging", least],
    ["prod", larger],
    ["Fargate", butWeb({ capacity: "fargate" })],
    ["no migration", butWeb({ migrations: false })],
    ["a worker", { ...least, distribution: false as const, services: { worker: {} } }],
    ["no service", { ...least, services: {} }],
  ])("of %s is one that deploy can read", (_, props) => {
    const { value } = synthesize(props).one("aws_ssm_parameter", "contract");
    expect(() => parseContract(applied(value), "the parameter")).not.toThrow();
  });

  test("says what deploy would else have to guess, by reference", () => {
    const contract = parseContract(applied(written), "the parameter");
    expect(contract).toMatchObject({
      environment: "staging",
      region: "us-west-2",
      account: "data.aws_caller_identity.caller.account_id",
      cluster: "aws_ecs_cluster.cluster.name",
      roles: [
        "arn:aws_iam_role.service_web_roles_execution.arn",
        "arn:aws_iam_role.service_web_roles_task.arn",
      ],
    });
    expect(contract.services[0]).toMatchObject({
      service: "aws_ecs_service.service_web_service.name",
      taskDefinition: "arn:aws_ecs_task_definition.service_web.arn",
      image: {
        repository: "data.aws_ecr_repository.registry_app.name",
        tag: "staging",
        candidateTag: "staging-candidate",
      },
      secrets: { GOOGLE_CLIENT_ID: "/staging/service/web/GOOGLE_CLIENT_ID" },
      secretFolder: "/staging/service/web/",
      migration: {
        taskDefinition: "arn:aws_ecs_task_definition.service_web_migration.arn",
        command: ["goose", "-dir", "migrations", "up"],
      },
    });
  });

  test("says where the database, its logs and the way to it are, and what schedules run", () => {
    const schedules = { nightly: { expression: "rate(1 day)", command: ["report", "${all}"] } };
    const { value } = synthesize(butWeb({ schedules })).one("aws_ssm_parameter", "contract");
    // What stands in a command is text: Terraform writes $${ as ${.
    expect(value).toContain('"nightly":["report","$${all}"]');
    const contract = parseContract(applied(value), "it");
    expect(contract.bastion).toEqual({ instance: "aws_instance.bastion_instance.id" });
    expect(contract.database).toMatchObject({
      host: "aws_db_instance.database_instance.address",
      port: 5432,
      password: "aws_ssm_parameter.database_password_1.name",
      logs: ["aws_cloudwatch_log_group.database_log_postgresql.name", expect.any(String)],
      instances: ["aws_db_instance.database_instance.identifier"],
    });
    const { value: none } = synthesize({ ...least, database: false, bastion: false, services: {} }).one(
      "aws_ssm_parameter",
      "contract",
    );
    expect(parseContract(applied(none), "it")).toMatchObject({ database: null, bastion: null });
  });

  test("names the replica beside the instance, and neither for a database that is elsewhere", () => {
    const of = (database: EnvironmentProps["database"]) =>
      parseContract(
        applied(
          synthesize({ ...least, database, bastion: false }).one("aws_ssm_parameter", "contract").value,
        ),
        "it",
      ).database;
    expect(of({ replicas: 1 })?.instances).toEqual([
      "aws_db_instance.database_instance.identifier",
      "aws_db_instance.database_replica.identifier",
    ]);
    expect(of({ url: "external" })).toBeNull();
  });

  test("of a Slipway that named no instances is read all the same", () => {
    const older = JSON.parse(applied(written));
    delete older.database.instances;
    expect(parseContract(JSON.stringify(older), "it")).toEqual(older);
  });

  test("of an older Slipway, which knew nothing of these, is read all the same", () => {
    const { database: _, bastion: __, ...older } = JSON.parse(applied(written));
    for (const service of older.services) delete service.schedules;
    expect(parseContract(JSON.stringify(older), "it")).toEqual(older);
  });

  test("names the services in the order in which they stand in the file", () => {
    const services = { zebra: { ...web, paths: ["/z"] }, ant: {}, web };
    const { value } = synthesize({ ...least, services }).one("aws_ssm_parameter", "contract");
    expect(parseContract(applied(value), "it").services.map(({ name }) => name)).toEqual([
      "zebra",
      "ant",
      "web",
    ]);
  });

  test("of many services is packed, so that a parameter holds it; the output stays readable", () => {
    const services = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`worker-${index}`, {}]));
    const many = synthesize({ ...least, services });
    expect(many.one("aws_ssm_parameter", "contract").value).toBe("${base64gzip(local.contract_text)}");
    expect(many.json.locals.contract_text).toBe(many.json.output.deploy.value);
    const packed = gzipSync(applied(written)).toString("base64");
    expect(parseContract(packed, "the parameter")).toEqual(parseContract(applied(written), "the parameter"));
    expect(() => parseContract(packed.slice(0, 40), "it")).toThrow("it is not JSON");
  });

  test("holds no secret", () => {
    expect(written).not.toMatch(/ephemeral|password_wo|value_wo|postgres:\/\//);
  });
});

describe("a contract that cannot be read", () => {
  test.each([
    ["no JSON", "{", "is not JSON"],
    ["null", "null", "of version none"],
    ["another version", '{"version":2}', "of version 2; this deploy reads version 1"],
    ["a part that is missing", '{"version":1}', "environment: "],
    ["a name that is none", '{"version":1,"environment":"a\\nb"}', 'environment: "a\\nb" is no name'],
  ])("says why, and what to apply: %s", (_, text, said) => {
    expect(() => parseContract(text, "/staging/deploy")).toThrow(said);
    expect(() => parseContract(text, "/staging/deploy")).toThrow(/^\/staging\/deploy/);
    expect(() => parseContract(text, "/staging/deploy")).toThrow("Apply the environment again");
  });
});
