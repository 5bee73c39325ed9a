import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { EnvironmentProps } from "../../modules/environment";
import { but, existing, larger as production, least, type ServiceProps, web } from "../modules/support/least";
import { Living } from "./support/living";
import { makeVpc } from "./support/vpc";

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

/** What a team changes in its first year, each in a copy of one applied environment: docs/changes.md has the words. */

/** What one apply of a change does. */
interface Step {
  readonly to: EnvironmentProps;
  /** By address, in Terraform's words: `will be destroyed`, `must be replaced`, `will be updated in-place`. */
  readonly plan?: Readonly<Record<string, string>>;
  /** Addresses, or what they begin with, that the plan does not touch. */
  readonly untouched?: readonly string[];
  /** Whether it is destroyed after that, to the last object. */
  readonly destroyed?: true;
}

const IN_PLACE = "will be updated in-place";
const REPLACED = "must be replaced";
const MADE = "will be created";
const GONE = "will be destroyed";

const SERVICE = "aws_ecs_service.service_web_service";
const TASKS = "aws_ecs_task_definition.service_web";
const TARGETS = "aws_lb_target_group.service_web_targets";
const ON_FARGATE = `${TARGETS}_fargate`;
const RULE = "aws_lb_listener_rule.service_web_rule";
const INSTANCE = "aws_db_instance.database_instance";
const ASSOCIATION = "aws_ecs_cluster_capacity_providers.cluster_capacity";
const DISTRIBUTION = "aws_cloudfront_distribution.distribution";
const GROUP = "aws_autoscaling_group.cluster_spot_group";

const spot = { instanceTypes: ["t3a.medium", "t3.medium", "t3a.large", "t3.large"], spot: true };
const pool = { instanceTypes: ["m7a.large"] };

/** What is changed: in a VPC that is there already, since half of an environment is its network. */
const there = { network: existing, bastion: false } as const;
const base = but(there);
const larger = { ...production, ...there };
const become = (props: Partial<EnvironmentProps>) => but({ ...there, ...props });
const becomeWeb = (service: Partial<ServiceProps>) => become({ services: { web: { ...web, ...service } } });
const fargate = becomeWeb({ capacity: "fargate" });
const ssh = {
  ssh: {
    cidrs: ["203.0.113.7/32"],
    publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ5cYZgqfQ8bbWuUYVhIcQ3M0Ez a",
  },
};
const noDatabase = { ...web, database: false, migrations: false } as const;

/** Every option that `least` leaves off and that is neither the network's, nor a change of its own below, nor for an environment's life. */
const everything = but({
  network: existing,
  cluster: { image: "ami-0123456789abcdef0", containerInsights: false },
  distribution: {
    domain: { names: ["app.example.com", "api.example.com"], zone: "example.com" },
    waf: true,
    accessLogs: { days: 30 },
    cachedPaths: ["/static/*"],
    timeout: 30,
  },
  services: {
    web: {
      ...web,
      exec: true,
      autoscaling: { min: 1, max: 4 },
      schedules: { nightly: { expression: "cron(0 3 * * ? *)", command: ["report"] } },
      permissions: [{ sid: "Uploads", actions: ["s3:PutObject"], resources: ["arn:aws:s3:::uploads/*"] }],
      hosts: ["app.example.com"],
    },
  },
});

