import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { Construct } from "constructs";
import { BOOTSTRAP_PATH } from "../boundary";
import { nameOf } from "../names";
import { suppress } from "../../guardrails/suppress";
import { document, type Ruling, wildcardReasons } from "../policy";
import { ITSELF } from "../stack";

/**
 * Characters of a managed policy, of 6,144 that AWS takes: what is a reference here may be longer then. A role takes ten.
 * Source: "IAM and AWS STS quotas", IAM guide.
 */
const LONGEST = 5_600;

export interface CiRoleProps {
  /** The role's name, in parts. */
  readonly name: readonly string[];
  readonly description: string;
  /** Who may assume it. */
  readonly trust: string;
  /** How long a session may last; AWS's hour by default. */
  readonly hours?: number;
  readonly statements: readonly Ruling[];
}

/** A role that a workflow assumes, and what it may do: in as many policies as that takes. */
export class CiRole extends Construct {
  readonly role: IamRole;
  readonly policies: readonly IamPolicy[];

  constructor(scope: Construct, id: string, props: CiRoleProps) {
    super(scope, id);
    this.role = new IamRole(this, ITSELF, {
      name: nameOf("aws_iam_role", ...props.name),
      path: BOOTSTRAP_PATH,
      description: props.description,
      assumeRolePolicy: props.trust,
      maxSessionDuration: props.hours && props.hours * 3_600,
    });
    this.policies = divide(props.statements, LONGEST).map((statements, index) => {
      const policy = new IamPolicy(this, `policy_${index + 1}`, {
        name: nameOf("aws_iam_policy", ...props.name, String(index + 1)),
        path: BOOTSTRAP_PATH,
        policy: document(statements),
      });
      new IamRolePolicyAttachment(this, `attachment_${index + 1}`, {
        role: this.role.name,
        policyArn: policy.arn,
      });
      excuse(policy, statements);
      return policy;
    });
  }
}

/** Statements of Terraform's own that the guardrails report, and the rules by which they do. */
const reported: Readonly<Partial<Record<keyof typeof wildcardReasons, readonly string[]>>> = {
  ReadServices: ["iam-wildcard-resource"],
  ChangeServices: ["iam-wildcard-resource", "iam-wildcard-action"],
};

function excuse(policy: IamPolicy, statements: readonly Ruling[]) {
  for (const { Sid } of statements) {
    const sid = Sid as keyof typeof reported;
    for (const rule of reported[sid] ?? [])
      suppress(policy, rule, wildcardReasons[sid], `policy.Statement.${sid}`);
  }
}

/** The same statements in several documents, none longer than `longest`: one that is too long is divided by its resources. */
export function divide(statements: readonly Ruling[], longest: number): Ruling[][] {
  const documents: Ruling[][] = [[]];
  for (const statement of statements) {
    for (const resource of statement.Resource) {
      const grown = withResource(documents.at(-1) ?? [], statement, resource);
      if (document(grown).length <= longest) documents[documents.length - 1] = grown;
      else documents.push([{ ...statement, Resource: [resource] }]);
    }
  }
  return documents;
}

function withResource(to: readonly Ruling[], statement: Ruling, resource: string): Ruling[] {
  const last = to.at(-1);
  return last?.Sid === statement.Sid
    ? [...to.slice(0, -1), { ...last, Resource: [...last.Resource, resource] }]
    : [...to, { ...statement, Resource: [resource] }];
}
