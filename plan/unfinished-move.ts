import { z } from "zod";
import { moveParameter, parseMoveState } from "../modules/contract/move";
import type { PlanJson } from "./plan-json";
import type { Problem } from "./problems";

const parameter = z.object({ name: z.string(), insecure_value: z.string() });

/**
 * A move that a plan takes away half way: `move` was taken out of the file before `finish`. An apply would send everybody to the new
 * side at once, start what is held, and give services the environment's own database, however far its data has come. Pure.
 */
export function moveProblems(plan: PlanJson): Problem[] {
  return plan.resource_changes.flatMap(({ address, type, change }): Problem[] => {
    const before = type === "aws_ssm_parameter" ? parameter.safeParse(change.before).data : undefined;
    const environment = before?.name.split("/")[1] ?? "";
    if (before?.name !== moveParameter(environment) || !change.actions.includes("delete")) return [];
    const steps = parseMoveState(before.insecure_value)?.steps ?? [];
    const isOver = steps.some(({ step, state }) => step === "finish" && state === "done");
    // A way back that has ended leaves nothing but its word.
    const standing = steps.filter(({ step, state }) => step !== "back" || state === "begun");
    if (isOver || standing.length === 0) return [];
    return [
      {
        severity: "error",
        summary: `The move into ${environment} is under way, and this plan would end it where it stands`,
        detail: [
          `Taken or begun: ${standing.map(({ step }) => step).join(", ")}. An apply would send everybody to the new side at once, start what is held,`,
          "and give services the environment's own database, however far its data has come.",
        ].join(" "),
        place: address,
        wayOut: `Put \`move\` back into environments/${environment}.ts. It may go after npx slipway move ${environment} finish, or once npx slipway move ${environment} back has undone every step.`,
      },
    ];
  });
}
