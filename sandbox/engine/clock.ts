/** Where virtual time comes from. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Real milliseconds until a virtual time; absent when time moves by hand only. */
  until?(at: number): number;
  /** Moves time by hand. */
  advance?(milliseconds: number): void;
}

/** Time that only moves when a test moves it. */
export class ManualClock implements Clock {
  constructor(private time = Date.UTC(2026, 0, 5, 9)) {}

  now(): number {
    return this.time;
  }

  advance(milliseconds: number): void {
    this.time += milliseconds;
  }
}

/** The machine's own time, if wanted running faster from its start on. */
export class RealClock implements Clock {
  private readonly start = Date.now();

  /** @param from virtual time of the start: a world that ran ahead goes on from there. */
  constructor(
    private readonly speed = 1,
    private readonly from = 0,
  ) {}

  now(): number {
    return Math.floor(Math.max(this.from, this.start) + (Date.now() - this.start) * this.speed);
  }

  until(at: number): number {
    return Math.max(0, (at - this.now()) / this.speed);
  }
}
