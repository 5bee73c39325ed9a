import { describe, expect, test } from "vitest";
import { parseContract } from "../../modules/contract";
import { FIRST_MOVE_STATE, moveStateSchema } from "../../modules/contract/move";
import type { EnvironmentProps } from "../../modules/environment";
import { resolve } from "../../modules/environment/resolve";
import { frontFunction } from "../../modules/move/front";
import { but, web } from "./support/least";
import { synthesize } from "./support/synthesize";

const domain = { names: ["app.example.com", "www.example.com"], zone: "example.com" };
const from = { origin: "https://abc.us-west-2.awsapprunner.com", domain: "app.example.com" };
const HOLDER = "E1A2B3C4D5E6F7";
const nightly = { nightly: { expression: "rate(1 day)", command: ["report"] } };
const services = {
  web: { ...web, schedules: nightly, autoscaling: { min: 2, max: 4 } },
  api: { port: 9000, paths: ["/api/*"], database: false as const },
  worker: { command: ["work"], count: 3, database: false as const },
  crunch: {
    command: ["crunch"],
    database: false as const,
    autoscaling: { min: 1, max: 5 },
    schedules: nightly,
  },
};
const moving = (move: EnvironmentProps["move"]) => but({ distribution: { domain }, services, move });
const graph = synthesize(moving({ database: true }));

const mistakesIn = (props: object) =>
  resolve({ ...moving({ from }), ...props } as EnvironmentProps, "staging").mistakes.map(
    ({ path, message }) => `${path}: ${message}`,
  );

const contractOf = (of: typeof graph) => {
  const text = of.one("aws_ssm_parameter", "contract").value as string;
  const packed = of.json.locals?.contract_text as string | undefined;
  return parseContract(
    (packed ?? text).replace(/\$\{([^}]*)\}/g, (_, reference: string) => {
      const known = reference.replace(/[^A-Za-z0-9_.]/g, "");
      return known.endsWith(".arn") ? `arn:${known}` : known;
    }),
    "the parameter",
  );
};

/** Whether a service's name stands in the parameter, as an expression of Terraform's. */
const released = (service: string) =>
  `contains(jsondecode(aws_ssm_parameter.move.insecure_value).workers, "${service}")`;

