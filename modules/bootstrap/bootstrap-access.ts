import { actionsOf, allowed, denied, type Ruling } from "../policy";
import { stateKey } from "../stack";
import { namedServices } from "./terraform-access";

export interface BootstrapAccess {
  /** The name of the bootstrap stack. */
  readonly stack: string;
  /** The names of the environments that there are. */
  readonly environments: readonly string[];
  readonly repositoryArns: readonly string[];
  /** The repositories that other accounts read. */
  readonly admittingArns: readonly string[];
  readonly stateBucketArn: string;
}

/**
 * What a plan of the bootstrap stack reads: what it is made of, its own state, and the states that no file describes any
 * more, since somebody has to tell of them. Those of the environments that there are stay closed.
 */
export const bootstrapRulings = (access: BootstrapAccess): Ruling[] => [
  allowed({
    sid: "ReadServices",
    actions: ["budgets", "iam"].flatMap((service) => actionsOf(service, namedServices[service] ?? [])),
    resources: ["*"],
  }),
  ...(access.repositoryArns.length > 0
    ? [
        allowed({
          sid: "ReadRepositories",
          actions: actionsOf("ecr", namedServices.ecr ?? []),
          resources: access.repositoryArns,
        }),
      ]
    : []),
  ...(access.admittingArns.length > 0
    ? [
        allowed({
          sid: "ReadRepositoryPolicies",
          actions: ["ecr:GetRepositoryPolicy"],
          resources: access.admittingArns,
        }),
      ]
    : []),
  allowed({
    sid: "ReadStateBucket",
    actions: actionsOf("s3", namedServices.s3 ?? []),
    resources: [access.stateBucketArn],
  }),
  allowed({
    sid: "ReadStates",
    actions: ["s3:GetObject"],
    resources: [`${access.stateBucketArn}/${stateKey("*")}`],
  }),
  ...(access.environments.length > 0
    ? [
        denied({
          sid: "LeaveEnvironments",
          actions: ["s3:GetObject"],
          resources: access.environments.map((name) => `${access.stateBucketArn}/${stateKey(name)}`),
        }),
      ]
    : []),
];
