import { each, type Hit, hit, lacks, theme } from "../rule";
import type { Block, Stack } from "../stack";
import { text } from "../values";
import { isListAction } from "./actions";
import { type Statement, statementsOf } from "./policies";

const KEY_POLICY = /^aws_kms_(key|key_policy|external_key|replica_key)$/;
/** A VPC endpoint's policy grants nothing by itself, and is open unless it is narrowed. Source: AWS PrivateLink guide. */
const GRANTS_NOTHING = /^aws_vpc_endpoint(_policy)?$/;

const allows = (stack: Stack): Statement[] =>
  stack.blocks
    .filter(({ type }) => !GRANTS_NOTHING.test(type))
    .flatMap(statementsOf)
    .filter(({ effect }) => effect === "Allow");

const at = ({ block, path }: Statement, key: string, value?: unknown): Hit => ({
  address: block.address,
  // Terraform's statement blocks spell their arguments in lower case and plural.
  path: `${path}.${block.type.startsWith("data.") ? `${key.toLowerCase()}s` : key}`,
  value,
});

/** `*`, `s3:*`, and what stands for as much: `s3:?*`. */
const isWildcardAction = (action: string) => /^(\*|[\w*-]+:[*?]*\*[*?]*)$/.test(action);

/** Without this, nobody could ever change a key's policy again. Source: Default key policy, KMS guide. */
const isKeyOwner = ({ block, principals, actions }: Statement) =>
  (KEY_POLICY.test(block.type) || block.type.startsWith("data.")) &&
  actions.every((action) => action.startsWith("kms:")) &&
  principals?.length !== 0 &&
  principals?.every((principal) => principal.endsWith(":root")) === true;

function wildcardAction(statement: Statement): Hit[] {
  if (isKeyOwner(statement)) return [];
  if (statement.inverted.actions) return [at(statement, "NotAction")];
  const found = statement.actions.filter(isWildcardAction);
  return found.length > 0 ? [at(statement, "Action", found)] : [];
}

/** All of everything, or all of one service: `arn:aws:s3:::*`. */
const isWildcardResource = (resource: string) => /^(\*|arn:[^:$]*:[^:$]*:[^:$]*:\*?:\*)$/.test(resource);

/** Conditions that say which resources are meant though the statement says all. */
const NARROWS_RESOURCE = /resourcetag\/|^ecs:cluster$|^aws:resource(account|orgid|orgpaths)$/;

function wildcardResource(statement: Statement): Hit[] {
  const { principals, conditions, inverted, actions, resources } = statement;
  // On a resource (a bucket, a key) "*" is that resource, or what lies in it.
  if (principals !== undefined || KEY_POLICY.test(statement.block.type)) return [];
  if (conditions === undefined || conditions.some((key) => NARROWS_RESOURCE.test(key))) return [];
  if (inverted.resources) return [at(statement, "NotResource")];
  const found = resources.filter(isWildcardResource);
  const unlimited =
    inverted.actions || actions.some((action) => text(action) !== undefined && !isListAction(action));
  return found.length > 0 && unlimited ? [at(statement, "Resource", found)] : [];
}

/** Conditions that say who is meant though the statement says everyone. */
const NARROWS_PRINCIPAL =
  /^(aws:(source(arn|account|vpc|vpce|ip|owner|orgid|orgpaths)|principal\w+|viaawsservice)|kms:calleraccount|.*:sub)(\/.*)?$/;

function publicPrincipal(statement: Statement): Hit[] {
  const { principals, conditions } = statement;
  if (!principals?.includes("*") || conditions === undefined) return [];
  return conditions.some((key) => NARROWS_PRINCIPAL.test(key)) ? [] : [at(statement, "Principal", "*")];
}

/** A subject that several accounts of the identity provider could carry: `*`, `repo:*`, `repo:*\/service:…`, `repo:me*\/…`. */
const isAnySubject = (subject: string) => /^([\w-]+:)?[^:/]*[*?]/.test(subject);

function openTrust(statement: Statement): Hit[] {
  const { actions, conditions } = statement;
  if (!actions.includes("sts:AssumeRoleWithWebIdentity") || conditions === undefined) return [];
  const subject = conditions.find((key) => key.endsWith(":sub"));
  if (subject === undefined) {
    // What a key that is an expression turns out to be, only an apply will tell.
    return conditions.some((key) => key.includes("${")) ? [] : [at(statement, "Condition")];
  }
  const open = statement.conditionValues(subject).filter(isAnySubject);
  return open.length > 0 ? [at(statement, "Condition", open)] : [];
}

