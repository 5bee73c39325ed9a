import { type Hit, hit, lacks, theme } from "../rule";
import type { Block, Stack } from "../stack";
import { type Leaf, leaves, text } from "../values";
import { type Container, containersOf } from "./containers";

/** Arguments whose value Terraform keeps in the state, and that have a write-only twin (`password_wo`) or a better way. */
const STORED: Readonly<Record<string, string>> = {
  aws_db_instance: "password",
  aws_docdb_cluster: "master_password",
  aws_neptune_cluster: "master_password",
  aws_rds_cluster: "master_password",
  aws_redshift_cluster: "master_password",
  aws_redshiftserverless_namespace: "admin_user_password",
  aws_secretsmanager_secret_version: "secret_string",
};

const isSecureString = ({ body }: Block) => text(body.type) === "SecureString";
const isSet = (value: unknown) => value !== undefined && value !== null;

const stored = (stack: Stack): Hit[] => [
  ...Object.entries(STORED).flatMap(([type, key]) =>
    stack.all(type).flatMap((block) => (isSet(block.body[key]) ? [lacks(block, key)] : [])),
  ),
  ...stack
    .all("aws_ssm_parameter")
    .filter(isSecureString)
    .flatMap((block) =>
      ["value", "insecure_value"].filter((key) => isSet(block.body[key])).map((key) => lacks(block, key)),
    ),
];

/** Names of arguments and variables that hold a secret, not a reference to one. */
const SECRET =
  /(^|[_-])(passwords?|passwd|passphrase|secret|secret_?string|secret_?key|private_?key|auth_?token|api_?key|token|dbstring)(_wo)?$/i;
/** Words that are no secrets: a switch, a count, a reference by ARN, URL or path. */
const HARMLESS =
  /^(|true|false|\d{1,4}|enabled|disabled|required|optional|none|null|arn:.*|https?:\/\/[^@]*|\/.*)$/i;

const isLiteralSecret = ({ key, value }: Pick<Leaf, "key" | "value">) =>
  SECRET.test(key) && !HARMLESS.test(text(value) ?? "");

/** In these a person says what may be, not what is: IAM conditions, tags, patterns. */
const NO_VALUES =
  /(^|\.)(tags|tags_all|default_tags|condition|lifecycle|description|depends_on|timeouts)(\.|$)/;

function literals(stack: Stack): Hit[] {
  const variables = stack
    .all("variable")
    .filter(({ name, body }) => isLiteralSecret({ key: name, value: body.default }))
    .map((block) => lacks(block, "default"));
  const kept = new Set(stored(stack).map(({ address, path }) => `${address} ${path}`));
  const inBlocks = stack.blocks
    .filter(({ type }) => !["variable", "output"].includes(type))
    .flatMap((block) =>
      leaves(block.body)
        .filter((leaf) => isLiteralSecret(leaf) && !NO_VALUES.test(leaf.path))
        .map(({ path }) => lacks(block, path)),
    );
  // One finding per secret: what is stored is told by another rule.
  return [...variables, ...inBlocks.filter(({ address, path }) => !kept.has(`${address} ${path}`))];
}

/** Values that say themselves what they are, wherever they stand. */
const TELLTALE = [
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /\b(AKIA|ASIA)[A-Z2-7]{16}\b/,
  /\bgh[pousr]_[A-Za-z0-9]{36,}\b/,
  /\bgithub_pat_\w{22,}\b/,
  /\bxox[abprs]-[A-Za-z0-9-]{10,}\b/,
  /\bsk_live_[A-Za-z0-9]{16,}\b/,
  // A URL with a literal password: postgres://app:hunter2@host.
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@${}<>"]+:[^\s/@${}<>"]+@/i,
];

const telltales = (stack: Stack): Hit[] =>
  stack.blocks.flatMap((block) =>
    leaves(block.body)
      .filter(({ value }) => typeof value === "string" && TELLTALE.some((pattern) => pattern.test(value)))
      .map(({ path }) => lacks(block, path)),
  );

