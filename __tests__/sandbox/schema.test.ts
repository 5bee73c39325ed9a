import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Handlers } from "../../sandbox/provider/handlers";
import { bindingFile, embeddedSource, parseBinding, schemaIn } from "../../sandbox/schema/bindings";
import { loadSchema } from "../../sandbox/schema/cache";
import { EPHEMERAL } from "../../sandbox/schema/ephemeral";
import { typesIn } from "../../sandbox/schema/scan";
import { KINDS } from "../../sandbox/aws/kinds";
import { valuesAt } from "../../sandbox/wire/paths";
import { World } from "../../sandbox/world";
import { configure, schemaOf, temporaryFolder } from "./helpers";

describe("schemas recovered from the bindings", () => {
  test("tell required, optional and computed apart", () => {
    const { attributes } = schemaOf("aws_vpc_security_group_ingress_rule");
    expect(attributes.security_group_id).toEqual({ type: "string", required: true });
    expect(attributes.cidr_ipv4).toEqual({ type: "string", optional: true });
    expect(attributes.region).toEqual({ type: "string", optional: true, computed: true });
    expect(attributes.arn).toEqual({ type: "string", computed: true });
  });

  test("do not depend on the name that the bindings give their library", () => {
    for (const type of ["aws_lb", "aws_ecs_service", "aws_acm_certificate", "aws_wafv2_web_acl"]) {
      const source = embeddedSource(bindingFile("resource", type) ?? "");
      const [, name = ""] = /^import \* as (\w+) from '\1';$/m.exec(source) ?? [];
      expect(source, type).toContain(`extends ${name}.TerraformResource`);
      const renamed = source.replaceAll(`${name}.`, "another.").replaceAll(`'${name}'`, "'another'");
      expect(Object.keys(schemaIn(renamed).attributes)).toContain("arn");
      expect(schemaIn(renamed), type).toEqual(schemaIn(source));
    }
  });

  test("know every kind of type", () => {
    expect(schemaOf("aws_lb").attributes.subnets?.type).toEqual(["set", "string"]);
    expect(schemaOf("aws_ecs_cluster_capacity_providers").attributes.capacity_providers?.type).toEqual([
      "set",
      "string",
    ]);
    expect(schemaOf("aws_vpc").attributes.tags?.type).toEqual(["map", "string"]);
    expect(schemaOf("aws_ecs_service").attributes.desired_count?.type).toBe("number");
    expect(schemaOf("aws_lb").attributes.internal?.type).toBe("bool");
    expect(schemaOf("aws_route53_zone").attributes.name_servers?.type).toEqual(["list", "string"]);
    expect(schemaOf("aws_acm_certificate").attributes.domain_validation_options).toEqual({
      computed: true,
      type: [
        "set",
        [
          "object",
          {
            domain_name: "string",
            resource_record_name: "string",
            resource_record_type: "string",
            resource_record_value: "string",
          },
        ],
      ],
    });
  });

  test("tell blocks from attributes that are written as blocks", () => {
    const group = schemaOf("aws_security_group");
    expect(group.blocks.ingress).toBeUndefined();
    expect(group.attributes.ingress?.type).toMatchObject([
      "set",
      ["object", { from_port: "number", self: "bool" }],
    ]);
    const service = schemaOf("aws_ecs_service").blocks;
    expect(service.load_balancer).toMatchObject({ nesting: "set", min: 0, max: 0 });
    expect(service.deployment_circuit_breaker).toMatchObject({ nesting: "list", min: 0, max: 1 });
    expect(service.timeouts?.nesting).toBe("single");
    const distribution = schemaOf("aws_cloudfront_distribution").blocks;
    expect(distribution.default_cache_behavior).toMatchObject({ nesting: "list", min: 1, max: 1 });
    expect(distribution.restrictions?.block.blocks.geo_restriction?.block.attributes.locations?.type).toEqual(
      ["set", "string"],
    );
  });

  test("mark write-only arguments, but not what tells that one was given", () => {
    const { attributes } = schemaOf("aws_ssm_parameter");
    expect(attributes.value_wo).toMatchObject({ writeOnly: true, sensitive: true });
    expect(attributes.value_wo_version?.writeOnly).toBeUndefined();
    expect(attributes.has_value_wo).toEqual({ type: "bool", computed: true });
    expect(schemaOf("aws_db_instance").attributes.password_wo?.writeOnly).toBe(true);
  });

  test("hold the provider's own arguments, without the alias that belongs to Terraform", () => {
    const provider = loadSchema("provider", "aws");
    expect(provider?.attributes).toMatchObject({
      region: { type: "string" },
      allowed_account_ids: { type: ["set", "string"] },
    });
    expect(provider?.attributes.alias).toBeUndefined();
    expect(provider?.blocks.default_tags?.block.attributes.tags?.type).toEqual(["map", "string"]);
  });

  test("give the statements of web ACLs, which the bindings leave open", () => {
    const statement = schemaOf("aws_wafv2_web_acl").blocks.rule?.block.blocks.statement?.block;
    expect(Object.keys(statement?.blocks ?? {})).toContain("managed_rule_group_statement");
  });

  test("are there for every type that the sandbox knows something about", () => {
    expect(Object.keys(KINDS).filter((type) => !bindingFile("resource", type))).toEqual([]);
    expect(Object.keys(KINDS).length).toBeGreaterThan(75);
    expect(parseBinding("resource", "aws_no_such_thing")).toBeUndefined();
  });

  test("list the ephemeral resources, which the bindings do not know", () => {
    expect(EPHEMERAL.aws_secretsmanager_random_password?.attributes.random_password).toMatchObject({
      computed: true,
      sensitive: true,
    });
  });
});

