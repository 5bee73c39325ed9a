import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { systemClock } from "../../deploy/clock";
import type { Probe } from "../../move/probe";
import type { MoveSurroundings } from "../../move/session";
import type { Clock } from "../../sandbox/engine/clock";

/** What a command finds around it in a play. */
export interface Around {
  readonly clock: Required<Pick<Clock, "now" | "until">>;
  readonly probe: Probe;
  /** Takes what it prints, on either channel. */
  readonly write: (text: string) => void;
  /** What is piped into it. @default nothing */
  readonly stdin?: string;
}

/** The world around one command of `slipway move`: the play's time, its edge, and somebody who reads. */
export function surroundings({ clock, probe, write, stdin = "" }: Around): MoveSurroundings {
  const take = (text: string) => {
    write(text);
    return true;
  };
  return {
    clock: {
      now: () => clock.now(),
      sleep: (milliseconds, signal) => systemClock.sleep(clock.until(clock.now() + milliseconds), signal),
    },
    random: Math.random,
    signals: Object.assign(new EventEmitter(), { exit: () => {} }),
    stdin: Readable.from([stdin]) as never,
    stdout: Object.assign(new EventEmitter(), { write: take }) as never,
    stderr: { write: take },
    env: {},
    probe,
  };
}
