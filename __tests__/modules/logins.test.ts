import { describe, expect, test } from "vitest";
import type { EnvironmentProps } from "../../modules/environment";
import { resolve } from "../../modules/environment/resolve";
import { but, least, web } from "./support/least";
import { synthesize } from "./support/synthesize";

const billing = { database: { schema: "billing", urls: ["DATABASE_URL"] }, migrations: true };
const worker = { command: ["bin/worker"] };
const withLogins = (
  database: object = {},
  services: EnvironmentProps["services"] = { web, billing, worker },
) => but({ database: { logins: true, ...database }, services });
const graph = synthesize(withLogins());

/** The first container of a task definition: its variables, and what its secrets come from. */
function container(of: typeof graph, id: string) {
  const [first] = JSON.parse(of.one("aws_ecs_task_definition", id).container_definitions as string);
  const pairs = (list: Record<string, string>[], key: string) =>
    Object.fromEntries(list.map((one) => [one.name, one[key]]));
  return {
    ...first,
    environment: pairs(first.environment, "value"),
    secrets: pairs(first.secrets, "valueFrom"),
  };
}

const arn = (id: string) => `\${aws_ssm_parameter.${id}.arn}`;

describe("a login of a service", () => {
  test("is what its tasks are; migrations are the master user, and so are tasks until it is made", () => {
    const users = (id: string) => [
      container(graph, id).environment.PGUSER,
      container(graph, id).secrets.POSTGRES_URL,
    ];
    expect(users("service_web")).toEqual(["web_a", arn("logins_web_1_url")]);
    expect(users("service_web_before")).toEqual(["app", arn("database_url_1")]);
    expect(users("service_web_migration")).toEqual(["app", arn("database_url_1")]);
    expect(container(graph, "service_worker").environment.PGUSER).toBe("worker_a");
    expect(container(graph, "service_worker").secrets).toEqual({
      PGPASSWORD: arn("logins_worker_1_password"),
    });
  });

  test("is run with only once deploy has written down that it was made, with this very password", () => {
    const { task_definition } = graph.one("aws_ecs_service", "service_web_service");
    expect(task_definition).toBe(
      '${contains(split(",", aws_ssm_parameter.logins_made.insecure_value), "web_a:${substr(terraform_data.logins_web_1_written.id, 0, 8)}") ? aws_ecs_task_definition.service_web.arn : aws_ecs_task_definition.service_web_before.arn}',
    );
    expect(graph.one("aws_ssm_parameter", "logins_made")).toMatchObject({
      name: "/staging/database/logins",
      type: "String",
      insecure_value: "none",
      lifecycle: { ignore_changes: ["insecure_value"] },
    });
    expect(graph.json.resource.terraform_data.logins_web_1_written.triggers_replace).toEqual({
      password: arn("logins_web_1_password"),
      database: "${aws_db_instance.database_instance.resource_id}",
    });
  });

  test("has the user before beside it when it rotates, which no apply touches any more", () => {
    const rotated = synthesize(withLogins({ passwordVersion: 2 }));
    const users = ["service_web", "service_web_before"].map(
      (id) => container(rotated, id).environment.PGUSER,
    );
    expect(users).toEqual(["web_b", "${local.logins_web_before_user}"]);
    // One that the database never had, since logins are new to it, is none to fall back to.
    expect(rotated.json.locals.logins_web_before_user).toMatch(
      /^\$\{contains\(split\(",", aws_ssm_parameter\.logins_made\.insecure_value\), "web_a:.*"\) \? "web_a" : "app"\}$/,
    );
    expect(rotated.one("aws_ssm_parameter", "logins_web_1_password")).toMatchObject({
      name: "/staging/database/login/web/1/password",
      lifecycle: { ignore_changes: "all" },
    });
    expect(rotated.one("aws_ssm_parameter", "logins_web_2_url").lifecycle).toEqual({
      ignore_changes: ["key_id"],
      replace_triggered_by: [
        "terraform_data.logins_web_2_written",
        "aws_db_instance.database_instance.address",
      ],
    });
  });

  test("is told to deploy with the one that schedules start tasks with, which an apply chooses as it chooses theirs", () => {
    const schedules = { nightly: { expression: "rate(1 day)", command: ["report"] } };
    const services = { web: { ...web, schedules }, billing };
    const scheduledOf = (passwordVersion: number) => {
      const found = synthesize(withLogins({ passwordVersion }, services)).one(
        "aws_ssm_parameter",
        "contract",
      );
      return [
        ...String(found.value).matchAll(/"scheduled":"\$\{(contains\(.*?\)) \? "(web_.).*?" : "(web_.)/g),
      ];
    };
    expect(scheduledOf(1)).toEqual([]);
    const [only, ...others] = scheduledOf(2);
    expect([only?.slice(2), others]).toEqual([["web_b", "web_a"], []]);
    const rotated = synthesize(withLogins({ passwordVersion: 2 }, services));
    expect(JSON.stringify(rotated.one("aws_scheduler_schedule", "service_web_schedules_nightly"))).toContain(
      JSON.stringify(only?.[1]).slice(1, -1),
    );
  });

  test("of a schema of its own is migrated there by every client", () => {
    const migration = container(graph, "service_billing_migration");
    expect(migration.environment).toMatchObject({ PGUSER: "app", PGOPTIONS: "-csearch_path=billing" });
    expect(migration.secrets.DATABASE_URL).toBe(arn("database_url_billing_1"));
    expect(graph.one("aws_ssm_parameter", "database_url_billing_1").value_wo).toMatch(
      /\?sslmode=require&options=-csearch_path%3Dbilling$/,
    );
    expect(container(graph, "service_billing").environment).not.toHaveProperty("PGOPTIONS");
  });

  test("of a schema of its own is migrated there with the URL before, too, where a rotation is under way", () => {
    const rotated = synthesize(withLogins({ passwordVersion: 2 }));
    const [one, two] = [1, 2].map((version) =>
      rotated.one("aws_ssm_parameter", `database_url_billing_${version}`),
    );
    expect(one?.name).toBe(String(two?.name).replace("/2/", "/1/"));
    expect(one?.lifecycle).toEqual({ ignore_changes: "all" });
    const { policy } = rotated.one("aws_iam_role_policy", "service_billing_roles_execution_policy");
    const read = JSON.parse(policy as string).Statement.find(
      ({ Sid }: { Sid: string }) => Sid === "ReadSecrets",
    );
    expect(read.Resource).toContain(arn("database_url_billing_1"));
    expect(read.Resource).not.toContain(arn("database_url_1"));
  });

  test("is made by a task that reads the master user's password and theirs, and nothing else", () => {
    const logins = container(graph, "logins");
    const passwords = ["web", "billing", "worker"].map((service) => arn(`logins_${service}_1_password`));
    expect(Object.values(logins.secrets)).toEqual([...passwords, arn("database_password_1")]);
    const { policy } = graph.one("aws_iam_role_policy", "logins_execution_policy");
    expect(JSON.parse(policy as string).Statement).toEqual([
      expect.objectContaining({ Sid: "WriteLogs" }),
      {
        Sid: "ReadSecrets",
        Effect: "Allow",
        Action: ["ssm:GetParameters"],
        Resource: [arn("database_password_1"), ...passwords],
      },
    ]);
    expect(logins).toMatchObject({
      readonlyRootFilesystem: true,
      command: ["sh", "-euc", expect.any(String)],
    });
    // Tables of `public` are made by the migrations of `web`.
    expect(logins.environment.SQL).toContain(
      "('public', 'public_users', false), ('billing', 'billing_users', false)",
    );
    const rule = graph.one("aws_vpc_security_group_ingress_rule", "database_from_logins");
    expect(rule).toMatchObject({
      from_port: 5432,
      referenced_security_group_id: "${aws_security_group.logins_tasks.id}",
    });
  });

  test("is not there unless it is wanted, nor for a service without a database", () => {
    const ids = (of: typeof graph) =>
      Object.values(of.json.resource as Record<string, object>).flatMap((kind) => Object.keys(kind));
    expect(ids(synthesize(least)).filter((id) => /login|_before/.test(id))).toEqual([]);
    const only = synthesize(
      withLogins({}, { web, assets: { port: 9000, paths: ["/a/*"], database: false } }),
    );
    expect(ids(only).filter((id) => /assets.*(login|_before)|login.*assets/.test(id))).toEqual([]);
    expect(ids(synthesize(withLogins({}, {}))).filter((id) => id.includes("login"))).toEqual([]);
  });
});

