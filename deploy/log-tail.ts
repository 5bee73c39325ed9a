import { AwsError } from "./aws/error";
import type { Aws } from "./aws/gateway";
import type { Clock } from "./clock";
import { StreamLines } from "./printable";

/** How many last lines are kept to be shown with a failure. */
const LAST_LINES = 20;
/** A drain is bounded: so many pages, and so many waits of a second for lines that are still on their way. */
const DRAIN_PAGES = 20;
const DRAIN_WAITS = 3;

/** The name of a container's log stream (awslogs driver: prefix, container, task). */
export const logStream = (logs: { prefix: string }, container: string, task: string) =>
  `${logs.prefix}/${container}/${task}`;

/** Follows one container's log. It never fails a deployment: without permission it says so once and is silent. */
export class LogTail {
  readonly lastLines: string[] = [];
  private token: string | undefined;
  private silent = false;
  private readonly lines = new StreamLines();

  constructor(
    private readonly aws: Aws,
    private readonly place: { group: string; stream: string },
    private readonly tell: { line(text: string): void; warning(text: string): void },
  ) {}

  /** Reads a page. False when there is nothing more for now: the stream is missing or the token repeats. */
  async read(): Promise<boolean> {
    if (this.silent) return false;
    try {
      const page = await this.aws.logEvents(this.place.group, this.place.stream, { token: this.token });
      if (!page) return false;
      for (const { message } of page.events) for (const line of this.lines.of(message ?? "")) this.keep(line);
      const moved = page.token !== this.token;
      this.token = page.token;
      return moved;
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      this.silent = true;
      this.tell.warning(`the log cannot be read: ${error.message}`);
      return false;
    }
  }

  /**
   * Reads what is left after the container has stopped. Lines arrive late: when there are none yet, or when
   * `thorough` because it failed, waits up to three seconds for them.
   */
  async drain(clock: Clock, thorough: boolean): Promise<void> {
    let waits = 0;
    for (let page = 0; page < DRAIN_PAGES && !this.silent; page++) {
      if (await this.read()) continue;
      const enough = this.lastLines.length > 0 && (!thorough || waits > 0);
      if (enough || waits === DRAIN_WAITS) return;
      waits++;
      await clock.sleep(1_000);
    }
  }

  private keep(line: string): void {
    this.lastLines.push(line);
    if (this.lastLines.length > LAST_LINES) this.lastLines.shift();
    this.tell.line(line);
  }
}

/** The last lines of a container that has stopped; none when they cannot be read. */
export async function lastLines(aws: Aws, group: string, stream: string): Promise<string[]> {
  try {
    const page = await aws.logEvents(group, stream, { last: LAST_LINES });
    const lines = new StreamLines();
    return (page?.events ?? []).flatMap(({ message }) => lines.of(message ?? "")).slice(-LAST_LINES);
  } catch (error) {
    if (error instanceof AwsError) return [`(the log cannot be read: ${error.message})`];
    throw error;
  }
}
