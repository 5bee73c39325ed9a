import type { Runtime } from "./state";
import type { Traffic } from "./traffic";

/** What changes at CloudFront and Route 53 beside what Terraform applies, and how far the change has got. */
export interface EdgeState {
  /** Contents of key-value stores, by ARN. */
  stores: Record<string, StoreState>;
  /** Batches of records: when all servers have them, by the change's id. */
  changes: Record<string, { at: number; inSync: number }>;
  /** Until when a distribution's change is on its way, by id. */
  deploying: Record<string, number>;
  /** What load balancers and distributions answered; absent where nobody has asked yet. */
  traffic?: Traffic;
  /** Where edges still have a name that was moved, by the name: the distribution's id, and until when. */
  leaving?: Record<string, { from: string; until: number }>;
}

export interface StoreState {
  /** How often it was written. */
  writes: number;
  /** Newest last; what edges may still see is kept. */
  versions: { at: number; keys: Record<string, string> }[];
}

/** The edge's part of what runs; a world that never had one gets an empty one. */
export function edgeOf(state: Runtime): EdgeState {
  state.edge ??= { stores: {}, changes: {}, deploying: {} };
  return state.edge;
}

/** What the edges see of a store: what stood there before the last writes have come to them. */
export function seenAt(store: StoreState | undefined, time: number): Readonly<Record<string, string>> {
  return store?.versions.findLast(({ at }) => at <= time)?.keys ?? {};
}
