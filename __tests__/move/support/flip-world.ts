import { DeployError } from "../../../deploy/errors";
import { EXIT } from "../../../deploy/exit-code";
import type { Clock } from "../../../deploy/clock";
import type { Databases, Notes, Sides, Use } from "../../../move/flip/crossing";

/** A database: rows by their number, whether it takes any, and what the mover has written down in it. */
interface Store {
  rows: Set<number>;
  takes: boolean;
}

/** Numbers that come the same for the same seed. */
export const randomOf = (seed: number) => {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};

class Died extends Error {}

/** What becomes of a call, beside its answer. */
export interface Fate {
  /** Whether the process dies before a call or after it. */
  readonly dies: () => boolean;
  /** Whether what is called fails. */
  readonly fails: () => boolean;
  /** Milliseconds that a call takes. */
  readonly takes: () => number;
}

const CALM: Fate = { dies: () => false, fails: () => false, takes: () => 100 };

/**
 * Two databases, three services that write to the one that they are given whenever they can, and viewers whose writes come through
 * the edge. Tasks of the mover go on when the process that started them dies.
 */
export class FlipWorld {
  now = Date.UTC(2026, 10, 22);
  readonly old: Store = { rows: new Set(), takes: true };
  readonly own: Store = { rows: new Set(), takes: true };
  mark: "copied" | "flipped" | "stale" = "copied";
  /** Whether the own one takes what is written to the old one. */
  follows = true;
  gateHolds = false;
  /** Whether whoever asks for the old side is led there. */
  takesOldSide = true;
  services: Record<string, Use> = { web: "external", worker: "external", api: "external" };
  state = { use: "external" as Use, heldSince: undefined as number | undefined, isCopied: true };
  /** Every write that was answered with success. */
  readonly answered = new Set<number>();
  /** Rows that somebody agreed to lose. */
  lost = 0;
  /** Times that both databases took a write of services in one moment. */
  split = 0;
  heldFor = 0;
  /** What the mover's task has left to do, one piece at a time. */
  private job: (() => void)[] = [];
  private number = 0;

  constructor(readonly random: () => number) {
    for (let nth = 0; nth < 5; nth++) this.write();
    this.follow();
  }

  /** What follows, follows: rows of the old one are in the new one a little later. */
  private follow() {
    if (this.mark === "copied") for (const row of this.old.rows) this.own.rows.add(row);
  }

  /** One write of each service: its own, or a viewer's. */
  private write() {
    const taken = new Set<Use>();
    for (const use of Object.values(this.services)) {
      const isViewers = this.random() < 0.5;
      const store = use === "own" ? this.own : this.old;
      if (!store.takes || (isViewers && this.gateHolds)) continue;
      const row = ++this.number;
      store.rows.add(row);
      this.answered.add(row);
      taken.add(use);
    }
    if (taken.size > 1) this.split++;
  }

  /** Time goes on: writes, the copy that follows, the mover's task, the hold. */
  private pass(milliseconds: number) {
    this.now += milliseconds;
    if (this.gateHolds) this.heldFor += milliseconds;
    if (this.random() < 0.7) this.write();
    if (this.random() < 0.5) this.follow();
    if (this.random() < 0.5) this.job.shift()?.();
  }

  /** The one that services are to use. */
  get used(): Store {
    return this.state.use === "own" ? this.own : this.old;
  }

  /** Rows that were answered for and are not where services look. */
  get missing(): number {
    return [...this.answered].filter((row) => !this.used.rows.has(row)).length;
  }

  /** Whether a task of the mover is at work. */
  get isMoving(): boolean {
    return this.job.length > 0;
  }

  get isAtRest(): boolean {
    const { heldSince } = this.state;
    const isGuarded = this.takesOldSide === (this.state.use === "external");
    const isHalf = this.mark === "flipped" && this.follows;
    const isHeld = this.gateHolds || heldSince !== undefined;
    return !isHeld && !isHalf && isGuarded && this.used.takes && this.job.length === 0;
  }

  private get onlyOwn(): number {
    return [...this.own.rows].filter((row) => !this.old.rows.has(row)).length;
  }

