import { expect, test } from "vitest";
import { repositoryProblems } from "../../plan/repositories";
import { planOf, resource } from "./support/plans";

const image = (repository: string, tag = "prod") =>
  `123456789012.dkr.ecr.us-west-2.amazonaws.com/${repository}:${tag}`;

const definition = (
  name: string,
  before: string | null,
  after: string | undefined,
  actions = ["delete", "create"],
) => {
  const of = (image: string) => ({ container_definitions: JSON.stringify([{ name: "web", image }]) });
  return resource(
    `aws_ecs_task_definition.${name}`,
    actions,
    {},
    { before: before === null ? null : of(before), after: after === undefined ? {} : of(after) },
  );
};

test("tasks that are to pull from another repository: said once, with the command that comes before the apply", () => {
  const plan = planOf([
    definition("service_web", image("app"), image("app-prod")),
    definition("service_api", image("app"), image("app-prod")),
  ]);
  expect(repositoryProblems("prod", plan)).toEqual([
    {
      severity: "warning",
      summary: "tasks are to pull from the repository app-prod instead of app",
      detail: expect.stringContaining("ECS goes back to those that ran"),
      place: "aws_ecs_task_definition.service_web",
      wayOut: "Before the apply: npx slipway copy-image prod --to app-prod",
    },
  ]);
});

test.each([
  ["one that is made", null, image("app-prod"), ["create"]],
  ["one that changes otherwise", image("app-prod"), image("app-prod"), ["delete", "create"]],
  ["one that stays", image("app"), image("app-prod"), ["no-op"]],
  ["one that is not known before the apply", image("app"), undefined, ["delete", "create"]],
  ["a public image of another name", "public.ecr.aws/a/b:1", "public.ecr.aws/a/c:1", ["delete", "create"]],
])("nothing is said of %s", (_, before, after, actions) => {
  expect(repositoryProblems("prod", planOf([definition("service_web", before, after, actions)]))).toEqual([]);
});