test("every path in the knowledge leads to something in the schema", () => {
  const wrong: string[] = [];
  for (const [type, kind] of Object.entries(KINDS)) {
    const schema = schemaOf(type);
    const paths = [
      ...Object.keys({ ...kind.made, ...kind.defaults, ...kind.rules, ...kind.refs, ...kind.renew }),
      ...(kind.replace ?? []),
      ...(kind.exclusive ?? []).flat(),
      ...(kind.exactlyOne ?? []).flat(),
      ...(kind.unique?.by ?? []),
    ];
    for (const path of paths) if (!leads(path.split("."), schema)) wrong.push(`${type}.${path}`);
  }
  expect(wrong).toEqual([]);
});

function leads(steps: string[], schema: ReturnType<typeof schemaOf>): boolean {
  const [first = "", ...rest] = steps;
  const block = schema.blocks[first];
  if (block) return rest.length === 0 || leads(rest, block.block);
  const type = schema.attributes[first]?.type;
  if (rest.length === 0) return type !== undefined;
  return Array.isArray(type) && JSON.stringify(type).includes(`"${rest[0]}"`);
}

test("the types a command needs are found in its configuration and states", () => {
  const folder = temporaryFolder();
  configure(`${folder}/stack`, { resource: { aws_sqs_queue: { q: {} } } });
  expect(typesIn([folder])).toContain("aws_sqs_queue");
  expect(typesIn([`${folder}/none`])).toEqual(new Set());
});

test("a path through lists and sets finds each value with its place", () => {
  const value = {
    rule: [
      { name: "a", to: [{ arn: "1" }, { arn: "2" }] },
      { name: "b", to: [] },
    ],
  };
  expect(valuesAt(value, "rule.to.arn")).toEqual([
    { path: ["rule", 0, "to", 0, "arn"], value: "1" },
    { path: ["rule", 0, "to", 1, "arn"], value: "2" },
  ]);
});

describe("the answer to GetSchema", () => {
  test("is made once for the same types, and has those that come later", () => {
    const folder = temporaryFolder();
    const world = new World(join(folder, ".sandbox"));
    const ask = () =>
      new Handlers({ world, folders: () => [folder] }).all().GetSchema?.({} as never) as unknown as Schemas;
    const first = ask();
    expect(first.resource_schemas).not.toHaveProperty("aws_glacier_vault");
    expect(ask()).toBe(first);
    configure(folder, { resource: { aws_glacier_vault: { old: { name: "old" } } } });
    expect(ask().resource_schemas).toHaveProperty("aws_glacier_vault");
  });
});

interface Schemas {
  readonly resource_schemas: Record<string, object>;
}
