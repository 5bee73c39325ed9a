import { appendFileSync } from "node:fs";
import type { DeployEvent, Result, Subscriber } from "../events";
import { short } from "../image";
import { duration } from "./words";

/** Values in a workflow command must be escaped, or a line break would end it. */
const escaped = (text: string) => text.replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");

const annotation = (level: "error" | "warning", title: string, text: string) =>
  `::${level} title=${escaped(title).replace(/[:,]/g, " ")}::${escaped(text)}\n`;

/** Text in a table cell: a pipe or a line break would end it. */
const cell = (text: string) => text.replace(/\|/g, "\\|").replace(/\s+/g, " ");

/** The job summary: a table of what runs now, and on failure the reason and the last lines. */
export function summary(result: Result): string {
  const { command, environment, exitCode, text, wayOut, lastLines, images, services, seconds } = result;
  const head = `### ${exitCode === 0 ? "✅" : "❌"} ${command} ${environment}\n\n${text} (${duration(seconds)}, exit code ${exitCode})\n`;
  const ways = wayOut.map((line) => `- ${line}\n`).join("");
  const rows = [
    ...images.map(
      ({ repository, tag, digest, previous }) =>
        `| image \`${repository}:${tag}\` | \`${short(digest)}\`${previous ? `, before \`${short(previous)}\`` : ""} |`,
    ),
    ...services.map(
      ({ name, outcome, deployment }) => `| service ${cell(name)} | ${outcome}, \`${deployment}\` |`,
    ),
  ];
  const table = rows.length > 0 ? `\n| what | is |\n|---|---|\n${rows.join("\n")}\n` : "";
  // An indented block cannot be left from within, as a fence could.
  const log =
    lastLines.length > 0 ? `\nLast lines:\n\n${lastLines.map((line) => `    ${line}\n`).join("")}` : "";
  return `${head}${ways && `\n${ways}`}${table}${log}\n`;
}

const stepOutputs = ({ exitCode, images, url }: Result): string =>
  [
    `exit-code=${exitCode}`,
    `digest=${images[0]?.digest ?? ""}`,
    `previous-digest=${images[0]?.previous ?? ""}`,
    `url=${url ?? ""}`,
    "",
  ].join("\n");

/** Annotations, job summary and step outputs, beside the plain lines. A file that cannot be written is a warning. */
export function githubScreen(
  write: (text: string) => void,
  files: { summary: string | undefined; output: string | undefined },
): Subscriber {
  const append = (name: string, file: string | undefined, text: string) => {
    if (!file) return;
    try {
      appendFileSync(file, text);
    } catch (error) {
      write(annotation("warning", "deploy", `${name} was not written: ${(error as Error).message}`));
    }
  };
  return (event: DeployEvent) => {
    if (event.type === "warning") write(annotation("warning", "deploy", event.text));
    if (event.type !== "result") return;
    const { result } = event;
    if (result.exitCode !== 0) {
      const text = [result.text, ...result.wayOut, ...result.lastLines].join("\n");
      write(annotation("error", `${result.command} ${result.environment}`, text));
    }
    append("GITHUB_STEP_SUMMARY", files.summary, summary(result));
    append("GITHUB_OUTPUT", files.output, stepOutputs(result));
  };
}