const changes: Readonly<Record<string, readonly Step[]>> = {
  "instance types, the database's class and its storage": [
    {
      to: become({
        cluster: { capacity: { spot: { ...spot, instanceTypes: ["m7a.large", "m6a.large"] } } },
        database: { instanceClass: "db.t4g.small", storage: 40 },
      }),
      plan: { [GROUP]: IN_PLACE, [INSTANCE]: IN_PLACE },
      untouched: [SERVICE, ASSOCIATION],
    },
  ],
  "a Postgres major, and a root file system that cannot be written": [
    {
      to: { ...becomeWeb({ readonlyRootFilesystem: true }), database: { engineVersion: "18" } },
      plan: {
        [INSTANCE]: IN_PLACE,
        "aws_db_parameter_group.database_parameters": REPLACED,
        [TASKS]: REPLACED,
        [SERVICE]: IN_PLACE,
      },
    },
  ],
  "a service renamed in place": [
    {
      to: become({ services: { api: web } }),
      plan: { [SERVICE]: GONE, "aws_ecs_service.service_api_service": MADE },
    },
  ],
  "a service and a capacity of its own added, and both removed": [
    {
      to: become({
        cluster: { capacity: { spot, pool } },
        services: {
          web: { ...web, capacity: "spot" },
          api: { port: 9090, paths: ["/api/*"], capacity: "pool" },
        },
      }),
      plan: { "aws_ecs_service.service_api_service": MADE },
      untouched: [SERVICE],
    },
    {
      to: becomeWeb({ capacity: "spot" }),
      plan: { "aws_ecs_service.service_api_service": GONE, [ASSOCIATION]: IN_PLACE },
      untouched: [SERVICE],
    },
  ],
  "the port, on instances": [
    {
      to: becomeWeb({ port: 9090 }),
      plan: { [TASKS]: REPLACED, [SERVICE]: IN_PLACE },
      untouched: [TARGETS, RULE, "aws_vpc_security_group_"],
    },
  ],
  "instances to Fargate, its port, no instances at all, and back": [
    {
      to: fargate,
      plan: { [TARGETS]: GONE, [ON_FARGATE]: MADE, [RULE]: IN_PLACE, [SERVICE]: IN_PLACE },
    },
    {
      to: becomeWeb({ capacity: "fargate", port: 9090 }),
      plan: { [SERVICE]: IN_PLACE },
      untouched: [TARGETS, ON_FARGATE, RULE],
    },
    { to: become({ cluster: { capacity: {} } }), plan: { [GROUP]: GONE, [ASSOCIATION]: IN_PLACE } },
    {
      to: base,
      plan: {
        [GROUP]: MADE,
        [TARGETS]: MADE,
        [ON_FARGATE]: GONE,
        [RULE]: IN_PLACE,
        [SERVICE]: IN_PLACE,
      },
    },
  ],
  "the database removed, services first": [
    { to: become({ services: { web: noDatabase } }), untouched: [INSTANCE] },
    {
      to: become({ database: false, services: { web: noDatabase } }),
      plan: { [INSTANCE]: GONE },
      untouched: [SERVICE],
    },
  ],
  "a capacity renamed, in two steps": [
    {
      to: become({ cluster: { capacity: { spot, pool } }, services: { web: { ...web, capacity: "pool" } } }),
      plan: { [ASSOCIATION]: IN_PLACE, [SERVICE]: IN_PLACE },
    },
    { to: become({ cluster: { capacity: { pool } } }), plan: { [ASSOCIATION]: IN_PLACE, [GROUP]: GONE } },
  ],
  "a key of its own, then a rotation": [
    {
      to: become({ encryption: "own" }),
      plan: {
        "aws_kms_key.key": MADE,
        "aws_cloudwatch_log_group.service_web_logs": IN_PLACE,
      },
      untouched: [SERVICE, TASKS, INSTANCE, "aws_ssm_parameter.database", "aws_ssm_parameter.service"],
    },
    {
      to: become({ encryption: "own", database: { passwordVersion: 2 } }),
      plan: { "aws_ssm_parameter.database_password_2": MADE },
      untouched: ["aws_kms_key.key", "aws_ssm_parameter.database_password_1"],
    },
  ],
  "a login per service, rotated, and none again": [
    {
      to: become({ database: { logins: true } }),
      plan: { "aws_ecs_task_definition.logins": MADE, [`${TASKS}_before`]: MADE, [SERVICE]: IN_PLACE },
      untouched: [INSTANCE, "aws_ssm_parameter.database", `${TASKS}_migration`],
    },
    {
      to: become({ database: { logins: true, passwordVersion: 2 } }),
      plan: { "aws_ssm_parameter.logins_web_2_password": MADE, [TASKS]: REPLACED },
      untouched: ["aws_ssm_parameter.logins_web_1", "aws_ssm_parameter.logins_made"],
    },
    {
      to: become({ database: { passwordVersion: 2 } }),
      plan: { "aws_ecs_task_definition.logins": GONE, [`${TASKS}_before`]: GONE, [TASKS]: REPLACED },
      untouched: [INSTANCE, "aws_ssm_parameter.database"],
    },
  ],
  "a domain, a web ACL and every other option, on and off": [
    {
      to: everything,
      plan: { [DISTRIBUTION]: IN_PLACE, "aws_wafv2_web_acl.distribution_web_acl": MADE },
    },
    {
      to: base,
      plan: { [DISTRIBUTION]: IN_PLACE, "aws_wafv2_web_acl.distribution_web_acl": GONE },
    },
  ],
  "all that is served, off and on": [
    {
      to: become({ distribution: false, bastion: false, services: { jobs: { command: ["work"] } } }),
      plan: { [DISTRIBUTION]: GONE, [SERVICE]: GONE },
    },
    { to: base, plan: { [DISTRIBUTION]: MADE, [SERVICE]: MADE } },
  ],
};

