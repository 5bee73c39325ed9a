import type { Clock } from "../../../deploy/clock";

/** Time that passes only when somebody sleeps. What is due on the way happens on the way. */
export class VirtualClock implements Clock {
  private time: number;
  private due: { at: number; happen: () => void }[] = [];

  constructor(readonly start = Date.UTC(2026, 10, 20, 12, 0, 0)) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  /** Milliseconds since the start. */
  elapsed(): number {
    return this.time - this.start;
  }

  /** Plans something for a moment, in milliseconds from the start. */
  at(elapsed: number, happen: () => void): void {
    this.due.push({ at: this.start + elapsed, happen });
    this.due.sort((a, b) => a.at - b.at);
  }

  async sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const until = this.time + milliseconds;
    for (let next = this.due[0]; next && next.at <= until; next = this.due[0]) {
      this.due.shift();
      this.time = Math.max(this.time, next.at);
      next.happen();
      signal?.throwIfAborted();
    }
    this.time = Math.max(this.time, until);
    // One turn of the event loop, so that signals and sockets get theirs.
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
  }
}
