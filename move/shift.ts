import { DeployError, refused } from "../deploy/errors";
import { EXIT } from "../deploy/exit-code";
import type { MoveEntry } from "../modules/contract/move";
import type { Move } from "./move";
import { viewer, whoAnswers } from "./probe";
import { type Plan, type Proof, type Standing, type Step, wentBack } from "./step";
import { type Edge, fromOf, reached, readEdge, writeEdge } from "./store";
import { answeredByOldSide } from "./viewers";
import { INTERVAL, intervalOf, type Watch, watch } from "./watch";

export interface ShiftArgs {
  /** Per cent of the viewers, in hundredths. */
  readonly share: number;
  /** How both sides are watched; not at all for no time. */
  readonly watch: Watch;
}

/** Buckets that viewers fall into: a share of 1 % is the first hundred. */
const BUCKETS = 10_000;

/** A share of the viewers for the new side, by the store alone. */
export const shift: Step<ShiftArgs> = {
  name: "shift",
  about: "the new side answers a share of the viewers, who stay where they are",
  stands: ({ share, steps }) =>
    share > 0 || steps.some(({ step, state }) => step === "shift" && state === "begun"),
  plan: planShift,
  undo: async (move) => {
    refuseOldSide(move, 0);
    return planShare(move, 0);
  },
};

async function planShift(move: Move, { share, watch: watched }: ShiftArgs): Promise<Plan | Standing> {
  if (!(share >= 0 && share <= 100) || Math.abs(share * 100 - Math.round(share * 100)) > 1e-9)
    throw refused(
      `${share} is no share: it is 0 to 100 per cent, in hundredths.`,
      `One in a hundred viewers: npx slipway move ${move.contract.environment} shift 1`,
    );
  refuseOldSide(move, share);
  if (move.journal.entry("front")?.state !== "done")
    throw refused(
      `People do not come by the distribution yet: its share would move nobody.`,
      `First: npx slipway move ${move.contract.environment} front`,
    );
  const { edge } = await readEdge(move);
  refuseStrange(move, edge, share);
  const entry = move.journal.entry("shift");
  if (edge.share === share && move.journal.state.share === share && entry?.state !== "begun")
    return { standing: `the new side answers ${share} % of the viewers already.` };
  const plan = await planShare(move, share);
  // Once data is on the new side, there is no way back by a share.
  const { limit, bounds } = watched;
  const interval = intervalOf(fromOf(move));
  if (share === 0 || limit === 0 || move.journal.state.use === "own") return plan;
  return {
    ...plan,
    lines: [
      ...plan.lines,
      `watch both sides for ${Math.round(limit / 1000)} s, and go back to 0 % where the new one's failures are ${bounds.errors} points above the old one's, or its p95 ${bounds.slower} times as long`,
      ...(interval > INTERVAL
        ? [
            `ask each side once in ${(interval / 1000).toFixed(1)} s: the distribution's firewall lets an address ask ${fromOf(move).rateLimit} times in five minutes, and half of that is left to people here`,
          ]
        : []),
      `count people's 5xx on the new side, which CloudWatch tells up to four minutes later; how long people wait on the old side nobody counts, so that times are those of our own requests for ${[fromOf(move).health, ...watched.paths].join(", ")}`,
    ],
    async act() {
      const before = await answeredByOldSide(move);
      await plan.act();
      await move.journal.write({ share });
      const { broken } = await becomes(move, share);
      if (broken !== undefined) await returnToOld(move, share, broken);
      const { text, worse } = await watch(move, watched, before);
      await move.tell(text);
      if (worse !== undefined) await returnToOld(move, share, worse);
    },
  };
}

/** Sets a share, and sees it at the edge. */
async function planShare(move: Move, share: number): Promise<Plan> {
  const { edge } = await readEdge(move);
  return {
    lines: [
      `change the share of the new side from ${edge.share} % to ${share} %, for all viewers within seconds`,
    ],
    back: "a share of 0 % within seconds. Nothing is lost while both sides use the one database.",
    data: { from: edge.share, to: share },
    async act() {
      const found = await readEdge(move);
      if (found.edge.share !== share) await writeEdge(move, found, { share });
    },
    prove: () => proveShare(move, share),
  };
}

/** Requests of one viewer before failures are taken for the side's own: one may be an accident. */
const TRIES = 5;

/**
 * Looks until the edge shows the share, as the last viewer of the new side and as the first of the old one.
 * @returns who gets no good answer, where that is so: the share is not seen then
 * @throws DeployError 4 where another share shows for too long
 */
