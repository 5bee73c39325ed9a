import type { Subscriber } from "../events";
import { lines } from "./words";

/**
 * Lines with the time of day (UTC) in front: for CI and pipes. The time also keeps what others wrote from
 * standing at a line's start, where CI runners look for commands.
 */
export const plainScreen =
  (write: (text: string) => void): Subscriber =>
  (event) => {
    const time = event.at.slice(11, 19);
    for (const line of lines(event).flatMap((text) => text.split("\n"))) write(`${time} ${line}\n`);
  };

/** One event per line, for programs. */
export const jsonScreen =
  (write: (text: string) => void): Subscriber =>
  (event) =>
    write(`${JSON.stringify(event)}\n`);
