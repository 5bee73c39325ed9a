/** The time that an account and those who call it have in common. Nobody waits for what nobody looks at: it may be put forward. */
export interface SharedTime {
  now(): number;
  /** Real milliseconds until a moment. */
  until(at: number): number;
  skip(milliseconds: number): void;
  /** What another process needs to have the same, from now on. */
  readonly text: string;
}

/** @param speed milliseconds in one of the machine's */
export const startTime = (speed: number): SharedTime => timeFrom(Date.now(), speed, 0);

/** The time that a text tells of. */
export const timeOf = (text: string): SharedTime => {
  const [start, speed, skipped] = text.split(" ").map(Number) as [number, number, number];
  return timeFrom(start, speed, skipped);
};

function timeFrom(start: number, speed: number, before: number): SharedTime {
  let skipped = before;
  const now = () => Math.floor(start + (Date.now() - start) * speed + skipped);
  return {
    now,
    until: (at) => Math.max(0, (at - now()) / speed),
    skip: (milliseconds) => {
      skipped += milliseconds;
    },
    get text() {
      return `${start} ${speed} ${skipped}`;
    },
  };
}
