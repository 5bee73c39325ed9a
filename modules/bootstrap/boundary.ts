import { IamPolicy } from "@cdktf/provider-aws/lib/iam-policy";
import { Construct } from "constructs";
import { suppress } from "../../guardrails/suppress";
import { BOOTSTRAP_PATH, boundaryName } from "../boundary";
import type { Mistake } from "../mistakes";
import { actionsOf, allowed, denied, document, wildcardReasons } from "../policy";
import { ITSELF } from "../stack";
import type { Repository } from "./repositories";

export interface BoundaryProps {
  readonly project: string;
  readonly account: string;
  readonly environment: string;
  /** The other environments that there are. */
  readonly others: readonly string[];
  readonly stateBucketArn: string;
  /** Where releases are pushed to. */
  readonly releaseArns: readonly string[];
}

/**
 * The most that any role of an environment may do, whatever its own policies say: nothing in IAM but to hand its roles to
 * ECS, and nothing to what is another environment's, to the states, or to releases but to pull them. Its apply role must give it to each role that it makes.
 */
export class Boundary extends Construct {
  readonly policy: IamPolicy;

  constructor(scope: Construct, id: string, props: BoundaryProps) {
    super(scope, id);
    const { project, environment } = props;
    this.policy = new IamPolicy(this, ITSELF, {
      name: boundaryName(project, environment),
      path: BOOTSTRAP_PATH,
      description: `The most that roles of ${environment} may do`,
      policy: document(statements(props)),
    });
    for (const rule of ["iam-wildcard-action", "iam-wildcard-resource"])
      suppress(this.policy, rule, wildcardReasons.Anything, "policy.Statement.Anything");
  }
}

/** Characters of a managed policy, white space not counted. Source: "IAM and AWS STS quotas", IAM user guide. */
const LIMIT = 6_144;

/**
 * The refusal of more environments than a boundary can keep apart: each one's names every other one, and a role has no second.
 * @param environments the names of all of one account
 * @param releases where releases are pushed to there
 */
export function checkBoundaries(
  project: string,
  environments: readonly string[],
  releases: readonly Pick<Repository, "repository">[],
): Mistake[] {
  const account = "123456789012";
  const sizes = environments.map((environment) => {
    const policy = statements({
      project,
      account,
      environment,
      others: environments.filter((other) => other !== environment),
      // As long as a bucket's name and a region's may be.
      stateBucketArn: `arn:aws:s3:::${"x".repeat(63)}`,
      releaseArns: releases.map(
        ({ repository }) => `arn:aws:ecr:ap-southeast-1:${account}:repository/${repository}`,
      ),
    });
    return document(policy).length;
  });
  const size = Math.max(0, ...sizes);
  if (size <= LIMIT) return [];
  return [
    {
      path: "environments",
      message: `${environments.length} in one account are too many (image repositories for their releases: ${releases.length}): the policy that keeps the roles of one from all others, and from releases, would have ${size} characters, and IAM takes ${LIMIT}. Put some into an account of their own (docs/accounts.md), have services share a repository, or give them shorter names.`,
    },
  ];
}

function statements(props: BoundaryProps) {
  const { project, account, environment, others, stateBucketArn, releaseArns } = props;
  return [
    {
      Sid: "Anything",
      Effect: "Allow",
      NotAction: ["account:*", "iam:*", "organizations:*"],
      Resource: ["*"],
    },
    allowed({
      sid: "PassRoles",
      actions: ["iam:PassRole"],
      resources: [`arn:aws:iam::${account}:role/${environment}-*`],
      condition: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
    }),
    {
      Sid: "LeaveOthers",
      Effect: "Deny",
      Action: ["*"],
      Resource: [
        stateBucketArn,
        `${stateBucketArn}/*`,
        ...others.flatMap((other) => [
          `arn:aws:iam::${account}:role/${other}-*`,
          `arn:aws:s3:::${other}-*`,
          `arn:aws:ssm:*:${account}:parameter/${other}/*`,
        ]),
      ],
    },
    // What one environment pushed as a release, another one would run.
    ...(releaseArns.length > 0
      ? [
          denied({
            sid: "LeaveReleases",
            actions: actionsOf("ecr", ["BatchDeleteImage", "Delete*", "Put*", "SetRepositoryPolicy"]),
            resources: releaseArns,
          }),
        ]
      : []),
    ...(others.length > 0 ? [leaveTagged("LeaveTagged", ["*"], project, others)] : []),
  ];
}

/**
 * The refusal of calls about what bears other environments' tags, where AWS compares tags. (It does in most services that
 * environments are made of, not in Route 53. Source: the Service Authorization Reference, condition keys of each.)
 */
export const leaveTagged = (
  sid: "LeaveTagged" | "LeavePeers",
  actions: readonly string[],
  project: string,
  others: readonly string[],
) =>
  denied({
    sid,
    actions,
    resources: ["*"],
    condition: {
      StringEquals: { "aws:ResourceTag/project": project, "aws:ResourceTag/environment": others },
    },
  });
