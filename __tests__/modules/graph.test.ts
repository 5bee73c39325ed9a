import { describe, expect, test } from "vitest";
import { light } from "../../modules/environment";
import { isWildcard, wildcardReasons } from "../../modules/policy";
import { addressesIn, type Graph, type Json, type Leaf, leavesOf } from "./support/graph";
import { but, existing, larger, least, web } from "./support/least";
import { livesIn, publicSubnets, reachable, waysIn, waysOut } from "./support/reach";
import { synthesize, synthesizeBootstrap } from "./support/synthesize";

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB someone";

const staging = synthesize(least);
const prod = synthesize(
  { ...larger, services: { web: { ...larger.services.web, exec: true, autoscaling: { max: 4 } } } },
  "prod",
);
const fargate = synthesize(
  but({
    services: {
      web: {
        ...least.services.web,
        capacity: "fargate",
        schedules: { nightly: { expression: "rate(1 day)", command: ["true"] } },
      },
    },
  }),
  "serverless",
);
const ssh = synthesize(but({ bastion: { ssh: { cidrs: ["198.51.100.7/32"], publicKey } } }), "with-ssh");
const sealed = synthesize(but({ network: { nat: false } }), "sealed");
const dual = synthesize(
  but({
    network: { ipv6: true },
    services: { web, api: { port: 9000, paths: ["/api/*"], capacity: "fargate" } },
  }),
  "dual-stack",
);
const lean = synthesize(but({ preset: light, services: { web: { port: 8080 } } }), "light");
const environments: readonly [string, Graph][] = [
  ["staging", staging],
  ["prod", prod],
  ["on Fargate", fargate],
  ["with SSH", ssh],
  ["without NAT", sealed],
  ["with IPv6", dual],
  ["the preset light", lean],
];

