import type { CasesByRule } from "./cases";
import { resource, task, together } from "./json";

const parameter = (body: object) =>
  resource("aws_ssm_parameter", { name: "/prod/token", type: "SecureString", ...body });
const variable = (name: string, body: object) => ({ variable: { [name]: body } });
const environment = (name: string, value: string) => task({ environment: [{ name, value }] });
const backend = (body: object) => ({
  terraform: { backend: { s3: { bucket: "states", key: "prod", ...body } } },
});
const cluster = (name: string, id = "it") => resource("aws_ecs_cluster", { name }, id);
const EDGE = { cluster: "${aws_ecs_cluster.it.name}" };
const module = (name: string) => ({ module: { [name]: { source: "./environment", name } } });
const template = (user_data: string) =>
  together(cluster("prod"), resource("aws_launch_template", { user_data }));

export const secretCases: CasesByRule = {
  "secret-in-state": {
    fails: {
      "a private key": resource("tls_private_key", { algorithm: "RSA" }),
      "a password": resource("random_password", { length: 32 }),
      "a random text by its name": resource("random_string", { length: 32 }, "password"),
      "a random text by its use": together(
        resource("random_string", { length: 32 }),
        resource("aws_db_instance", { password: "${random_string.it.result}" }),
      ),
      "a random text in a parameter": together(
        resource("random_string", { length: 32 }),
        parameter({ value: "${random_string.it.result}" }),
      ),
    },
    passes: {
      "a suffix": together(
        resource("random_string", { length: 6 }, "suffix"),
        resource("aws_s3_bucket", { bucket: "files-${random_string.suffix.result}" }),
      ),
      "a name beside a secret": together(
        resource("random_string", { length: 6 }),
        parameter({ name: "/prod/${random_string.it.result}", value_wo: "set by hand" }),
      ),
      ephemeral: { ephemeral: { random_password: { it: { length: 32 } } } },
    },
  },
  "stored-secret": {
    fails: {
      password: resource("aws_db_instance", { password: "${var.password}" }),
      parameter: parameter({ value: "${var.token}" }),
      "the insecure twin": parameter({ insecure_value: "example" }),
      version: resource("aws_secretsmanager_secret_version", { secret_string: "example" }),
    },
    passes: {
      password: resource("aws_db_instance", { password_wo: "${ephemeral.random_password.it.result}" }),
      parameter: parameter({ value_wo: "set by hand", value_wo_version: 1 }),
      "no secret": resource("aws_ssm_parameter", { name: "/prod/deploy", type: "String", value: "{}" }),
    },
  },
  "literal-secret": {
    fails: {
      "write-only or not": resource("aws_db_instance", { password_wo: "hunter22" }),
      "an authentication token": resource("aws_elasticache_replication_group", {
        auth_token: "hunter22hunter22",
      }),
      "the provider's": { provider: { aws: { secret_key: "abcdefghijklmnop" } } },
      "a variable's default": variable("db_password", { default: "hunter22" }),
      nested: resource("aws_lambda_function", { environment: { variables: { DB_PASSWORD: "hunter22" } } }),
      local: { locals: { api_key: "hunter22" } },
    },
    passes: {
      reference: resource("aws_elasticache_replication_group", { auth_token: "${var.token}" }),
      "a variable without default": variable("db_password", { type: "string", sensitive: true }),
      "an ARN": resource("aws_lambda_function", {
        environment: { variables: { SECRET: "arn:aws:secretsmanager:x" } },
      }),
      "a switch": resource("aws_cognito_user_pool_client", { generate_secret: true }),
      "a tag": resource("aws_vpc", { tags: { secret: "squirrel" } }),
    },
  },
  "telltale-secret": {
    fails: {
      "a private key": { locals: { deploy: "-----BEGIN RSA PRIVATE KEY-----\nMII" } },
      "an access key": resource("aws_instance", {
        user_data: "export AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE",
      }),
      "a URL": parameter({ value_wo: "postgres://app:hunter22@db.example.com/app" }),
      "in a task": task({ environment: [{ name: "URL", value: "amqp://app:hunter22@mq/" }] }),
    },
    passes: {
      "a URL whose password is ephemeral": parameter({
        value_wo: "postgres://app:${ephemeral.random_password.it.result}@${aws_db_instance.it.address}/app",
      }),
      "a URL without": task({ environment: [{ name: "URL", value: "https://example.com:443/a@b" }] }),
      "a public key": resource("aws_cloudfront_public_key", {
        encoded_key: "-----BEGIN PUBLIC KEY-----\nMII",
      }),
    },
  },
  "secret-in-task": {
    fails: {
      literal: environment("DB_PASSWORD", "hunter22"),
      made: together(
        resource("random_password", {}),
        environment("DB_PASSWORD", "${random_password.it.result}"),
      ),
    },
    passes: {
      reference: task({ secrets: [{ name: "DB_PASSWORD", valueFrom: "${aws_ssm_parameter.it.arn}" }] }),
      "about a secret": environment("TOKEN_URL", "https://example.com/token"),
      "an expression": environment("API_TOKEN", "${var.anything}"),
    },
  },
  "ssh-key-pair": {
    fails: {
      pair: resource("aws_key_pair", { public_key: "ssh-ed25519 AAAA" }),
      machine: resource("aws_instance", { key_name: "laptop" }),
    },
    passes: { none: resource("aws_instance", {}) },
  },
};

