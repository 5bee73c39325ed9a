import { setImmediate } from "node:timers/promises";

/** Moments of a timeline, of which each has hundreds. */
const MOST = 20_000;

/** Minutes that pass only while everybody who acts waits for something. */
export class Clock {
  /** Minutes since the beginning. */
  now = 0;
  private readonly due: { readonly at: number; readonly wake: () => void }[] = [];
  private outside = 0;
  private turns = 0;

  sleep(minutes: number): Promise<void> {
    return new Promise((wake) => this.at(this.now + minutes, wake));
  }

  /** Plans something for a moment; of those of the same moment, the first that was planned comes first. */
  at(minute: number, wake: () => void): void {
    const behind = this.due.findIndex(({ at }) => at > minute);
    this.due.splice(behind === -1 ? this.due.length : behind, 0, { at: minute, wake });
  }

  /** Lets no time pass until something real is over, such as a script. */
  async during<Result>(real: Promise<Result>): Promise<Result> {
    this.outside++;
    try {
      return await real;
    } finally {
      this.outside--;
    }
  }

  /** Lets time pass until nobody sleeps any more. What still waits then, waits for somebody. */
  async run(): Promise<void> {
    for (;;) {
      do await setImmediate();
      while (this.outside > 0);
      if (++this.turns > MOST)
        throw new Error(`It goes on for ever: ${this.turns} moments, day ${this.now / 1440}`);
      const next = this.due.shift();
      if (next === undefined) return;
      this.now = Math.max(this.now, next.at);
      next.wake();
    }
  }
}