describe("who talks to whom", () => {
  test("the internet is admitted nowhere", () => {
    for (const [, graph] of environments) {
      expect(reachable(graph, "internet")).toEqual([]);
    }
  });

  test("CloudFront reaches the load balancer, tasks and database, and nothing else", () => {
    for (const graph of [staging, prod, sealed]) {
      expect(reachable(graph, "cloudfront").filter((group) => group !== "network_endpoints")).toEqual([
        "cluster_instances",
        "database",
        "distribution_load_balancer",
      ]);
    }
    expect(reachable(fargate, "cloudfront")).toEqual([
      "database",
      "distribution_load_balancer",
      "service_web_tasks",
    ]);
  });

  test("every way into a security group is known", () => {
    expect(waysIn(staging)).toEqual([
      "bastion → database :5432",
      "bastion → distribution_load_balancer :80",
      "cloudfront → distribution_load_balancer :80",
      "cluster_instances → database :5432",
      "distribution_load_balancer → cluster_instances :32768-65535",
    ]);
    expect(waysIn(prod)).toEqual([...waysIn(staging), "logins_tasks → database :5432"].sort());
    expect(waysIn(ssh)).toEqual(["198.51.100.7/32 → bastion :22", ...waysIn(staging)]);
    expect(waysIn(fargate)).toEqual([
      "bastion → database :5432",
      "bastion → distribution_load_balancer :80",
      "cloudfront → distribution_load_balancer :80",
      "distribution_load_balancer → service_web_tasks :8080",
      "service_web_tasks → database :5432",
    ]);
  });

  test("every way out of a security group is known, and the database has none", () => {
    expect(waysOut(staging)).toEqual([
      "bastion → database :5432",
      "bastion → distribution_load_balancer :80",
      "bastion → internet :443",
      "cluster_instances → internet *",
      "distribution_load_balancer → cluster_instances :32768-65535",
    ]);
  });

  test("without NAT, instances send to the VPC and to image layers in S3 alone", () => {
    const cidr = sealed.one("aws_vpc").cidr_block;
    expect(waysOut(sealed).filter((way) => way.startsWith("cluster_instances"))).toEqual([
      `cluster_instances → ${cidr} *`,
      "cluster_instances → network_s3 :443",
    ]);
  });

  test("by IPv6, instances and tasks send anywhere, and nobody is admitted", () => {
    expect(waysOut(dual).filter((way) => way.includes("IPv6"))).toEqual([
      "cluster_instances → internet by IPv6 *",
      "service_api_tasks → internet by IPv6 *",
    ]);
    for (const { body } of dual.all("aws_vpc_security_group_ingress_rule"))
      expect(body).not.toHaveProperty("cidr_ipv6");
    expect(publicSubnets(dual)).toEqual(publicSubnets(staging));
    for (const { body } of dual.all("aws_lb")) expect(body.ip_address_type ?? "ipv4").toBe("ipv4");
  });

  test("by IPv6, containers on instances go out with the instance's address, and tasks on Fargate are started anew", () => {
    const [template] = dual.all("aws_launch_template");
    expect(template?.body.user_data).toContain('\\"fixed-cidr-v6\\":\\"fd00:');
    expect(template?.body.user_data).toMatch(/daemon\.json\\nsystemctl restart docker\\n/);
    for (const { body } of staging.all("aws_launch_template")) expect(body.user_data).not.toContain("docker");
    const triggers = dual.all("aws_ecs_service").map(({ body }) => [body.name, body.triggers]);
    expect(triggers).toEqual([
      ["api", { network: "ipv6" }],
      ["web", undefined],
    ]);
    const { services } = JSON.parse(dual.one("aws_ssm_parameter", "contract").value);
    expect(services.map((one: Json) => [one.name, one.ipv6])).toEqual([
      ["web", undefined],
      ["api", true],
    ]);
    const guest = synthesize(but({ network: { ...existing, ipv6: true } }), "guest");
    expect(waysOut(guest)).toContain("cluster_instances → internet by IPv6 *");
    expect(guest.count("aws_egress_only_internet_gateway")).toBe(0);
    const asked = guest.addresses.filter((address) => address.startsWith("data.aws_subnet."));
    for (const address of asked)
      expect(JSON.stringify(guest.body(address).lifecycle)).toContain("self.assign_ipv6_address_on_creation");
  });

  test("a rule lies beside its group, never within it, where it would be removed by the other kind", () => {
    for (const [, graph] of environments) {
      expect(graph.count("aws_security_group_rule")).toBe(0);
      for (const { body } of graph.all("aws_security_group")) {
        expect(body).not.toHaveProperty("ingress");
        expect(body).not.toHaveProperty("egress");
      }
    }
  });

  test("the database opens to no network, only to groups", () => {
    for (const [, graph] of environments) {
      for (const { body } of graph.all("aws_vpc_security_group_ingress_rule")) {
        if (!body.security_group_id.includes("aws_security_group.database.")) continue;
        expect(body.referenced_security_group_id).toMatch(/aws_security_group\./);
      }
    }
  });
});

