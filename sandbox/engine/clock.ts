/** Where virtual time comes from. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back when this time has come; returns how to give that up. */
  wake(at: number, call: () => void): () => void;
}

/** Time that only moves when a test moves it. */
export class ManualClock implements Clock {
  private readonly waiting: { at: number; call: () => void }[] = [];

  constructor(private time = Date.UTC(2026, 0, 5, 9)) {}

  now(): number {
    return this.time;
  }

  advance(milliseconds: number): void {
    const until = this.time + milliseconds;
    for (;;) {
      const next = this.waiting.filter(({ at }) => at <= until).sort((one, other) => one.at - other.at)[0];
      if (!next) break;
      this.waiting.splice(this.waiting.indexOf(next), 1);
      this.time = Math.max(this.time, next.at);
      next.call();
    }
    this.time = until;
  }

  wake(at: number, call: () => void): () => void {
    const entry = { at, call };
    this.waiting.push(entry);
    return () => {
      const index = this.waiting.indexOf(entry);
      if (index >= 0) this.waiting.splice(index, 1);
    };
  }
}

/** The machine's own time, if wanted running faster from now on. */
export class RealClock implements Clock {
  private readonly start = Date.now();

  constructor(
    private readonly speed = 1,
    private readonly from = Date.now(),
  ) {}

  now(): number {
    return Math.floor(this.from + (Date.now() - this.start) * this.speed);
  }

  wake(at: number, call: () => void): () => void {
    const timer = setTimeout(call, Math.max(0, (at - this.now()) / this.speed));
    return () => clearTimeout(timer);
  }
}
