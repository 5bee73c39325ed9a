import { decide, type Policy, type Request } from "../../../sandbox/iam/policy";
import { managedPolicy, type Role, rolesIn } from "../../../sandbox/iam/principals";
import { type Asker, trusts } from "../../../sandbox/iam/trust";
import type { World } from "../../../sandbox/world";

/** How one gets from a principal to another. */
export interface Hop {
  readonly from: string;
  readonly to: string;
  readonly by: string;
}

/** A role that somebody has taken: with its own rights, or with whatever rights its boundary leaves it. */
interface Taken {
  readonly role: Role;
  readonly rewritten: boolean;
}

const ANYTHING: Policy = {
  name: "written by whoever took it",
  statements: [{ Effect: "Allow", Action: "*", Resource: "*" }],
};

type Needed = readonly [action: string, resource: string];

/** Services that act as a role that is passed to them, and the calls, one way or another, by which they run what the caller says. */
const RUNNERS: Readonly<Record<string, readonly (readonly Needed[])[]>> = {
  "ecs-tasks.amazonaws.com": [
    [
      ["ecs:RegisterTaskDefinition", "arn:aws:ecs:REGION:ACCOUNT:task-definition/ANY:1"],
      ["ecs:RunTask", "arn:aws:ecs:REGION:ACCOUNT:task-definition/ANY:1"],
    ],
    // Another command in a task that is there already.
    [["ecs:RunTask", "arn:aws:ecs:REGION:ACCOUNT:task-definition/FAMILY:1"]],
  ],
  "ec2.amazonaws.com": [[["ec2:RunInstances", "arn:aws:ec2:REGION:ACCOUNT:instance/*"]]],
  "lambda.amazonaws.com": [
    [
      ["lambda:CreateFunction", "arn:aws:lambda:REGION:ACCOUNT:function:ANY"],
      ["lambda:InvokeFunction", "arn:aws:lambda:REGION:ACCOUNT:function:ANY"],
    ],
    [["lambda:UpdateFunctionCode", "arn:aws:lambda:REGION:ACCOUNT:function:ANY"]],
  ],
  "scheduler.amazonaws.com": [
    [["scheduler:CreateSchedule", "arn:aws:scheduler:REGION:ACCOUNT:schedule/default/ANY"]],
  ],
  "cloudformation.amazonaws.com": [
    [["cloudformation:CreateStack", "arn:aws:cloudformation:REGION:ACCOUNT:stack/ANY/*"]],
  ],
  "ssm.amazonaws.com": [
    [["ssm:StartAutomationExecution", "arn:aws:ssm:REGION:ACCOUNT:automation-definition/ANY:1"]],
  ],
};

export interface WalkOptions {
  readonly world: World;
  readonly region: string;
  /** The families of the task definitions that there are. */
  readonly families: readonly string[];
  /** Tags with which things are made and found, tried one after the other: the environments'. */
  readonly environments: readonly string[];
}

/**
 * Everybody that a role can become, to a fixed point: by taking roles, by writing their policies, trust and boundaries, by
 * making new ones, by passing them to what runs code, and by entering what runs.
 */
export class Walk {
  private readonly taken = new Map<string, Taken>();
  readonly hops: Hop[] = [];

  constructor(
    private readonly options: WalkOptions,
    readonly start: string,
  ) {
    const role = this.roles.find(({ name }) => name === start);
    if (!role) throw new Error(`There is no role ${start}.`);
    this.taken.set(start, { role, rewritten: false });
    while (this.step());
  }

  /** The names of the roles that were reached, sorted, without the first; `(new)` for one that was made. */
  get reached(): string[] {
    return [...this.taken.keys()].filter((name) => name !== this.start).sort();
  }

  /** Whether somebody who was reached may do this. */
  may(action: string, resource: string, context: Readonly<Record<string, string>> = {}): boolean {
    return [...this.taken.values()].some((taken) => this.allows(taken, action, resource, context));
  }

  private get roles(): Role[] {
    return rolesIn(this.options.world);
  }

  /** One round: whether it reached or rewrote anybody more. */
  private step(): boolean {
    const before = JSON.stringify([...this.taken].map(([name, { rewritten }]) => [name, rewritten]));
    for (const taken of [...this.taken.values()]) {
      for (const role of this.roles) this.attempt(taken, role);
      this.makeRole(taken);
    }
    return JSON.stringify([...this.taken].map(([name, { rewritten }]) => [name, rewritten])) !== before;
  }

  private attempt(taken: Taken, role: Role): void {
    const ways: Readonly<Record<string, () => boolean>> = {
      AssumeRole: () => this.assumes(taken, role),
      UpdateAssumeRolePolicy: () =>
        this.allows(taken, "iam:UpdateAssumeRolePolicy", role.arn, boundaryOf(role)),
      ...Object.fromEntries(
        Object.keys(RUNNERS).map((service) => [
          `PassRole to ${service}`,
          () => this.runs(taken, role, service),
        ]),
      ),
      ExecuteCommand: () => this.enters(taken, role),
    };
    if (!this.taken.has(role.name))
      for (const [by, way] of Object.entries(ways))
        if (way()) {
          this.taken.set(role.name, { role, rewritten: false });
          this.hops.push({ from: taken.role.name, to: role.name, by });
          break;
        }
    if (this.taken.get(role.name)?.rewritten === false && this.rewrites(taken, role)) {
      this.taken.set(role.name, { role, rewritten: true });
      this.hops.push({ from: taken.role.name, to: role.name, by: "writing its policies" });
    }
  }

  private assumes(taken: Taken, role: Role): boolean {
    const asker: Asker = { kind: "AWS", name: taken.role.arn, account: this.options.world.account };
    const trusted = trusts(role.trust, asker, "sts:AssumeRole", {});
    if (trusted === "no") return false;
    return trusted === "itself" || this.allows(taken, "sts:AssumeRole", role.arn);
  }

