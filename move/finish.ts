import { refused } from "../deploy/errors";
import { callersOf } from "./callers";
import type { Move } from "./move";
import { runMover } from "./mover";
import { SIDE, whoAnswers } from "./probe";
import { isEntry, type Plan, type Standing, type Step } from "./step";
import { reached, readEdge, writeEdge } from "./store";

export interface FinishArgs {
  /** Milliseconds that nobody must have been led to the old side. */
  readonly quiet: number;
}

const HOUR = 3_600_000;

/** The end: everything stands on the new side, and what moved it may go. */
export const finish: Step<FinishArgs> = {
  name: "finish",
  about: "everything is on the new side for good: `move` goes out of the file",
  stands: isEntry("finish"),
  plan: planFinish,
  undo: undoFinish,
};

/** After a flip the old side stays shut: its own way back opens it. */
async function undoFinish(move: Move): Promise<Plan> {
  const opens = move.plan.from !== undefined && move.journal.state.use === "external";
  return {
    lines: [
      "take the word back: the move is not over",
      ...(opens ? ["lead whoever picks the old side by the header there again"] : []),
    ],
    back: "finish once more.",
    async act() {
      if (opens) await writeOnly(move, undefined);
    },
    prove: async () => ({ text: "the move goes on. Leave `move` in the file." }),
  };
}

async function planFinish(move: Move, { quiet }: FinishArgs): Promise<Plan | Standing> {
  const missing = [...(await missingAtEdge(move, quiet)), ...missingWork(move), ...missingData(move)];
  if (missing.length > 0) throw refused("The move is not at its end:", ...missing);
  const { environment } = move.contract;
  const calls = await directCalls(move, quiet);
  if (move.journal.entry("finish")?.state === "done" && (await isShut(move)))
    return { standing: `the move of ${environment} is over. ${whatIsLeft(move)}` };
  return {
    lines: [
      ...(move.plan.from ? ["lead nobody to the old side any more, who asks for it by header included"] : []),
      ...(move.plan.database
        ? ["take away what the move made in both databases: slots, publication, subscription, hold"]
        : []),
      "write down that the move is over",
      ...calls,
      ...byHand(move).map((line) => `by hand: ${line}`),
    ],
    back: `${
      move.plan.database
        ? "free by itself. A way back from the flip then loses all that was written since it: nothing counts that any more. Until `move` is out of the file and applied, that is."
        : "free, until `move` is out of the file and applied."
    } After that the way back is a deployment on the old side, and its records by hand.`,
    async act() {
      // Before the old database may be written again.
      if (move.plan.from) await shutOldSide(move);
      if (move.plan.database) await runMover(move, "clean");
    },
    async prove() {
      return { text: `the move of ${environment} is over. ${whatIsLeft(move)}` };
    },
  };
}

const whatIsLeft = (move: Move) =>
  `What is left is a person's:\n${byHand(move)
    .map((line) => `  ${line}`)
    .join("\n")}`;

/** What nobody but a person does, in its order. */
function byHand({ contract: { environment }, plan: { from, held } }: Move): string[] {
  const old = Object.keys(held);
  return [
    `take \`move\` out of environments/${environment}.ts`,
    `npx slipway plan ${environment}: ${from?.zone ? `imports the records of ${from.domain}, and ` : ""}destroys what moved it`,
    `npx slipway apply ${environment}`,
    ...(from
      ? [
          `switch off the service at ${from.origin}${old.length > 0 ? `, and the old ${old.join(", ")}` : ""}, once nobody calls it by that address any more`,
        ]
      : []),
    ...(from && !from.zone ? [`keep the record of ${from.domain}: it leads to the distribution`] : []),
  ];
}

/**
 * What the proof says of requests that do not come by the distribution, for the plan. One that has begun was said yes to.
 * @throws DeployError 1 where the platform counted some
 */
async function directCalls(move: Move, quiet: number): Promise<string[]> {
  const { plan, journal, clock } = move;
  if (!plan.from || journal.entry("finish")) return [];
  const { origin } = plan.from;
  const everybody = Date.parse(journal.entry("shift")?.at ?? "");
  const found = await callersOf(move, origin, Math.max(everybody, clock.now() - quiet));
  if ("told" in found) return [found.told];
  throw refused(
    `${found.called}: somebody calls ${origin} directly, past the distribution.`,
    "Its application log says who, survey's own requests and testers' among them. Have them call the name: docs/moving.md, \"Who still calls the old address\".",
    `--quiet 1h asks of the last hour alone, --quiet 0s of none: npx slipway move ${move.contract.environment} finish --quiet 1h`,
  );
}

async function missingAtEdge(move: Move, quiet: number): Promise<string[]> {
  const { plan, journal, contract, clock } = move;
  if (!plan.from) return [];
  const line = `npx slipway move ${contract.environment}`;
  if (journal.entry("front")?.state !== "done")
    return [`People do not come by the distribution yet: ${line} front`];
  const { edge } = await readEdge(move);
  if (edge.hold) return [`Writes are held at the edge: ${line} back`];
  const shifted = journal.entry("shift");
  if (edge.share < 100 || journal.state.share < 100 || shifted?.state !== "done")
    return [`The new side answers ${edge.share} % of the viewers: ${line} shift 100`];
  const since = clock.now() - Date.parse(shifted.at);
  if (since >= quiet) return [];
  return [
    `The new side has all viewers for ${hours(since)}, and ${hours(quiet)} must have passed: whoever kept an old address has asked anew by then. --quiet says another time.`,
  ];
}

const hours = (milliseconds: number) =>
  milliseconds < HOUR ? `${Math.floor(milliseconds / 60_000)} m` : `${Math.floor(milliseconds / HOUR)} h`;

function missingWork({ plan, journal, contract }: Move): string[] {
  const idle = Object.keys(plan.held).filter((name) => !journal.state.workers.includes(name));
  if (idle.length === 0 && journal.entry("workers")?.state === "begun")
    return [
      `Nobody has seen the workers run: npx slipway move ${contract.environment} workers ${Object.keys(plan.held).join(" ")}`,
    ];
  if (idle.length === 0) return [];
  return [
    `Held are still: ${idle.join(", ")}: npx slipway move ${contract.environment} workers ${idle.join(" ")}`,
  ];
}

function missingData({ plan, journal, contract }: Move): string[] {
  if (!("database" in plan) || journal.state.use === "own") return [];
  return [`Services use the old database: npx slipway move ${contract.environment} flip`];
}

const isShut = async (move: Move) => !move.plan.from || (await readEdge(move)).edge.only === "new";

async function writeOnly(move: Move, only: "new" | undefined): Promise<void> {
  const found = await readEdge(move);
  if (found.edge.only !== only) await writeEdge(move, found, { only });
}

/** The new side answers by the distribution, even who asks for the old one. */
async function shutOldSide(move: Move): Promise<void> {
  const { from } = move.plan;
  if (!from) return;
  await writeOnly(move, "new");
  const wrong = await reached(move, async () => {
    const seen = await whoAnswers(move, from, { [SIDE]: "old" });
    if ("failure" in seen) return `whoever asks gets ${seen.failure}`;
    return seen.side === "new" ? undefined : `${seen.by} answers`;
  });
  if (wrong !== undefined)
    throw refused(
      `${from.domain} is not answered by the new side: ${wrong}.`,
      "See to it, then run it again.",
    );
}
