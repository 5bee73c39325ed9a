import { expect, test } from "vitest";
import { rebootProblems } from "../../plan/reboots";
import { planOf, resource } from "./support/plans";

const GROUP = "aws_db_parameter_group.database_parameters";

const parameter = (name: string, value: string, apply_method = "pending-reboot") => ({
  name,
  value,
  apply_method,
});

const group = (before: object[], after: object[], actions = ["update"]) =>
  resource(
    GROUP,
    actions,
    {},
    {
      before: actions[0] === "create" ? null : { name: "staging-postgres17", parameter: before },
      after: { name: "staging-postgres17", parameter: after },
    },
  );

const instance = (actions: string[], name = "staging-postgres17") =>
  resource(
    "aws_db_instance.database_instance",
    actions,
    {},
    { before: { identifier: "staging", parameter_group_name: name } },
  );

const ssl = parameter("rds.force_ssl", "1");

test.each([
  ["changed", [parameter("max_connections", "100")], [parameter("max_connections", "200")]],
  ["set", [], [parameter("max_connections", "200")]],
  ["taken away", [parameter("max_connections", "100")], []],
])("a static parameter that is %s says that a reboot is needed, and how", (_, before, after) => {
  expect(rebootProblems(planOf([group([ssl, ...before], [ssl, ...after]), instance(["no-op"])]))).toEqual([
    {
      severity: "warning",
      summary: "max_connections: the database staging needs a reboot",
      detail: expect.stringContaining("not the maintenance window either"),
      place: GROUP,
      wayOut:
        "After the apply, in a quiet minute: aws rds reboot-db-instance --db-instance-identifier staging",
    },
  ]);
});

test.each([
  ["is dynamic", group([], [parameter("work_mem", "8192", "immediate")]), instance(["no-op"])],
  ["belongs to a group that is made", group([], [ssl], ["create"]), instance(["create"])],
  ["belongs to another instance's group", group([], [ssl]), instance(["no-op"], "prod-postgres17")],
  ["belongs to an instance that goes", group([], [ssl]), instance(["delete"])],
  [
    "keeps its value, and was taken for static before",
    group([parameter("geqo", "0", "immediate")], [parameter("geqo", "0")]),
    instance(["no-op"]),
  ],
])("no reboot for a parameter that %s", (_, changed, database) => {
  expect(rebootProblems(planOf([changed, database]))).toEqual([]);
});

test("a parameter that repeats RDS' default is named: every plan would show it again", () => {
  const change = group([parameter("autovacuum", "1")], [parameter("autovacuum", "1", "immediate")]);
  expect(rebootProblems(planOf([change, instance(["no-op"])]))).toEqual([
    {
      severity: "warning",
      summary: "autovacuum: RDS has this value already",
      detail: expect.stringContaining("every plan shows this change again"),
      place: GROUP,
      wayOut: "Take autovacuum out of database.parameters.",
    },
  ]);
});
