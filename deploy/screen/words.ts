import type { Check, CheckStatus, DeployEvent, Result, ServiceStatus } from "../events";
import { short } from "../image";

const MARKS: Record<CheckStatus, string> = { ok: "✓", warning: "!", busy: "…", failed: "✗" };

/** A check and everything below it, indented. */
const checkLines = (check: Check, indent = ""): string[] => [
  `${indent}${MARKS[check.status]} ${[check.name, check.detail].filter(Boolean).join(": ")}`,
  ...check.children.flatMap((child) => checkLines(child, `${indent}  `)),
];

/** How a run ended, and what to do now. */
export const resultLines = ({ exitCode, text, lastLines, wayOut, url, seconds }: Result): string[] => [
  ...lastLines.map((line) => `  | ${line}`),
  `${exitCode === 0 ? "✓" : "✗"} ${text} (${duration(seconds)}, exit code ${exitCode})`,
  ...wayOut.map((line) => `  → ${line}`),
  ...(exitCode === 0 && url ? [`  ${url}`] : []),
];

/** Seconds as `1 m 05 s`. */
export const duration = (seconds: number) =>
  seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, "0")} s`;

const serviceLines = ({ name, state, running, deployments }: ServiceStatus): string[] => [
  `${name}: ${state}`,
  ...running.map(
    ({ digest, tags, tasks, since }) =>
      `  ${tasks} × ${short(digest)} [${tags.join(", ") || "no tag"}] since ${since ?? "now"}`,
  ),
  ...deployments.map(
    ({ at, status, digest, reason }) =>
      `  ${at ?? ""} ${status} ${digest ? short(digest) : ""}${reason ? ` (${reason})` : ""}`,
  ),
];

/** An event in plain lines. One wording for terminal, CI and annotations. */
export function lines(event: DeployEvent): string[] {
  switch (event.type) {
    case "stage":
      return [`${event.stage} ${event.subject}: ${[event.state, event.text].filter(Boolean).join(", ")}`];
    case "progress":
      return [`${event.stage} ${event.subject}: ${event.text}`];
    case "log":
      return [`${event.subject} | ${event.text}`];
    case "warning":
      return [`warning: ${event.text}`];
    case "checks":
      return event.checks.flatMap((check) => checkLines(check));
    case "plan":
      return ["plan:", ...event.steps.map((step, index) => `  ${index + 1}. ${step}`)];
    case "status":
      return event.services.flatMap(serviceLines);
    case "result":
      return resultLines(event.result);
  }
}
