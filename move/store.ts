import { z } from "zod";
import { refused } from "../deploy/errors";
import { done, notYet, poll } from "../deploy/poll";
import type { MoveContract } from "../modules/contract";
import type { Move } from "./move";

export type From = NonNullable<MoveContract["from"]>;

const value = z.object({
  share: z.number().min(0).max(100),
  hold: z.boolean(),
  /** The one side that takes anybody, whatever a header or a cookie says; both do where it is absent. */
  only: z.literal("new").optional(),
});

/** What the distribution's function goes by: whom the new side answers, and whether anything may be written. */
export type Edge = z.infer<typeof value>;

/** Before the first shift the store is empty: everything goes to the old side. */
const FIRST: Edge = { share: 0, hold: false };

/** The compute's half of the move. @throws DeployError 1 where the environment's file has none */
export function fromOf({ plan, contract }: Move): From {
  if (plan.from) return plan.from;
  throw refused(
    `The move of ${contract.environment} has no \`from\`: its data moves, and no address.`,
    `Say where the old side answers in environments/${contract.environment}.ts: move: { from: { origin, domain } }, then npx slipway apply ${contract.environment}.`,
  );
}

/** What the store says, and its version. */
export async function readEdge(move: Move): Promise<{ edge: Edge; etag: string }> {
  const { store } = fromOf(move);
  const { value: text, etag } = await move.aws.stored(store);
  if (text === undefined) return { edge: FIRST, etag };
  try {
    return { edge: value.parse(JSON.parse(text)), etag };
  } catch {
    throw refused(
      `The key-value store holds ${JSON.stringify(text)}, which the distribution's function does not understand: everybody reads from the old side, and nobody can write.`,
      `Delete its key "move": aws cloudfront-keyvaluestore delete-key --kvs-arn ${store} --key move --if-match ${etag}`,
    );
  }
}

/**
 * Changes what the edge goes by, from what was found there.
 * @throws DeployError 1 where somebody else changed the store since
 */
export async function writeEdge(
  move: Move,
  found: { edge: Edge; etag: string },
  change: Partial<Edge>,
): Promise<void> {
  const next = { ...found.edge, ...change };
  if (await move.aws.putStored(fromOf(move).store, JSON.stringify(next), found.etag)) return;
  const { edge } = await readEdge(move);
  throw refused(
    `Somebody else changed the key-value store at this moment: it says ${edge.share} % and ${edge.hold ? "holds writes" : "holds nothing"}. It was left so.`,
    `Find out who, then say what shall be: npx slipway move ${move.contract.environment} shift <share>`,
  );
}

/** How long the store's change may take to reach the edge that answers here, in milliseconds. Usually seconds. */
const PROPAGATION = 120_000;

/** Looks until the edge shows what the store says. @returns what was seen last, undefined when it is right */
export async function reached(
  { clock, signal }: Pick<Move, "clock" | "signal">,
  look: () => Promise<string | undefined>,
  limit = PROPAGATION,
): Promise<string | undefined> {
  const deadline = clock.now() + limit;
  const first = await look();
  if (first === undefined) return undefined;
  return poll({ clock, signal }, async () => {
    const wrong = await look();
    return wrong === undefined || clock.now() >= deadline ? done(wrong) : notYet;
  });
}