  /** What one process sees of it, for as long as it lives. */
  sides(fate: Fate = CALM): Sides {
    let isDead = false;
    const call = async <T>(answer: () => T, mayFail = true): Promise<T> => {
      if (isDead || fate.dies()) {
        isDead = true;
        throw new Died();
      }
      this.pass(fate.takes());
      if (mayFail && fate.fails()) throw new DeployError(EXIT.unknown, "it failed");
      const said = answer();
      if (fate.dies()) {
        isDead = true;
        throw new Died();
      }
      return said;
    };
    const clock: Clock = {
      now: () => this.now,
      // The bound passes in no call: `go` and `handOver` look at the time themselves.
      sleep: (_, signal) =>
        new Promise((resolve, reject) => {
          signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
          this.timers.push({ at: this.now + _, ring: resolve });
        }),
    };
    return {
      clock,
      signal: new AbortController().signal,
      gate: {
        hold: () =>
          call(() => {
            this.gateHolds = true;
          }),
        release: (use) =>
          call(() => {
            this.gateHolds = false;
            this.takesOldSide = use === "external";
          }),
      },
      databases: this.databases(call),
      services: {
        run: (use) => call(() => Object.values(this.services).every((one) => one === use)),
        handOver: async (to, signal) => {
          for (const name of Object.keys(this.services)) {
            await this.ring();
            signal.throwIfAborted();
            await call(() => {
              this.services[name] = to;
            });
          }
        },
      },
      notes: this.notes(call),
    };
  }

  private timers: { at: number; ring: () => void }[] = [];
  /** Wakes who waits for a moment that has come. */
  private async ring() {
    for (const timer of this.timers.filter(({ at }) => at <= this.now)) timer.ring();
    this.timers = this.timers.filter(({ at }) => at > this.now);
    await new Promise((resolve) => setImmediate(resolve));
  }

  private databases(call: <T>(answer: () => T, mayFail?: boolean) => Promise<T>): Databases {
    const pieces = () => [
      () => {
        this.old.takes = false;
      },
      () => this.follow(),
      () => {
        if (this.old.takes || this.onlyOwn > 0) this.job = [];
      },
      () => {
        if (!this.old.takes && this.mark === "copied") this.mark = "flipped";
      },
      () => {
        if (this.mark === "flipped") this.follows = false;
      },
    ];
    return {
      settle: () =>
        call(() => {
          this.job = [];
        }),
      flipped: () => call(() => this.mark === "flipped"),
      unfollow: () =>
        call(() => {
          this.follows = false;
        }),
      prepare: () =>
        call(() => ({
          go: async (signal: AbortSignal) => {
            await call(() => {
              if (this.job.length > 0)
                throw new DeployError(EXIT.superseded, "another task of the mover is at work");
              if (this.mark !== "copied") throw new DeployError(EXIT.refused, "there is no whole copy");
              this.job = pieces();
            });
            for (;;) {
              await this.ring();
              signal.throwIfAborted();
              if (await call(() => this.job.length === 0)) break;
            }
            if (await call(() => this.mark !== "flipped"))
              throw new DeployError(EXIT.rolloutFailed, "they differ");
          },
          cancel: () =>
            call(() => {
              this.job = [];
            }),
        })),
      release: () =>
        call(() => {
          this.old.takes = true;
        }),
      written: () => call(() => ({ transactions: this.onlyOwn, exact: true })),
      holdOwn: () =>
        call(() => {
          this.own.takes = false;
          this.follows = false;
          return { transactions: this.onlyOwn, exact: true };
        }),
      giveBack: (copy) =>
        call(() => {
          if (copy) for (const row of this.own.rows) this.old.rows.add(row);
          else
            for (const row of this.own.rows)
              if (!this.old.rows.has(row) && this.answered.delete(row)) this.lost++;
          this.mark = "stale";
          this.old.takes = true;
        }),
      releaseOwn: () =>
        call(() => {
          this.own.takes = true;
        }),
    };
  }

  private notes(call: <T>(answer: () => T) => Promise<T>): Notes {
    const { state } = this;
    return {
      get use() {
        return state.use;
      },
      get heldSince() {
        return state.heldSince;
      },
      held: (since) =>
        call(() => {
          state.heldSince = since;
        }),
      uses: (use) =>
        call(() => {
          state.use = use;
        }),
      released: () =>
        call(() => {
          state.heldSince = undefined;
        }),
      stale: () =>
        call(() => {
          state.isCopied = false;
        }),
      unknown: () =>
        call(() => {
          state.isCopied = false;
        }),
    };
  }
}
