/**
 * IAM statements whose resource must be `*`, by their Sid. The Sid stands in the policy, the reason here;
 * a wildcard without one is an error.
 * Source: the Service Authorization Reference, "Resource types" column of each action.
 */
export const wildcardReasons = {
  EcrLogin: "ecr:GetAuthorizationToken has no resource level.",
  SessionChannels: "ssmmessages:* channels are made per session and have no resource level.",
} as const;

/** Whether an action stands for all of a service, or of all services. */
export const isWildcard = (action: string) => /^(\*|[\w-]+:\*+)$/.test(action);

export interface Statement {
  readonly sid: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/**
 * A policy document that allows the statements and nothing else.
 * @throws Error where a statement says `*` and no reason is written for its Sid.
 */
export function policy(statements: readonly Statement[]): string {
  for (const { sid, actions, resources } of statements) {
    if ((resources.includes("*") || actions.some(isWildcard)) && !(sid in wildcardReasons)) {
      throw new Error(
        `The IAM statement ${sid} says "*": name the resources, or write the reason in modules/policy.ts.`,
      );
    }
  }
  return document(
    statements.map(({ sid, actions, resources, condition }) => ({
      Sid: sid,
      Effect: "Allow",
      Action: actions,
      Resource: resources,
      ...(condition && { Condition: condition }),
    })),
  );
}

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