describe("a move", () => {
  test("keeps how far it has come in one parameter, which an apply makes and lets be", () => {
    expect(graph.one("aws_ssm_parameter", "move")).toMatchObject({
      name: "/staging/move",
      type: "String",
      tier: "Intelligent-Tiering",
      insecure_value: JSON.stringify(FIRST_MOVE_STATE),
      lifecycle: { ignore_changes: ["insecure_value"] },
    });
    expect(moveStateSchema.parse(FIRST_MOVE_STATE)).toEqual(FIRST_MOVE_STATE);
  });

  test("holds workers until they are released, and lets what answers requests run", () => {
    const count = (service: string) =>
      graph.one("aws_ecs_service", `service_${service}_service`).desired_count;
    expect(count("worker")).toBe(`\${${released("worker")} ? 3 : 0}`);
    expect(count("crunch")).toBe(`\${${released("crunch")} ? 1 : 0}`);
    expect([count("web"), count("api")]).toEqual([2, 1]);
    const bounds = (service: string) => {
      const target = graph.one("aws_appautoscaling_target", `service_${service}_scaling`);
      return [target.min_capacity, target.max_capacity];
    };
    expect(bounds("crunch")).toEqual([
      `\${${released("crunch")} ? 1 : 0}`,
      `\${${released("crunch")} ? 5 : 0}`,
    ]);
    expect(bounds("web")).toEqual([2, 4]);
  });

  test("holds every schedule until its service is released", () => {
    const states = ["web", "crunch"].map(
      (service) => graph.one("aws_scheduler_schedule", `service_${service}_schedules_nightly`).state,
    );
    expect(states).toEqual(
      ["web", "crunch"].map((service) => `\${${released(service)} ? "ENABLED" : "DISABLED"}`),
    );
  });

  test("tells deploy what is held, and what it is to be then", () => {
    expect(contractOf(graph).move).toEqual({
      parameter: "aws_ssm_parameter.move.name",
      lock: "/staging/move/lock",
      database: {
        taskDefinition: "arn:aws_ecs_task_definition.mover.arn",
        container: "mover",
        network: {
          subnets: expect.arrayContaining(["aws_subnet.network_private_a.id"]),
          securityGroups: ["aws_security_group.mover_tasks.id"],
        },
        logs: { group: "aws_cloudwatch_log_group.mover_logs.name", prefix: "mover" },
        role: "arn:aws_iam_role.mover_execution.arn",
        storage: 20,
      },
      held: {
        web: {
          count: null,
          schedules: ["aws_scheduler_schedule.service_web_schedules_nightly.name"],
          role: "arn:aws_iam_role.service_web_schedules_role.arn",
        },
        worker: { count: 3, schedules: [] },
        crunch: {
          count: 1,
          autoscaling: { min: 1, max: 5 },
          schedules: ["aws_scheduler_schedule.service_crunch_schedules_nightly.name"],
          role: "arn:aws_iam_role.service_crunch_schedules_role.arn",
        },
      },
    });
  });

  test("leaves nothing behind: without it the environment is one that was born so", () => {
    const born = synthesize(but({ distribution: { domain }, services })).json;
    expect(synthesize(moving(false)).json).toEqual(born);
    expect(JSON.stringify(born)).not.toMatch(/"move|\/move/);
  });
});

describe("the front of a move", () => {
  const both = synthesize({
    ...moving({ from }),
    distribution: { domain, cachedPaths: ["/static/*"], timeout: 30 },
  });
  const distribution = both.one("aws_cloudfront_distribution", "distribution");
  const arn = "${aws_cloudfront_function.distribution_front.arn}";

  test("has the old side beside the new one, called by its own name and with TLS alone", () => {
    expect(distribution.origin).toMatchObject([
      { origin_id: "load-balancer", vpc_origin_config: { origin_read_timeout: 30 } },
      {
        origin_id: "old",
        domain_name: "abc.us-west-2.awsapprunner.com",
        custom_origin_config: {
          https_port: 443,
          origin_protocol_policy: "https-only",
          origin_ssl_protocols: ["TLSv1.2"],
          origin_read_timeout: 30,
        },
      },
    ]);
    expect(distribution.aliases).toEqual(domain.names);
    const other = synthesize(
      moving({ from: { ...from, origin: "https://old.example.net:8443", distribution: HOLDER } }),
    );
    const [, old] = other.one("aws_cloudfront_distribution", "distribution").origin as object[];
    expect(old).toMatchObject({ domain_name: "old.example.net", custom_origin_config: { https_port: 8443 } });
    // The name that another distribution has is asked for once the command has brought it; the certificate is there before.
    expect(other.one("aws_cloudfront_distribution", "distribution").aliases).toBe(
      '${jsondecode(aws_ssm_parameter.move.insecure_value).alias ? ["app.example.com", "www.example.com"] : ["www.example.com"]}',
    );
    expect(other.one("aws_acm_certificate", "distribution_certificate").domain_name).toBe(from.domain);
    expect(contractOf(other).move?.from?.holder).toBe(HOLDER);
  });

  describe("before a name that another account's distribution has", () => {
    const ELSEWHERE = `arn:aws:cloudfront::111122223333:distribution/${HOLDER}`;
    const away = (names: readonly string[], name = "app.example.com") =>
      synthesize(
        but({
          distribution: { domain: { names: [...names], zone: "example.com" } },
          services: { web },
          move: { from: { ...from, domain: name, distribution: ELSEWHERE } },
        }),
      );
    const namesOf = (of: typeof graph) => ({
      aliases: of.one("aws_cloudfront_distribution", "distribution").aliases,
      certificate: of.one("aws_acm_certificate", "distribution_certificate").subject_alternative_names,
      regional: of.one("aws_acm_certificate", "distribution_certificate_regional").subject_alternative_names,
      proofs: Object.keys(of.json.resource.aws_route53_record)
        .filter((id) => id.includes("certificate"))
        .sort(),
    });

    test("has the wildcard in its place until move is out of the file, in CloudFront's certificate alone", () => {
      const other = away(domain.names);
      expect(namesOf(other)).toEqual({
        aliases: ["www.example.com", "*.example.com"],
        certificate: ["www.example.com", "*.example.com"],
        regional: ["www.example.com"],
        proofs: [
          "distribution_certificate_app_example_com",
          "distribution_certificate_wildcard",
          "distribution_certificate_www_example_com",
        ],
      });
      expect(contractOf(other).move?.from?.holder).toBe(ELSEWHERE);
    });

    test("proves the wildcard by the record of the name above it, where that is one of the names", () => {
      expect(namesOf(away(["app.example.com", "example.com"]))).toMatchObject({
        aliases: ["example.com", "*.example.com"],
        certificate: ["example.com", "*.example.com"],
        proofs: ["distribution_certificate_app_example_com", "distribution_certificate_example_com"],
      });
    });

    test("has no wildcard at the top of the zone: it waits without the name", () => {
      const top = namesOf(away(["example.com"], "example.com"));
      expect(top).toMatchObject({ certificate: [], proofs: ["distribution_certificate_example_com"] });
      expect(top.aliases).toBe(
        '${jsondecode(aws_ssm_parameter.move.insecure_value).alias ? ["example.com"] : []}',
      );
    });
  });

  test("asks the function about every request and every answer, starts at the old side, and keeps nothing", () => {
    expect(distribution.default_cache_behavior).toMatchObject({
      target_origin_id: "old",
      function_association: [
        { event_type: "viewer-request", function_arn: arn },
        { event_type: "viewer-response", function_arn: arn },
      ],
    });
    expect(distribution.ordered_cache_behavior).toEqual([]);
    expect(both.json.resource.aws_cloudfront_cache_policy).toBeUndefined();
  });

  test("has a store for the function, which go after the distribution has left them", () => {
    expect(both.one("aws_cloudfront_key_value_store", "distribution_front_store")).toMatchObject({
      name: "staging-move",
      lifecycle: { create_before_destroy: true },
    });
    expect(both.one("aws_cloudfront_function", "distribution_front")).toMatchObject({
      name: "staging-move",
      runtime: "cloudfront-js-2.0",
      code: frontFunction("abc.us-west-2.awsapprunner.com", "load-balancer"),
      key_value_store_associations: ["${aws_cloudfront_key_value_store.distribution_front_store.arn}"],
      lifecycle: { create_before_destroy: true },
    });
  });

  test("leaves the records of the name to the command, and no others", () => {
    const names = Object.values(both.json.resource.aws_route53_record).map(
      (record) => (record as { name: string }).name,
    );
    expect(names.filter((name) => !name.includes("resource_record_name"))).toEqual([
      "www.example.com",
      "www.example.com",
    ]);
    const elsewhere = synthesize({
      ...moving({ from }),
      distribution: {
        domain: {
          ...domain,
          zone: false,
          certificate: {
            cloudfront: "arn:aws:acm:us-east-1:123456789012:certificate/0a1b",
            loadBalancer: "arn:aws:acm:us-west-2:123456789012:certificate/0a1b",
          },
        },
      },
    });
    expect(elsewhere.json.output.dns.value).toMatchObject([{ name: "www.example.com" }]);
    expect(contractOf(elsewhere).move?.from?.zone).toBeNull();
  });

  test("tells the command what it needs to know", () => {
    expect(contractOf(both).move?.from).toEqual({
      origin: from.origin,
      loadBalancer: "aws_lb.distribution_load_balancer_internal.arn_suffix",
      domain: from.domain,
      health: "/health",
      distribution: {
        id: "aws_cloudfront_distribution.distribution.id",
        domainName: "aws_cloudfront_distribution.distribution.domain_name",
      },
      zone: "data.aws_route53_zone.distribution_zone.zone_id",
      store: "arn:aws_cloudfront_key_value_store.distribution_front_store.arn",
    });
  });
});

describe("several services under several names", () => {
  const names = ["app.example.com", "www.example.com", "admin.example.com", "api.example.com"];
  const described = {
    web: {
      port: 8080,
      hosts: ["app.example.com", "www.example.com"],
      paths: ["/shop/*"],
      health: "/shop/up",
    },
    pages: {
      port: 8081,
      hosts: ["app.example.com"],
      paths: ["/*"],
      health: "/well?deep=1",
      database: false as const,
    },
    admin: {
      port: 8082,
      hosts: ["admin.example.com", "api.example.com"],
      health: "/admin",
      database: false as const,
    },
  };
  const of = (services: EnvironmentProps["services"], waf?: { rateLimit: number }) =>
    synthesize(
      but({
        distribution: { domain: { names, zone: "example.com" }, ...(waf && { waf }) },
        services,
        move: { from },
      }),
    );
  const code = (graph: ReturnType<typeof of>) =>
    String(graph.one("aws_cloudfront_function", "distribution_front").code);

  test("lead only those of the moved name to the old side, whose health is that of the one that serves all of it", () => {
    const graph = of(described, { rateLimit: 900 });
    expect(code(graph)).toContain('const NEW_HOSTS = ["admin.example.com","api.example.com"];');
    expect(contractOf(graph).move?.from).toMatchObject({ health: "/well?deep=1", rateLimit: 900 });
    const { pages: _, ...fewer } = described;
    expect(contractOf(of(fewer)).move?.from).toMatchObject({ health: "/shop/up" });
    expect(contractOf(of(fewer)).move?.from).not.toHaveProperty("rateLimit");
    expect(code(of({ web: described.pages, all: { port: 80, health: "/all" } }))).toContain(
      "NEW_HOSTS = [];",
    );
  });

  test.each<[string, EnvironmentProps["services"], string]>([
    [
      "nobody answers to the name",
      { admin: described.admin, worker: {} },
      '"app.example.com" is answered by no service',
    ],
    ["only services are let in", { web: { port: 80, internal: true } }, "is answered by no service"],
    [
      "no health path is served",
      { web: { port: 80, paths: ["/shop/*"] } },
      '"app.example.com" has no path by which both sides could be asked whether they answer (web serves /shop/*, and is asked for /)',
    ],
  ])("are refused where %s", (_, services, said) => {
    const mistakes = mistakesIn({ services, distribution: { domain: { names, zone: "example.com" } } });
    expect(mistakes).toEqual([expect.stringMatching(/^staging\.move\.from\.domain: /)]);
    expect(mistakes[0]).toContain(said);
  });
});

describe("a mistake in a move", () => {
  const own = { domain };
  test.each<[what: string, props: object, path: string, ...said: string[]]>([
    ["nothing to move", { move: {} }, "staging.move", "moves nothing", "leave move out"],
    ["nothing to move, in short", { move: true }, "staging.move", "moves nothing"],
    [
      "an origin without TLS",
      { move: { from: { ...from, origin: "http://old.example.net" } } },
      "staging.move.from.origin",
      '"http://old.example.net"',
      "write https://",
    ],
    [
      "an origin with a path",
      { move: { from: { ...from, origin: "https://old.example.net/app" } } },
      "staging.move.from.origin",
      "nothing behind it",
    ],
    [
      "a distribution by its own name",
      { move: { from: { ...from, distribution: "d111111abcdef8.cloudfront.net" } } },
      "staging.move.from.distribution",
      '"d111111abcdef8.cloudfront.net"',
      "aws cloudfront list-distributions",
    ],
    [
      "an origin by its address",
      { move: { from: { ...from, origin: "https://203.0.113.7" } } },
      "staging.move.from.origin",
      "the host in lower case",
    ],
    [
      "an origin on a port that CloudFront does not take",
      { move: { from: { ...from, origin: "https://old.example.net:8" } } },
      "staging.move.from.origin",
      "1024 to 65535",
    ],
    [
      "an origin on no port",
      { move: { from: { ...from, origin: "https://old.example.net:70000" } } },
      "staging.move.from.origin",
      "1024 to 65535",
    ],
    ["no origin", { move: { from: { domain: from.domain } } }, "staging.move.from.origin", "is missing"],
    [
      "an origin that is the distribution",
      { move: { from: { ...from, origin: "https://www.example.com" } } },
      "staging.move.from.origin",
      "lead back to it",
    ],
    [
      "a foreign domain",
      { move: { from: { ...from, domain: "shop.example.com" } } },
      "staging.move.from.domain",
      '"shop.example.com"',
      "app.example.com, www.example.com",
      "add it there",
    ],
    ["no domain", { distribution: true }, "staging.move.from", "needs distribution.domain"],
    [
      "no distribution",
      { distribution: false, services: { worker: {} } },
      "staging.move.from",
      "distribution is false",
    ],
    [
      "data without a database",
      { database: false, services: { api: { port: 80 } }, move: { database: true }, distribution: own },
      "staging.move.database",
      "database is false",
    ],
    [
      "data into a database that is elsewhere",
      { database: { url: "external" }, move: { database: true } },
      "staging.move.database",
      '"external"',
      "slipway secret set",
    ],
    [
      "an option that there is not",
      { move: { from, data: true } },
      "staging.move",
      'no option "data"',
      "from, database",
    ],
  ])("%s", (_, props, path, ...said) => {
    const mistakes = mistakesIn(props);
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatch(new RegExp(`^${path.replaceAll(".", "\\.")}: `));
    for (const text of said) expect(mistakes[0]).toContain(text);
  });

  test("is told with all the others", () => {
    expect(
      mistakesIn({ move: { from: { origin: "http://old.example.net", domain: "shop" }, database: "yes" } }),
    ).toHaveLength(3);
  });
});
