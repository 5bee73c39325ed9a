import { subscribe } from "node:diagnostics_channel";
import type { ClientRequest } from "node:http";
import { setImmediate } from "node:timers/promises";

/** Turns of the event loop in which an answer that has arrived is read, and what follows from it asked. */
const TURNS = 3;

let asking = 0;
const waiting: (() => void)[] = [];

subscribe("http.client.request.start", (message) => {
  asking++;
  (message as { request: ClientRequest }).request.once("close", answered);
});

/** Counts what is asked without HTTP, too. */
export async function asked<T>(call: () => Promise<T>): Promise<T> {
  asking++;
  try {
    return await call();
  } finally {
    answered();
  }
}

function answered(): void {
  asking--;
  for (const wake of asking === 0 ? waiting.splice(0) : []) wake();
}

/** Resolves when no call of this process waits for its answer: whoever acts, sleeps. */
export async function calm(): Promise<void> {
  for (let turns = 0; turns < TURNS; turns++) {
    if (asking > 0) {
      await new Promise<void>((resolve) => waiting.push(resolve));
      turns = 0;
    }
    await setImmediate();
  }
}
