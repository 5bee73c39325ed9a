import { describe, expect, test } from "vitest";
import type { EnvironmentProps } from "../../modules/environment";
import { resolve } from "../../modules/environment/resolve";
import { but, web } from "./support/least";
import { synthesize } from "./support/synthesize";

const nightly = { nightly: { expression: "rate(1 day)", command: ["report"] } };
const services = {
  web: { ...web, secrets: [], schedules: nightly },
  stateless: { command: ["run"], database: false as const },
};
const moving = (
  database: EnvironmentProps["database"],
  move: EnvironmentProps["move"] = { database: true },
) => synthesize(but({ database, services, move }));
const graph = moving({});
const withLogins = moving({ logins: true });
const USED = 'jsondecode(aws_ssm_parameter.move.insecure_value).use == "own"';

const families = (of: typeof graph) =>
  Object.fromEntries(of.all("aws_ecs_task_definition").map(({ id, body }) => [id, String(body.family)]));
const urlOf = (of: typeof graph, id: string) => {
  const [{ secrets }] = JSON.parse(of.one("aws_ecs_task_definition", id).container_definitions as string);
  return String(secrets.find(({ name }: Record<string, string>) => name === "POSTGRES_URL")?.valueFrom);
};
const URL = /parameter\/staging\/database\/url$/;

describe("a database that moves in", () => {
  test("leaves each service a task definition and a migration for either database", () => {
    expect(families(graph)).toEqual({
      service_web: "staging-web",
      service_web_external: "staging-web_external",
      service_web_migration: "staging-web_migration",
      service_web_migration_external: "staging-web_migration_external",
      service_stateless: "staging-stateless",
      mover: "staging-mover",
    });
    for (const id of ["service_web", "service_web_migration"]) {
      expect(urlOf(graph, id)).toBe("${aws_ssm_parameter.database_url_1.arn}");
      expect(urlOf(graph, `${id}_external`)).toMatch(URL);
    }
  });

  test("lets the move's parameter choose what services and schedules run; migrations are deploy's to choose", () => {
    expect(graph.one("aws_ecs_service", "service_web_service").task_definition).toBe(
      `\${((${USED}) ? aws_ecs_task_definition.service_web.arn : aws_ecs_task_definition.service_web_external.arn)}`.replace(
        /\(\((.*?)\) \?(.*)\)}$/,
        "($1) ?$2}",
      ),
    );
    expect(
      JSON.stringify(graph.one("aws_scheduler_schedule", "service_web_schedules_nightly").target),
    ).toContain("service_web_external.arn_without_revision");
    const { policy } = graph.one("aws_iam_role_policy", "service_web_schedules_policy");
    for (const id of ["service_web", "service_web_external"])
      expect(policy).toContain(`\${aws_ecs_task_definition.${id}.arn_without_revision}:*`);
    expect(graph.one("aws_ecs_service", "service_stateless_service").task_definition).toBe(
      "${aws_ecs_task_definition.service_stateless.arn}",
    );
  });

  test("keeps logins to the environment's own: the one that is elsewhere has its own way in", () => {
    expect(Object.keys(families(withLogins)).sort()).toEqual([
      "logins",
      "mover",
      "service_stateless",
      "service_web",
      "service_web_before",
      "service_web_external",
      "service_web_migration",
      "service_web_migration_external",
    ]);
    const chosen = String(withLogins.one("aws_ecs_service", "service_web_service").task_definition);
    for (const id of ["service_web", "service_web_before", "service_web_external"])
      expect(chosen).toContain(`aws_ecs_task_definition.${id}.arn`);
    expect(chosen.indexOf("logins_made")).toBeGreaterThan(chosen.indexOf("aws_ssm_parameter.move"));
  });

  test("is in the contract: what the other database's definitions are, and whose the services' own", () => {
    const { database, services: told } = JSON.parse(String(graph.json.output.deploy.value));
    expect(database).toMatchObject({ use: "own", also: { url: "/staging/database/url" } });
    expect(told[0]).toMatchObject({
      taskDefinition: "${aws_ecs_task_definition.service_web.arn}",
      migration: { taskDefinition: "${aws_ecs_task_definition.service_web_migration.arn}" },
      other: {
        taskDefinition: "${aws_ecs_task_definition.service_web_external.arn}",
        migration: "${aws_ecs_task_definition.service_web_migration_external.arn}",
      },
      otherSecrets: { POSTGRES_URL: "/staging/database/url" },
    });
    expect(told[1]).not.toHaveProperty("other");
  });

  test("leaves nothing behind: without the move it is an environment that never had one", () => {
    const born = synthesize(but({ database: {}, services })).json;
    expect(moving({}, false).json).toEqual(born);
    expect(JSON.stringify(born)).not.toContain("_external");
  });

  test("says itself which database is used, so that no file says it, too", () => {
    const mistakes = (props: Partial<EnvironmentProps>) =>
      resolve(but({ services, move: { database: true }, ...props }), "staging").mistakes.map(
        ({ path, message }) => `${path}: ${message}`,
      );
    expect(mistakes({ database: { also: "external", use: "external" } })).toEqual([
      expect.stringMatching(/^staging\.database\.use: "external" is the move's to say .* leave it out\.$/),
    ]);
    expect(mistakes({ database: { also: "external" } })).toEqual([]);
    expect(mistakes({ services: { web: { port: 8080 } } })).toEqual([
      expect.stringContaining("staging.services.web.database.urls: is empty"),
    ]);
  });
});
