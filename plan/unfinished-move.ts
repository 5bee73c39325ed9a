import { z } from "zod";
import { type MoveEntry, type MoveStep, moveParameter, parseMoveState } from "../modules/contract/move";
import { foundOf, type PlanJson, type ResourceChange } from "./plan-json";
import type { Problem } from "./problems";

const parameter = z.object({ name: z.string(), insecure_value: z.string() });

/** What may be taken out of a file: the move, or a half of it, which shows by what goes with it. */
interface Part {
  readonly word: string;
  /** Address of a resource that no other reason takes away; the parameter itself for the whole. */
  readonly address?: string;
  /** The steps that stand in its way; all of them for the whole. */
  readonly steps?: readonly MoveStep[];
  /** What an apply would do. */
  readonly does: string;
}

const WHOLE: Part = {
  word: "move",
  does: "send everybody to the new side at once, start what is held, and give services the environment's own database, however far its data has come",
};

const HALVES: readonly Part[] = [
  {
    word: "from",
    address: "aws_cloudfront_key_value_store.distribution_front_store",
    steps: ["front", "shift"],
    does: "send everybody to the new side at once, and leave no way back from there; no write could be held at the edge for a flip",
  },
  {
    word: "database",
    address: "aws_ecs_task_definition.mover",
    steps: ["copy", "flip"],
    does: "take away the task that copies, leave its slot in the old database, which then keeps all that is written, and give services one of the two databases, however far the data has come",
  },
];

/**
 * A move that a plan takes away half way, or a half of it: it was taken out of the file before `finish`. Pure.
 */
export function moveProblems(plan: PlanJson): Problem[] {
  return plan.resource_changes.flatMap((resource): Problem[] => {
    const { type, change } = resource;
    const before =
      type === "aws_ssm_parameter" ? parameter.safeParse(foundOf(plan, resource)).data : undefined;
    const environment = before?.name.split("/")[1] ?? "";
    if (before?.name !== moveParameter(environment)) return [];
    const steps = parseMoveState(before.insecure_value)?.steps ?? [];
    if (steps.some(({ step, state }) => step === "finish" && state === "done")) return [];
    // A way back that has ended leaves nothing but its word.
    const standing = steps.filter(({ step, state }) => step !== "back" || state === "begun");
    if (change.actions.includes("delete")) return problems(environment, resource, WHOLE, standing);
    return HALVES.flatMap((half) => {
      const gone = plan.resource_changes.find(({ address }) => address === half.address);
      return gone && isGone(gone) ? problems(environment, gone, half, standing) : [];
    });
  });
}

/** Not replaced by another. */
const isGone = ({ change: { actions } }: ResourceChange) =>
  actions.includes("delete") && !actions.includes("create");

function problems(
  environment: string,
  { address }: ResourceChange,
  { word, steps, does }: Part,
  standing: readonly MoveEntry[],
): Problem[] {
  const taken = standing.filter(({ step }) => steps?.includes(step) ?? true).map(({ step }) => step);
  if (taken.length === 0) return [];
  const line = `npx slipway move ${environment}`;
  return [
    {
      severity: "error",
      summary: `The move into ${environment} is under way, and this plan would end it where it stands`,
      detail: `Taken or begun: ${taken.join(", ")}. An apply would ${does}.`,
      place: address,
      wayOut: `Put \`${word}\` back into ${word === "move" ? "" : "`move` of "}environments/${environment}.ts. It may go after ${line} finish, or once ${line} back has undone ${steps ? taken.join(" and ") : "every step"}.`,
    },
  ];
}