async function becomes(move: Move, share: number): Promise<{ broken?: string }> {
  const border = Math.round((share * BUCKETS) / 100);
  const expected: { bucket: number; side: string }[] = [
    ...(border > 0 ? [0, border - 1].map((bucket) => ({ bucket, side: "new" })) : []),
    ...(border < BUCKETS ? [border, BUCKETS - 1].map((bucket) => ({ bucket, side: "old" })) : []),
  ];
  let broken: string | undefined;
  const wrong = await reached(move, async () => {
    for (const { bucket, side } of expected) {
      const seen = await sideFor(move, bucket);
      if ("failure" in seen) {
        const text = `viewer ${bucket} of ${BUCKETS} gets ${seen.failure}`;
        // A share that falls may not have arrived yet: then that is the new side's, too.
        if (side === "old") return text;
        broken = text;
        return undefined;
      }
      if (seen.side !== side)
        return `viewer ${bucket} of ${BUCKETS} is answered by ${seen.by}, not by the ${side} one`;
    }
    return undefined;
  });
  if (wrong === undefined) return broken === undefined ? {} : { broken };
  throw new DeployError(EXIT.unknown, `The store says ${share} %, and the edge does not show it: ${wrong}.`, [
    `Look again: npx slipway move ${move.contract.environment} shift ${share}`,
    `Or go back: npx slipway move ${move.contract.environment} shift 0`,
  ]);
}

/** The side that answers a viewer, who asks again where that fails. */
async function sideFor(move: Move, bucket: number): ReturnType<typeof whoAnswers> {
  for (let left = TRIES; ; left--) {
    const seen = await whoAnswers(move, fromOf(move), viewer(bucket));
    if ("side" in seen || left === 1) return seen;
  }
}

async function proveShare(move: Move, share: number): Promise<Proof> {
  const { environment } = move.contract;
  const { broken } = await becomes(move, share);
  const { edge } = await readEdge(move);
  if (edge.share !== share)
    throw refused(
      `The store says ${edge.share} % where ${share} % was written: somebody else changed it.`,
      `Say what shall be: npx slipway move ${environment} shift <share>`,
    );
  if (broken !== undefined)
    throw new DeployError(EXIT.rolloutFailed, `The share is ${share} %, and ${broken}.`, [
      share > 0
        ? `Go back: npx slipway move ${environment} shift 0`
        : "The old side itself fails: see to it there.",
    ]);
  return { text: `the new side answers ${share} % of the viewers.`, state: { share } };
}

/** The new side was too bad: everybody is at the old one again, and the journal says why. */
async function returnToOld(move: Move, share: number, worse: string): Promise<never> {
  await move.tell(`too bad: ${worse}; back to 0 %`);
  const found = await readEdge(move);
  await writeEdge(move, found, { share: 0 });
  const note = `went back from ${share} % to 0 % by itself: ${worse}`;
  await move.journal.record("shift", "done", { note }, { share: 0 });
  await proveShare(move, 0);
  throw wentBack(
    `The new side is worse than it may be, and everybody is at the old one again: ${worse}.`,
    `What it wrote: npx slipway logs ${move.contract.environment} --since 15m`,
    "Other bounds: --max-errors, --max-slower.",
  );
}

/**
 * The old side works with the old database: people whom it answers while services use the environment's own could write nothing, or,
 * after `finish`, what nobody else would ever see.
 */
function refuseOldSide({ journal, contract }: Move, share: number): void {
  const { state } = journal;
  const way = journal.entry("back");
  const isBetween =
    journal.entry("flip")?.state === "begun" || (way?.state === "begun" && way.data?.from === "flip");
  if (share === 100) return;
  if (journal.entry("finish"))
    throw refused(
      "The move was said to be over: the old side takes nobody any more, whatever the share.",
      `First: npx slipway move ${contract.environment} back, which takes that word back.`,
    );
  if (state.use === "external" && !state.hold && !isBetween) return;
  throw refused(
    `${isBetween ? "A flip has not come to its end" : "Services use the environment's own database"}, and the old side uses the old one: people there could write nothing, or what the new side never has.`,
    `First: npx slipway move ${contract.environment} back, until the flip is undone.`,
  );
}

/** A share that no step of this move has written is somebody's by hand: only what agrees with it, or 0, may follow. */
function refuseStrange(move: Move, edge: Edge, wanted: number): void {
  const { environment } = move.contract;
  if (edge.hold && wanted !== 0)
    throw refused(
      "Writes are held at the edge: a flip was begun and has not ended.",
      `Take it again or go back from it: npx slipway move ${environment} back`,
    );
  const known = [move.journal.state.share, wanted, 0, ...begun(move.journal.entry("shift"))];
  if (known.includes(edge.share) || wanted === 0 || move.journal.state.use === "own") return;
  throw refused(
    `The store says ${edge.share} %, the journal ${move.journal.state.share} %: somebody changed the store by hand. It was left so.`,
    `To take what is there as it is: npx slipway move ${environment} shift ${edge.share}`,
    `To send everybody to the old side: npx slipway move ${environment} shift 0`,
  );
}

const begun = (entry: MoveEntry | undefined) =>
  entry?.state === "begun" && typeof entry.data?.to === "number" ? [entry.data.to] : [];