describe("a VPC that is there already", () => {
  const graph = synthesize(but({ network: existing }), "guest");

  test("is read, and nothing of it is made, changed or routed", () => {
    const network = graph.addresses.filter((address) => /\.network(_|$)/.test(address));
    expect(network).toEqual([
      "aws_db_subnet_group.network_database",
      "aws_elasticache_subnet_group.network_cache",
    ]);
    const types = /^aws_(default_|vpc|subnet|route|network_acl|internet_gateway|nat_gateway|eip)/;
    expect(
      graph.addresses.filter((address) => types.test(address) && !/^aws_vpc_security/.test(address)),
    ).toEqual([]);
  });

  test("has the same ways between groups as one of its own", () => {
    expect(waysIn(graph)).toEqual(waysIn(staging));
    expect(waysOut(graph)).toEqual(waysOut(staging));
    expect(reachable(graph, "internet")).toEqual([]);
    expect(reachable(graph, "cloudfront")).toEqual(reachable(staging, "cloudfront"));
  });

  test("is what every group, target group and place refers to, once it was found right", () => {
    const vpc = "${data.aws_vpc.network.id}";
    for (const type of ["aws_security_group", "aws_lb_target_group"])
      for (const { body } of graph.all(type)) expect(body.vpc_id).toBe(vpc);
    const subnets = existing.subnets.private.map((id) => `\${data.aws_subnet.network_${id}.id}`);
    expect(graph.one("aws_lb").subnets).toEqual(subnets);
    expect(graph.one("aws_db_subnet_group").subnet_ids).toEqual(subnets);
    expect(graph.one("aws_elasticache_subnet_group").subnet_ids).toEqual(subnets);
    expect(graph.one("aws_autoscaling_group").vpc_zone_identifier).toEqual(subnets);
    expect(graph.references("aws_cloudfront_vpc_origin.distribution_origin")).toContain(
      "data.aws_internet_gateway.network_internet",
    );
    for (const { address } of graph.elements)
      expect([...graph.references(address)].filter((to) => !graph.has(to))).toEqual([]);
  });

  test("may have subnets of each kind, and what has none lives in the private ones", () => {
    const named = (kind: string) => [`subnet-${kind.repeat(8)}`, `subnet-${kind.repeat(17)}`];
    const subnets = { private: named("a"), database: named("b"), public: named("c") };
    const own = synthesize(
      but({ network: { ...existing, subnets }, bastion: { ssh: { cidrs: ["198.51.100.7/32"], publicKey } } }),
      "guest",
    );
    const idsOf = (kind: string) => named(kind).map((id) => `\${data.aws_subnet.network_${id}.id}`);
    expect(own.one("aws_db_subnet_group").subnet_ids).toEqual(idsOf("b"));
    expect(own.one("aws_elasticache_subnet_group").subnet_ids).toEqual(idsOf("b"));
    expect(own.one("aws_lb").subnets).toEqual(idsOf("a"));
    expect(own.one("aws_instance").subnet_id).toBe(idsOf("c")[0]);
    const checked = own
      .all("data.aws_subnet")
      .map(({ id, body }) => [id, body.lifecycle.postcondition.length]);
    // Of each its VPC; of private ones public addresses, by kind; of the last of a kind the zones of all.
    expect(Object.fromEntries(checked)).toEqual({
      "network_subnet-aaaaaaaa": 3,
      "network_subnet-aaaaaaaaaaaaaaaaa": 5,
      "network_subnet-bbbbbbbb": 3,
      "network_subnet-bbbbbbbbbbbbbbbbb": 5,
      "network_subnet-cccccccc": 1,
      "network_subnet-ccccccccccccccccc": 1,
    });
  });
});

describe("what has a public address", () => {
  test("only the public subnets are routed to the internet gateway", () => {
    for (const [, graph] of environments) {
      expect(publicSubnets(graph)).toEqual(["network_public_a", "network_public_b", "network_public_c"]);
    }
  });

  test("nothing but NAT lives in them", () => {
    const nats = (graph: Graph) => graph.all("aws_nat_gateway").map(({ address }) => address);
    for (const graph of [staging, prod, fargate, sealed]) {
      expect(livesIn(graph, publicSubnets(graph))).toEqual(nats(graph));
    }
    expect(nats(staging)).toHaveLength(1);
    expect(nats(prod)).toHaveLength(3);
    expect(nats(sealed)).toHaveLength(0);
  });

  test("the bastion joins it where SSH is asked for, and only there", () => {
    expect(livesIn(ssh, publicSubnets(ssh))).toEqual([
      "aws_instance.bastion_instance",
      "aws_nat_gateway.network_nat_a_gateway",
    ]);
    expect(ssh.one("aws_instance").associate_public_ip_address).toBe(true);
    expect(ssh.count("aws_key_pair")).toBe(1);
  });

  test("the interface of a NAT instance does, where there is no gateway", () => {
    expect(livesIn(lean, publicSubnets(lean))).toEqual(["aws_network_interface.network_nat_interface"]);
    expect(lean.count("aws_nat_gateway")).toBe(0);
  });

  test("addresses belong to NAT, one each", () => {
    for (const [, graph] of environments) {
      const instances = graph === lean ? 1 : 0;
      expect(graph.count("aws_eip")).toBe(graph.count("aws_nat_gateway") + instances);
      for (const { address } of graph.all("aws_nat_gateway")) {
        const eips = [...graph.references(address)].filter((to) => to.startsWith("aws_eip."));
        expect(eips).toHaveLength(1);
      }
      expect(graph.count("aws_eip_association")).toBe(instances);
    }
  });

  test("no argument anywhere asks for a public address", () => {
    const asks = (value: unknown, path: string, found: string[]): string[] => {
      if (typeof value !== "object" || value === null) {
        const names =
          /(map_public_ip_on_launch|associate_public_ip_address|assign_public_ip|publicly_accessible)$/;
        if (names.test(path) && String(value) !== "false") found.push(path);
      } else for (const [key, inner] of Object.entries(value)) asks(inner, `${path}.${key}`, found);
      return found;
    };
    for (const [name, graph] of environments) {
      const expected =
        name === "with SSH" ? [".aws_instance.bastion_instance.associate_public_ip_address"] : [];
      expect(asks(graph.json.resource, "", [])).toEqual(expected);
    }
  });

  test("the load balancer is internal, and CloudFront reaches it through a VPC origin", () => {
    for (const [, graph] of environments) {
      expect(graph.one("aws_lb").internal).toBe(true);
      const [origin, ...others] = graph.one("aws_cloudfront_distribution").origin;
      expect(others).toEqual([]);
      expect(origin.vpc_origin_config.vpc_origin_id).toContain(
        "aws_cloudfront_vpc_origin.distribution_origin",
      );
      expect(origin).not.toHaveProperty("custom_origin_config");
    }
  });
});

