import { z } from "zod";
import type { PlanJson } from "./plan-json";
import type { Problem } from "./problems";

const definition = z.object({ container_definitions: z.string() });
const containers = z.array(z.object({ name: z.string(), image: z.string() }));

/** An image of ECR: the repository's name, and its tag. */
const AT_ECR = /^\d+\.dkr\.ecr\.[^/]+\/([^:@]+):([^:@]+)$/;

/**
 * Warnings about tasks that are to pull from another repository, with the command that brings there what runs: a roll-out that finds
 * no image fails, and ECS goes back to the tasks that ran. Pure.
 * @param environment the stack's name
 */
export function repositoryProblems(environment: string, plan: PlanJson): Problem[] {
  const moves = plan.resource_changes.flatMap(({ address, type, change }) => {
    const [before, after] = [imagesIn(change.before), imagesIn(change.after)];
    if (type !== "aws_ecs_task_definition" || !change.actions.includes("create")) return [];
    return [...before].flatMap(([container, { repository: from, tag }]) => {
      const to = after.get(container);
      return to && to.repository !== from && to.tag === tag ? [{ address, from, to: to.repository }] : [];
    });
  });
  const isFirst = ({ from, to }: (typeof moves)[number], index: number) =>
    moves.findIndex((move) => move.from === from && move.to === to) === index;
  return moves.filter(isFirst).map(({ address, from, to }) => ({
    severity: "warning",
    summary: `tasks are to pull from the repository ${to} instead of ${from}`,
    detail:
      "What runs has to be there when the apply comes, under the same tag: else new tasks find no image, ECS goes back to those that ran, and schedules start nothing.",
    place: address,
    wayOut: `Before the apply: npx slipway copy-image ${environment} --to ${to}`,
  }));
}

/** Images of ECR by the container's name; nothing of a definition that is not known before the apply. */
function imagesIn(body: unknown): Map<string, { repository: string; tag: string }> {
  const text = definition.safeParse(body).data?.container_definitions ?? "[]";
  const found = containers.safeParse(JSON.parse(text)).data ?? [];
  return new Map(
    found.flatMap(({ name, image }) => {
      const [, repository = "", tag = ""] = AT_ECR.exec(image) ?? [];
      return repository ? [[name, { repository, tag }] as const] : [];
    }),
  );
}
