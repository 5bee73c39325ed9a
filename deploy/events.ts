import { mask } from "./mask";
import { everyString, visible } from "./printable";

/** The steps of a deployment, in order; `put back` only after a failure. */
export type Stage = "check" | "copy" | "logins" | "migrate" | "promote" | "roll out" | "put back" | "run";

/** `busy`: somebody else is at work here, so this must wait. */
export type CheckStatus = "ok" | "warning" | "busy" | "failed";

/** One named, read-only check; a branch is as bad as its worst leaf. */
export interface Check {
  name: string;
  status: CheckStatus;
  /** What was found, and when it failed, the way out. */
  detail: string;
  children: Check[];
}

/** What runs in one service, and what came before. Times are ISO 8601, UTC. */
export interface ServiceStatus {
  name: string;
  /** Such as `COMPLETED, 2 of 2 running`. */
  state: string;
  /** What the environment's tag names; `runs` says whether a deployment of that is running or under way. */
  tag: { name: string; digest: string | null; runs: boolean };
  /** The one of two databases that it is given; null where there is but one, or the service has none. */
  database: "own" | "external" | null;
  /** User of the database that is the service's own, and whether it runs with it; null where it has none. */
  login: { user: string; state: "used" | "made" | "not made" } | null;
  running: { digest: string; tags: string[]; tasks: number; since: string | null }[];
  /** Newest first. */
  deployments: {
    id: string;
    status: string;
    at: string | null;
    digest: string | null;
    reason: string | null;
  }[];
}

/** How a deployment of one service ended; `abandoned`: another service of its image failed first. */
export type Outcome = "succeeded" | "failed" | "rolled back" | "superseded" | "unknown" | "abandoned";

export interface Result {
  command: string;
  environment: string;
  exitCode: number;
  text: string;
  /** What to do now, one line each. */
  wayOut: string[];
  /** The last lines of the container that failed. */
  lastLines: string[];
  images: { repository: string; tag: string; digest: string; previous: string | null }[];
  services: { name: string; outcome: Outcome; deployment: string | null }[];
  /** Seconds from start to end. */
  seconds: number;
  url: string | null;
}

export type EventBody =
  | {
      type: "stage";
      stage: Stage;
      /** The service, image or task that this is about. */
      subject: string;
      state: "started" | "succeeded" | "failed" | "skipped";
      text: string;
    }
  | { type: "progress"; stage: Stage; subject: string; text: string }
  | { type: "log"; subject: string; text: string }
  | { type: "warning"; text: string }
  | { type: "checks"; checks: Check[] }
  | { type: "plan"; steps: string[] }
  | { type: "status"; services: ServiceStatus[] }
  | { type: "result"; result: Result };

/** One thing that happened. `at` is ISO 8601, UTC. */
export type DeployEvent = EventBody & { at: string };

export type Subscriber = (event: DeployEvent) => void;

/**
 * What the deploy tells the world. Subscribers (screen, JSON, GitHub) only listen: none of them calls
 * AWS or changes the course, and what one of them throws is nobody's business. Everything that passes here is masked first,
 * and commands nothing.
 */
export class Events {
  private readonly subscribers = new Set<Subscriber>();

  constructor(private readonly now: () => number) {}

  subscribe(subscriber: Subscriber): void {
    this.subscribers.add(subscriber);
  }

  emit(body: EventBody): void {
    const shown = everyString(body, (text) => visible(mask(text)));
    const event: DeployEvent = { ...shown, at: new Date(this.now()).toISOString() };
    for (const subscriber of this.subscribers) {
      try {
        subscriber(event);
      } catch {}
    }
  }
}