describe("edges", () => {
  test.each(environments)("each reference of %s leads to something that exists", (_, graph) => {
    for (const { address } of graph.elements) {
      expect([...graph.references(address)].filter((to) => !graph.has(to))).toEqual([]);
    }
  });

  test.each(environments)("no output of %s refers to what is not there", (_, graph) => {
    const missing = addressesIn(JSON.stringify(graph.json.output)).filter((to) => !graph.has(to));
    expect(missing).toEqual([]);
  });

  test.each(environments)("no argument of %s repeats another resource's name as a literal", (_, graph) => {
    expect(repeatedNames(graph)).toEqual([]);
  });

  test.each(environments)("nothing in %s needs itself", (_, graph) => {
    for (const { address } of graph.elements) expect(graph.needs(address).has(address)).toBe(false);
  });
});

describe("the order of destruction", () => {
  const expectOrder = (graph: Graph, order: readonly string[]) => {
    for (const [index, address] of order.entries()) {
      for (const later of order.slice(index + 1))
        expect([address, graph.destroyBefore(address, later)]).toEqual([address, true]);
    }
  };

  test.each([
    ["staging", staging, ["spot"]],
    ["prod", prod, ["base", "spot"]],
  ] as const)("of %s: service, association, capacity provider, group, cluster", (_, graph, providers) => {
    for (const name of providers) {
      expectOrder(graph, [
        "aws_ecs_service.service_web_service",
        "aws_ecs_cluster_capacity_providers.cluster_capacity",
        `aws_ecs_capacity_provider.cluster_${name}_provider`,
        `aws_autoscaling_group.cluster_${name}_group`,
        `aws_launch_template.cluster_${name}_template`,
        "aws_ecs_cluster.cluster",
      ]);
    }
  });

  test.each(environments)(
    "of %s: a service goes before its roles' policies, its rule and the listener",
    (_, graph) => {
      const service = "aws_ecs_service.service_web_service";
      for (const { address } of graph.all("aws_iam_role_policy")) {
        if (address.includes("service_web_roles")) expect(graph.needs(service)).toContain(address);
      }
      expectOrder(graph, [
        service,
        "aws_lb_listener_rule.service_web_rule",
        "aws_lb_listener.distribution_load_balancer_http",
      ]);
    },
  );

  test.each(environments)(
    "of %s: a service goes before the way by which its tasks report to ECS",
    (_, graph) => {
      const needs = graph.needs("aws_ecs_service.service_web_service");
      const lifelines = [
        ...graph.all("aws_route").filter(({ id }) => id.startsWith("network_private")),
        ...graph.all("aws_route_table_association").filter(({ id }) => id.startsWith("network_private")),
        ...graph.all("aws_nat_gateway"),
        ...graph.all("aws_vpc_endpoint"),
        ...graph
          .all("aws_vpc_security_group_egress_rule")
          .filter(({ id }) => /instances_(out|to)|service_web_tasks_out/.test(id)),
        ...graph.all("aws_iam_role_policy_attachment").filter(({ id }) => id === "cluster_ecs_agent"),
      ].map(({ address }) => address);
      const own = graph === fargate ? /^(?!.*cluster_)/ : /^/;
      for (const address of lifelines.filter((line) => own.test(line))) expect(needs).toContain(address);
    },
  );

  test.each(environments)(
    "of %s: every service and every group of instances goes before all that leads out of their subnets",
    (_, graph) => {
      const wayOut = ["aws_network_acl", "aws_route", "aws_route_table_association", "aws_vpc_endpoint"]
        .flatMap((type) => graph.all(type))
        .concat(graph.all("aws_vpc_security_group_ingress_rule").filter(({ id }) => /endpoints/.test(id)))
        // To another environment, not to AWS.
        .filter(({ id }) => !id.startsWith("network_peer_"))
        .map(({ address }) => address);
      expect(wayOut.filter((address) => address.startsWith("aws_network_acl."))).toHaveLength(2);
      // A NAT instance is part of that way.
      const groups = graph.all("aws_autoscaling_group").filter(({ id }) => id !== "network_nat_group");
      const users = [...graph.all("aws_ecs_service"), ...groups];
      for (const { address } of users) {
        const needs = graph.needs(address);
        expect([address, wayOut.filter((way) => !needs.has(way))]).toEqual([address, []]);
      }
    },
  );

  test.each(environments)(
    "of %s: the distribution goes before its VPC origin, that before the load balancer",
    (_, graph) => {
      expectOrder(graph, [
        "aws_cloudfront_distribution.distribution",
        "aws_cloudfront_vpc_origin.distribution_origin",
        "aws_lb.distribution_load_balancer_internal",
        "aws_vpc.network",
      ]);
      expect(graph.needs("aws_cloudfront_vpc_origin.distribution_origin")).toContain(
        "aws_internet_gateway.network_internet",
      );
    },
  );

  test("what the database is made of outlives it", () => {
    const needs = staging.needs("aws_db_instance.database_instance");
    for (const part of [
      "aws_db_subnet_group.network_database",
      "aws_subnet.network_database_a",
      "aws_subnet.network_database_b",
      "aws_subnet.network_database_c",
      "aws_db_parameter_group.database_parameters",
      "aws_security_group.database",
      "aws_cloudwatch_log_group.database_log_postgresql",
      "ephemeral.aws_secretsmanager_random_password.database_random_password",
    ]) {
      expect(needs).toContain(part);
    }
  });
});

