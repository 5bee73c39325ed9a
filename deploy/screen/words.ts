import { duration } from "../../terminal/duration";
import type { Check, CheckStatus, DeployEvent, Result, ServiceStatus } from "../events";
import { shortDigest } from "../image";
import { DATABASES } from "../used-database";

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

/** A time with its age: `2026-11-20 12:00 UTC (3 minutes ago)`. */
function withAge(time: string, now: string): string {
  const minutes = Math.max(0, Math.floor((Date.parse(now) - Date.parse(time)) / 60_000));
  const [count, unit] =
    minutes < 60
      ? [minutes, "minute"]
      : minutes < 48 * 60
        ? [Math.floor(minutes / 60), "hour"]
        : [Math.floor(minutes / (24 * 60)), "day"];
  return `${time.slice(0, 16).replace("T", " ")} UTC (${count === 0 ? "just now" : `${count} ${unit}${count === 1 ? "" : "s"} ago`})`;
}

const tagLines = ({ name, digest, runs }: ServiceStatus["tag"]): string[] =>
  runs
    ? []
    : [
        `  the tag ${name} names ${digest ? shortDigest(digest) : "nothing"}, which does not run: a deploy was cut short, or a service is not deployed yet. Deploy again, or rollback`,
      ];

const LOGIN_STATES: Record<NonNullable<ServiceStatus["login"]>["state"], string> = {
  used: "",
  made: ", made; the next deploy or apply hands the service over to it",
  "not made": ", which the next deploy makes",
};

const loginLines = (login: ServiceStatus["login"]): string[] =>
  login ? [`  database login ${login.user}${LOGIN_STATES[login.state]}`] : [];

const databaseLines = (database: ServiceStatus["database"]): string[] =>
  database ? [`  database: ${DATABASES[database]}`] : [];

const serviceLines = (
  { name, state, tag, database, login, running, deployments }: ServiceStatus,
  now: string,
): string[] => [
  `${name}: ${state}`,
  ...tagLines(tag),
  ...databaseLines(database),
  ...loginLines(login),
  ...running.map(
    ({ digest, tags, tasks, since }) =>
      `  ${tasks} × ${shortDigest(digest)} [${tags.join(", ") || "no tag"}] since ${since ? withAge(since, now) : "now"}`,
  ),
  ...deployments.map(
    ({ at, status, digest, reason }) =>
      `  ${at ? withAge(at, now) : ""} ${status} ${digest ? shortDigest(digest) : ""}${reason ? ` (${reason})` : ""}`,
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
      return event.services.flatMap((service) => serviceLines(service, event.at));
    case "result":
      return resultLines(event.result);
  }
}
