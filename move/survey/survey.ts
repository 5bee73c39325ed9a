import type { Done } from "../../deploy/end";
import { leaves } from "../../deploy/check";
import type { Check } from "../../deploy/events";
import type { Move } from "../move";
import { databaseChecks } from "./database";
import { originChecks } from "./origin";

const MARKS = { ok: "✓", warning: "!", busy: "…", failed: "✗" } as const;

/** Everything that the move will meet, looked at before anything is changed: one report. */
export async function survey(move: Move, show: (checks: readonly Check[]) => Promise<void>): Promise<Done> {
  const { from, database } = move.plan;
  const checks: Check[] = [
    ...(from ? [group("address", await originChecks(move, from))] : []),
    ...(database ? [group("database", await databaseChecks(move))] : []),
  ];
  await show(checks);
  const missing = leaves(checks, "failed").length;
  const doubts = leaves(checks, "warning").length;
  const rest = doubts > 0 ? `, ${doubts === 1 ? "one thing" : `${doubts} things`} to consider` : "";
  return missing > 0
    ? {
        text: `✗ not ready: ${missing === 1 ? "one thing is" : `${missing} things are`} missing${rest}. Nothing was changed.`,
        exitCode: 1,
      }
    : { text: `✓ ready${rest}. Nothing was changed.` };
}

function group(name: string, children: Check[]): Check {
  const status = (["failed", "busy", "warning"] as const).find((one) =>
    children.some((child) => child.status === one),
  );
  return { name, status: status ?? "ok", detail: "", children };
}

/** A line for each check, deeper ones further in. */
export const linesOf = (checks: readonly Check[], depth = 0): string[] =>
  checks.flatMap(({ name, status, detail, children }) => [
    `${"  ".repeat(depth)}${MARKS[status]} ${name}${detail ? `: ${detail}` : ""}`,
    ...linesOf(children, depth + 1),
  ]);