/** Changes of the network that an environment makes for itself. */
const ofTheNetwork: Readonly<Record<string, readonly Step[]>> = {
  "no NAT gateway, one again, one per zone, a zone less, all of it back without one; the registry renamed, and back":
    [
      {
        to: but({ network: { nat: false }, registry: { repository: "other", create: true } }),
        plan: { "aws_nat_gateway.network_nat_a_gateway": GONE, [TASKS]: REPLACED, [SERVICE]: IN_PLACE },
      },
      { to: least, plan: { "aws_vpc_endpoint.network_ecs-agent": GONE, [TASKS]: REPLACED } },
      {
        to: but({
          network: { nat: "per-zone", endpoints: ["ecr.api", "ecr.dkr", "logs"], flowLogs: true },
          bastion: ssh,
        }),
        plan: {
          "aws_flow_log.flow_logs": MADE,
          "aws_nat_gateway.network_nat_b_gateway": MADE,
          "aws_vpc_endpoint.network_logs": MADE,
        },
      },
      {
        to: but({ network: { nat: "per-zone", zones: 2 } }),
        plan: {
          "aws_nat_gateway.network_nat_c_gateway": GONE,
          "aws_subnet.network_private_c": GONE,
          "aws_db_subnet_group.network_database": IN_PLACE,
          [GROUP]: IN_PLACE,
        },
      },
      {
        to: but({ network: { nat: false } }),
        plan: {
          "aws_nat_gateway.network_nat_a_gateway": GONE,
          "aws_nat_gateway.network_nat_b_gateway": GONE,
          "aws_subnet.network_private_c": MADE,
        },
        destroyed: true,
      },
    ],
};

const [staging, networked] = [new Living(), new Living()];
const copies: Living[] = [];
const copy = (from: Living = staging) => {
  const made = from.copy();
  copies.push(made);
  return made;
};
const destroy = async (living: Living) => {
  const { code, text } = await living.destroy();
  expect(code, text).toBe(0);
  expect(living.world.list().filter(({ origin }) => origin === "terraform")).toEqual([]);
};
beforeAll(async () => {
  await makeVpc(staging.world);
  for (const made of [await staging.apply(base), await networked.apply(least)])
    expect(made.code, made.text).toBe(0);
});
afterAll(async () => {
  for (const living of [staging, networked, ...copies]) await living.remove();
});