export const edgeCases: CasesByRule = {
  "literal-reference": {
    fails: {
      cluster: together(cluster("prod"), resource("aws_ecs_service", { cluster: "prod" })),
      "subnet group": together(
        resource("aws_db_subnet_group", { name: "prod" }),
        resource("aws_db_instance", { db_subnet_group_name: "prod" }),
      ),
      "capacity provider": together(
        resource("aws_ecs_capacity_provider", { name: "prod-spot" }),
        resource("aws_ecs_service", { capacity_provider_strategy: [{ capacity_provider: "prod-spot" }] }),
      ),
      role: together(
        resource("aws_iam_role", { name: "web" }),
        resource("aws_iam_role_policy", { role: "web", policy: "{}" }),
      ),
      "user data": template("#!/bin/bash\necho ECS_CLUSTER=prod >> /etc/ecs/ecs.config"),
      "user data, encoded": template(Buffer.from("ECS_CLUSTER=prod").toString("base64")),
      "user data, encoded by Terraform": template('${base64encode("ECS_CLUSTER=prod")}'),
    },
    passes: {
      cluster: together(cluster("prod"), resource("aws_ecs_service", EDGE)),
      "another's cluster": together(cluster("prod"), resource("aws_ecs_service", { cluster: "shared" })),
      "an edge all the same": together(
        cluster("prod"),
        resource("aws_ecs_service", { cluster: "prod", depends_on: ["aws_ecs_cluster.it"] }),
      ),
      "an edge over another": together(
        cluster("prod"),
        resource("aws_ecs_cluster_capacity_providers", { cluster_name: "${aws_ecs_cluster.it.name}" }),
        resource("aws_ecs_service", {
          cluster: "prod",
          depends_on: ["aws_ecs_cluster_capacity_providers.it"],
        }),
      ),
      "user data": template('${base64encode("ECS_CLUSTER=${aws_ecs_cluster.it.name}")}'),
    },
  },
  "several-environments-in-one-state": {
    fails: {
      modules: together(module("staging"), module("prod")),
      clusters: together(cluster("shop-staging", "one"), cluster("shop-prod", "two")),
    },
    passes: {
      one: together(cluster("shop-prod", "one"), module("prod")),
      "two of a kind": together(cluster("prod-eu", "one"), cluster("prod-us", "two")),
    },
  },
  "state-encryption": {
    fails: { silent: backend({}) },
    passes: { on: backend({ encrypt: true }), local: { terraform: { backend: { local: {} } } } },
  },
  "state-lock": {
    fails: { silent: backend({}) },
    passes: { file: backend({ use_lockfile: true }), table: backend({ dynamodb_table: "locks" }) },
  },
};
