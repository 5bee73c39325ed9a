import { leaves } from "../deploy/check";
import type { Done } from "../deploy/end";
import { DeployError, refused } from "../deploy/errors";
import { EXIT } from "../deploy/exit-code";
import { stop } from "../deploy/one-off";
import type { MoveEntry } from "../modules/contract/move";
import type { Move } from "./move";
import { type MoverLine, type MoverRun, moverOf, resumeMover, runMover } from "./mover";
import { type Consent, isEntry, type Plan, type Standing, type Step } from "./step";
import { againstFollowing, type Facts, judge, surveyDatabase } from "./survey/database";

/** Whether a copy stands that a flip may use: after a way back from one it is out of date. */
export const isWholeCopy = (entry: MoveEntry | undefined) =>
  entry?.state === "done" && entry.data?.stale !== true;

/** The database that is elsewhere, copied to the environment's own; what is written meanwhile follows where that can be. */
export const copy: Step<undefined> = {
  name: "copy",
  about: "the old database's rows are in the environment's, and follow",
  stands: isEntry("copy"),
  plan: planCopy,
  undo: undoCopy,
};

async function planCopy(move: Move): Promise<Plan | Standing> {
  moverOf(move);
  if (move.journal.state.use === "own")
    return { standing: "services use the environment's own database already." };
  const facts = await readyFacts(move);
  const reasons = facts.source && facts.target ? againstFollowing(facts.source, facts.target) : [];
  const follows = reasons.length === 0;
  const entry = move.journal.entry("copy");
  const isCopied = facts.state === "copied" && entry !== undefined;
  // One that follows, and of which that is not written down, is watched on: a flip and a deploy go by it.
  const isKnown = entry?.state === "done" && entry.data?.following === true;
  if (isCopied && (follows ? isKnown && (await isFollowing(move)) : true))
    return {
      standing: `the copy is whole, and ${follows ? "follows" : "does not follow: the flip takes it anew"}.`,
    };
  const { tables = 0, bytes = 0 } = facts.source ?? {};
  const way = follows
    ? "let it follow what is written meanwhile; migrations wait from here on"
    : `it cannot follow (${reasons.join("; ")}): the flip takes it anew, in its hold`;
  let run: MoverRun | undefined;
  return {
    lines: [
      ...(isCopied
        ? []
        : [
            `copy ${tables} tables, ${Math.ceil(bytes / 2 ** 20)} MiB, out of one moment of the old database`,
          ]),
      way,
    ],
    back: "free: the copy goes, with the publication and slot that following made in the old database. Nobody has written to it.",
    data: { following: follows },
    async act() {
      run = follows
        ? await resumeMover(move, "copy --follow follow", isBehind)
        : await resumeMover(move, "copy");
    },
    async prove() {
      const told = run?.lines.find(isBehind);
      const text = told ? `it follows, ${String(told.lagBytes)} bytes behind` : "it does not follow";
      return {
        text: `the copy is whole; ${text}.`,
        data: { following: follows, ...(told && { task: run?.task ?? "" }) },
      };
    },
  };
}

/** The first line that says how far behind the copy is, and that the slot is read. */
const isBehind = ({ verb, active, lagBytes }: MoverLine) =>
  verb === "follow" && active === true && typeof lagBytes === "number";

async function isFollowing(move: Move): Promise<boolean> {
  const { lines } = await runMover(move, "lag");
  return lines.at(-1)?.active === true;
}

/** @throws DeployError 1 with all that stands in the way */
async function readyFacts(move: Move): Promise<Facts> {
  const facts = await surveyDatabase(move);
  const missing = leaves(judge(facts, moverOf(move).storage), "failed");
  if (missing.length > 0)
    throw refused(
      "The database cannot be copied:",
      ...missing.map(({ name, detail }) => `${name}: ${detail}`),
    );
  return facts;
}

async function undoCopy(move: Move): Promise<Plan> {
  moverOf(move);
  const { environment } = move.contract;
  if (move.journal.state.use === "own")
    throw refused(
      "Services write to the copy: go back from the flip first.",
      `npx slipway move ${environment} back`,
    );
  const { task, stale } = move.journal.entry("copy")?.data ?? {};
  return {
    lines: [
      ...(stale === true ? [] : ["end following: slot and publication of the move go from the old database"]),
      "empty the environment's database of the copy",
    ],
    back: `npx slipway move ${environment} copy`,
    async act() {
      if (typeof task === "string" && task !== "")
        await stop(move.context(), { taskArn: task }, "the move goes back");
      await runMover(move, "reset clean");
    },
    async prove() {
      const { state, occupied } = await surveyDatabase(move);
      if (state || occupied)
        throw new DeployError(
          EXIT.unknown,
          `The environment's database is not empty: ${occupied ?? state}.`,
          [`npx slipway move ${environment} back`],
        );
      return { text: "the copy is gone, and nothing of the move stays in the old database." };
    },
  };
}

/** Copies into another database of the same instance, compares, and takes it away again: how long it takes, and whether it can. */
export async function rehearse(move: Move, consent: Consent): Promise<Done> {
  const { environment } = move.contract;
  const { source } = await readyFacts(move);
  await consent.show("copy", {
    lines: [
      `copy ${source?.tables ?? 0} tables into another database of the same instance`,
      "compare every table with the moment that the copy is of, then drop it",
    ],
    back: "nothing to go back from: nothing stays.",
    act: async () => {},
    prove: async () => ({ text: "" }),
  });
  if (!(await consent.ask("Go on?")))
    throw refused(
      "Nothing was changed.",
      `--yes says that this is meant: npx slipway move ${environment} copy --rehearse --yes`,
    );
  const began = move.clock.now();
  try {
    const { lines } = await runMover(move, "copy --rehearse");
    const minutes = Math.ceil((move.clock.now() - began) / 60_000);
    const tables = lines.filter(({ step }) => step === "compared").length;
    return { text: `✓ rehearsed: ${tables} tables are equal, in about ${minutes} min. Nothing stays.` };
  } finally {
    await runMover(move, "reset --rehearse");
  }
}
