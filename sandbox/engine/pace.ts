/**
 * How long things take, in milliseconds of virtual time. The defaults are what one sees in a quiet account; what AWS
 * documents is said.
 */
export interface Pace {
  /** From placing a task to the agent's pull. */
  agent: number;
  /** A pull that finds little in the cache, and one that finds all of it. */
  pull: number;
  cachedPull: number;
  /** A pull that fails is retried by the agent before it gives up. */
  failingPull: number;
  start: number;
  /** The agent reports a started container so late: one that ends before was never seen RUNNING. */
  report: number;
  /** From the end of all containers to STOPPED. */
  cleanup: number;
  /** A one-off container that only pretends. */
  pretend: number;
  /** What SIGTERM takes in a container nothing was said of. */
  stop: number;
  /** SIGKILL follows SIGTERM after this, unless stopTimeout says otherwise (30 s: ECS_CONTAINER_STOP_TIMEOUT). */
  stopTimeout: number;
  /** Provisioning a place on Fargate. */
  fargate: number;
  /** Until managed scaling acts (its alarm wants a minute of metrics), and until it removes what is idle (15 minutes). */
  scaleOut: number;
  scaleIn: number;
  /** Launching an instance until its agent is registered. */
  boot: number;
  /** A task that found no capacity leaves PROVISIONING after this. */
  provisioning: number;
  /** Until the scheduler tries again to place a task. */
  retry: number;
  /** Until a service that has all it wants is called steady. */
  steady: number;
  /** Until a request to stop or roll back a service deployment takes effect. */
  request: number;
  /** Two minutes: notice before a spot instance or task goes. */
  spotNotice: number;
  /** One hour: stopped tasks stay visible. */
  visibleStopped: number;
  /** Eventual consistency: reads lag behind changes of tasks and services. */
  lag: number;
  /** Log lines, and so their stream, appear late. */
  logLag: number;
  /** Until functions see what was written to a key-value store ("a few seconds", CloudFront guide). */
  stores: number;
  /** Until all servers of Route 53 have a batch of records ("usually within 60 seconds", Route 53 API, GetChange). */
  records: number;
  /** Until a distribution that took a name over is deployed. */
  distributions: number;
  /** From the end of a minute until CloudWatch tells what was counted in it. */
  metrics: number;
}

const second = 1000;
const minute = 60 * second;

export const PACE: Pace = {
  agent: 300,
  pull: 6 * second,
  cachedPull: second,
  failingPull: 4 * second,
  start: 500,
  report: second,
  cleanup: second,
  pretend: 4 * second,
  stop: 300,
  stopTimeout: 30 * second,
  fargate: 12 * second,
  scaleOut: minute,
  scaleIn: 15 * minute,
  boot: 75 * second,
  provisioning: 30 * minute,
  retry: 15 * second,
  steady: 3 * second,
  request: 2 * second,
  spotNotice: 2 * minute,
  visibleStopped: 60 * minute,
  lag: 0,
  logLag: 0,
  stores: 3 * second,
  records: 30 * second,
  distributions: 3 * minute,
  metrics: 90 * second,
};