describe("permissions", () => {
  test.each(environments)("every wildcard in %s has a written reason", (_, graph) => {
    for (const { address, body } of graph.all("aws_iam_role_policy")) {
      for (const statement of JSON.parse(body.policy).Statement) {
        const wild = [statement.Action].flat().some(isWildcard) || [statement.Resource].flat().includes("*");
        expect([address, statement.Sid, wild && !(statement.Sid in wildcardReasons)]).toEqual([
          address,
          statement.Sid,
          false,
        ]);
        expect(statement.Effect).toBe("Allow");
      }
    }
  });

  test("every reason is of a statement that needs it", () => {
    const bootstrap = synthesizeBootstrap(
      {
        staging: { ...larger, network: { cidr: "10.1.0.0/16", peering: ["prod"] } },
        prod: { ...larger, network: { cidr: "10.2.0.0/16" } },
        qa: { ...larger, network: { cidr: "10.3.0.0/16" } },
      },
      { project: "app", bootstrap: { region: "us-west-2", github: "owner/repository" } },
    );
    const wild = [prod, fargate, bootstrap]
      .flatMap((graph) => [...graph.all("aws_iam_role_policy"), ...graph.all("aws_iam_policy")])
      .flatMap(({ body }) => JSON.parse(body.policy).Statement as Json[])
      .filter(({ Resource }) => [Resource].flat().includes("*"))
      .map(({ Sid }) => Sid)
      // The cluster is its bound, in a condition.
      .filter((sid) => sid !== "ListTasks");
    expect(new Set(wild)).toEqual(new Set(Object.keys(wildcardReasons)));
  });

  test.each(environments)("each role of %s is assumed by one AWS service, for this account", (_, graph) => {
    for (const { body } of graph.all("aws_iam_role")) {
      const [statement, ...others] = JSON.parse(body.assume_role_policy).Statement;
      expect(others).toEqual([]);
      expect(statement.Principal).toEqual({
        Service: expect.stringMatching(/^(ec2|ecs-tasks|scheduler|vpc-flow-logs)\.amazonaws\.com$/),
      });
      // EC2 hands a role to instances of its own account alone, and says no source.
      if (statement.Principal.Service !== "ec2.amazonaws.com") {
        expect(statement.Condition.StringEquals).toEqual({
          "aws:SourceAccount": "${data.aws_caller_identity.caller.account_id}",
        });
      }
    }
  });

  test("the execution role reads exactly the parameters that its containers are given", () => {
    const policy = JSON.parse(staging.one("aws_iam_role_policy", "service_web_roles_execution_policy").policy)
      .Statement as Json[];
    const read = policy.find(({ Sid }) => Sid === "ReadSecrets")?.Resource as string[];
    const given = staging
      .all("aws_ecs_task_definition")
      .flatMap(({ body }) =>
        JSON.parse(body.container_definitions).flatMap(({ secrets }: Json) =>
          secrets.map(({ valueFrom }: Json) => valueFrom),
        ),
      );
    expect(new Set(read)).toEqual(new Set(given));
  });

  test("a key of its own is for all secrets and logs, and admits the account's policies and the log service alone", () => {
    const own = synthesize(but({ encryption: "own", network: { flowLogs: true } }));
    const arn = "${aws_kms_key.key.arn}";
    for (const { body } of own.all("aws_cloudwatch_log_group")) expect(body.kms_key_id).toBe(arn);
    for (const { body } of own.all("aws_ssm_parameter"))
      expect(body.key_id).toBe(body.type === "SecureString" ? arn : undefined);
    expect(JSON.parse(own.one("aws_ssm_parameter", "contract").value).key).toBe(arn);
    const key = own.one("aws_kms_key");
    expect(key).toMatchObject({ enable_key_rotation: true, deletion_window_in_days: 30 });
    const account = "${data.aws_caller_identity.caller.account_id}";
    const statements = JSON.parse(key.policy).Statement;
    expect(statements.map(({ Principal }: Json) => Principal)).toEqual([
      { AWS: `arn:aws:iam::${account}:root` },
      { Service: "logs.us-west-2.amazonaws.com" },
    ]);
    const admitted: string[] = statements[1].Condition.ArnLike["kms:EncryptionContext:aws:logs:arn"];
    const patterns = admitted.map((one) => one.replace(`arn:aws:logs:us-west-2:${account}:log-group:`, ""));
    for (const { body } of own.all("aws_cloudwatch_log_group")) {
      const meant = patterns.some((one) => body.name === one || body.name.startsWith(one.replace(/\*$/, "")));
      expect([body.name, meant]).toEqual([body.name, true]);
    }
  });

  test("only execution roles decrypt with a key of its own, through Systems Manager", () => {
    const decrypting = prod
      .all("aws_iam_role_policy")
      .flatMap(({ body }) => JSON.parse(body.policy).Statement.map((one: Json) => [body.role, one]))
      .filter(([, { Action }]) => String(Action).includes("kms:"));
    const decrypts = expect.objectContaining({
      Action: ["kms:Decrypt"],
      Resource: ["${aws_kms_key.key.arn}"],
      Condition: { StringEquals: { "kms:ViaService": "ssm.us-west-2.amazonaws.com" } },
    });
    expect(decrypting).toEqual([
      ["${aws_iam_role.logins_execution.name}", decrypts],
      ["${aws_iam_role.service_web_roles_execution.name}", decrypts],
    ]);
    for (const graph of [staging, fargate, ssh, sealed]) expect(graph.count("aws_kms_key")).toBe(0);
  });

  test("flow logs go to a group of the environment, and their role writes there alone", () => {
    const own = synthesize(but({ network: { flowLogs: true } }));
    expect(own.one("aws_flow_log")).toMatchObject({
      vpc_id: "${aws_vpc.network.id}",
      traffic_type: "REJECT",
      log_destination: "${aws_cloudwatch_log_group.flow_logs_group.arn}",
      iam_role_arn: "${aws_iam_role.flow_logs_role.arn}",
    });
    expect(own.one("aws_cloudwatch_log_group", "flow_logs_group")).toMatchObject({
      name: "/staging/network/flows",
      retention_in_days: 30,
    });
    const [write, find] = JSON.parse(own.one("aws_iam_role_policy", "flow_logs_policy").policy).Statement;
    expect(
      write.Resource.every((one: string) =>
        one.startsWith("${aws_cloudwatch_log_group.flow_logs_group.arn}"),
      ),
    ).toBe(true);
    expect(find.Action).toEqual(["logs:DescribeLogGroups"]);
    expect(staging.count("aws_flow_log")).toBe(0);
  });

  test.each(environments)("the roles of %s are passed to ECS alone", (_, graph) => {
    const passing = graph
      .all("aws_iam_role_policy")
      .flatMap(({ body }) => JSON.parse(body.policy).Statement)
      .filter(({ Action }: Json) => Action.includes("iam:PassRole"));
    for (const { Condition } of passing)
      expect(Condition).toEqual({ StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } });
  });

  test.each(environments)("only tasks' execution roles of %s read parameters", (_, graph) => {
    for (const { body } of graph.all("aws_iam_role_policy")) {
      const reads = /ssm:GetParameter|secretsmanager:GetSecretValue/.test(body.policy);
      if (reads) expect(body.role).toMatch(/(_roles|\.logins)_execution\.name}$/);
    }
  });

  test("only instances get managed policies, and only the one that the ECS agent needs", () => {
    for (const [, graph] of environments) {
      for (const { body } of graph.all("aws_iam_role_policy_attachment")) {
        expect(body.role).toMatch(/aws_iam_role\.cluster_instance_role\.name/);
        expect(body.policy_arn).toMatch(/policy\/service-role\/AmazonEC2ContainerServiceforEC2Role$/);
      }
    }
  });
});

