import { AwsError, blocks, text, texts } from "../aws/kind";
import { type Fields, isRecord } from "../wire/value";
import type { World } from "../world";
import { MANAGED_DOCUMENTS } from "./managed";
import { type Policy, readPolicy, type Statement } from "./policy";

/** A role of the account, and what it may do. */
export interface Role {
  readonly name: string;
  readonly arn: string;
  readonly identity: readonly Policy[];
  readonly boundary: Policy | undefined;
  /** The statements of its trust policy. */
  readonly trust: readonly Statement[];
  readonly tags: Readonly<Record<string, string>>;
}

/** Every role that somebody made in the account. */
export const rolesIn = (world: World): Role[] =>
  world.list({ type: "aws_iam_role" }).map(({ attributes }) => roleOf(world, attributes as Fields));

/** The role of this name, or undefined. */
export function roleNamed(world: World, name: string): Role | undefined {
  const found = world.find({ type: "aws_iam_role", where: { name } });
  return found && roleOf(world, found.attributes as Fields);
}

function roleOf(world: World, attributes: Fields): Role {
  const name = text(attributes, "name");
  const boundary = text(attributes, "permissions_boundary");
  const { tags_all: tags } = attributes;
  return {
    name,
    arn: text(attributes, "arn"),
    identity: [...inlineOf(world, name, attributes), ...attachedTo(world, name, attributes)],
    boundary: boundary === "" ? undefined : managedPolicy(world, boundary),
    trust: readPolicy("trust", text(attributes, "assume_role_policy")).statements,
    tags: isRecord(tags) ? (tags as Record<string, string>) : {},
  };
}

function inlineOf(world: World, role: string, attributes: Fields): Policy[] {
  const own = blocks(attributes, "inline_policy");
  const separate = world.list({ type: "aws_iam_role_policy", where: { role } });
  return [...own, ...separate.map((one) => one.attributes as Fields)].map((one) =>
    readPolicy(text(one, "name"), text(one, "policy")),
  );
}

function attachedTo(world: World, role: string, attributes: Fields): Policy[] {
  const separate = world.list({ type: "aws_iam_role_policy_attachment", where: { role } });
  const arns = separate.map((one) => text(one.attributes as Fields, "policy_arn"));
  return [...new Set([...texts(attributes, "managed_policy_arns"), ...arns])].map((arn) =>
    managedPolicy(world, arn),
  );
}

/** The managed policy of this ARN, which is its name here, too. @throws AwsError where the sandbox does not know what it says */
export function managedPolicy(world: World, arn: string): Policy {
  const own = world.find({ type: "aws_iam_policy", where: { arn } })?.attributes as Fields | undefined;
  const json = text(own, "policy") || MANAGED_DOCUMENTS[arn];
  if (!json) throw new AwsError("NoSuchEntity", `The sandbox does not know what ${arn} allows.`);
  return readPolicy(arn, json);
}
