import { DeployError } from "../../deploy/errors";
import { EXIT } from "../../deploy/exit-code";
import type { Move } from "../move";
import { SIDE } from "../probe";
import { type Edge, reached, readEdge, writeEdge } from "../store";
import type { Gate } from "./crossing";

/** What the edge's answer to a write says while it holds. */
const HELD = 503;

/** The edge, which answers writes with 503 while it holds; a move without an address has none, and its old database alone refuses them. */
export function gateOf(move: Move): Gate {
  if (!move.plan.from) return { hold: async () => {}, release: async () => {} };
  return {
    hold: () => set(move, { hold: true }),
    // In one writing: who sees writes let through has seen that the old side takes nobody, too.
    release: (use) => set(move, { hold: false, only: use === "own" ? "new" : undefined }),
  };
}

async function set(move: Move, change: Pick<Edge, "hold" | "only">): Promise<void> {
  const found = await readEdge(move);
  const { hold } = change;
  const next = { ...found.edge, ...change };
  if (next.hold !== found.edge.hold || next.only !== found.edge.only) await writeEdge(move, found, change);
  const wrong = await reached(move, async () => {
    const isHeld = await refusesWrites(move);
    return isHeld === hold ? undefined : `a write is ${isHeld ? "refused" : "let through"}`;
  });
  if (wrong === undefined) return;
  throw new DeployError(
    EXIT.unknown,
    `The store says that writes are ${hold ? "held" : "let through"}, and the edge does not show it: ${wrong}.`,
    ["Run it again: what is done is not done twice."],
  );
}

/** Asks for what nobody does: a method that writes, with nothing in it. */
async function refusesWrites({ plan, probe, signal }: Move): Promise<boolean> {
  const { from } = plan;
  if (!from) return false;
  const { domain, health: path, distribution } = from;
  const ask = { at: distribution.domainName, host: domain, path, method: "PUT" };
  const { status, headers } = await probe(ask, signal).catch((error: Error) => {
    signal.throwIfAborted();
    throw new DeployError(EXIT.unknown, `The edge gives no answer: ${error.message}.`);
  });
  return status === HELD && headers[SIDE] === "hold";
}
