import type { BlockSchema } from "./types";

/**
 * What the bindings do not say: which attributes hide their value (taken from the provider's documentation), and the few
 * blocks that the bindings flatten to "any" because they are recursive.
 */

/** `<type>.<attribute>` of values that Terraform must not print and the world must not hold in the clear. */
export const SENSITIVE = new Set([
  "aws_ssm_parameter.value",
  "aws_ssm_parameter.value_wo",
  "aws_db_instance.password",
  "aws_db_instance.password_wo",
  "aws_rds_cluster.master_password",
  "aws_rds_cluster.master_password_wo",
  "aws_docdb_cluster.master_password",
  "aws_docdb_cluster.master_password_wo",
  "aws_redshift_cluster.master_password",
  "aws_redshift_cluster.master_password_wo",
  "aws_elasticache_replication_group.auth_token",
  "aws_secretsmanager_secret_version.secret_string",
  "aws_secretsmanager_secret_version.secret_string_wo",
  "aws_secretsmanager_secret_version.secret_binary",
  "aws_iam_access_key.secret",
  "aws_iam_access_key.ses_smtp_password_v4",
  "aws_iam_server_certificate.private_key",
  "aws_acm_certificate.private_key",
  "aws_mq_broker.password",
  "aws_cognito_user_pool_client.client_secret",
  "aws_lb_listener_rule.client_secret",
]);

function strings(...names: string[]): BlockSchema["attributes"] {
  return Object.fromEntries(names.map((name) => [name, { type: "string", optional: true }]));
}

function one(block: BlockSchema): BlockSchema["blocks"][string] {
  return { nesting: "list", min: 0, max: 1, block };
}

const empty: BlockSchema = { attributes: {}, blocks: {} };
const forwardedIp: BlockSchema = { attributes: strings("fallback_behavior", "header_name"), blocks: {} };

const fieldToMatch: BlockSchema = {
  attributes: {},
  blocks: {
    uri_path: one(empty),
    query_string: one(empty),
    method: one(empty),
    all_query_arguments: one(empty),
    single_header: one({ attributes: { name: { type: "string", required: true } }, blocks: {} }),
  },
};

const textTransformation: BlockSchema["blocks"][string] = {
  nesting: "set",
  min: 1,
  max: 0,
  block: {
    attributes: { priority: { type: "number", required: true }, type: { type: "string", required: true } },
    blocks: {},
  },
};

const ruleActionOverride: BlockSchema["blocks"][string] = {
  nesting: "list",
  min: 0,
  max: 100,
  block: {
    attributes: { name: { type: "string", required: true } },
    blocks: {
      action_to_use: one({
        attributes: {},
        blocks: {
          allow: one(empty),
          block: one(empty),
          count: one(empty),
          captcha: one(empty),
          challenge: one(empty),
        },
      }),
    },
  },
};

const leafStatements: BlockSchema["blocks"] = {
  byte_match_statement: one({
    attributes: strings("positional_constraint", "search_string"),
    blocks: { field_to_match: one(fieldToMatch), text_transformation: textTransformation },
  }),
  geo_match_statement: one({
    attributes: { country_codes: { type: ["list", "string"], required: true } },
    blocks: { forwarded_ip_config: one(forwardedIp) },
  }),
  ip_set_reference_statement: one({
    attributes: { arn: { type: "string", required: true } },
    blocks: {
      ip_set_forwarded_ip_config: one({
        attributes: strings("fallback_behavior", "header_name", "position"),
        blocks: {},
      }),
    },
  }),
};

/** wafv2 statements: the leaves above, boolean combinations one level deep, and the two that only a rule may hold. */
function statement(depth: number): BlockSchema {
  if (depth === 0) return { attributes: {}, blocks: leafStatements };
  const inner = statement(depth - 1);
  const several = {
    attributes: {},
    blocks: { statement: { nesting: "list", min: 2, max: 0, block: inner } },
  } as const;
  return {
    attributes: {},
    blocks: {
      ...leafStatements,
      and_statement: one(several),
      or_statement: one(several),
      not_statement: one({ attributes: {}, blocks: { statement: { ...one(inner), min: 1 } } }),
    },
  };
}

const ruleStatement: BlockSchema = {
  attributes: {},
  blocks: {
    ...statement(2).blocks,
    managed_rule_group_statement: one({
      attributes: {
        name: { type: "string", required: true },
        vendor_name: { type: "string", required: true },
        version: { type: "string", optional: true },
      },
      blocks: { rule_action_override: ruleActionOverride, scope_down_statement: one(statement(1)) },
    }),
    rule_group_reference_statement: one({
      attributes: { arn: { type: "string", required: true } },
      blocks: { rule_action_override: ruleActionOverride },
    }),
    rate_based_statement: one({
      attributes: {
        limit: { type: "number", required: true },
        aggregate_key_type: { type: "string", optional: true },
        evaluation_window_sec: { type: "number", optional: true },
      },
      blocks: { forwarded_ip_config: one(forwardedIp), scope_down_statement: one(statement(1)) },
    }),
  },
};

/** `<type>` → path of an "any" attribute → the block that it really is. */
export const PATCHES: Record<string, Record<string, BlockSchema>> = {
  aws_wafv2_web_acl: { "rule.statement": ruleStatement },
  aws_wafv2_rule_group: { "rule.statement": ruleStatement },
};
