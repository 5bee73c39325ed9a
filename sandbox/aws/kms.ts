import type { World } from "../world";
import { uuid } from "./compute";
import { AwsError, type Kinds, type Situation, text } from "./kind";
import { between, json, pattern } from "./rules";

type Statement = Record<string, unknown>;

/** Keys and their names (KMS API Reference: CreateKey, CreateAlias). */
export const kms: Kinds = {
  aws_kms_key: {
    made: {
      id: ({ hex }) => uuid(hex),
      key_id: "{id}",
      arn: "arn:aws:kms:{region}:{account}:key/{id}",
      policy: ({ account }) =>
        JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            {
              Effect: "Allow",
              Principal: { AWS: `arn:aws:iam::${account}:root` },
              Action: "kms:*",
              Resource: "*",
            },
          ],
        }),
      rotation_period_in_days: ({ attributes }) => (attributes.enable_key_rotation === true ? 365 : 0),
      description: "",
    },
    defaults: {
      bypass_policy_lockout_safety_check: false,
      customer_master_key_spec: "SYMMETRIC_DEFAULT",
      enable_key_rotation: false,
      is_enabled: true,
      key_usage: "ENCRYPT_DECRYPT",
      multi_region: false,
    },
    replace: ["customer_master_key_spec", "key_usage", "multi_region"],
    rules: { deletion_window_in_days: between(7, 30), policy: json },
    missing: { code: "NotFoundException", message: "Key '{value}' does not exist" },
    check: checkLockout,
  },
  aws_kms_alias: {
    nameLength: 256,
    made: {
      id: "{name}",
      arn: "arn:aws:kms:{region}:{account}:{name}",
      target_key_arn: ({ attributes, region, account }) =>
        `arn:aws:kms:${region}:${account}:key/${keyIdIn(text(attributes, "target_key_id"))}`,
    },
    replace: ["name", "name_prefix"],
    rules: {
      name: pattern(
        /^alias\/(?!aws\/)[a-zA-Z0-9/_-]+$/,
        'must begin with "alias/" and not with "alias/aws/"',
      ),
    },
    refs: { target_key_id: { type: "aws_kms_key", holds: false, part: keyIdIn } },
    unique: { by: ["name"], code: "AlreadyExistsException" },
  },
};

/** The key of the account that Parameter Store takes where none is named. */
export const PARAMETER_KEY = "alias/aws/ssm";

/** Whether Parameter Store can encrypt with a key, as it does at once (SSM API Reference, PutParameter). */
export function encryptsParameters(world: World, region: string, key: string): boolean {
  return key === PARAMETER_KEY || keyNamed(world, region, key) !== undefined;
}

/** CloudWatch Logs tries the key for the group ("Encrypt log data in CloudWatch Logs using AWS KMS"). */
export function checkLogGroupKey({ world, region, account, attributes }: Situation): void {
  const given = text(attributes, "kms_key_id");
  if (given === "") return;
  const group = `arn:aws:logs:${region}:${account}:log-group:${text(attributes, "name")}`;
  const policy = text(keyNamed(world, region, given)?.attributes, "policy");
  const admitted = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"].every((action) =>
    statementsIn(policy).some(
      (statement) =>
        statement.Effect === "Allow" &&
        principalsOf(statement, "Service").includes(`logs.${region}.amazonaws.com`) &&
        listOf(statement.Action).some((one) => like(one, action)) &&
        contextsOf(statement).every((context) => context.some((one) => like(one, group))),
    ),
  );
  if (admitted) return;
  const said = `The specified KMS key does not exist or is not allowed to be used with Arn '${group}'`;
  throw new AwsError("AccessDeniedException", said, "kms_key_id");
}

/** KMS lets nobody lock themselves out (KMS API Reference, PutKeyPolicy). */
function checkLockout({ account, attributes }: Situation): void {
  const policy = text(attributes, "policy");
  if (policy === "" || attributes.bypass_policy_lockout_safety_check === true) return;
  const keeps = statementsIn(policy).some(
    (statement) =>
      statement.Effect === "Allow" &&
      principalsOf(statement, "AWS").some(
        (one) => one === "*" || one === account || one.includes(`:${account}:`),
      ) &&
      listOf(statement.Action).some((one) => like(one, "kms:PutKeyPolicy")),
  );
  if (keeps) return;
  const said = "The new key policy will not allow you to update the key policy in the future.";
  throw new AwsError("MalformedPolicyDocumentException", said, "policy");
}

/** By its id or ARN, or by an alias's name or ARN. */
function keyNamed(world: World, region: string, given: string) {
  const name = /(alias\/.+)$/.exec(given)?.[1];
  const target = name && text(world.get("aws_kms_alias", region, name)?.attributes, "target_key_id");
  return world.get("aws_kms_key", region, keyIdIn(target ?? given));
}

function keyIdIn(given: string): string {
  return given.replace(/^.*key\//, "");
}

function statementsIn(policy: string): Statement[] {
  return policy === ""
    ? []
    : ([(JSON.parse(policy) as { Statement?: unknown }).Statement ?? []].flat() as Statement[]);
}

function listOf(value: unknown): string[] {
  return [value ?? []].flat().map(String);
}

function principalsOf({ Principal }: Statement, kind: "AWS" | "Service"): string[] {
  return typeof Principal === "string"
    ? [Principal]
    : listOf((Principal as Record<string, unknown> | undefined)?.[kind]);
}

/** What each condition on the log group's ARN allows. */
function contextsOf({ Condition }: Statement): string[][] {
  return Object.values((Condition ?? {}) as Record<string, Record<string, unknown>>).flatMap((test) =>
    Object.entries(test)
      .filter(([key]) => key.toLowerCase() === "kms:encryptioncontext:aws:logs:arn")
      .map(([, values]) => listOf(values)),
  );
}

/** Whether a text is meant by a pattern with `*` and `?`. */
function like(written: string, value: string): boolean {
  const escaped = written
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${escaped}$`).test(value);
}
