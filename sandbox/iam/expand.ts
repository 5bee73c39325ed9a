import { blocks, text } from "../aws/kind";
import { type Fields, isRecord, UNKNOWN, type Value } from "../wire/value";
import type { World } from "../world";
import { arnOf, type Line, parseLine } from "./line";

/** A call, with the ARNs of what it is about; none where the action has no resource. */
export interface Call {
  readonly action: string;
  readonly resources: readonly string[];
  readonly to: string | undefined;
  readonly via: string | undefined;
}

/** What the attributes of a line are looked up in. */
export interface Subject {
  readonly world: World;
  readonly region: string;
  readonly attributes: Fields;
}

/** The calls that lines stand for, for one subject. */
export const expand = (lines: readonly Line[], subject: Subject): Call[] =>
  lines.flatMap((line) => {
    const { action, resources, when, to, via } = parseLine(line);
    if (when !== undefined && isEmpty(subject.attributes[when])) return [];
    // A call of ECR may name another account's registry.
    const account = text(subject.attributes, "registryId") || subject.world.account;
    const arns = resources.flatMap((resource) =>
      fill(resource, subject).map((one) => arnOf(action, one, subject.region, account)),
    );
    return resources.length > 0 && arns.length === 0 ? [] : [{ action, resources: arns, to, via }];
  });

const isEmpty = (value: Value | undefined) =>
  value === undefined ||
  value === null ||
  value === false ||
  value === "" ||
  value === 0 ||
  (Array.isArray(value) && value.length === 0) ||
  (isRecord(value) && Object.keys(value).length === 0);

/** A resource with its attributes filled in: as many as lists among them have members, none where one is empty. */
function fill(resource: string, subject: Subject): string[] {
  const parts = resource.split(/\{([^}]+)\}/);
  return parts.reduce<string[]>(
    (begun, part, index) => {
      const values = index % 2 === 0 ? [part] : valuesOf(part, subject);
      return begun.flatMap((start) => values.map((value) => start + value));
    },
    [""],
  );
}

function valuesOf(placeholder: string, subject: Subject): string[] {
  if (placeholder === "@region") return [subject.region];
  if (placeholder === "@account") return [subject.world.account];
  const [path = "", word] = placeholder.split(":");
  const values = at(subject.attributes, path.split("."));
  if (word === undefined) return values;
  const make = WORDS[word];
  if (!make) throw new Error(`sandbox/iam/expand.ts knows no word "${word}", as in {${placeholder}}.`);
  // A key that is not known yet is one that AWS chooses: its own.
  if (word === "key") return values.flatMap((value) => (value === "*" ? [] : (make(value, subject) ?? [])));
  return values.flatMap((value) => (value === "*" ? value : (make(value, subject) ?? [])));
}

/** What stands at a path, as texts; what is not known yet is `*`. */
function at(value: Value | undefined, [name, ...rest]: readonly string[]): string[] {
  if (value === UNKNOWN) return ["*"];
  if (Array.isArray(value)) return value.flatMap((one) => at(one, name === undefined ? [] : [name, ...rest]));
  if (name !== undefined) return isRecord(value) ? at(value[name], rest) : [];
  return typeof value === "string" && value !== "" ? [value] : [];
}

/** The aws:userid of who calls. Source: "IAM policy elements: Variables", where the principal is an assumed role. */
export const SESSION_USER = "AROASANDBOXSANDBOX000:sandbox";

type Word = (value: string, subject: Subject) => string | undefined;

const find = ({ world }: Subject, type: string, fits: (attributes: Fields) => boolean): Fields | undefined =>
  world.list({ type }).find(({ attributes }) => fits(attributes as Fields))?.attributes as Fields | undefined;

const arnOfRole: Word = (name, subject) => {
  if (name.startsWith("arn:")) return name;
  const role = find(subject, "aws_iam_role", (one) => text(one, "name") === name);
  return role ? text(role, "arn") : `arn:aws:iam::${subject.world.account}:role/${name}`;
};

/** The role of an instance profile, which is named or told by its ARN. */
const roleOfProfile: Word = (profile, subject) => {
  const found = find(subject, "aws_iam_instance_profile", (one) =>
    [text(one, "name"), text(one, "arn")].includes(profile),
  );
  return found && arnOfRole(text(found, "role"), subject);
};

const keyArn: Word = (key, subject) => {
  if (key.startsWith("arn:")) return key;
  // AWS's own key of a service: its policy lets everybody of the account use it by that service.
  if (key.startsWith("alias/aws/")) return undefined;
  const alias = find(subject, "aws_kms_alias", (one) => text(one, "name") === key);
  return arnOf(
    "kms:",
    `key/${alias ? text(alias, "target_key_id") : key}`,
    subject.region,
    subject.world.account,
  );
};

/** What may stand behind the colon of a placeholder. */
const WORDS: Readonly<Record<string, Word>> = {
  /** The last part of an ARN, a URL or a path. */
  last: (value) => value.split(/[/:]/).at(-1),
  /** The name in a load balancer's ARN. */
  "balancer-name": (value) => value.split("/").at(-2),
  /** A parameter's name as ARNs have it. */
  rooted: (name) => (name.startsWith("/") ? name : `/${name}`),
  "role-named": arnOfRole,
  "profile-role": roleOfProfile,
  "template-role": (id, subject) => {
    const template = find(subject, "aws_launch_template", (one) => text(one, "id") === id);
    const [profile] = blocks(template, "iam_instance_profile");
    return roleOfProfile(text(profile, "arn") || text(profile, "name"), subject);
  },
  key: keyArn,
  "db-arn": (name, { region, world }) =>
    arnOf("rds:", name.startsWith("arn:") ? name : `db:${name}`, region, world.account),
  /** A service of ECS, as Application Auto Scaling names it. */
  "ecs-arn": (id, { region, world }) => arnOf("ecs:", id, region, world.account),
  /** A session of Systems Manager, by whoever began it: the sandbox's ids begin with the session's name. */
  session: (id) => `${SESSION_USER}${id.slice(id.indexOf("-"))}`,
  waf: (scope) => (scope === "CLOUDFRONT" ? "global" : "regional"),
  /** An identity provider by its URL. */
  provider: (url) => `oidc-provider/${url.replace("https://", "")}`,
  /** The tasks of ECS are named by id or ARN. */
  "task-definition": (name) => name.replace(/^arn:.*:task-definition\//, "").replace(/^([^:]+)$/, "$1:*"),
};
