import { setMaxListeners } from "node:events";
import { Interrupted } from "./errors";
import { SIGNAL_EXIT, type StopSignal } from "./exit-code";

/** The part of `process` that signals need. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown;
  off(signal: StopSignal, listener: () => void): unknown;
  exit(code: number): void;
}

/**
 * Turns the first SIGINT, SIGTERM or SIGHUP (the terminal was closed) into an aborted signal, so that each step can
 * clean up behind itself. A second one leaves at once: whoever presses twice means it.
 */
export function interruptible(source: SignalSource): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  // Each call that is under way listens, and each service that rolls out makes some: Node would warn of more than ten.
  setMaxListeners(0, controller.signal);
  const listeners = (Object.keys(SIGNAL_EXIT) as StopSignal[]).map((name) => {
    const listener = () => {
      if (controller.signal.aborted) source.exit(SIGNAL_EXIT[name]);
      else controller.abort(new Interrupted(name));
    };
    source.on(name, listener);
    return { name, listener };
  });
  return {
    signal: controller.signal,
    dispose: () => {
      for (const { name, listener } of listeners) source.off(name, listener);
    },
  };
}
