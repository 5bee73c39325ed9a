import type { Clock as DeployClock } from "../../../deploy/clock";
import type { Clock as SandboxClock } from "../../../sandbox/engine/clock";

interface Sleeper {
  at: number;
  wake: () => void;
}

/**
 * One virtual time for the deploy and the sandbox. It passes only while everybody who acts sleeps, and what is planned
 * for a moment happens in that moment: two deploys at once share it fairly.
 */
export class SharedClock implements DeployClock, SandboxClock {
  /** How many deploys act: time stands still while one of them works. */
  actors = 1;
  private readonly sleepers: Sleeper[] = [];
  private readonly due: { at: number; happen: () => unknown }[] = [];
  private pumping = false;

  constructor(private time = Date.UTC(2026, 10, 20, 12)) {}

  now(): number {
    return this.time;
  }

  /** Lets time pass at once, as a slow answer does. */
  advance(milliseconds: number): void {
    this.time += milliseconds;
  }

  /** Plans something, so many milliseconds from now. */
  in(milliseconds: number, happen: () => unknown): void {
    this.due.push({ at: this.time + milliseconds, happen });
    this.due.sort((one, other) => one.at - other.at);
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
  async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    // One turn of the event loop first, so that signals and sockets get theirs.
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
    await new Promise((resolve) => setImmediate(resolve));
    if (this.sleepers.length < this.actors) return undefined;
    return this.sleepers.reduce<Sleeper | undefined>(
      (best, one) => (best && best.at <= one.at ? best : one),
      undefined,
    );
  }
}
