import { describe, expect, test } from "vitest";
import type { EnvironmentProps } from "../../modules/environment";
import type { Graph, Json } from "./support/graph";
import { but, larger, type ServiceProps, web } from "./support/least";
import { reachable, waysIn, waysOut } from "./support/reach";
import { synthesize } from "./support/synthesize";

type Services = NonNullable<EnvironmentProps["services"]>;

const calling: ServiceProps = { ...web, config: { API_URL: "$SERVICE_URL(api)/v1 for ${name}" } };
const api: ServiceProps = { port: 9000, internal: true, database: false };
const mailer: ServiceProps = { command: ["mail"], database: false };

const on = (capacity: string | undefined, services: Services): Services =>
  Object.fromEntries(
    Object.entries(services).map(([name, own]) => [name, { ...own, ...(capacity && { capacity }) }]),
  );
const services: Services = { web: calling, api, mailer };
const fargate = synthesize(but({ services: on("fargate", services) }));
const bridge = synthesize(but({ services }));

const container = (graph: Graph, id: string): Json =>
  JSON.parse(graph.one("aws_ecs_task_definition", id).container_definitions)[0];
const variable = (graph: Graph, id: string, name: string): string =>
  container(graph, id).environment.find((one: Json) => one.name === name).value;
/** The ways of one environment that another has not. */
const more = (list: (graph: Graph) => string[], graph: Graph, without: Graph) =>
  list(graph).filter((way) => !list(without).includes(way));

describe("an internal service", () => {
  test.each([
    ["Fargate", fargate],
    ["instances", bridge],
  ])("on %s is told apart by its host, on a load balancer that is not CloudFront's", (_, graph) => {
    const rule = graph.one("aws_lb_listener_rule", "service_api_rule_internal");
    expect(rule.listener_arn).toBe("${aws_lb_listener.internal_http.arn}");
    expect(rule.condition).toEqual([
      { host_header: { values: ["api.${aws_route53_zone.internal_zone.name}"] } },
    ]);
    expect(graph.one("aws_lb", "internal_load_balancer").internal).toBe(true);
    expect(graph.one("aws_lb_listener_rule", "service_web_rule").listener_arn).toContain("distribution");
    expect(graph.one("aws_ecs_service", "service_api_service").load_balancer).toMatchObject([
      { container_name: "api", container_port: 9000 },
    ]);
    expect(graph.one("aws_route53_zone", "internal_zone")).toMatchObject({
      name: "staging.services.internal",
      vpc: [{ vpc_id: "${aws_vpc.network.id}" }],
    });
  });

  test("is called by its address, which stands in config, and what else stands there is plain text", () => {
    for (const id of ["service_web", "service_web_migration"])
      expect(variable(fargate, id, "API_URL")).toBe(
        "http://api.${aws_route53_zone.internal_zone.name}/v1 for $${name}",
      );
  });

  test("is reached by those alone that say they call it: nobody else's packets come there", () => {
    const alone = synthesize(but({ services: on("fargate", { web, mailer }) }));
    expect(more(waysIn, fargate, alone)).toEqual([
      "internal → service_api_tasks :9000",
      "service_web_tasks → internal :80",
    ]);
    expect(more(waysOut, fargate, alone)).toEqual([
      "internal → service_api_tasks :9000",
      "service_api_tasks → internet *",
      "service_web_tasks → internal :80",
    ]);
    const into = (to: string) => waysIn(fargate).filter((way) => way.includes(`→ ${to} `));
    expect(into("service_api_tasks")).toEqual(["internal → service_api_tasks :9000"]);
    expect(into("internal")).toEqual(["service_web_tasks → internal :80"]);
    expect(reachable(fargate, "service_mailer_tasks")).toEqual([]);
    expect(reachable(fargate, "internet")).toEqual([]);
    expect(reachable(fargate, "internal")).toEqual(["service_api_tasks"]);
  });

  test("on instances is reached as all tasks there are", () => {
    const alone = synthesize(but({ services: { web, mailer } }));
    expect(more(waysIn, bridge, alone)).toEqual([
      "cluster_instances → internal :80",
      "internal → cluster_instances :32768-65535",
    ]);
  });

  test("is there, with its name, before those that call it start, and two may call each other", () => {
    const graph = synthesize(
      but({
        services: {
          web: calling,
          api: { ...api, config: { MAIL: "$SERVICE_URL(mail)" } },
          mail: { port: 25, internal: true, config: { API: "$SERVICE_URL(api)" } },
        },
      }),
    );
    for (const { address } of graph.elements) expect(graph.needs(address).has(address)).toBe(false);
    expect(
      graph.destroyBefore("aws_ecs_service.service_web_service", "aws_route53_record.internal_record"),
    ).toBe(true);
    expect(graph.count("aws_lb")).toBe(2);
  });

  test("needs no distribution, and without an internal service there is no such load balancer", () => {
    const graph = synthesize(
      but({ distribution: false, services: { worker: { config: { A: "$SERVICE_URL(api)" } }, api } }),
    );
    expect(graph.all("aws_lb").map(({ id }) => id)).toEqual(["internal_load_balancer"]);
    expect(synthesize(but({})).count("aws_route53_zone")).toBe(0);
  });

  test("has a target group of another name than a public one: a load balancer shares none", () => {
    const name = (internal: boolean) =>
      synthesize(but({ services: { api: { port: 1, internal } } })).one("aws_lb_target_group").name;
    expect([name(false), name(true)]).toEqual(["staging-api-instance", "staging-api-internal"]);
  });

  test("has its requests logged where those from outside are", () => {
    const graph = synthesize({ ...larger, services }, "prod");
    const logs = (id: string) => graph.one("aws_lb", id).access_logs;
    expect(logs("internal_load_balancer")).toEqual(logs("distribution_load_balancer_internal"));
    expect(logs("internal_load_balancer").enabled).toBe(true);
  });
});
