/**
 * Loaded before deploy: lets its time go on faster, as the sandbox's ECS does, so that nobody waits three real seconds from one
 * look to the next at what is over in one. Only deploy's own clock: the SDK's time-outs stay.
 */
import { systemClock } from "../deploy/clock";

const SPEED = 6;

const { now, sleep } = systemClock;
const start = now();
Object.assign(systemClock, {
  now: () => start + (now() - start) * SPEED,
  sleep: (milliseconds: number, signal?: AbortSignal) => sleep(milliseconds / SPEED, signal),
});