describe("a change of an environment", () => {
  it.each([
    ...Object.entries(changes).map(([name, steps]) => [name, steps, staging] as const),
    ...Object.entries(ofTheNetwork).map(([name, steps]) => [name, steps, networked] as const),
  ])("%s: applies as announced, and plans nothing after it", async (_, steps, from) => {
    const living = copy(from);
    for (const { to, plan = {}, untouched = [], destroyed } of steps) {
      const { code, text } = await living.apply(to);
      expect(code, text).toBe(0);
      const [applied = "", again = ""] = text.split("\nagain\n");
      const announced = [...applied.matchAll(/^ *# (\S+) (will be|must be) (.*)$/gm)];
      const words = Object.fromEntries(
        announced.map(([, address = "", be, what]) => [address, `${be} ${what}`]),
      );
      expect(words).toMatchObject(plan);
      expect(
        Object.keys(words).filter((address) => untouched.some((start) => address.startsWith(start))),
      ).toEqual([]);
      expect(again).toContain("No changes.");
      if (destroyed) await destroy(living);
    }
  });

  it("a capacity that is renamed in one step is refused, since its services still use it", async () => {
    const { code, text } = await copy().apply(become({ cluster: { capacity: { pool } } }));
    expect(code).not.toBe(0);
    expect(text).toContain("ResourceInUseException");
  });

  it("IPv6 is switched on, destroyed with the rest, and off again once nothing has an address of it", async () => {
    const living = copy(networked);
    const services = { web, api: { port: 9000, paths: ["/api/*"], capacity: "fargate" as const } };
    const [on, off] = [but({ network: { ipv6: true }, services }), but({ services })];
    const made = await living.apply(on);
    expect(made.code, made.text).toBe(0);
    expect(made.text.split("\nagain\n")[1]).toContain("No changes.");
    for (const address of ["aws_vpc.network", "aws_db_instance.database_instance", "aws_lb."])
      expect(made.text).not.toContain(`# ${address}`);
    for (const address of [
      "aws_subnet.network_private_a",
      "aws_launch_template.cluster_spot_template",
      GROUP,
    ])
      expect(made.text).toContain(`# ${address} ${IN_PLACE}`);
    const subnets = living.world
      .list({ type: "aws_subnet" })
      .filter(({ attributes }) => attributes.assign_ipv6_address_on_creation === true);
    expect(new Set(subnets.map(({ attributes }) => attributes.ipv6_cidr_block)).size).toBe(3);

    const [template] = living.world.list({ type: "aws_launch_template" });
    const script = Buffer.from(String(template?.attributes.user_data), "base64").toString();
    const [, settings = ""] = /^echo '(.*)' > \/etc\/docker\/daemon\.json$/m.exec(script) ?? [];
    expect(JSON.parse(settings)).toMatchObject({ ipv6: true, ip6tables: true });

    await destroy(copy(living));
    const early = await living.apply(off);
    expect(early.code).not.toBe(0);
    expect(early.text).toContain("InvalidCidrBlock.InUse");
    const edits = subnets.flatMap(({ id }) => [
      "--edit",
      `subnet/${id}`,
      "assign_ipv6_address_on_creation=false",
    ]);
    const gone = await living.apply(off, edits);
    expect(gone.code, gone.text).toBe(0);
    expect(gone.text.split("\nagain\n")[1]).toContain("No changes.");
    expect(JSON.stringify(living.world.list({ type: "aws_subnet" }))).not.toContain("2600:");
    for (const type of ["aws_egress_only_internet_gateway", "aws_vpc_ipv6_cidr_block_association"])
      expect(living.world.list({ type })).toEqual([]);
  });
});

describe.sequential("the preset production", () => {
  let prod: Living;
  beforeAll(() => {
    prod = copy();
  });

  it("small becomes it: the database's part waits for the maintenance window, and plans say so until then", async () => {
    const { code, text } = await prod.apply(larger);
    expect(code, text).toBe(0);
    const [, again = ""] = text.split("\nagain\n");
    expect(again).toContain("Plan: 0 to add, 1 to change, 0 to destroy");
    expect(again).toMatch(/instance_class += "db.t4g.micro" -> "db.m7g.large"/);
  });

  it("upgrades Postgres in the window: nothing fails before it, and nothing differs after it", async () => {
    const next = { ...larger, database: { engineVersion: "18" } };
    const { code, text } = await prod.apply(next);
    expect(code, text).toBe(0);
    expect(prod.world.get("aws_db_parameter_group", "us-west-2", "staging-postgres17")?.origin).toBe("left");
    const window = [
      'engine_version="18"',
      'parameter_group_name="staging-postgres18"',
      'instance_class="db.m7g.large"',
      "allocated_storage=100",
      "multi_az=true",
    ];
    const after = await prod.apply(
      next,
      window.flatMap((change) => ["--edit", "db_instance/staging", change]),
    );
    expect(after.code, after.text).toBe(0);
    expect(after.text).toContain("Apply complete! Resources: 0 added, 0 changed, 0 destroyed");
  });

  it("becomes small in three applies: protection, services, capacity", async () => {
    const unprotected: EnvironmentProps = {
      ...larger,
      data: "disposable",
      database: { engineVersion: "18" },
      distribution: { deletionProtection: false },
    };
    const database = { engineVersion: "18", storage: 100, maxStorage: 500 };
    const steps: EnvironmentProps[] = [
      unprotected,
      { ...unprotected, services: { web: { ...web, capacity: "spot" } } },
      become({ database }),
    ];
    for (const to of steps) {
      const { code, text } = await prod.apply(to);
      expect(code, text).toBe(0);
      expect(text.split("\nagain\n")[1]).toContain("No changes.");
    }
    expect(
      prod.world.find({ type: "aws_autoscaling_group", where: { name: "staging-base" } }),
    ).toBeUndefined();
  });
});
