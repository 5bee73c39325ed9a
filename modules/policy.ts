/**
 * IAM statements whose resource must be `*`, by their Sid. The Sid stands in the policy, the reason here;
 * a wildcard without one is an error.
 * Source: the Service Authorization Reference, "Resource types" column of each action.
 */
export const wildcardReasons = {
  Anything: "A boundary gives nothing: it bounds what a role's own policies give.",
  ClaimNothing: "A refusal by tag: nothing is made to look like another environment's.",
  LeavePeers: "A refusal by tag, of all but the networks of peers.",
  LeaveTagged: "A refusal by tag, of whatever bears another environment's.",
  EcrLogin: "ecr:GetAuthorizationToken has no resource level.",
  ReadServices: "Terraform reads by list before it knows an id, and most reads have no resource level.",
  ChangeServices:
    "Ids exist only once Terraform has made what bears them: the region, and the approval before an apply, are the bounds.",
  CreateKeys: "kms:CreateKey has no resource: the tag that the key is born with is the bound.",
  RandomPassword: "secretsmanager:GetRandomPassword has no resource level.",
  SessionChannels: "ssmmessages:* channels are made per session and have no resource level.",
  RegisterInstance: "An agent registers the instance that it runs on, whose id nobody knows before it runs.",
} as const;

/** Actions of one service, as a statement names them: `iam:GetRole`. */
export const actionsOf = (service: string, names: readonly string[]) =>
  names.map((name) => `${service}:${name}`);

/** AWS's policy for container instances: what the ECS agent calls. */
export const AGENT_POLICY = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role";

/** Whether an action stands for all of a service, or of all services: `*`, `s3:*`, `s3:?*`. */
export const isWildcard = (action: string) => /^(\*|[\w-]+:[*?]*\*[*?]*)$/.test(action);

export interface Statement {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A statement as IAM reads it, of a policy that allows. */
export interface Allowed {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Statement["condition"];
}

/** A statement as IAM reads it, of a policy that allows some things and refuses others. */
export interface Ruling extends Omit<Allowed, "Effect"> {
  readonly Effect: "Allow" | "Deny";
}

/** The same statement as a refusal, which no other statement can take back. */
export const denied = (statement: Statement): Ruling => ({ ...allowed(statement), Effect: "Deny" });

/**
 * @throws Error where a statement says `*` and no reason is written for its Sid.
 */
export function allowed({ sid, actions, resources, condition }: Statement): Allowed {
  if ((resources.includes("*") || actions.some(isWildcard)) && !(sid in wildcardReasons)) {
    throw new Error(
      `The IAM statement ${sid} says "*": name the resources, or write the reason in modules/policy.ts.`,
    );
  }
  return {
    Sid: sid,
    Effect: "Allow",
    Action: actions,
    Resource: resources,
    ...(condition && { Condition: condition }),
  };
}

/**
 * A policy document that allows the statements and nothing else.
 * @throws Error as `allowed`
 */
export const policy = (statements: readonly Statement[]) => document(statements.map(allowed));

/** What a session through Systems Manager is carried by, in a container or on an instance. */
export const sessionChannels: Statement = {
  sid: "SessionChannels",
  actions: ["Control", "Data"].flatMap((channel) => [
    `ssmmessages:Create${channel}Channel`,
    `ssmmessages:Open${channel}Channel`,
  ]),
  resources: ["*"],
};

/**
 * What people need to reach an instance through Session Manager, and no more: AWS's own policy for it,
 * AmazonSSMManagedInstanceCore, also reads every parameter of the account.
 * Source: "Create a custom IAM role for Session Manager", Systems Manager guide.
 */
export const sessionStatements: readonly Statement[] = [
  sessionChannels,
  { sid: "RegisterInstance", actions: ["ssm:UpdateInstanceInformation"], resources: ["*"] },
];

/**
 * The condition that a service acts for this account: else somebody else's task or schedule could be given the role.
 * Source: "The confused deputy problem", IAM guide; "IAM roles for tasks", ECS guide.
 */
export const forAccount = (account: string) => ({ StringEquals: { "aws:SourceAccount": account } });

/** The trust policy of a role that only this AWS service may assume. */
export const assumedBy = (service: string, condition?: Statement["condition"]) =>
  document([
    {
      Effect: "Allow",
      Action: "sts:AssumeRole",
      Principal: { Service: service },
      ...(condition && { Condition: condition }),
    },
  ]);

/** A policy document around statements that say more than `policy` can: denials, foreign principals. */
export const document = (statements: readonly object[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
