import { describe, expect, test } from "vitest";
import { parseContract } from "../../modules/contract";
import { FIRST_MOVE_STATE, moveStateSchema } from "../../modules/contract/move";
import type { EnvironmentProps } from "../../modules/environment";
import { resolve } from "../../modules/environment/resolve";
import { but, web } from "./support/least";
import { synthesize } from "./support/synthesize";

const domain = { names: ["app.example.com", "www.example.com"], zone: "example.com" };
const from = { origin: "https://abc.us-west-2.awsapprunner.com", domain: "app.example.com" };
const nightly = { nightly: { expression: "rate(1 day)", command: ["report"] } };
const services = {
  web: { ...web, schedules: nightly, autoscaling: { min: 2, max: 4 } },
  api: { port: 9000, paths: ["/api/*"] },
  worker: { command: ["work"], count: 3 },
  crunch: { command: ["crunch"], autoscaling: { min: 1, max: 5 }, schedules: nightly },
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
      held: {
        web: { count: null, schedules: ["aws_scheduler_schedule.service_web_schedules_nightly.name"] },
        worker: { count: 3, schedules: [] },
        crunch: {
          count: 1,
          autoscaling: { min: 1, max: 5 },
          schedules: ["aws_scheduler_schedule.service_crunch_schedules_nightly.name"],
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