/** Arguments that hold a resource's own name, which others ought to refer to. */
const own = new Set(["name", "identifier", "family", "bucket", "key_name", "cluster_name"]);

/** Where a name may stand twice, and why. */
const allowed: readonly { readonly path: RegExp; readonly why: string }[] = [
  { path: /(^|\.)tags?\b|tag_specifications|candidateTag$/, why: "tags are read by people" },
  { path: /^(comment|description)$/, why: "free text" },
  { path: /container_name$/, why: "a container of the task definition, whose name is no resource's" },
  { path: /^container_definitions\.0\.name$/, why: "the container's own name" },
  { path: /awslogs-stream-prefix$/, why: "a prefix within the log group, read by people" },
  {
    path: /^value\.(environment|services\.\d+\.(name|(migration\.)?container|logs\.prefix))$/,
    why: "the contract says what people call things; what AWS calls them is a reference in it",
  },
  { path: /visibility_config\.metric_name$/, why: "a metric's own name" },
  { path: /containerOverrides\.0\.name$/, why: "the container that is overridden, by its own name" },
];

function repeatedNames(graph: Graph): string[] {
  const names = new Map<string, string>();
  for (const { address, body } of graph.elements) {
    if (address.startsWith("data.")) continue;
    for (const key of own) if (typeof body[key] === "string") names.set(body[key], address);
  }
  return graph
    .strings()
    .flatMap(within)
    .filter(({ address }) => !address.startsWith("data."))
    .filter(({ path }) => !own.has(path) && !allowed.some((exception) => exception.path.test(path)))
    .filter(({ value }) => names.has(value) && !value.includes("${"))
    .map(({ address, path, value }) => `${address}.${path} says ${value}, the name of ${names.get(value)}`);
}

/** A string that is JSON counts as what it holds: policies, container definitions. */
function within(leaf: Leaf): Leaf[] {
  if (!/^[[{]/.test(leaf.value)) return [leaf];
  const inner = leavesOf({ address: leaf.address, body: JSON.parse(leaf.value) });
  return inner.map(({ address, path, value }) => ({ address, path: `${leaf.path}.${path}`, value }));
}
