/** One answer that a viewer got from a side, by the play's clock. */
export interface Seen {
  readonly began: number;
  readonly ended: number;
  readonly side: string;
}

/** What a viewer is answered. */
export interface Answer {
  readonly status: number;
  /** The side that answered; the edge itself is none. */
  readonly side: string | undefined;
  /** The cookie that is to be sent from now on. */
  readonly cookie: string | undefined;
  readonly retryAfter: string | undefined;
}

/** What a viewer asks for. */
export interface Asked {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly cookie: string | undefined;
  readonly viewer: string;
}

/** A stretch of the play's time. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

const VIEWERS = 400;
/** Milliseconds of the machine's time from one handful of requests to the next. */
const BEAT = 20;
/** Requests under way, past which nobody else asks: the machine is slower than people are. */
const MOST_OPEN = 200;

/** People who read and write without a pause, each with a cookie of their own, and what they were answered. */
export class Stream {
  /** Writes that were answered with success. */
  readonly ledger: string[] = [];
  /** Whatever was answered with neither success nor a hold. */
  readonly failures: string[] = [];
  /** Writes that were held. */
  readonly held: Window[] = [];
  requests = 0;
  private readonly seen = new Map<number, Seen[]>();
  private readonly written: Window[] = [];
  private readonly cookies = new Map<number, string>();
  private readonly open = new Set<Promise<void>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly ask: (asked: Asked) => Promise<Answer>,
    private readonly now: () => number,
  ) {}

  /** @param rate requests in a second of the machine's own time, as far as it can */
  start(rate: number): void {
    this.timer = setInterval(() => {
      for (let nth = 0; nth < (rate * BEAT) / 1000 && this.open.size < MOST_OPEN; nth++) {
        const sent = this.send(this.requests++).finally(() => this.open.delete(sent));
        this.open.add(sent);
      }
    }, BEAT);
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.open);
  }

  /** The time from the first write that was held to the last, since a moment, and the time between those around it that were not. */
  holdSince(moment: number): { readonly least: Window; readonly most: Window } | undefined {
    const held = this.held.filter(({ from }) => from >= moment);
    if (held.length === 0) return undefined;
    const least = { from: Math.min(...starts(held)), to: Math.max(...held.map(({ to }) => to)) };
    const before = this.written.filter(({ to }) => to <= least.from);
    const after = this.written.filter(({ from }) => from >= least.to);
    return { least, most: { from: Math.max(...starts(before)), to: Math.min(this.now(), ...starts(after)) } };
  }

  /** How often somebody's side changed, and how often outside of the windows in which sides may change. */
  changes(windows: readonly Window[]): { readonly all: number; readonly unexplained: number } {
    const changes = [...this.seen.values()].flatMap((seen) => {
      const ordered = seen.toSorted((one, other) => one.began - other.began);
      return ordered.flatMap((one, nth) => {
        const before = ordered[nth - 1];
        return before && before.side !== one.side ? [{ from: before.began, to: one.ended }] : [];
      });
    });
    const isExplained = (change: Window) =>
      windows.some(({ from, to }) => from <= change.to && to >= change.from);
    return { all: changes.length, unexplained: changes.filter((change) => !isExplained(change)).length };
  }

  private async send(nth: number): Promise<void> {
    const viewer = nth % VIEWERS;
    const isWrite = nth % 5 === 0;
    const path = isWrite ? `/write/${nth}` : nth % 5 < 3 ? "/health" : "/last";
    const asked: Asked = {
      method: isWrite ? "POST" : "GET",
      path,
      cookie: this.cookies.get(viewer),
      viewer: `198.51.${Math.floor(viewer / 250)}.${viewer % 250}`,
    };
    const began = this.now();
    try {
      this.take(viewer, asked, await this.ask(asked), { from: began, to: this.now() });
    } catch (error) {
      this.failures.push(`${asked.method} ${path}: ${(error as Error).message}`);
    }
  }

  private take(viewer: number, { method, path }: Asked, answer: Answer, { from, to }: Window): void {
    const { status, side, cookie, retryAfter } = answer;
    if (cookie) this.cookies.set(viewer, cookie);
    if (method === "POST" && status === 503 && retryAfter !== undefined && side === undefined) {
      this.held.push({ from, to });
      return;
    }
    if (status !== 200) this.failures.push(`${method} ${path}: ${status}`);
    else if (method === "POST") {
      this.ledger.push(path);
      this.written.push({ from, to });
    }
    const seen = this.seen.get(viewer) ?? [];
    seen.push({ began: from, ended: to, side: side ?? "nobody" });
    this.seen.set(viewer, seen);
  }
}

const starts = (windows: readonly Window[]) => windows.map(({ from }) => from);
