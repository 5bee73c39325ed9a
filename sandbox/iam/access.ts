import { AwsError, text } from "../aws/kind";
import { type Fields, isRecord } from "../wire/value";
import type { World, WorldObject } from "../world";
import { ACTIONS } from "./actions";
import { callsOfApi } from "./calls-api";
import { callsOfChange, callsOfData, callsOfRead, type Step, type TaggedCall } from "./calls";
import type { Context } from "./conditions";
import { SESSION_USER } from "./expand";
import { arnOf } from "./line";
import { matchesArn } from "./match";
import { decide, type Decision, type Grant, readPolicy, type Request, type Statement } from "./policy";
import { type Role, roleNamed } from "./principals";
import { about } from "./trust";

/** One request that was decided on, for whoever asks afterwards what was used. */
export interface Asked extends Request {
  readonly decision: Decision;
}

/** A role that acts in the stand-in account: what it does is checked against its policies, as they stand at that time. */
export class Access {
  /** Every request, oldest first. */
  readonly asked: Asked[] = [];

  constructor(
    private readonly world: World,
    /** The role's name. */
    readonly name: string,
  ) {}

  /** The session's ARN, as AWS's refusals name it. */
  get session(): string {
    return `arn:aws:sts::${this.world.account}:assumed-role/${this.name}/sandbox`;
  }

  /** Every pattern of its policies that allowed something. */
  get used(): Grant[] {
    return this.asked.flatMap(({ decision }) => (decision.allowed ? decision.grants : []));
  }

  /**
   * Checks what the provider calls to make, change or remove an object.
   * @throws AwsError the first refusal
   */
  change(step: Step): void {
    this.check(step.type, step.region, callsOfChange(step));
  }

  /** Checks what the provider calls to read an object. @throws AwsError the first refusal */
  read(step: Step): void {
    this.check(step.type, step.region, callsOfRead(step));
  }

  /** Checks what the provider calls to read a data source, or an ephemeral resource. @throws AwsError the first refusal */
  data(step: Step): void {
    this.check(step.type, step.region, callsOfData(step));
  }

  /** Checks a call of AWS's API. @throws AwsError the first refusal */
  api(service: string, operation: string, region: string, input: object): void {
    const calls = callsOfApi(service, operation, { world: this.world, region, attributes: input as Fields });
    this.check(`${service}:${operation}`, region, calls);
  }

  private check(what: string, region: string, calls: readonly TaggedCall[] | undefined): void {
    if (!calls)
      throw new AwsError(
        "AccessDenied",
        `The sandbox does not know what ${what} asks of IAM, so that nobody can do it under --as.`,
      );
    const role = roleNamed(this.world, this.name);
    if (!role) throw new AwsError("ExpiredToken", `The role ${this.name} does not exist any more.`);
    for (const call of calls)
      for (const resource of call.resources.length > 0 ? call.resources : ["*"])
        this.ask(role, region, call, resource);
  }

  private ask(role: Role, region: string, call: TaggedCall, resource: string): void {
    const object = objectOf(this.world, resource);
    const context = contextOf(this.world, role, region, call, resource, object);
    const request = { action: call.action, resource, context };
    const own = resourcePolicy(this.world, call.action, object);
    const asker = { kind: "AWS", name: role.arn, account: this.world.account } as const;
    const decision = decide(request, {
      ...role,
      resource: own && about(own, asker),
      resourceDecides: call.action.startsWith("kms:") && own !== undefined,
    });
    this.asked.push({ ...request, decision });
    if (!decision.allowed) throw refusal(this.session, request, decision);
  }
}

