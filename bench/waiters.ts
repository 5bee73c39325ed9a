import { type ECSClient, waitUntilServicesStable, waitUntilTasksStopped } from "@aws-sdk/client-ecs";

/**
 * How long after each event a waiter that began with the work would tell of it, in milliseconds.
 * Events are given as milliseconds from that beginning.
 */
export type Wait = (events: readonly number[]) => Promise<number[]>;

/** As long as our own bound for a roll-out, in seconds. */
const LONGEST = 20 * 60;

/** `aws ecs wait`: at once, then at an interval, so many times (the waiters' own documentation). */
const cli =
  (interval: number, times: number): Wait =>
  async (events) =>
    events.map((event) => Math.min(Math.ceil(event / interval), times - 1) * interval - event);

/** The SDK's own waiter, with a client that answers from the event's time, in a time that only it lets pass. */
const sdk =
  (wait: (client: ECSClient) => Promise<unknown>, answer: (over: boolean) => object): Wait =>
  async (events) => {
    const delays: number[] = [];
    for (const event of events) {
      delays.push(
        (await inVirtualTime((now) =>
          wait({ send: async () => answer(now() >= event) } as unknown as ECSClient),
        )) - event,
      );
    }
    return delays;
  };

/** Runs what waits by `setTimeout` and looks at `Date.now` only; returns how long it took. */
async function inVirtualTime(run: (now: () => number) => Promise<unknown>): Promise<number> {
  const real = { setTimeout: globalThis.setTimeout, now: Date.now };
  let time = 0;
  const pass = (wake: () => void, milliseconds: number) => {
    time += milliseconds;
    queueMicrotask(wake);
  };
  globalThis.setTimeout = pass as unknown as typeof setTimeout;
  Date.now = () => time;
  try {
    // A waiter that gives up has waited as long.
    await run(() => time).catch(() => undefined);
    return time;
  } finally {
    globalThis.setTimeout = real.setTimeout;
    Date.now = real.now;
  }
}

/** Waiting for a roll-out: they see `COMPLETED` at the earliest when the old deployment is gone. */
export const servicesStable = {
  cli: cli(15_000, 40),
  sdk: sdk(
    (client) => waitUntilServicesStable({ client, maxWaitTime: LONGEST }, { services: ["web"] }),
    (over) => ({
      services: [{ status: "ACTIVE", deployments: over ? [{}] : [{}, {}], runningCount: 1, desiredCount: 1 }],
    }),
  ),
};

/** Waiting for a migration. */
export const tasksStopped = {
  cli: cli(6_000, 100),
  sdk: sdk(
    (client) => waitUntilTasksStopped({ client, maxWaitTime: LONGEST }, { tasks: ["task"] }),
    (over) => ({ tasks: [{ lastStatus: over ? "STOPPED" : "RUNNING" }] }),
  ),
};
