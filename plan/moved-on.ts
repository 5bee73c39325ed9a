import { z } from "zod";
import { moveParameter } from "../modules/contract/move";
import { profileFor } from "../terminal/profile";
import { accountOf, regionOf } from "./account";
import { reasonOf } from "./error";
import { typed } from "./offline";
import { foundOf, type PlanJson } from "./plan-json";
import { type Problem, STALE_MOVE } from "./problems";
import type { Stack } from "./stacks";

/** The state of a move that a plan was made by. */
export interface MoveSeen {
  /** Name of the move's parameter in SSM, and the region of that. */
  readonly parameter: string;
  readonly region: string;
  /** How often it had been written; undefined where the plan makes it. */
  readonly version?: number | undefined;
}

/** Asks how often the parameter was written by now, until the signal says that it has taken too long; undefined where it is gone. */
export type AskVersion = (seen: MoveSeen, signal: AbortSignal) => Promise<number | undefined>;

const parameter = z.object({ name: z.string(), version: z.number().optional() });

/** Milliseconds for the answer. */
const PATIENCE = 30_000;

/** The move that a plan reads or begins; undefined where there is none. */
export function moveSeen(
  plan: Pick<PlanJson, "resource_changes" | "resource_drift">,
  stack: Stack,
): MoveSeen | undefined {
  for (const one of plan.resource_changes) {
    if (one.type !== "aws_ssm_parameter") continue;
    const found = foundOf(plan, one) ?? one.change.after;
    const { name = "", version } = parameter.safeParse(found).data ?? {};
    if (name === moveParameter(name.split("/")[1] ?? ""))
      return { parameter: name, region: regionOf(stack) ?? "", version };
  }
  return undefined;
}

/**
 * Why a plan may not be applied any more because the move has gone on since; undefined where it stands as it did. Terraform calls no
 * such plan stale, as its own state is the same, and would write each resource that it changes as it was before the step: without the
 * domain, with a schedule off, for the other database.
 */
export async function movedOn(
  stack: Stack,
  seen: MoveSeen,
  ask: AskVersion = askVersion(stack),
): Promise<Problem | undefined> {
  const { parameter, version } = seen;
  try {
    const now = await ask(seen, AbortSignal.timeout(PATIENCE));
    if (now === version) return undefined;
    const was = version === undefined ? "not there" : `of version ${version}`;
    const is = now === undefined ? "gone" : `of version ${now}`;
    return {
      severity: "error",
      summary: STALE_MOVE,
      detail: `A step was taken, begun or undone since this plan was made: ${parameter} was ${was}, and is ${is}. Applied, the plan could take that step back. Nothing was changed.`,
      wayOut: `Plan again and read what is new: ${typed(`npx slipway plan ${stack.name}`)}`,
    };
  } catch (reason) {
    return {
      severity: "error",
      summary: "Whether the move has gone on since this plan was made could not be asked",
      detail: `${reasonOf(reason)}. Nothing was changed.`,
      wayOut: `It takes ssm:GetParameter of ${parameter}; then run it again.`,
    };
  }
}

/** Parameter Store as the credentials of a stack's account see it. Loaded when it is asked: most plans are of no move. */
function askVersion(stack: Stack): AskVersion {
  return async ({ parameter: Name, region }, abortSignal) => {
    const { GetParameterCommand, ParameterNotFound, SSMClient } =
      require("@aws-sdk/client-ssm") as typeof import("@aws-sdk/client-ssm");
    const profile = profileFor(accountOf(stack), process.env);
    const client = new SSMClient({ region, ...(profile && { profile }) });
    try {
      const { Parameter } = await client.send(new GetParameterCommand({ Name }), { abortSignal });
      return Parameter?.Version;
    } catch (error) {
      if (error instanceof ParameterNotFound) return undefined;
      throw error;
    } finally {
      client.destroy();
    }
  };
}