/** Kinds of resources that make a secret and keep it in the state. */
const MAKERS = ["random_password", "tls_private_key"] as const;

/** Whether a random text ends up where only secrets do: a suffix of a name is none. */
const becomesSecret = (random: Block, stack: Stack) =>
  SECRET.test(random.name) ||
  stack.blocks.some((block) =>
    leaves(block.body).some(
      ({ key, value }) =>
        (SECRET.test(key) || (isSecureString(block) && /^(insecure_)?value$/.test(key))) &&
        stack.named(value, "random_string").includes(random),
    ),
  );

const ENVIRONMENT =
  /(^|_)(PASSWORD|PASSWD|SECRET|SECRET_KEY|PRIVATE_KEY|API_KEY|ACCESS_KEY|TOKEN|DBSTRING)$/i;

function environment({ block, path, body }: Container, stack: Stack): Hit[] {
  const variables = Array.isArray(body.environment) ? body.environment : [];
  return variables
    .filter(({ name, value }) => {
      const made = stack.named(value, ...MAKERS, "random_string").length > 0;
      return ENVIRONMENT.test(text(name) ?? "") && (made || !HARMLESS.test(text(value) ?? ""));
    })
    .map(({ name }) => ({ address: block.address, path: `${path}.environment.${name}` }));
}

/** What must stand in no file, plan, state or log. Their findings never show a value. */
export const secrets = theme("secrets", [
  {
    id: "secret-in-state",
    why: "What this makes lies readable in the state and in every plan.",
    source: "Terraform documentation, Sensitive data in state; seen in practice",
    mend: "Make it as an ephemeral value and write it through write-only arguments; for shells use Session Manager, not keys.",
    find: (stack) => [
      ...stack.all(...MAKERS).map((block) => lacks(block)),
      ...stack
        .all("random_string")
        .filter((block) => becomesSecret(block, stack))
        .map((block) => lacks(block)),
    ],
  },
  {
    id: "stored-secret",
    why: "Terraform writes this argument's value into the state and the plan, wherever it comes from.",
    source: "Terraform documentation, Write-only arguments; seen in practice",
    mend: "Use the write-only twin with its version: password_wo, master_password_wo, secret_string_wo, value_wo.",
    find: stored,
  },
  {
    id: "literal-secret",
    why: "A secret that stands in the code is known to everyone who can read the repository, now and in its history.",
    source: "OWASP Secrets Management Cheat Sheet",
    mend: "Take it from an ephemeral value, or let a person write it to a parameter by hand; then change it: it is known.",
    find: literals,
  },
  {
    id: "telltale-secret",
    why: "A private key, an access key or a URL with its password is in the synthesized file, and goes where that goes.",
    source: "OWASP Secrets Management Cheat Sheet; AWS and GitHub documentation of their tokens' forms",
    mend: "Take it out, change it, and pass it by reference.",
    find: telltales,
  },
  {
    id: "secret-in-task",
    why: "A container's environment is readable to all who may describe a task definition, in every revision for ever.",
    source: "AWS Security Hub ECS.8",
    mend: "Move it to secrets, with valueFrom of an SSM parameter or a Secrets Manager secret.",
    find: (stack) => containersOf(stack).flatMap((container) => environment(container, stack)),
  },
  {
    id: "ssh-key-pair",
    why: "A key pair is a long-lived secret that somebody must keep, hand around and take back.",
    source: "AWS Well-Architected, SEC06-BP03; seen in practice",
    mend: "Reach machines through Session Manager or EC2 Instance Connect, without a key.",
    find: (stack) => [
      ...stack.all("aws_key_pair").map((block) => lacks(block)),
      ...stack
        .all("aws_instance", "aws_launch_template", "aws_launch_configuration")
        .filter(({ body }) => isSet(text(body.key_name)))
        .map((block) => hit(block, block, "key_name")),
    ],
  },
]);