describe("a mistake about logins", () => {
  const said = (props: EnvironmentProps) =>
    resolve(props, "staging").mistakes.map(({ path, message }) => `${path}: ${message}`);

  test.each<[string, EnvironmentProps, RegExp]>([
    [
      "no way to the image",
      { ...withLogins(), network: { nat: false } },
      /^staging\.database\.logins\.image: "public\.ecr\.aws\S+" is out of reach without NAT: copy it/,
    ],
    ...[
      "docker.io/library/postgres:17",
      "library/postgres:17",
      "ghcr.io/acme/psql:1",
      "123456789012.dkr.ecr.eu-west-1.amazonaws.com/psql:1",
    ].map((image): [string, EnvironmentProps, RegExp] => [
      `no way to ${image}`,
      { ...withLogins({ logins: { image } }), network: { nat: false } },
      /^staging\.database\.logins\.image: "\S+" is out of reach without NAT: copy it/,
    ]),
    [
      "an image without a registry",
      withLogins({ logins: { image: "postgres:17" } }),
      /^staging\.database\.logins\.image: .*is no image with its registry and its tag or digest/,
    ],
    [
      "the master user's name",
      withLogins({ username: "web_b" }),
      /^staging\.database\.username: "web_b" is a role of web's login, too; choose another\.$/,
    ],
    [
      "a name of Postgres' own",
      withLogins({}, { pg: {} }),
      /^staging\.services\.pg\.database: its login would be "pg_a", a name that is kept/,
    ],
    [
      "a schema without a login",
      but({ services: { web: { ...web, database: { schema: "shop" } } } }),
      /^staging\.services\.web\.database\.schema: "shop" is about a login of its own; say logins: true in database/,
    ],
    [
      "a schema of a database that is elsewhere",
      but({ database: { url: "external" }, services: { web: { ...web, database: { schema: "shop" } } } }),
      /^staging\.services\.web\.database\.schema: "shop" is about logins, which a database that is elsewhere has none of/,
    ],
    [
      "logins of a database that is elsewhere",
      but({ database: { url: "external", logins: true } as never }),
      /^staging\.database\.logins: is about a database that the environment makes/,
    ],
    [
      "a schema of Postgres' own",
      withLogins({}, { web: { ...web, database: { schema: "pg_catalog" } } }),
      /^staging\.services\.web\.database\.schema: is a schema of Postgres' own/,
    ],
  ])("%s", (_, props, message) => {
    expect(said(props)).toEqual([expect.stringMatching(message)]);
  });
});