  /** A role that a service trusts, passed to it, runs what the caller says. */
  private runs(taken: Taken, role: Role, service: string): boolean {
    const asker: Asker = { kind: "Service", name: service, account: this.options.world.account };
    const context = { "aws:sourceaccount": this.options.world.account };
    if (trusts(role.trust, asker, "sts:AssumeRole", context) === "no") return false;
    if (!this.allows(taken, "iam:PassRole", role.arn, { "iam:passedtoservice": service })) return false;
    return (RUNNERS[service] ?? []).some((way) =>
      way.every(([action, resource]) => this.tries(taken, action, this.concrete(resource))),
    );
  }

  /** A shell in a task or on an instance has the role of what it is in. */
  private enters(taken: Taken, role: Role): boolean {
    return this.options.environments.some((environment) => {
      if (!role.name.startsWith(`${environment}-`)) return false;
      const own = { "aws:resourcetag/environment": environment, "aws:resourcetag/project": "app" };
      const runs = (service: string) =>
        trusts(
          role.trust,
          { kind: "Service", name: service, account: this.options.world.account },
          "sts:AssumeRole",
          { "aws:sourceaccount": this.options.world.account },
        ) !== "no";
      const task = this.concrete(`arn:aws:ecs:REGION:ACCOUNT:task/${environment}/0123`);
      const cluster = { "ecs:cluster": this.concrete(`arn:aws:ecs:REGION:ACCOUNT:cluster/${environment}`) };
      const instance = this.concrete("arn:aws:ec2:REGION:ACCOUNT:instance/i-0123");
      return (
        (runs("ecs-tasks.amazonaws.com") &&
          this.allows(taken, "ecs:ExecuteCommand", task, { ...own, ...cluster })) ||
        (runs("ec2.amazonaws.com") &&
          ["ssm:StartSession", "ssm:SendCommand"].some((action) => this.allows(taken, action, instance, own)))
      );
    });
  }

  /** A role whose policies one may write has the rights that its boundary leaves it. */
  private rewrites(taken: Taken, role: Role): boolean {
    const boundary = boundaryOf(role);
    const attaching = { ...boundary, "iam:policyarn": "arn:aws:iam::aws:policy/AdministratorAccess" };
    return (
      this.allows(taken, "iam:PutRolePolicy", role.arn, boundary) ||
      this.allows(taken, "iam:AttachRolePolicy", role.arn, attaching) ||
      role.identity.some(
        ({ name }) => name.startsWith("arn:") && this.allows(taken, "iam:CreatePolicyVersion", name),
      )
    );
  }

  /** A new role that trusts its maker, with any policy: of each name and path, with and without each boundary. */
  private makeRole(taken: Taken): void {
    const { world, environments } = this.options;
    for (const environment of environments)
      for (const path of ["/", `/${environment}/`, "/slipway/", `/slipway/${environment}/`])
        for (const boundary of [undefined, ...this.boundaries]) {
          const label = `${path}${environment}-new (new)`;
          const arn = `arn:aws:iam::${world.account}:role${path}${environment}-new`;
          const bounded = boundary && { "iam:permissionsboundary": boundary.name };
          const tags = { "aws:requesttag/environment": environment };
          if (this.taken.has(label) || !this.allows(taken, "iam:CreateRole", arn, { ...bounded, ...tags }))
            continue;
          const role = { name: label, arn, identity: [], boundary, trust: [], tags: { environment } };
          if (!this.rewrites(taken, role)) continue;
          this.taken.set(label, { role, rewritten: true });
          this.hops.push({ from: taken.role.name, to: label, by: "CreateRole" });
        }
  }

  /** Whatever may be given as a boundary: the account's policies. */
  private get boundaries(): Policy[] {
    const { world } = this.options;
    return world
      .list({ type: "aws_iam_policy" })
      .filter(({ attributes }) => typeof attributes.policy === "string")
      .map(({ attributes }) => managedPolicy(world, String(attributes.arn)));
  }

  /** With the tags of each environment, and each family, in turn. */
  private tries(taken: Taken, action: string, resource: string): boolean {
    const { environments, families } = this.options;
    return environments.some((environment) =>
      (resource.includes("FAMILY") ? families : [environment]).some((name) =>
        this.allows(taken, action, resource.replace(/ANY|FAMILY/, name), {
          "aws:requesttag/environment": environment,
          "aws:resourcetag/environment": environment,
          "aws:resourcetag/project": "app",
          "ecs:cluster": this.concrete(`arn:aws:ecs:REGION:ACCOUNT:cluster/${environment}`),
        }),
      ),
    );
  }

  private allows(
    taken: Taken,
    action: string,
    resource: string,
    more: Readonly<Record<string, string>> = {},
  ): boolean {
    const { role, rewritten } = taken;
    const context = {
      "aws:requestedregion": action.startsWith("iam:") ? "us-east-1" : this.options.region,
      "aws:principalarn": role.arn,
      "aws:principalaccount": this.options.world.account,
      ...Object.fromEntries(
        Object.entries(role.tags).map(([tag, value]) => [`aws:principaltag/${tag}`, value]),
      ),
      ...more,
    };
    const request: Request = { action, resource, context };
    const identity = rewritten ? [ANYTHING] : role.identity;
    return decide(request, { identity, boundary: role.boundary }).allowed;
  }

  private concrete(arn: string): string {
    return arn.replace("REGION", this.options.region).replace("ACCOUNT", this.options.world.account);
  }
}

const boundaryOf = ({ boundary }: Role): Readonly<Record<string, string>> =>
  boundary === undefined ? {} : { "iam:permissionsboundary": boundary.name };
