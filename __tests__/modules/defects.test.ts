import { describe, expect, test } from "vitest";
import { shipped } from "../support/shipped";
import { addressesIn, type Graph, type Json } from "./support/graph";
import { waysIn } from "./support/reach";
import { synthesizeAll } from "./support/synthesize";

/** What the environment that ours is modelled on got wrong; each test would fail on it. */
const stacks = synthesizeAll(shipped);
const staging = stacks.staging as Graph;
const prod = stacks.prod as Graph;
const both = [
  ["staging", staging],
  ["prod", prod],
] as const;

const containers = (graph: Graph): Json[] =>
  graph.all("aws_ecs_task_definition").flatMap(({ body }) => JSON.parse(body.container_definitions));

describe.each(both)("the network of %s", (_, graph) => {
  test("the load balancer does not admit 0.0.0.0/0", () => {
    const admitted = waysIn(graph).filter((way) => way.includes("→ distribution_load_balancer "));
    expect(admitted.map((way) => way.split(" ")[0])).toEqual(["bastion", "cloudfront"]);
  });

  test("CloudFront's prefix list, 55 of a group's 60 rules, opens one port only", () => {
    const rules = graph
      .all("aws_vpc_security_group_ingress_rule")
      .filter(({ body }) => body.prefix_list_id !== undefined);
    expect(rules).toHaveLength(1);
    expect(rules[0]?.body.from_port).toBe(rules[0]?.body.to_port);
  });

  test("what AWS makes by itself admits nothing", () => {
    for (const type of ["aws_default_security_group", "aws_default_network_acl"]) {
      expect(graph.one(type)).toMatchObject({ ingress: [], egress: [] });
    }
    expect(graph.one("aws_default_route_table").route).toEqual([]);
  });
});

describe.each(both)("the secrets of %s", (_, graph) => {
  test("no private key is made, and nobody logs in by one", () => {
    for (const type of ["tls_private_key", "aws_key_pair"]) expect(graph.count(type)).toBe(0);
    expect(JSON.stringify(graph.json)).not.toMatch(/PRIVATE KEY|private_key/);
    for (const type of ["aws_instance", "aws_launch_template"]) {
      for (const { body } of graph.all(type)) expect(body).not.toHaveProperty("key_name");
    }
  });

  test("the password is ephemeral, and only write-only arguments receive it", () => {
    const receivers = graph.strings().filter(({ value }) => value.includes("ephemeral."));
    const login = ["password", "url"].map((kind) => `aws_ssm_parameter.logins_web_1_${kind}.value_wo`);
    expect(receivers.map(({ address, path }) => `${address}.${path}`).sort()).toEqual([
      "aws_db_instance.database_instance.password_wo",
      "aws_ssm_parameter.database_password_1.value_wo",
      "aws_ssm_parameter.database_url_1.value_wo",
      ...(graph === prod ? login : []),
    ]);
    expect(JSON.stringify(graph.json.output)).not.toContain("ephemeral.");
    expect(graph.count("random_password") + graph.count("random_string")).toBe(0);
    expect(graph.one("aws_db_instance")).not.toHaveProperty("password");
  });

  test("the password has one home, and the instance and the URL are given what is stored there", () => {
    const random = "${ephemeral.aws_secretsmanager_random_password.database_random_password.random_password}";
    const readers = graph.strings().filter(({ value }) => value.includes(random));
    expect(readers.map(({ address }) => address)).toEqual(["aws_ssm_parameter.database_password_1"]);
    const { arn } = graph.one("ephemeral.aws_ssm_parameter", "database_stored_password");
    expect(arn).toBe("${aws_ssm_parameter.database_password_1.arn}");
    const stored = "${ephemeral.aws_ssm_parameter.database_stored_password.value}";
    const given = graph.strings().filter(({ value }) => value.includes(stored));
    expect(given.map(({ address }) => address).sort()).toEqual([
      "aws_db_instance.database_instance",
      "aws_ssm_parameter.database_url_1",
    ]);
  });

  test("no secret is written twice: whatever changes it makes a new parameter, or the same one anew", () => {
    const { database_password_1: one, database_url_1: url } = graph.json.resource.aws_ssm_parameter;
    expect([one.value_wo_version, url.value_wo_version]).toEqual([1, 1]);
    expect(url.lifecycle.replace_triggered_by).toEqual([
      "terraform_data.database_password_written",
      "aws_db_instance.database_instance.address",
    ]);
    const written = graph.one("terraform_data", "database_password_written");
    expect(written.triggers_replace).toEqual({
      password: "${aws_ssm_parameter.database_password_1.arn}",
    });
    expect(graph.one("aws_db_instance").password_wo_version).toBe(
      "${parseint(substr(sha256(terraform_data.database_password_written.id), 0, 7), 16)}",
    );
  });

  test("a secret that a person writes is named, and no resource: Terraform neither makes, reads nor destroys it", () => {
    const names = graph.all("aws_ssm_parameter").map(({ body }) => body.name);
    expect(names.filter((one: string) => one.includes("/service/"))).toEqual([]);
    expect(graph.json.removed).toEqual(
      ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"].map((variable) => ({
        from: `aws_ssm_parameter.service_web_secret_${variable}`,
        lifecycle: { destroy: false },
      })),
    );
  });

  test("no container is given a secret in plain", () => {
    for (const container of containers(graph)) {
      const plain = container.environment.map(({ name }: Json) => name);
      expect(plain).not.toContain("PGPASSWORD");
      for (const { valueFrom } of container.secrets) {
        expect(valueFrom).toMatch(/^(\$\{aws_ssm_parameter\.|arn:aws:ssm:[\w-]+:\$\{.+\}:parameter\/)/);
      }
      expect(JSON.stringify(container.environment)).not.toMatch(/postgres:\/\//);
    }
  });
});

