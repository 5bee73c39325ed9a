import { EventEmitter } from "node:events";
import { Readable } from "node:stream";
import { systemClock } from "../../deploy/clock";
import type { Probe } from "../../move/probe";
import type { MoveSurroundings } from "../../move/session";
import type { Sandbox } from "../../sandbox/api/sandbox";
import { isolatedEnvironment } from "../../sandbox/command/isolation";
import type { Clock } from "../../sandbox/engine/clock";

/** The variables by which the SDK finds a sandbox in AWS's place, in one region. */
export function variablesOf(sandbox: Sandbox<Clock>, region: string): readonly (readonly [string, string])[] {
  const own = { AWS_REGION: region };
  const all = isolatedEnvironment(own, { api: sandbox, bin: "", terraform: "", world: "", reattach: "" });
  return Object.entries(all).flatMap(([name, value = ""]) =>
    name.startsWith("AWS_") ? [[name, value] as const] : [],
  );
}

/** What a command finds around it in a play. */
export interface Around {
  readonly clock: Required<Pick<Clock, "now" | "until">>;
  readonly probe: Probe;
  /** Takes what it prints, on either channel. */
  readonly write: (text: string) => void;
  /** What is piped into it. @default nothing */
  readonly stdin?: string;
}

/** The surroundings of one command of `slipway move` in a play: its time, its edge, and a reader of what it prints. */
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