const ADMINISTRATION = /^arn:aws[\w-]*:iam::aws:policy\/(AdministratorAccess|PowerUserAccess|IAMFullAccess)$/;
const ATTACHMENTS = [
  "aws_iam_role_policy_attachment",
  "aws_iam_user_policy_attachment",
  "aws_iam_group_policy_attachment",
  "aws_iam_policy_attachment",
] as const;

const INSTANCE_POLICY = /\/AmazonEC2ContainerServiceforEC2Role$/;

/** Whether ECS hands the role to tasks. */
function isTaskRole(role: Block, stack: Stack): boolean {
  const documents = [role, ...stack.named(role.body.assume_role_policy, "data.aws_iam_policy_document")];
  return documents
    .flatMap(statementsOf)
    .some(({ principals }) => principals?.includes("ecs-tasks.amazonaws.com") === true);
}

/** AWS's policies that read parameters on `*`. Source: AWS Managed Policy Reference. */
const PARAMETER_READERS =
  /^arn:aws[\w-]*:iam::aws:policy\/(service-role\/)?(AmazonSSM(ManagedInstanceCore|ReadOnlyAccess|FullAccess)|AmazonEC2RoleforSSM|ReadOnlyAccess)$/;

function instancePolicy(block: Block, stack: Stack): Hit[] {
  if (!INSTANCE_POLICY.test(text(block.body.policy_arn) ?? "")) return [];
  const roles = stack.named(block.body.role, "aws_iam_role");
  return roles.some((role) => isTaskRole(role, stack)) ? [hit(block, block, "policy_arn")] : [];
}

/** Who may do what. */
export const permissions = theme("permissions", [
  {
    id: "iam-wildcard-action",
    why: "An allowed * is every action there is, and every one that AWS will add.",
    source: "AWS Security Hub IAM.1, IAM.21",
    mend: "Name the actions that are needed.",
    find: (stack) => allows(stack).flatMap(wildcardAction),
  },
  {
    id: "iam-wildcard-resource",
    why: "An allowed action on * reaches every resource of the account, those of other environments included.",
    source: "IAM guide, Apply least-privilege permissions; actions that know no resource are left out",
    mend: "Name the resources by reference, or narrow by a condition on aws:ResourceTag.",
    find: (stack) => allows(stack).flatMap(wildcardResource),
  },
  {
    id: "iam-public-principal",
    why: "An allowed principal * is everyone with an AWS account, and for some services everyone.",
    source: "IAM guide, Principal element: all principals",
    mend: "Name the principal, or say who is meant in a condition: aws:SourceArn, aws:PrincipalOrgID.",
    find: (stack) => allows(stack).flatMap(publicPrincipal),
  },
  {
    id: "oidc-open-trust",
    why: "A role that trusts an identity provider without saying whose subject can be assumed from anyone's repository.",
    source: "GitHub documentation, Configuring OpenID Connect in AWS",
    mend: 'Add a condition on the provider\'s :sub: "repo:<owner>/<repository>:environment:<environment>".',
    find: (stack) => allows(stack).flatMap(openTrust),
  },
  {
    id: "iam-administrator",
    why: "Whoever gets hold of an administrator's role owns the account.",
    source: "AWS Security Hub IAM.1; IAM guide, AWS managed policies for job functions",
    mend: "Attach a policy of your own with what is needed; for the role that applies, suppress the rule and say what guards it.",
    find: each(ATTACHMENTS, (block) =>
      ADMINISTRATION.test(text(block.body.policy_arn) ?? "") ? [hit(block, block, "policy_arn")] : [],
    ),
  },
  {
    id: "instance-policy-on-task-role",
    why: "The container instances' policy lets a task register and deregister machines.",
    source: "ECS guide, Container instance IAM role; seen in practice",
    mend: "Let the execution role pull its image, write its log group and read its own parameters, nothing else.",
    find: each(["aws_iam_role_policy_attachment"], instancePolicy),
  },
  {
    id: "reads-every-parameter",
    why: "AWS's policies for Systems Manager read every parameter of the account, the secrets of other environments included.",
    source: "AWS Managed Policy Reference, AmazonSSMManagedInstanceCore: ssm:GetParameter on *",
    mend: "Allow ssm:UpdateInstanceInformation and the four ssmmessages channels in a policy of your own: Session Manager needs no more.",
    find: each(ATTACHMENTS, (block) =>
      PARAMETER_READERS.test(text(block.body.policy_arn) ?? "") ? [hit(block, block, "policy_arn")] : [],
    ),
  },
  {
    id: "long-lived-access-key",
    why: "An access key works from anywhere until somebody remembers it, and its secret lies in the state.",
    source: "IAM guide, Use temporary credentials; AWS Security Hub IAM.3",
    mend: "Assume a role: GitHub and others through OIDC, machines and tasks through their own role.",
    find: each(["aws_iam_access_key"], (block) => [lacks(block)]),
  },
]);
