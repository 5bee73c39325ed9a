import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import type { DeployEvent, Result, Subscriber } from "../events";
import { shortDigest } from "../image";
import { duration } from "../../terminal/duration";

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
        `| image \`${repository}:${tag}\` | \`${shortDigest(digest)}\`${previous ? `, before \`${shortDigest(previous)}\`` : ""} |`,
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

/** An output in the form that holds any text: nobody can guess the delimiter that ends it. */
function stepOutput(name: string, value: string | number): string {
  const delimiter = `end-${randomUUID()}`;
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}

const stepOutputs = ({ exitCode, images, url }: Result): string =>
  [
    stepOutput("exit-code", exitCode),
    stepOutput("digest", images[0]?.digest ?? ""),
    stepOutput("previous-digest", images[0]?.previous ?? ""),
    stepOutput("url", url ?? ""),
  ].join("");

/**
 * Annotations, job summary and step outputs, beside the plain lines; a file that cannot be written is a warning.
 * While it is open the runner obeys no command but the annotations, whatever containers print: all else stands
 * between `stop-commands` and its token.
 */
export class GithubScreen {
  private token = "";

  constructor(
    private readonly write: (text: string) => void,
    private readonly files: { summary: string | undefined; output: string | undefined },
  ) {
    this.stopCommands();
  }

  readonly subscriber: Subscriber = (event: DeployEvent) => {
    if (event.type === "warning") this.annotate(annotation("warning", "deploy", event.text));
    if (event.type !== "result") return;
    const { result } = event;
    if (result.exitCode !== 0) {
      const text = [result.text, ...result.wayOut, ...result.lastLines].join("\n");
      this.annotate(annotation("error", `${result.command} ${result.environment}`, text));
    }
    this.append("GITHUB_STEP_SUMMARY", this.files.summary, summary(result));
    this.append("GITHUB_OUTPUT", this.files.output, stepOutputs(result));
  };

  /** Lets the runner obey commands again. */
  close(): void {
    this.write(`::${this.token}::\n`);
  }

  private append(name: string, file: string | undefined, text: string): void {
    if (!file) return;
    try {
      appendFileSync(file, text);
    } catch (error) {
      this.annotate(annotation("warning", "deploy", `${name} was not written: ${(error as Error).message}`));
    }
  }

  private annotate(command: string): void {
    this.close();
    this.write(command);
    this.stopCommands();
  }

  /** A new token each time: one that was printed could be repeated. */
  private stopCommands(): void {
    this.token = randomUUID();
    this.write(`::stop-commands::${this.token}\n`);
  }
}
