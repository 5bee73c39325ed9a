import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Container, containerDefinitions } from "../../modules/service/container";
import { rulePriorities } from "../../modules/service/priority";
import { serviceName } from "./support/arbitrary";
import type { Json } from "./support/graph";
import { but, butWeb, web } from "./support/least";
import { synthesize } from "./support/synthesize";

const path = fc.stringMatching(/^\/[a-z*?/]{0,100}$/);
/** AWS takes up to 128 characters in a path. */
const anyPath = fc.oneof(path, fc.constantFrom("/", `/${"x".repeat(127)}`));
const hosts = fc.constantFrom([], ["app.example.com"]);

const ruled = fc.record({ name: serviceName, paths: fc.array(anyPath, { maxLength: 5 }), hosts });
const distinct = fc.uniqueArray(ruled, { selector: ({ name }) => name, maxLength: 30 });
/** Where the last one stands, after the others. */
const last = (...services: Parameters<typeof rulePriorities>[0][number][]) =>
  rulePriorities(services).get(services.at(-1)?.name ?? "") ?? Number.NaN;

describe("the places among the listener's rules", () => {
  test("are some that the listener takes, each once, whatever the services", () => {
    fc.assert(
      fc.property(distinct, (services) => {
        const places = [...rulePriorities(services).values()];
        expect(new Set(places).size).toBe(services.length);
        for (const place of places) expect(place).toSatisfy(Number.isInteger);
        expect(Math.min(1, ...places)).toBeGreaterThanOrEqual(1);
        expect(Math.max(0, ...places)).toBeLessThanOrEqual(50_000);
      }),
    );
  });

  test("stay as they are when a service is added", () => {
    fc.assert(
      fc.property(distinct, fc.nat(), (services, at) => {
        const before = services.slice(0, at % (services.length + 1));
        expect([...rulePriorities(services)].slice(0, before.length)).toEqual([...rulePriorities(before)]);
      }),
    );
  });

  test("are found for more services of one shape than there are numbers for", () => {
    const alike = Array.from({ length: 230 }, (_, index) => ({
      name: `s${index}`,
      paths: ["/*"],
      hosts: [],
    }));
    expect(new Set(rulePriorities(alike).values()).size).toBe(230);
  });

  test("are before every shorter path", () => {
    fc.assert(
      fc.property(serviceName, serviceName, path, path, hosts, (one, other, left, right, hosts) => {
        fc.pre(left.length > right.length && one !== other);
        const places = rulePriorities([
          { name: other, paths: [right], hosts },
          { name: one, paths: [left], hosts },
        ]);
        expect(places.get(one)).toBeLessThan(places.get(other) ?? 0);
      }),
    );
  });

  test("are before every rule without a host, where the service has one", () => {
    fc.assert(
      fc.property(serviceName, serviceName, path, path, (one, other, left, right) => {
        const withHost = last({ name: one, paths: [left], hosts: ["app.example.com"] });
        expect(withHost).toBeLessThan(last({ name: other, paths: [right], hosts: [] }));
      }),
    );
  });

  test("give way to one that is said", () => {
    const web = { name: "web", paths: ["/*"], hosts: [] };
    const own = last(web);
    expect(last({ ...web, priority: 7 })).toBe(7);
    const places = rulePriorities([web, { name: "api", paths: ["/api/*"], hosts: [], priority: own }]);
    expect(places.get("api")).toBe(own);
    expect(places.get("web")).not.toBe(own);
  });
});

describe("a container's definition", () => {
  const container = {
    name: "web",
    image: "app:staging",
    dynamicPort: true,
    environment: { B: "2", A: "1" },
    secrets: { D: "arn:d", C: "arn:c" },
    logs: { group: "/logs", region: "us-west-2", prefix: "web" },
    init: false,
  };
  const parse = (more: Partial<Container> = {}): Json =>
    JSON.parse(containerDefinitions({ ...container, ...more }))[0];

  test("has its variables in the order in which AWS gives them back", () => {
    expect(parse().environment.map(({ name }: Json) => name)).toEqual(["A", "B"]);
    expect(parse().secrets.map(({ name }: Json) => name)).toEqual(["C", "D"]);
  });

  test("leaves the host's port to Docker on instances, and takes its own on Fargate", () => {
    expect(parse({ port: 8080 }).portMappings[0].hostPort).toBe(0);
    expect(parse({ port: 8080, dynamicPort: false }).portMappings[0].hostPort).toBe(8080);
    expect(parse().portMappings).toEqual([]);
  });

  test("keeps the image's command where none is said", () => {
    expect(parse()).not.toHaveProperty("command");
    expect(parse({ command: ["a"] }).command).toEqual(["a"]);
  });
});