describe.each(both)("the distribution of %s", (_, graph) => {
  test("forwards every cookie, header and query, and caches nothing", () => {
    const { default_cache_behavior: behavior, ordered_cache_behavior: ordered } = graph.one(
      "aws_cloudfront_distribution",
    );
    const policy = (expression: string) => graph.body(addressesIn(expression)[0] ?? "").name;
    expect(policy(behavior.cache_policy_id)).toBe("Managed-CachingDisabled");
    expect(policy(behavior.origin_request_policy_id)).toBe("Managed-AllViewerAndCloudFrontHeaders-2022-06");
    expect(ordered).toEqual([]);
    for (const legacy of ["forwarded_values", "default_ttl", "min_ttl", "max_ttl"]) {
      expect(behavior).not.toHaveProperty(legacy);
    }
  });

  test("lets people sign in: every method, HTTPS only, security headers", () => {
    const { default_cache_behavior: behavior } = graph.one("aws_cloudfront_distribution");
    expect(behavior.allowed_methods).toEqual(expect.arrayContaining(["POST", "PUT", "PATCH", "DELETE"]));
    expect(behavior.viewer_protocol_policy).toBe("redirect-to-https");
    expect(addressesIn(behavior.response_headers_policy_id)).toEqual([
      "aws_cloudfront_response_headers_policy.distribution_security_headers",
    ]);
  });

  test("answers 404 to what no service claims", () => {
    const [action, ...others] = graph.one("aws_lb_listener").default_action;
    expect(others).toEqual([]);
    expect(action).toMatchObject({ type: "fixed-response", fixed_response: { status_code: "404" } });
  });
});

describe.each(both)("the cluster of %s", (_, graph) => {
  test("groups name a launch template's version, not $Latest, so that an instance refresh starts", () => {
    for (const { id, body } of graph.all("aws_autoscaling_group")) {
      const template = id.replace(/_group$/, "_template");
      expect(body.mixed_instances_policy.launch_template.launch_template_specification.version).toBe(
        `\${aws_launch_template.${template}.latest_version}`,
      );
      expect(body.instance_refresh.strategy).toBe("Rolling");
    }
    expect(JSON.stringify(graph.json)).not.toMatch(/\$(Latest|Default)/);
  });

  test("managed scaling is on, with headroom, and its group leaves the size to it", () => {
    for (const { body } of graph.all("aws_ecs_capacity_provider")) {
      const { managed_scaling, managed_draining } = body.auto_scaling_group_provider;
      expect(managed_scaling.status).toBe("ENABLED");
      expect(managed_scaling.target_capacity).toBeLessThan(100);
      expect(managed_draining).toBe("ENABLED");
    }
    for (const { body } of graph.all("aws_autoscaling_group")) {
      expect(body.lifecycle.ignore_changes).toEqual(["desired_capacity"]);
      expect(body).not.toHaveProperty("desired_capacity");
      expect(body.tag).toContainEqual({ key: "AmazonECSManaged", value: "true", propagate_at_launch: true });
      expect(body.mixed_instances_policy.launch_template.override.length).toBeGreaterThan(1);
    }
  });

  test("instances join the cluster by reference, and tokens guard their metadata", () => {
    for (const { body } of graph.all("aws_launch_template")) {
      expect(body.user_data).toContain("ECS_CLUSTER=${aws_ecs_cluster.cluster.name}");
      expect(body.metadata_options).toMatchObject({
        http_tokens: "required",
        http_put_response_hop_limit: 1,
      });
      expect(body.block_device_mappings[0].ebs.encrypted).toBe("true");
    }
    expect(graph.one("aws_ecs_cluster_capacity_providers").cluster_name).toBe(
      "${aws_ecs_cluster.cluster.name}",
    );
  });

  test("tasks run by capacity provider, one-off tasks too, so that a full cluster scales out for them", () => {
    const service = graph.one("aws_ecs_service");
    expect(service).not.toHaveProperty("launch_type");
    expect(service.capacity_provider_strategy.length).toBeGreaterThan(0);
    const [own] = JSON.parse(graph.one("aws_ssm_parameter", "contract").value).services;
    const strategy = service.capacity_provider_strategy.map(({ capacity_provider, base, weight }: Json) => ({
      capacityProvider: capacity_provider,
      base,
      weight,
    }));
    expect(own.capacity).toEqual(strategy);
  });

  test("a deployment that fails is rolled back, and a slow start is no failure", () => {
    expect(graph.one("aws_ecs_service")).toMatchObject({
      deployment_circuit_breaker: { enable: true, rollback: true },
      health_check_grace_period_seconds: 120,
    });
  });
});

