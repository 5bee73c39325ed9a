import type { World } from "../world";
import type { Clock } from "./clock";
import { adopt, advance, createSim, type EngineOptions, nextTimer, settle } from "./engine";
import type { Sim } from "./sim";
import type { Logs, LogTarget } from "./logs";
import { PACE } from "./pace";
import { emptyRuntime, type Runtime } from "./state";
import { MemoryStore, type Store } from "./store";

export interface HostOptions extends Omit<EngineOptions, "logs"> {
  world: World;
  clock: Clock;
  store?: Store;
  seed?: number;
}

/** Another process may change the world: look at least so often (real milliseconds). */
const LOOK = 1000;

/**
 * Runs the engine: one step after the other, each at the clock's time, each kept. With a real clock it also goes on by
 * itself, so that what is planned happens without anybody asking.
 */
export class Host {
  readonly world: World;
  readonly clock: Clock;
  private readonly store: Store;
  private queue: Promise<unknown> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  /** The state as the last step left it, and the world that it had taken in. */
  private last: { state: Runtime; version: number } | undefined;
  /** Called after every step, inside it: real processes look here for what they have to do. */
  onStep: (sim: Sim) => void = () => {};

  constructor(private readonly options: HostOptions) {
    this.world = options.world;
    this.clock = options.clock;
    this.store = options.store ?? new MemoryStore();
  }

  /** Lets time catch up, then runs a step. A step that throws changes nothing but what time did. */
  run<T>(step: (sim: Sim) => T): Promise<T> {
    const result = this.queue.then(() => this.store.locked((state) => this.step(state, step)));
    this.queue = result.catch(() => {});
    return result.then((outcome) => {
      if ("error" in outcome) throw outcome.error;
      return outcome.value;
    });
  }

  /** What containers said. */
  get logs(): Logs {
    return this.store.logs;
  }

  /** Adds lines of a container at the clock's time. No step is needed: nothing else follows from them. */
  log(target: LogTarget, lines: readonly string[]): void {
    const at = this.clock.now();
    this.store.logs.append(target, lines, at, at + (this.options.pace?.logLag ?? PACE.logLag));
  }

  /** Starts over, with nothing running. */
  reset(seed = 1): Promise<void> {
    this.store.logs.clear();
    const empty = async () => ({ state: emptyRuntime(this.clock.now(), seed), result: undefined });
    this.queue = this.queue.then(() => this.store.locked(empty));
    return this.queue as Promise<void>;
  }

  /** Goes on by itself until closed. */
  start(): void {
    if (this.clock.until) this.tick();
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.queue;
  }

  private async step<T>(
    kept: Runtime | undefined,
    step: (sim: Sim) => T,
  ): Promise<{ state: Runtime; result: { value: T } | { error: unknown } }> {
    const state = kept ?? emptyRuntime(this.clock.now(), this.options.seed ?? 1);
    const sim = createSim(state, this.world, { ...this.options, logs: this.store.logs });
    const result = this.world.hold(() => this.take(sim, step));
    if (sim.edits.length > 0)
      await this.world.change((world) => {
        for (const edit of sim.edits) edit(world);
      });
    return { state, result };
  }

  private take<T>(sim: Sim, step: (sim: Sim) => T): { value: T } | { error: unknown } {
    const { state, world } = sim;
    if (this.last?.state !== state || this.last.version !== world.version) adopt(sim);
    this.last = { state, version: world.version };
    advance(sim, this.clock.now());
    let result: { value: T } | { error: unknown };
    try {
      result = { value: step(sim) };
    } catch (error) {
      result = { error };
    }
    settle(sim);
    this.onStep(sim);
    return result;
  }

  private tick(): void {
    if (this.closed) return;
    void this.run((sim) => nextTimer(sim.state)?.at)
      .catch(() => undefined)
      .then((at) => {
        if (this.closed) return;
        const wait = Math.min(LOOK, at === undefined ? LOOK : (this.clock.until?.(at) ?? LOOK));
        this.timer = setTimeout(() => this.tick(), Math.max(20, wait));
      });
  }
}
