import type { FilteredLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import type { Contract, ServiceContract } from "../../modules/contract";
import { familyOf } from "../../modules/contract";
import type { LogPlace } from "../aws/daily";
import { pages } from "../aws/gateway";
import { Interrupted, refused } from "../errors";
import { StreamLines } from "../printable";
import type { Done } from "../end";
import { chosenServices } from "../choose";
import { type Daily, type DailyOptions, present } from "./session";

export interface LogsOptions extends DailyOptions {
  /** How far back, in milliseconds. */
  since: number;
  /** As it was written: `1h`. */
  sinceText: string;
  follow?: boolean;
  /** Only lines that contain this, whatever their case. */
  grep?: string;
  migration?: boolean;
  /** The schedule's name. */
  schedule?: string;
  database?: boolean;
}

/** Lines that belong together: one service's, its migrations', a schedule's, the database's. */
interface Source {
  name: string;
  /** Where they are now; undefined when there is nothing to read. */
  place(): Promise<LogPlace | undefined>;
}

interface Line {
  /** Milliseconds since the epoch. */
  at: number;
  from: Stream;
  text: string;
}

/** A log stream; its lines share it. */
interface Stream {
  source: string;
  stream: string;
  /** How a person sees it: the source's name, and the beginning of the task's id. */
  label: string;
  lines: StreamLines;
}

/** From one look to the next, in milliseconds: CloudWatch takes 5 calls a second and more, by region. */
const LOOK_INTERVAL = 1_000;
/** Lines arrive this late and out of order, in milliseconds: the agent sends them every five seconds. */
const LATENESS = 15_000;
/** A schedule's tasks are looked for again after so long, in milliseconds. */
const TASKS_INTERVAL = 10_000;
/** Streams that one call may name. Source: FilterLogEvents, CloudWatch Logs API reference. */
const MOST_STREAMS = 100;
/** Lines that are written at once. */
const BATCH = 500;

/** Shows lines of containers and the database, merged by their times, and goes on as they come. */
export async function logs(day: Daily, names: readonly string[], options: LogsOptions): Promise<Done> {
  const sources = sourcesOf(day, names, options);
  const screen = new LogScreen(day, options);
  try {
    const from = day.clock.now() - options.since;
    const tails = sources.map((source) => new Tail(day, source, from));
    for await (const lines of merged(tails.map((tail) => tail.history()))) await screen.show(lines);
    if (!options.follow) {
      if (screen.shown === 0)
        day.say(
          `No lines${options.grep ? ` with "${options.grep}"` : ""} in the last ${options.sinceText}; --since 24h looks further back.`,
        );
      return { text: "" };
    }
    for (;;) {
      await day.clock.sleep(LOOK_INTERVAL, day.signal);
      const found = (await Promise.all(tails.map((tail) => tail.news()))).flat();
      await screen.show(found.sort((one, other) => one.at - other.at));
    }
  } catch (error) {
    // Ctrl-C is how one stops reading.
    if (error instanceof Interrupted) return { text: "", exitCode: error.exitCode };
    throw error;
  }
}

function sourcesOf(day: Daily, names: readonly string[], options: LogsOptions): Source[] {
  const { contract } = day;
  const services = chosenServices(contract, names);
  const sources: Source[] = [];
  if (options.migration) sources.push(...migrations(contract, services, names));
  if (options.schedule !== undefined) sources.push(...scheduled(day, services, options.schedule));
  if (options.database) sources.push(...databaseLogs(contract));
  if (!options.migration && options.schedule === undefined && (!options.database || names.length > 0))
    sources.push(
      ...services.map(({ name, logs: { group, prefix } }) => at(name, { group, prefix: `${prefix}/` })),
    );
  return sources;
}

const at = (name: string, place: LogPlace): Source => ({ name, place: async () => place });

function migrations(
  contract: Contract,
  services: readonly ServiceContract[],
  names: readonly string[],
): Source[] {
  const found = services.flatMap(({ name, migration }) =>
    migration
      ? [at(`${name} migration`, { group: migration.logs.group, prefix: `${migration.logs.prefix}/` })]
      : [],
  );
  if (found.length > 0) return found;
  throw refused(
    `${names.join(", ") || contract.environment} has no migration.`,
    `Services with one: ${
      contract.services
        .filter(({ migration }) => migration)
        .map(({ name }) => name)
        .join(", ") || "none"
    }.`,
  );
}

/** A schedule's tasks run in the service's definition and log group: ECS tells which of them it started, for an hour. */
function scheduled(day: Daily, services: readonly ServiceContract[], schedule: string): Source[] {
  const having = services.filter((service) => present(service.schedules, day.contract)[schedule]);
  if (having.length === 0) {
    const known = day.contract.services.flatMap(({ schedules = {} }) => Object.keys(schedules));
    throw refused(
      `There is no schedule ${schedule}.`,
      `There are: ${[...new Set(known)].join(", ") || "none"}.`,
    );
  }
  return having.map((service) => {
    let streams: string[] = [];
    let lookedAt = Number.NEGATIVE_INFINITY;
    return {
      name: `${service.name} ${schedule}`,
      place: async () => {
        if (day.clock.now() - lookedAt >= TASKS_INTERVAL) {
          lookedAt = day.clock.now();
          streams = await scheduledStreams(day, service, schedule);
        }
        return streams.length > 0 ? { group: service.logs.group, streams } : undefined;
      },
    };
  });
}

/** How EventBridge Scheduler marks the tasks that it starts. */
const SCHEDULER = "chronos-schedule/";

async function scheduledStreams({ aws, contract }: Daily, service: ServiceContract, schedule: string) {
  const family = familyOf(service.taskDefinition);
  const listed = await Promise.all(
    (["RUNNING", "STOPPED"] as const).map((status) => aws.listTasks(contract.cluster, { family }, status)),
  );
  const command = JSON.stringify(service.schedules?.[schedule]);
  return listed
    .flat()
    .filter(({ startedBy = "", overrides }) => {
      const own = overrides?.containerOverrides?.find(({ name }) => name === service.container);
      return startedBy.startsWith(SCHEDULER) && JSON.stringify(own?.command) === command;
    })
    .sort((one, other) => (other.createdAt?.getTime() ?? 0) - (one.createdAt?.getTime() ?? 0))
    .slice(0, MOST_STREAMS)
    .map(({ taskArn = "" }) => `${service.logs.prefix}/${service.container}/${taskArn.split("/").at(-1)}`);
}

function databaseLogs(contract: Contract): Source[] {
  const database = present(contract.database, contract);
  if (!database) throw refused(`${contract.environment} has no database of its own.`);
  return database.logs.map((group) => at(group.split("/").at(-1) ?? group, { group }));
}

/** One source's lines: first what is there, then what comes, each once. */
class Tail {
  private readonly streams = new Map<string, Stream>();
  private readonly seen = new RecentIds();
  private newest: number;

  constructor(
    private readonly day: Daily,
    private readonly source: Source,
    private readonly from: number,
  ) {
    this.newest = from;
  }

  /** What is there, page by page. */
  history = (): AsyncGenerator<Line[]> => this.read(this.from);

  /** What came since the last look. */
  async news(): Promise<Line[]> {
    const found: Line[] = [];
    for await (const lines of this.read(Math.max(this.from, this.newest - LATENESS))) found.push(...lines);
    return found;
  }

  private async *read(from: number): AsyncGenerator<Line[]> {
    const place = await this.source.place();
    if (!place) return;
    let token: string | undefined;
    do {
      const lines: Line[] = [];
      token = await this.readPage(place, from, token, lines);
      yield lines;
    } while (token);
  }

  /** Adds a page's lines, and answers with the token of the next: of AWS's answer nothing stays in memory. */
  private async readPage(place: LogPlace, from: number, token: string | undefined, lines: Line[]) {
    const page = await this.day.aws.filterLogEvents(place, from, token);
    for (const event of page.events) this.take(event, lines);
    return page.token;
  }

  private take(
    { eventId = "", timestamp: at = 0, message = "", logStreamName = "" }: FilteredLogEvent,
    lines: Line[],
  ) {
    this.newest = Math.max(this.newest, at);
    if (!this.seen.add(eventId, this.newest)) return;
    let from = this.streams.get(logStreamName);
    if (!from) {
      from = streamOf(this.source.name, logStreamName);
      this.streams.set(logStreamName, from);
    }
    for (const text of from.lines.of(message)) lines.push({ at, from, text });
  }
}

function streamOf(source: string, stream: string): Stream {
  const task = /\/([0-9a-f]{32})$/.exec(stream)?.[1]?.slice(0, 6);
  return { source, stream, label: task ? `${source} ${task}` : source, lines: new StreamLines() };
}

/** Ids of the events that may be read again: those of the last `LATENESS`, and of as long before or longer. */
class RecentIds {
  private before = new Set<string>();
  private recent = new Set<string>();
  private since = Number.NEGATIVE_INFINITY;

  /**
   * Adds an id, unless it is known.
   * @param newest time of the newest event so far, in milliseconds since the epoch.
   * @returns whether it is new.
   */
  add(id: string, newest: number): boolean {
    if (this.recent.has(id) || this.before.has(id)) return false;
    if (newest - this.since > LATENESS) {
      this.before = this.recent;
      this.recent = new Set();
      this.since = newest;
    }
    this.recent.add(id);
    return true;
  }
}

/** Lines of several sources in the order of their times, with one page of each in memory. */
async function* merged(sources: readonly AsyncGenerator<Line[]>[]): AsyncGenerator<Line[]> {
  const heads = await Promise.all(sources.map(async (source) => ({ source, lines: await nextPage(source) })));
  for (;;) {
    const left = heads.filter(({ lines }) => lines.length > 0);
    if (left.length === 0) return;
    // Until the first page is used up: what follows in its source may come before what the others hold.
    const until = Math.min(...left.map(({ lines }) => lines.at(-1)?.at ?? 0));
    yield left
      .flatMap(({ lines }) => lines.splice(0, countUntil(lines, until)))
      .sort((one, other) => one.at - other.at);
    for (const head of left) if (head.lines.length === 0) head.lines = await nextPage(head.source);
  }
}

/** The next page that has lines; an empty one at the end. */
async function nextPage(source: AsyncGenerator<Line[]>): Promise<Line[]> {
  for (;;) {
    const { done, value } = await source.next();
    if (done) return [];
    if (value.length > 0) return value;
  }
}

/** How many lines there are up to a time. */
function countUntil(lines: readonly Line[], until: number): number {
  const count = lines.findIndex(({ at }) => at > until);
  return count < 0 ? lines.length : count;
}

/** Lines with the time (UTC) and where they come from, and the date where it changes; or JSON. */
class LogScreen {
  shown = 0;
  private date = "";
  /** The second whose time is written, and how. */
  private second = Number.NaN;
  private time = "";

  constructor(
    private readonly day: Daily,
    private readonly options: Pick<LogsOptions, "json" | "grep">,
  ) {}

  /** Shows the lines, and takes them: whoever reads slowly must not keep a page of them alive. */
  async show(lines: Line[]): Promise<void> {
    for (const text of this.texts(lines.splice(0))) await this.day.print(text);
  }

  private texts(lines: readonly Line[]): string[] {
    const wanted = this.options.grep?.toLowerCase();
    const found = lines.filter(({ text }) => wanted === undefined || text.toLowerCase().includes(wanted));
    this.shown += found.length;
    return pages(found, BATCH).map((batch) =>
      batch.map((line) => (this.options.json ? this.json(line) : this.text(line))).join(""),
    );
  }

  private json({ at: time, from: { source, stream }, text }: Line): string {
    return `${JSON.stringify({ at: new Date(time).toISOString(), source, stream, text })}\n`;
  }

  private text({ at: time, from, text }: Line): string {
    const second = Math.floor(time / 1000);
    const heading = second === this.second ? "" : this.begin(second);
    return `${heading}${this.time} ${this.day.colors.cyan(from.label)} | ${text}\n`;
  }

  /** What is written above the first line of a second: the date, where it is another. */
  private begin(second: number): string {
    const { colors } = this.day;
    const iso = new Date(second * 1000).toISOString();
    const date = iso.slice(0, 10);
    const heading = date === this.date ? "" : colors.dim(`${date} (UTC)\n`);
    this.second = second;
    this.time = colors.dim(iso.slice(11, 19));
    this.date = date;
    return heading;
  }
}
