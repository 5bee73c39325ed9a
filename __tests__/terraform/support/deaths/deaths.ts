import fc from "fast-check";

/** What dies, or is lost. */
export type Victim =
  | "SIGKILL"
  | "SIGINT"
  | "SIGTERM"
  | "network reset for good"
  | "network reset for a while"
  | "network hangs for good"
  | "network hangs for a while"
  | "one answer"
  | "mover"
  | "old engine"
  | "new engine"
  | "sandbox";

/** Where in a command's life it happens: by what it has done by then. */
export interface Point {
  readonly of: "call" | "statement" | "line";
  /** How far, of all that the command does of that kind: 0 to 999. */
  readonly part: number;
  /** Whether it is carried out, and only the answer is missing. */
  readonly after: boolean;
}

/** One death, and what somebody does then. */
export interface Death {
  readonly victim: Victim;
  readonly point: Point;
  /** Whether the way leads back from there. */
  readonly turns: boolean;
  /** How soon it comes, 0 to 99: not in every step, and not always in the one that goes on. */
  readonly delay: number;
}

const OFTEN: Readonly<Record<Victim, number>> = {
  SIGKILL: 8,
  SIGINT: 4,
  SIGTERM: 2,
  "network reset for good": 1,
  "network reset for a while": 2,
  "network hangs for good": 1,
  "network hangs for a while": 2,
  "one answer": 3,
  mover: 5,
  "old engine": 3,
  "new engine": 3,
  sandbox: 2,
};

const victims = fc.oneof(
  ...Object.entries(OFTEN).map(([victim, weight]) => ({ weight, arbitrary: fc.constant(victim as Victim) })),
);

const point = fc.record({
  of: fc.oneof(
    { weight: 5, arbitrary: fc.constant("call" as const) },
    { weight: 5, arbitrary: fc.constant("statement" as const) },
    { weight: 1, arbitrary: fc.constant("line" as const) },
  ),
  part: fc.nat(999),
  after: fc.boolean(),
});

const deaths = fc.record({
  victim: victims,
  point,
  turns: fc.nat(9).map((n) => n === 0),
  delay: fc.nat(99),
});

/** So many deaths, always the same for a seed. */
export const deathsOf = (seed: number, count: number): Death[] => fc.sample(deaths, { seed, numRuns: count });

/** How much a step does of each kind, of what is new to it. */
export type Length = Readonly<Record<Point["of"], number>>;

/** What a command has done so far, and the death that waits for it. */
export class Fate {
  readonly counts: Record<Point["of"], number> = { call: 0, statement: 0, line: 0 };
  /** Whether it has come. */
  isFulfilled = false;
  /** Where it came, in words. */
  where = "";
  private readonly seen = { call: new Map<string, number>(), statement: new Map<string, number>() };
  private readonly nth: number;

  private readonly of: Point["of"] | undefined;

  constructor(
    private readonly death: Death | undefined,
    length: Length = { call: 0, statement: 0, line: 0 },
    /** @returns whether anything died */
    private readonly strike: (victim: Victim) => Promise<boolean>,
  ) {
    const point = death?.point;
    // What a step does nothing of cannot say where it dies.
    this.of = point && (length[point.of] > 0 ? point.of : "call");
    this.nth = point && this.of ? 1 + Math.floor((point.part * length[this.of]) / 1000) : 0;
  }

  /** @returns whether what is asked, or answered, goes no further */
  async meets(of: "call" | "statement", what: string, after: boolean): Promise<boolean> {
    const known = this.seen[of].get(what);
    const nth = known ?? ++this.counts[of];
    this.seen[of].set(what, nth);
    return this.come(of, nth, after);
  }

  async says(): Promise<void> {
    await this.come("line", ++this.counts.line, this.death?.point.after === true);
  }

  /** Whoever had died by then is not asked for once more. */
  private async come(of: Point["of"], nth: number, after: boolean): Promise<boolean> {
    const { death } = this;
    if (this.isFulfilled || !death || this.of !== of || nth < this.nth || death.point.after !== after)
      return false;
    this.where = `${of} ${nth}${after ? ", carried out" : ""}`;
    this.isFulfilled = true;
    this.isFulfilled = await this.strike(death.victim);
    return this.isFulfilled && isCut(death.victim, of);
  }
}

/** Whether that death takes what is under way with it. */
const isCut = (victim: Victim, of: Point["of"]) =>
  of === "call"
    ? victim === "SIGKILL" || victim.startsWith("network") || victim === "one answer" || victim === "sandbox"
    : victim === "mover";
