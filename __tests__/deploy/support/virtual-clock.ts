import type { Clock } from "../../../deploy/clock";
import { calm } from "./calm";

interface Sleeper {
  at: number;
  wake: () => void;
}

/**
 * Time that passes only while everybody who acts sleeps: services that roll out side by side, and deploys at once, share it
 * fairly. What is planned for a moment happens in that moment.
 */
export class VirtualClock implements Clock {
  private time: number;
  private readonly sleepers: Sleeper[] = [];
  private readonly due: { at: number; happen: () => unknown }[] = [];
  private pumping = false;

  constructor(readonly start = Date.UTC(2026, 10, 20, 12)) {
    this.time = start;
  }

  now(): number {
    return this.time;
  }

  /** Milliseconds since the start. */
  elapsed(): number {
    return this.time - this.start;
  }

  /** Lets time pass at once, as a slow answer does. */
  advance(milliseconds: number): void {
    this.time += milliseconds;
  }

  /** Plans something for a moment, in milliseconds from the start. */
  at(elapsed: number, happen: () => unknown): void {
    this.due.push({ at: this.start + elapsed, happen });
    this.due.sort((one, other) => one.at - other.at);
  }

  /** Plans something, so many milliseconds from now. */
  in(milliseconds: number, happen: () => unknown): void {
    this.at(this.elapsed() + milliseconds, happen);
  }

  /** Forgets what was planned and did not happen. */
  forget(): void {
    this.due.length = 0;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const abort = () => {
        this.leave(sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
      const sleeper = { at: this.time + milliseconds, wake };
      this.sleepers.push(sleeper);
      signal?.addEventListener("abort", abort, { once: true });
      void this.pump();
    });
  }

  private leave(sleeper: Sleeper): void {
    const place = this.sleepers.indexOf(sleeper);
    if (place >= 0) this.sleepers.splice(place, 1);
  }

  /** Goes on to the next thing that happens for as long as everybody sleeps. */
  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    for (let sleeper = await this.earliest(); sleeper; sleeper = await this.earliest()) {
      const next = this.due[0];
      if (next && next.at <= sleeper.at) {
        this.due.shift();
        this.time = Math.max(this.time, next.at);
        await next.happen();
        continue;
      }
      this.leave(sleeper);
      this.time = Math.max(this.time, sleeper.at);
      sleeper.wake();
    }
    this.pumping = false;
  }

  private async earliest(): Promise<Sleeper | undefined> {
    await calm();
    return this.sleepers.reduce<Sleeper | undefined>(
      (best, one) => (best && best.at <= one.at ? best : one),
      undefined,
    );
  }
}
