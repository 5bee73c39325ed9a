import { expect, test } from "vitest";
import { policy } from "../../modules/contract/policy";
import type { Contract } from "../../modules/contract";
import { contract as sample, definition, serviceContract } from "./support/contract";
import type { Phase } from "./support/scripts";
import { World } from "./support/world";

const ARN = "arn:aws:ecs:us-west-2:123456789012";

/** The fields of requests that name what they act on. */
interface Input {
  Name: string;
  repositoryName: string;
  cluster: string;
  clusters: string[];
  service: string;
  services: string[];
  serviceDeploymentArns: string[];
  serviceRevisionArns: string[];
  task: string;
  tasks: string[];
  taskDefinition: string;
  logGroupName: string;
  logStreamName: string;
}

/** What each call acts on, as IAM sees it. */
const RESOURCES: Record<string, (input: Input) => string[]> = {
  "ssm:GetParameter": ({ Name }) => [`arn:aws:ssm:us-west-2:123456789012:parameter${Name}`],
  "ssm:DescribeParameters": () => ["arn:aws:ssm:us-west-2:123456789012:*"],
  "ecr:BatchGetImage": repository,
  "ecr:PutImage": repository,
  "ecr:DescribeImages": repository,
  "ecr:GetDownloadUrlForLayer": repository,
  "ecs:DescribeClusters": ({ clusters }) => clusters.map((name) => `${ARN}:cluster/${name}`),
  "ecs:DescribeServices": ({ cluster, services }) =>
    services.map((name) => `${ARN}:service/${cluster}/${name}`),
  "ecs:UpdateService": ({ cluster, service }) => [`${ARN}:service/${cluster}/${service}`],
  "ecs:ListServiceDeployments": ({ cluster, service }) => [`${ARN}:service/${cluster}/${service}`],
  "ecs:DescribeServiceDeployments": ({ serviceDeploymentArns }) => serviceDeploymentArns,
  "ecs:DescribeServiceRevisions": ({ serviceRevisionArns }) => serviceRevisionArns,
  "ecs:ListTasks": () => [`${ARN}:container-instance/staging/*`],
  "ecs:DescribeTasks": ({ tasks }) => tasks,
  "ecs:StopTask": ({ task }) => [task],
  "ecs:RunTask": ({ taskDefinition }) => [taskDefinition],
  "logs:GetLogEvents": ({ logGroupName, logStreamName }) => [
    `arn:aws:logs:us-west-2:123456789012:log-group:${logGroupName}:log-stream:${logStreamName}`,
  ],
};

function repository({ repositoryName }: Input): string[] {
  return [`arn:aws:ecr:us-west-2:123456789012:repository/${repositoryName}`];
}

/** IAM's wildcard. */
const matches = (pattern: string, text: string) =>
  new RegExp(`^${pattern.split("*").map(escaped).join(".*")}$`).test(text);

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}

const allowed = (contract: Contract, operation: string, resource: string) =>
  policy(contract).Statement.some(
    ({ Action, Resource }) =>
      Action.includes(operation) && Resource.some((pattern) => matches(pattern, resource)),
  );

/** Every way through the commands: success, failed roll-out, overdue migration, rollback, status, run. */
async function everyCall(contract: Contract) {
  const world = await World.open(contract);
  const failing: Phase[] = [
    {
      at: 0,
      rolloutState: "FAILED",
      status: "ROLLBACK_SUCCESSFUL",
      stopped: [{ stopCode: "TaskFailedToStart" }],
    },
  ];
  await world.deploy("v2");
  world.ecs.rolloutScripts.push(failing);
  await world.rollback();
  await world.rollback();
  await world.status();
  await world.run(["goose", "status"]);
  world.ecs.taskScripts.push({ running: 7_200_000 });
  await world.deploy("v2");
  return world.calls.filter(({ operation }) => operation !== "sts:GetCallerIdentity");
}

test("the policy allows every call that is made, and no action that never is", async () => {
  const contract = sample();
  const calls = await everyCall(contract);
  for (const { operation, input } of calls) {
    for (const resource of RESOURCES[operation]?.(input as unknown as Input) ?? [
      `no rule for ${operation}`,
    ]) {
      expect(allowed(contract, operation, resource), `${operation} on ${resource}`).toBe(true);
    }
  }
  const made = new Set(calls.map(({ operation }) => operation));
  const granted = policy(contract).Statement.flatMap(({ Action }) => Action);
  expect(granted.filter((action) => !made.has(action))).toEqual(["iam:PassRole"]);
});

test.each([
  ["ecs:UpdateService", `${ARN}:service/prod/prod-web`],
  ["ecs:RunTask", definition("prod-web")],
  ["ecr:PutImage", "arn:aws:ecr:us-west-2:123456789012:repository/other"],
  ["ssm:GetParameter", "arn:aws:ssm:us-west-2:123456789012:parameter/staging/service/postgres-url"],
  ["logs:GetLogEvents", "arn:aws:logs:us-west-2:123456789012:log-group:/prod/web:log-stream:a"],
  ["iam:PassRole", "arn:aws:iam::123456789012:role/admin"],
  ["ecs:StopTask", `${ARN}:task/prod/1`],
])("the policy does not allow %s on %s", (operation, resource) => {
  expect(allowed(sample(), operation, resource)).toBe(false);
});

test("only the listing of tasks has no narrower resource, and is bound to the cluster", () => {
  const wide = policy(sample()).Statement.filter(({ Resource }) => Resource.includes("*"));
  expect(wide).toMatchObject([
    { Sid: "ListTasks", Condition: { ArnEquals: { "ecs:cluster": `${ARN}:cluster/staging` } } },
  ]);
});

test("roles are passed to tasks only, and other partitions keep theirs", () => {
  const contract = sample({
    services: [
      serviceContract("web", {
        taskDefinition: "arn:aws-us-gov:ecs:us-gov-west-1:123456789012:task-definition/web:1",
      }),
    ],
  });
  const statements = policy(contract).Statement;
  expect(statements.find(({ Sid }) => Sid === "PassTaskRoles")?.Condition).toEqual({
    StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" },
  });
  expect(statements.find(({ Sid }) => Sid === "RetagImages")?.Resource).toEqual([
    "arn:aws-us-gov:ecr:us-west-2:123456789012:repository/shop",
  ]);
});
