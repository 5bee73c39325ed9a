import type { BlockSchema, TypeJson } from "./types";

/**
 * Ephemeral resources: the bindings know none, so their schemas stand here, as the provider's documentation gives them
 * (registry.terraform.io/providers/hashicorp/aws, "Ephemeral Resources").
 */
type Attributes = BlockSchema["attributes"];

function optional(attributes: Record<string, TypeJson>): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, type]) => [name, { type, optional: true }]),
  );
}

function computed(attributes: Record<string, TypeJson>): Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, type]) => [name, { type, computed: true }]),
  );
}

const region: Attributes = { region: { type: "string", optional: true, computed: true } };
const secretValue = { type: "string", computed: true, sensitive: true } as const;

export const EPHEMERAL: Record<string, BlockSchema> = {
  aws_secretsmanager_random_password: {
    attributes: {
      ...region,
      ...optional({
        exclude_characters: "string",
        exclude_lowercase: "bool",
        exclude_numbers: "bool",
        exclude_punctuation: "bool",
        exclude_uppercase: "bool",
        include_space: "bool",
        password_length: "number",
        require_each_included_type: "bool",
      }),
      random_password: secretValue,
    },
    blocks: {},
  },
  aws_secretsmanager_secret_version: {
    attributes: {
      ...region,
      secret_id: { type: "string", required: true },
      version_id: { type: "string", optional: true, computed: true },
      version_stage: { type: "string", optional: true, computed: true },
      ...computed({
        arn: "string",
        created_date: "string",
        secret_binary: "string",
        version_stages: ["list", "string"],
      }),
      secret_string: secretValue,
    },
    blocks: {},
  },
  aws_ssm_parameter: {
    attributes: {
      ...region,
      arn: { type: "string", required: true },
      ...optional({ with_decryption: "bool" }),
      ...computed({ name: "string", type: "string", version: "number" }),
      value: secretValue,
    },
    blocks: {},
  },
};
