/** What a container does that no real process stands for. Times are milliseconds of virtual time. */
export interface Run {
  /** Ends by itself, so long after its start. Without it, a service's container runs on and a one-off one exits with 0. */
  exit?: { code: number; after: number };
  log?: { after: number; text: string }[];
  /** From when on it answers health checks; "never" if it does not. */
  healthy?: number | "never";
  /** From when on it does not answer any more. */
  sick?: number;
  /** What SIGTERM does; "ignore" waits for SIGKILL. */
  stop?: { code: number; after: number } | "ignore";
  /** The runtime cannot start it: the text after "CannotStartContainerError: ". */
  startError?: string;
  /** The kernel kills it for its memory, so long after its start. */
  outOfMemory?: number;
  /** Exits with 1 when a secret still holds a placeholder. */
  refusesPlaceholders?: boolean;
}

/** How an image behaves. */
export interface Behaviour {
  pull?: { duration?: number; error?: string };
  run?: Run;
  /** Other behaviour for tasks whose command begins with these words. */
  commands?: { command: string[]; run: Run }[];
}

/** The behaviour for a command, or undefined when nothing was scripted for it. */
export function runFor(behaviour: Behaviour | undefined, command: readonly string[]): Run | undefined {
  const special = behaviour?.commands?.find((one) => one.command.every((word, at) => command[at] === word));
  return special?.run ?? behaviour?.run;
}
