import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EnvironmentProps } from "../../modules/environment";
import type { Environment } from "../../modules/environment/environment";
import { Sandbox } from "../../sandbox/api/sandbox";
import type { ServiceName } from "../../sandbox/api/errors";
import { ManualClock } from "../../sandbox/engine/clock";
import { GLOBAL } from "../../sandbox/world";
import { parameterValue } from "../../sandbox/parameter-value";
import { but, existing, web } from "../modules/support/least";
import { Living } from "./support/living";
import { makeVpc } from "./support/vpc";

/** The distribution that people come by today, which the team made by other means. */
const HOLDER = "E0LDSIDE000001";
const plain = { origin: "https://abc.us-west-2.awsapprunner.com", domain: "app.example.com" };
const from = { ...plain, distribution: HOLDER };
const nightly = { nightly: { expression: "rate(1 day)", command: ["report"] } };
const environment = (move: EnvironmentProps["move"]) =>
  but({
    network: existing,
    bastion: false,
    cluster: { capacity: {} },
    database: false,
    distribution: {
      domain: { names: [from.domain], zone: "example.com" },
      cachedPaths: ["/static/*"],
      deletionProtection: false,
    },
    services: {
      web: { port: web.port },
      worker: { count: 2, schedules: nightly, autoscaling: { min: 1, max: 4 } },
    },
    move,
  });

