import { describe, expect, test } from "vitest";
import actions from "../../sandbox/iam/actions.json";
import { CALLS, dataSourceCalls } from "../../sandbox/iam/calls";
import { apiCalls } from "../../sandbox/iam/calls-api";
import { actionsOfTables, detailsOf, readFacts } from "./support/generate-actions";
import { arnOf, type Line, parseLine } from "../../sandbox/iam/line";
import { matchesArn } from "../../sandbox/iam/match";
import type { Row } from "../../sandbox/iam/rows";
import providerCalls from "./support/provider-calls.json";

const linesOf = ({ create = [], finish = [], read = [], update = {}, tags, ...row }: Row): Line[] => [
  ...[...create, ...finish, ...read, ...Object.values(update).flat(), ...(row.delete ?? [])],
  ...(tags ? [`${tags[0]} ${tags[2]}`, `${tags[1]} ${tags[2]}`] : []),
];

const all: (readonly [string, Line])[] = [
  ...Object.entries(CALLS).map(([type, row]) => [type, linesOf(row)] as const),
  ...Object.entries(dataSourceCalls),
  ...Object.entries(apiCalls),
].flatMap(([type, lines]) => lines.map((line) => [type, line] as const));

/** Something for each placeholder that the rest of an ARN depends on. */
const SAMPLES: Readonly<Record<string, string>> = {
  "{path}": "/",
  "{Name:rooted}": "/x",
  "{Names:rooted}": "/x",
  "{Path:rooted}": "/x",
  "{name:rooted}": "/x",
  "{scope:waf}": "global",
  "{taskDefinition:task-definition}": "x:1",
  "{url:provider}": "oidc-provider/x",
};

/** A resource of a line with samples in it; undefined where the ARN is all a placeholder's. */
function sampleOf(action: string, resource: string): string | undefined {
  if (/^\{[^}]*(arn|Arns?|ARN|role-named|profile-role|template-role|key)\}$/.test(resource)) return undefined;
  const named = action.startsWith("kms:") && resource === "{name}" ? "alias/x" : resource;
  const filled = named.replace(/\{[^}]+\}/g, (found) => SAMPLES[found] ?? "x");
  return arnOf(action, filled, "us-west-2", "123456789012");
}

describe("the tables of calls", () => {
  test("name actions and resources that AWS knows, and leave out none that it requires", async () => {
    const wrong: string[] = [];
    for (const [of, line] of all) {
      const { action, resources } = parseLine(line);
      const { types } = await detailsOf(action);
      const required = types.filter((type) => type.required).map(({ arn }) => arn);
      if (resources.length === 0 && required.length > 0)
        wrong.push(`${of}: ${line} lacks ${required.join(" ")}`);
      for (const resource of resources) {
        const arn = sampleOf(action, resource);
        const fits = types.some((type) => matchesArn(type.arn, arn ?? "") || matchesArn(arn ?? "", type.arn));
        if (arn !== undefined && !fits) wrong.push(`${of}: ${action} has no resource ${arn}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  test("hold every call that the real provider was seen to make", () => {
    const missing = Object.entries(providerCalls).flatMap(([type, seen]) => {
      const source = type.startsWith("data.") ? dataSourceCalls[type.slice(5)] : undefined;
      const lines = source ?? linesOf(CALLS[type] ?? {});
      const known = lines.map((line) => parseLine(line).action);
      return seen.filter((action) => !known.includes(action)).map((action) => `${type}: ${action}`);
    });
    // Everybody may ask who they are.
    expect(missing).toEqual(["data.aws_caller_identity: sts:GetCallerIdentity"]);
  });
});

test("what the sandbox knows of actions is what AWS's reference says of them", async () => {
  expect(actions, "node --import tsx __tests__/iam/support/generate-actions.ts").toEqual(await readFacts());
  expect(actionsOfTables().length).toBeGreaterThan(300);
});