describe("the migration", () => {
  const graph = synthesize(but({}));
  const definition = (id: string) => graph.one("aws_ecs_task_definition", id);
  const container = (id: string): Json => JSON.parse(definition(id).container_definitions)[0];

  test("runs the candidate, the service runs the environment's tag", () => {
    expect(container("service_web").image).toMatch(/repository_url\}:staging$/);
    expect(container("service_web_migration").image).toMatch(/repository_url\}:staging-candidate$/);
  });

  test("has the service's connection, secrets and roles, and a log stream of its own", () => {
    const [service, migration] = [container("service_web"), container("service_web_migration")];
    expect(migration.environment).toEqual(service.environment);
    expect(migration.secrets).toEqual(service.secrets);
    expect(migration.command).toEqual(["goose", "-dir", "migrations", "up"]);
    expect(migration.logConfiguration.options["awslogs-stream-prefix"]).toBe("web-migration");
    expect(definition("service_web_migration").task_role_arn).toBe(definition("service_web").task_role_arn);
    expect(definition("service_web_migration").family).not.toBe(definition("service_web").family);
  });

  test("is absent where the service has none", () => {
    const without = synthesize(butWeb({ migrations: false }));
    expect(without.count("aws_ecs_task_definition")).toBe(1);
    expect(JSON.parse(without.one("aws_ssm_parameter", "contract").value).services[0].migration).toBeNull();
  });
});

describe("the database's connection", () => {
  const variables = (props: Parameters<typeof synthesize>[0]) => {
    const [own] = JSON.parse(
      synthesize(props).one("aws_ecs_task_definition", "service_web").container_definitions,
    );
    return [...own.environment, ...own.secrets].map(({ name }: Json) => name as string);
  };

  test("is PG* variables and URLs under the names that the person chose", () => {
    expect(variables(but({}))).toEqual(
      expect.arrayContaining([
        ...["PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSSLMODE", "PGPASSWORD"],
        ...["POSTGRES_URL", "GOOSE_DBSTRING"],
      ]),
    );
  });

  test("is nothing, and no way to it, for a service that has no business there", () => {
    const props = butWeb({ database: false });
    expect(variables(props).filter((name) => /^(PG|POSTGRES|GOOSE_DB)/.test(name))).toEqual([]);
    const rules = synthesize(props)
      .all("aws_vpc_security_group_ingress_rule")
      .map(({ id }) => id);
    expect(rules.filter((id) => id.startsWith("database_from"))).toEqual(["database_from_bastion"]);
  });

  test("a URL of it holds the password by reference alone", () => {
    const { value_wo } = synthesize(but({})).one("aws_ssm_parameter", "database_url_1");
    expect(value_wo).toBe(
      "postgres://app:${ephemeral.aws_ssm_parameter.database_stored_password.value}@${aws_db_instance.database_instance.address}:5432/app?sslmode=require",
    );
  });
});

test("services whose names are the environment's own parts collide with none of them", () => {
  const names = [
    "database",
    "bastion",
    "instances",
    "load-balancer",
    "endpoints",
    "cluster",
    "network",
    "distribution",
  ];
  const services = Object.fromEntries(
    names.map((name) => [name, { ...web, capacity: "fargate", paths: [`/${name}`] }]),
  );
  const graph = synthesize(but({ network: { nat: false }, services }));
  for (const type of [
    "aws_security_group",
    "aws_iam_role",
    "aws_lb_target_group",
    "aws_ecs_task_definition",
  ]) {
    const made = graph.all(type).map(({ body }) => body.name ?? body.family);
    expect(made.length).toBeGreaterThanOrEqual(names.length);
    expect(new Set(made).size).toBe(made.length);
  }
});

test("schedules of services whose names run into each other keep names of their own", () => {
  const nightly = { expression: "rate(1 day)", command: ["true"] };
  const graph = synthesize(
    but({
      services: {
        one: { schedules: { "two-three": nightly } },
        "one-two": { schedules: { three: nightly } },
      },
    }),
  );
  const names = graph.all("aws_scheduler_schedule").map(({ body }) => body.name);
  expect(new Set(names).size).toBe(2);
});