/** AWS's refusal, in its words. Source: "Troubleshoot access denied error messages", IAM guide. */
function refusal(session: string, request: Request, decision: Decision & { allowed: false }): AwsError {
  const { action, resource } = request;
  const { denied, place } = decision;
  const article = place === "identity-based policy" ? "an" : "a";
  const why =
    denied === "explicitly"
      ? `with an explicit deny in ${article} ${place}`
      : `because no ${place} allows the ${action} action`;
  const said = `User: ${session} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
  const [service = ""] = action.split(":");
  if (service === "ec2")
    return new AwsError("UnauthorizedOperation", `You are not authorized to perform this operation. ${said}`);
  return new AwsError(OF_XML.includes(service) ? "AccessDenied" : "AccessDeniedException", said);
}

/** Services that answer in XML, and say AccessDenied; the others say AccessDeniedException. */
const OF_XML = [
  "autoscaling",
  "cloudfront",
  "cloudwatch",
  "elasticache",
  "elasticloadbalancing",
  "iam",
  "rds",
  "route53",
  "s3",
  "sts",
];

/** The object that an ARN names: by its ARN, or by the id at its end. */
function objectOf(world: World, resource: string): WorldObject | undefined {
  if (resource.includes("*")) return undefined;
  const id = resource.slice(Math.max(resource.lastIndexOf("/"), resource.lastIndexOf(":")) + 1);
  const service = resource.split(":")[2];
  const bucket = service === "s3" ? resource.replace(/^arn:aws:s3:::|\/.*$/g, "") : undefined;
  const all = bucket ? world.list({ type: "aws_s3_bucket" }) : world.list();
  return all.find(
    ({ attributes, id: known, type }) =>
      (bucket !== undefined && known === bucket) ||
      text(attributes as Fields, "arn") === resource ||
      (service === "ec2" && known === id && !type.startsWith("aws_default_")),
  );
}

function resourcePolicy(
  world: World,
  action: string,
  object: WorldObject | undefined,
): Statement[] | undefined {
  const [service] = action.split(":");
  const json =
    service === "s3"
      ? world.find({ type: "aws_s3_bucket_policy", where: { bucket: object?.id ?? "" } })?.attributes.policy
      : service === "kms"
        ? object?.attributes.policy
        : undefined;
  return typeof json === "string" && json !== "" ? [...readPolicy("", json).statements] : undefined;
}

function contextOf(
  world: World,
  role: Role,
  region: string,
  call: TaggedCall,
  resource: string,
  object: WorldObject | undefined,
): Context {
  const everywhere = {
    "aws:requestedregion": regionOf(call.action, region),
    "aws:principalarn": role.arn,
    "aws:principalaccount": world.account,
    "aws:principaltype": "AssumedRole",
    "aws:userid": SESSION_USER,
    "aws:securetransport": "true",
    ...tagKeys("aws:principaltag", role.tags),
  };
  const here = Object.entries(special(world, call, resource, object)).filter(([key]) =>
    isTold(call.action, resource, key),
  );
  return { ...everywhere, ...Object.fromEntries(here) };
}

/** Services that are reached in one region, wherever one is. */
const GLOBAL_SERVICES = ["budgets", "cloudfront", "cloudfront-keyvaluestore", "iam", "route53"];

const regionOf = (action: string, region: string) =>
  GLOBAL_SERVICES.includes(action.split(":")[0] ?? "") ? "us-east-1" : region;

/** What only some actions tell, by condition key. */
function special(world: World, call: TaggedCall, resource: string, object: WorldObject | undefined): Context {
  const [service = ""] = call.action.split(":");
  const { requested, attributes } = call;
  const { tags_all: known } = (object?.attributes ?? {}) as Fields;
  const own = isRecord(known) ? (known as Record<string, string>) : call.own;
  const told: Record<string, string | readonly string[] | undefined> = {
    ...tagKeys("aws:requesttag", requested ?? {}),
    "aws:tagkeys": requested && Object.keys(requested),
    ...tagKeys("aws:resourcetag", own ?? {}),
    ...tagKeys(`${service}:resourcetag`, own ?? {}),
    [`${service}:createaction`]: call.creating,
    "iam:passedtoservice": call.to,
    "iam:policyarn": text(attributes, "policy_arn") || undefined,
    "iam:permissionsboundary": boundaryOf(world, call, resource) || undefined,
    "iam:awsservicename": /role\/aws-service-role\/([^/]+)/.exec(resource)?.[1],
    "kms:viaservice":
      call.via && `${call.via}.${text(attributes, "region") || regionIn(resource)}.amazonaws.com`,
    "kms:encryptioncontext:parameter_arn":
      call.via === "ssm" ? parameterOf(world, call, resource) : undefined,
    "ecs:cluster": clusterOf(world, service, attributes, resource),
  };
  return Object.fromEntries(
    Object.entries(told).filter(
      (entry): entry is [string, string | readonly string[]] => entry[1] !== undefined,
    ),
  );
}

const regionIn = (arn: string) => arn.split(":")[3] ?? "";

const tagKeys = (prefix: string, tags: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(tags).map(([name, value]) => [`${prefix}/${name.toLowerCase()}`, value]));

/** The boundary that a call sets, or that the role has it is about. */
function boundaryOf(world: World, { action, attributes }: TaggedCall, resource: string): string {
  if (/^iam:(CreateRole|PutRolePermissionsBoundary)$/.test(action))
    return text(attributes, "permissions_boundary");
  const role = world.find({ type: "aws_iam_role", where: { arn: resource } });
  return text(role?.attributes as Fields | undefined, "permissions_boundary");
}

/** The parameter that a key opens or seals. Source: "AWS KMS encryption for Parameter Store", Systems Manager guide. */
function parameterOf(world: World, { attributes }: TaggedCall, key: string): string {
  const name = text(attributes, "name") || text(attributes, "Name");
  return arnOf("ssm:", `parameter${name.startsWith("/") ? name : `/${name}`}`, regionIn(key), world.account);
}

/** The cluster that a call of ECS is about. */
function clusterOf(world: World, service: string, attributes: Fields, resource: string): string | undefined {
  if (service !== "ecs") return undefined;
  const named = text(attributes, "cluster") || text(attributes, "cluster_name");
  if (named.startsWith("arn:")) return named;
  const [, , , region = "", account = ""] = resource.split(":");
  const cluster = world.find({ type: "aws_ecs_cluster", where: { name: named } });
  return cluster
    ? text(cluster.attributes as Fields, "arn")
    : arnOf("ecs:", `cluster/${named}`, region, account);
}

/**
 * Whether AWS tells this key for the action on this resource: what it does not tell is as good as missing, and a condition
 * on it fails.
 */
function isTold(action: string, resource: string, key: string): boolean {
  const { keys = [], on = {} } = ACTIONS[action] ?? {};
  const name = key.replace(/\/.*$/, "").replace(/^(kms:encryptioncontext):.*$/, "$1");
  return (
    keys.includes(name) ||
    Object.entries(on).some(
      ([arn, own]) => own.includes(name) && (matchesArn(arn, resource) || matchesArn(resource, arn)),
    )
  );
}