describe.each(both)("the database of %s", (_, graph) => {
  test("its subnet group is a reference, not a name that happens to be the same", () => {
    const { db_subnet_group_name, parameter_group_name } = graph.one("aws_db_instance");
    expect(db_subnet_group_name).toBe("${aws_db_subnet_group.network_database.name}");
    expect(parameter_group_name).toBe("${aws_db_parameter_group.database_parameters.name}");
  });

  test("is encrypted, private, backed up, and has parameters of its own", () => {
    const { backup_retention_period, ...instance } = graph.one("aws_db_instance");
    expect(instance).toMatchObject({ storage_encrypted: true, publicly_accessible: false });
    expect(backup_retention_period).toBeGreaterThan(0);
    expect(graph.one("aws_db_parameter_group")).toMatchObject({
      family: "postgres17",
      lifecycle: { create_before_destroy: true },
    });
  });
});

test("what prod holds survives a mistake: protection, a final snapshot of a stable name, a standby", () => {
  expect(prod.one("aws_db_instance")).toMatchObject({
    deletion_protection: true,
    skip_final_snapshot: false,
    final_snapshot_identifier: "prod-final",
    delete_automated_backups: false,
    multi_az: true,
    lifecycle: { prevent_destroy: true },
  });
  expect(prod.one("aws_db_instance").backup_retention_period).toBeGreaterThanOrEqual(7);
  expect(prod.one("aws_lb").enable_deletion_protection).toBe(true);
});

test("staging can be taken down", () => {
  expect(staging.one("aws_db_instance")).toMatchObject({
    deletion_protection: false,
    skip_final_snapshot: true,
  });
  expect(staging.one("aws_lb").enable_deletion_protection).toBe(false);
});

describe("staging and prod", () => {
  test("share no state", () => {
    const paths = both.map(([, graph]) => graph.json.terraform.backend.local.path);
    expect(new Set(paths).size).toBe(2);
  });

  test("share no addresses", () => {
    const [one, other] = both.map(([, graph]) => graph.one("aws_vpc").cidr_block);
    expect(one).not.toBe(other);
  });

  test("differ in size: instances, database, NAT", () => {
    const size = (graph: Graph) => ({
      database: graph.one("aws_db_instance").instance_class,
      nat: graph.count("aws_nat_gateway"),
      providers: graph.count("aws_ecs_capacity_provider"),
    });
    expect(size(staging)).toEqual({ database: "db.t4g.micro", nat: 1, providers: 1 });
    expect(size(prod)).toEqual({ database: "db.m7g.large", nat: 3, providers: 2 });
  });

  test("do not know each other", () => {
    for (const [graph, other] of [
      [staging, "prod"],
      [prod, "staging"],
    ] as const) {
      expect(graph.strings().filter(({ value }) => value.includes(other))).toEqual([]);
    }
  });

  test("have no name in common but what lives within a cluster or a role", () => {
    const within = /^aws_(ecs_service|iam_role_policy|appautoscaling_policy)\./;
    const names = (graph: Graph) =>
      graph.elements
        .filter(({ address }) => !address.startsWith("data.") && !within.test(address))
        .flatMap(({ type, body }) =>
          ["name", "identifier", type === "aws_ecs_task_definition" ? "family" : "bucket"].flatMap((key) =>
            typeof body[key] === "string" && !body[key].startsWith("${") ? [`${type} ${body[key]}`] : [],
          ),
        );
    const taken = new Set(names(staging));
    expect(taken.size).toBeGreaterThan(20);
    expect(names(prod).filter((name) => taken.has(name))).toEqual([]);
  });
});
