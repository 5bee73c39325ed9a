import { describe, expect, test } from "vitest";
import type { EnvironmentProps } from "../../modules/environment";
import { but, web } from "./support/least";
import { synthesize } from "./support/synthesize";

const services = {
  web: { ...web, secrets: [], schedules: { nightly: { expression: "rate(1 day)", command: ["report"] } } },
  worker: { command: ["bin/worker"], database: ["DATABASE_URL"] },
  stateless: { command: ["run"], database: false as const },
};
const of = (database: NonNullable<Exclude<EnvironmentProps["database"], boolean | string>>) =>
  synthesize(but({ database, services }));
const own = of({ also: "external" });
const external = of({ also: "external", use: "external" });
type Graph = typeof own;

const URL =
  "arn:aws:ssm:us-west-2:${data.aws_caller_identity.caller.account_id}:parameter/staging/database/url";

/** What the first container of a task definition is given: variables that are PG*, and where secrets come from. */
function given(graph: Graph, id: string) {
  const [first] = JSON.parse(graph.one("aws_ecs_task_definition", id).container_definitions as string);
  const pg = (list: { name: string }[]) =>
    list.map(({ name }) => name).filter((name) => name.startsWith("PG"));
  return {
    pg: [...pg(first.environment), ...pg(first.secrets)],
    secrets: Object.fromEntries(
      first.secrets.map(({ name, valueFrom }: Record<string, string>) => [name, valueFrom]),
    ),
  };
}
const contractOf = (graph: Graph) => JSON.parse(graph.json.output.deploy.value as string);

describe("two databases", () => {
  test("are told apart by `use`, which is the environment's own unless it is said", () => {
    expect(given(own, "service_web").secrets.POSTGRES_URL).toBe("${aws_ssm_parameter.database_url_1.arn}");
    expect(given(external, "service_web").secrets.POSTGRES_URL).toBe(URL);
    expect(own.json).toEqual(of({ also: "external", use: "own" }).json);
    for (const graph of [own, external]) expect(graph.all("aws_db_instance")).toHaveLength(1);
  });

  test("are one or the other for services, migrations and schedules; of the one elsewhere there is the URL alone", () => {
    for (const id of ["service_web", "service_web_migration"]) {
      expect(given(external, id)).toEqual({ pg: [], secrets: { POSTGRES_URL: URL, GOOSE_DBSTRING: URL } });
      expect(given(own, id).pg).toContain("PGPASSWORD");
    }
    expect(given(external, "service_worker")).toEqual({ pg: [], secrets: { DATABASE_URL: URL } });
    expect(given(external, "service_stateless").secrets).toEqual({});
    const [schedule] = external.all("aws_scheduler_schedule");
    expect(JSON.stringify(schedule?.body)).toContain(
      "aws_ecs_task_definition.service_web.arn_without_revision",
    );
  });

  test("differ in task definitions and in what deploy reads, and in nothing else", () => {
    const changed = Object.entries(own.json.resource).flatMap(([type, resources]) =>
      Object.entries(resources as object).flatMap(([id, body]) =>
        JSON.stringify(body) === JSON.stringify(external.json.resource[type]?.[id]) ? [] : [`${type}.${id}`],
      ),
    );
    expect(changed.sort()).toEqual([
      "aws_ecs_task_definition.service_web",
      "aws_ecs_task_definition.service_web_migration",
      "aws_ecs_task_definition.service_worker",
      "aws_ssm_parameter.contract",
    ]);
  });

  test("may both be read by what starts a service's tasks: a roll-out between them goes back, too", () => {
    for (const graph of [own, external])
      for (const [service, has] of [
        ["web", true],
        ["worker", true],
        ["stateless", false],
      ] as const) {
        const { policy } = graph.one("aws_iam_role_policy", `service_${service}_roles_execution_policy`);
        expect([service, String(policy).includes("parameter/staging/database/url")]).toEqual([service, has]);
        expect([service, String(policy).includes("aws_ssm_parameter.database_url_1.arn")]).toEqual([
          service,
          has,
        ]);
      }
  });

  test("are in the contract: which one is used, and the URL that a person may write before it is", () => {
    const [before, after] = [contractOf(own), contractOf(external)];
    expect([before.database.use, after.database.use]).toEqual(["own", "external"]);
    expect(before.database.also).toEqual({ url: "/staging/database/url" });
    const url = "/staging/database/url";
    const asked = { POSTGRES_URL: url, GOOSE_DBSTRING: url };
    const [webBefore, , statelessBefore] = before.services;
    expect(webBefore).toMatchObject({ secrets: {}, otherSecrets: asked });
    expect(after.services[0]).toMatchObject({ secrets: asked, otherSecrets: {} });
    expect(statelessBefore).not.toHaveProperty("otherSecrets");
    expect(contractOf(synthesize(but({}))).database).not.toHaveProperty("use");
  });

  test("have logins in the one alone: its users stay as they are, and no service is one in the other", () => {
    const logins = of({ also: "external", use: "external", logins: true, passwordVersion: 2 });
    const families = logins.all("aws_ecs_task_definition").map(({ id }) => id);
    expect(families.filter((id) => id.endsWith("_before"))).toEqual([]);
    expect(logins.one("aws_ecs_service", "service_web_service").task_definition).toBe(
      "${aws_ecs_task_definition.service_web.arn}",
    );
    expect(given(logins, "service_web").pg).toEqual([]);
    const contract = String(logins.json.output.deploy.value);
    for (const [service, count] of [
      ["web", 1],
      ["worker", 1],
      ["stateless", 0],
    ] as const)
      expect(contract.split(`"${service}":{"login":`)).toHaveLength(count + 1);
    expect(logins.one("aws_ssm_parameter", "logins_web_2_password").name).toBe(
      "/staging/database/login/web/2/password",
    );
    const back = of({ also: "external", logins: true, passwordVersion: 2 });
    expect(Object.keys(back.json.resource.aws_ssm_parameter)).toEqual(
      Object.keys(logins.json.resource.aws_ssm_parameter),
    );
  });

  test("leave nothing where there is but one again", () => {
    expect(synthesize(but({ services, database: {} })).json).toEqual(synthesize(but({ services })).json);
    expect(JSON.stringify(synthesize(but({ services })).json)).not.toContain("/staging/database/url");
  });
});