describe("a move into an environment", () => {
  const life = new Living();
  beforeAll(() => makeVpc(life.world));
  afterAll(() => life.remove());

  /** The plan and what came of it; a zone's id says that its records of the name are imported. */
  const apply = async (
    move: EnvironmentProps["move"],
    byHand: readonly string[] = [],
    imported: readonly string[] = [],
  ) => {
    const props = environment(move);
    const records = imported.flatMap((zone) =>
      ["A", "AAAA"].map((type) => ({
        to: `aws_route53_record.distribution_app_example_com_${type}`,
        id: `${zone}_${from.domain}_${type}`,
      })),
    );
    const extend = (staging: Environment) => staging.addOverride("import", records);
    const { code, text } = await life.apply(records.length > 0 ? { props, extend } : props, byHand);
    expect(code, text).toBe(0);
    const [applied = "", again = ""] = text.split("\nagain\n");
    expect(again).toContain("No changes.");
    return applied;
  };
  const one = (type: string) => life.world.list({ type }).find(({ id }) => id !== HOLDER)?.attributes;
  const holder = () => life.world.find({ type: "aws_cloudfront_distribution", where: { id: HOLDER } });
  /** Calls as a person makes them. */
  const call = async (service: ServiceName, operation: string, input: Record<string, unknown>) => {
    const sandbox = await Sandbox.start({ world: life.world, clock: new ManualClock() });
    const { accessKey } = sandbox;
    const answer = await sandbox.ask({ service, operation, region: "us-west-2", accessKey, input });
    expect(answer).toHaveProperty("output");
    await sandbox.close();
  };
  const held = () => ({
    tasks: life.world.find({ type: "aws_ecs_service", where: { name: "worker" } })?.attributes.desired_count,
    least: one("aws_appautoscaling_target")?.min_capacity,
    most: one("aws_appautoscaling_target")?.max_capacity,
    schedule: one("aws_scheduler_schedule")?.state,
  });
  const records = () =>
    life.world
      .list({ type: "aws_route53_record" })
      .map(({ attributes }) => `${attributes.fqdn} ${attributes.type}`)
      .filter((record) => !record.includes("CNAME"))
      .sort();

  it("cannot have a name that another distribution has: the apply says so, and the file whose it is", async () => {
    await life.world.change((world) =>
      world.put({
        type: "aws_cloudfront_distribution",
        region: GLOBAL,
        id: HOLDER,
        origin: "person",
        attributes: {
          id: HOLDER,
          arn: `arn:aws:cloudfront::${world.account}:distribution/${HOLDER}`,
          domain_name: "d0ldside.cloudfront.net",
          aliases: [from.domain],
          enabled: true,
        },
      }),
    );
    const { code, text } = await life.apply(environment({ from: plain }));
    expect([code, text]).toEqual([1, expect.stringContaining("CNAMEAlreadyExists")]);
  });

  it("begins with both sides in front, no record of the name, and nothing at work that the old side does", async () => {
    await apply({ from });
    expect(held()).toEqual({ tasks: 0, least: 0, most: 0, schedule: "DISABLED" });
    expect(records()).toEqual([]);
    expect(one("aws_cloudfront_distribution")?.default_cache_behavior).toMatchObject([
      { target_origin_id: "old" },
    ]);
    expect([one("aws_cloudfront_distribution")?.aliases, holder()?.attributes.aliases]).toEqual([
      [],
      [from.domain],
    ]);
  });

  it("lets work what the command has released, and keeps what it has written", async () => {
    const parameter = life.world.find({ type: "aws_ssm_parameter", where: { name: "/staging/move" } });
    const first = parameter && parameterValue(life.world, parameter);
    const state = JSON.stringify({ ...JSON.parse(first ?? ""), workers: ["worker"], alias: true });
    const TargetDistributionId = one("aws_cloudfront_distribution")?.id;
    await call("cloudfront", "AssociateAlias", { TargetDistributionId, Alias: from.domain });
    await life.world.change((world) => {
      if (parameter) world.update(parameter, { insecure_value: state });
    });
    await apply({ from });
    // With autoscaling the number of tasks is nobody's but its own: the command sets it when it releases the service.
    expect(held()).toEqual({ tasks: 0, least: 1, most: 4, schedule: "ENABLED" });
    const now = life.world.find({ type: "aws_ssm_parameter", where: { name: "/staging/move" } });
    expect(now && parameterValue(life.world, now)).toBe(state);
    expect([one("aws_cloudfront_distribution")?.aliases, holder()?.attributes.aliases]).toEqual([
      [from.domain],
      [],
    ]);
  });

  it("goes by taking it out: the distribution leaves the function first, records that stand are taken over, and nothing of it stays", async () => {
    const zone = life.world.find({ type: "aws_route53_zone" })?.id ?? "";
    const edge = one("aws_cloudfront_distribution");
    const Changes = ["A", "AAAA"].map((Type) => ({
      Action: "CREATE",
      ResourceRecordSet: {
        Name: from.domain,
        Type,
        AliasTarget: {
          HostedZoneId: edge?.hosted_zone_id,
          DNSName: edge?.domain_name,
          EvaluateTargetHealth: false,
        },
      },
    }));
    await call("route53", "ChangeResourceRecordSets", { HostedZoneId: zone, ChangeBatch: { Changes } });
    // The old platform is switched off.
    await life.world.change((world) => {
      const found = holder();
      if (found) world.remove(found);
    });
    const applied = await apply(false, [], [zone]);
    expect(applied).toMatch(/Plan: 2 to import, /);
    expect(applied).not.toMatch(
      /aws_route53_record\.distribution_app_example_com_A+ will be (created|updated)/,
    );
    for (const type of ["aws_cloudfront_function", "aws_cloudfront_key_value_store"])
      expect(life.world.list({ type })).toEqual([]);
    expect(life.world.find({ type: "aws_ssm_parameter", where: { name: "/staging/move" } })).toBeUndefined();
    expect(records()).toEqual(["app.example.com A", "app.example.com AAAA"]);
    const born = new Living();
    await makeVpc(born.world);
    const { code, text } = await born.apply(environment(false));
    expect(code, text).toBe(0);
    const kinds = (of: Living) =>
      of.world
        .list()
        .map(({ type, attributes }) => `${type} ${attributes.name ?? ""}`)
        .sort();
    expect(kinds(life)).toEqual(kinds(born));
    await born.remove();
  });
});
