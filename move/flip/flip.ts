import { DeployError, refused } from "../../deploy/errors";
import { EXIT } from "../../deploy/exit-code";
import { madeLogins } from "../../deploy/logins";
import { rolloutUnderWay } from "../../deploy/wait";
import type { MoveEntry } from "../../modules/contract/move";
import { isWholeCopy } from "../copy";
import type { Move } from "../move";
import { moverOf } from "../mover";
import type { Journal } from "../state";
import { type BackOptions, isEntry, type Plan, type Standing, type Step, wentBack } from "../step";
import { comeBack, countOf, cross, MoreWritten, type Sides, type Written } from "./crossing";
import { databasesOf } from "./databases";
import { gateOf } from "./gate";
import { notesOf } from "./notes";
import { readEdge } from "../store";
import { movingServices, servicesOf, strangers } from "./services";

export interface FlipArgs {
  /** Milliseconds that writes may be held for. */
  readonly hold: number;
}

/** Services use the environment's own database: from one moment to the next, while nothing may be written. */
export const flip: Step<FlipArgs> = {
  name: "flip",
  about: "every service uses the environment's own database, after one hold",
  stands: isEntry("flip"),
  plan: planFlip,
  undo: undoFlip,
};

const sidesOf = (move: Move, hold: number): Sides => ({
  gate: gateOf(move),
  databases: databasesOf(move, hold),
  services: servicesOf(move),
  notes: notesOf(move),
  clock: move.clock,
  signal: move.signal,
});

const begunData = (entry: MoveEntry | undefined) => (entry?.state === "begun" ? entry.data : undefined);

async function planFlip(move: Move, { hold }: FlipArgs): Promise<Plan | Standing> {
  moverOf(move);
  const { journal, contract } = move;
  const entry = journal.entry("flip");
  const isDone = entry?.state === "done" && journal.state.use === "own" && !journal.state.hold;
  if (isDone && (await strangers(move, "own")) === undefined)
    return { standing: "every service uses the environment's own database already." };
  const missing = [...(await missingBefore(move)), ...(await missingAtServices(move))];
  if (missing.length > 0) throw refused("Nothing can be flipped yet; nothing was changed:", ...missing);
  const names = movingServices(move).map(({ service }) => service.name);
  const data = begunData(entry);
  return {
    lines: [
      ...(move.plan.from ? ["answer every write at the edge with 503 and Retry-After; reading goes on"] : []),
      "make the old database read only, and end its sessions",
      "bring over what is missing, set sequences, compare every table",
      `hand ${names.join(", ")} with their schedules over to the environment's own database, stop what schedules and commands have started, and see that no task runs otherwise`,
      `let writes through again; where that takes more than ${Math.round(hold / 1000)} s, or anything is wrong, everything goes back by itself`,
    ],
    back: "a hold as this one. Nothing is lost with --copy-back; without it, what was written since is, and how much is said first.",
    ...(data && { data }),
    async act() {
      try {
        await cross(sidesOf(move, hold), hold);
      } catch (error) {
        // Nothing is held yet: what was begun goes on, or back, whenever somebody says so.
        if (move.signal.aborted && !journal.state.hold) throw error;
        await giveUp(move.lasting(), hold, error);
      }
    },
    async prove() {
      const other = await strangers(move, "own");
      if (other !== undefined)
        throw new DeployError(
          EXIT.unknown,
          `Not every service uses the environment's own database: ${other}.`,
          [`npx slipway move ${contract.environment} flip goes on; back goes back.`],
        );
      return { text: `${names.join(", ")}: on the environment's own database.` };
    },
  };
}

async function missingBefore(move: Move): Promise<string[]> {
  const { journal, plan, contract } = move;
  const line = `npx slipway move ${contract.environment}`;
  if (isGoingBack(journal))
    return [`Somebody is going back from a flip, which comes to its end first: ${line} back`];
  // What was begun has found all of it in order.
  if (journal.entry("flip")) return [];
  const isShifted = !plan.from || (journal.entry("shift")?.state === "done" && journal.state.share === 100);
  const isSoAtEdge = !plan.from || (await readEdge(move)).edge.share === 100;
  const copied = journal.entry("copy");
  const without =
    copied?.data?.stale === true
      ? "The copy of the data is out of date since the way back from a flip"
      : "There is no copy of the data";
  return [
    ...(isShifted && isSoAtEdge
      ? []
      : [`The old side still answers people, and could not write any more: ${line} shift 100`]),
    ...(isWholeCopy(copied) ? [] : [`${without}: ${line} copy`]),
  ];
}

async function missingAtServices(move: Move): Promise<string[]> {
  const { aws, contract, journal } = move;
  if (journal.entry("flip")) return [];
  const { environment, database } = contract;
  const moving = movingServices(move);
  const found = await aws.services(
    contract.cluster,
    moving.map(({ service }) => service.service),
  );
  const busy = found.filter((service) => rolloutUnderWay(service)).map(({ serviceName }) => serviceName);
  const logins = database?.logins;
  const made = logins ? madeLogins(await aws.parameter(logins.made)) : undefined;
  const unmade = moving.filter(({ service: { name } }) => {
    const login = logins?.services[name]?.login;
    return login !== undefined && !made?.has(login);
  });
  return [
    ...(moving.length === 0 ? [`No service of ${environment} uses a database.`] : []),
    ...(busy.length > 0 ? [`A roll-out is under way (${busy.join(", ")}): wait for its end.`] : []),
    ...(unmade.length > 0
      ? [
          `${unmade.map(({ service }) => service.name).join(", ")}: no login in the environment's own database yet. A deploy makes it: npx slipway deploy ${environment} --skip-migrations`,
        ]
      : []),
  ];
}

/** Everything goes back to the old side, with what the environment's own tasks may have written by then. */
async function giveUp(move: Move, hold: number, error: unknown): Promise<never> {
  const { journal } = move;
  const reason = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
  const ways = error instanceof DeployError ? error.wayOut : [];
  await move.tell(`going back: ${reason}`);
  const begun = { note: `from flip by itself: ${reason}`.slice(0, 200), data: { from: "flip" } };
  await journal.record("back", "begun", begun);
  await comeBack(sidesOf(move, hold), { copy: true, most: 0 });
  await journal.record("back", "done", begun, { use: "external", hold: false }, "flip");
  throw wentBack(
    `The flip did not succeed, and everything is at the old side again: ${reason}.${staleWords(move)}`,
    ...ways,
  );
}

async function undoFlip(move: Move, { word, copyBack }: BackOptions): Promise<Plan> {
  const { journal, contract } = move;
  const bound = Number.POSITIVE_INFINITY;
  const sides = sidesOf(move, bound);
  const isWhole = journal.entry("flip")?.state === "done";
  const isCounted = !isWhole || isGoingBack(journal) || (await sides.databases.flipped());
  if (!isCounted) refuseUncounted(move, word);
  const written = isWhole ? await sides.databases.written() : { transactions: 0, exact: true };
  if (isWhole) refuseToLose(move, written, word || copyBack);
  // A flip that was cut short has no word to lose anything.
  const copy = copyBack || !isWhole;
  return {
    lines: [
      ...(move.plan.from ? ["answer every write at the edge with 503 and Retry-After; reading goes on"] : []),
      ...(isCounted ? [] : ["lose all that was written to the environment's own database since the flip"]),
      ...(written.transactions === 0
        ? []
        : [
            copy
              ? `bring ${countOf(written)} back to the old database, and compare every table`
              : `lose ${countOf(written)}, which the old database does not have`,
          ]),
      "let the old database be written to again",
      `hand ${movingServices(move)
        .map(({ service }) => service.name)
        .join(", ")} over to it, and let writes through`,
    ],
    back: `a copy anew, then a flip: npx slipway move ${contract.environment} copy`,
    async act() {
      try {
        await comeBack(sides, { copy, most: written.transactions });
      } catch (error) {
        if (error instanceof MoreWritten) await stayFlipped(move, error.written);
        throw error;
      }
    },
    async prove() {
      const other = await strangers(move, "external");
      if (other !== undefined)
        throw new DeployError(EXIT.unknown, `Not every service uses the old database: ${other}.`, [
          `npx slipway move ${contract.environment} back goes on.`,
        ]);
      return {
        text: `every service uses the old database again.${staleWords(move)}`,
        state: { use: "external", hold: false },
      };
    },
  };
}

/** What stays of a flip that was gone back from. */
function staleWords({ journal, contract }: Move): string {
  const copied = journal.entry("copy");
  if (!copied)
    return " The environment's own database keeps rows of a copy that is not on record any more: drop them before the next copy.";
  if (copied.data?.stale !== true) return "";
  const line = `npx slipway move ${contract.environment}`;
  return ` The environment's own database keeps its rows, which are out of date from now on: ${line} copy takes them anew, ${line} back empties it.`;
}

/** Whether a way back from a flip was begun, and has not ended. */
function isGoingBack(journal: Journal): boolean {
  const way = journal.entry("back");
  return way?.state === "begun" && way.data?.from === "flip";
}

/** @throws DeployError 1 unless somebody agrees to lose what nobody can tell or bring back any more */
function refuseUncounted({ contract }: Move, isAgreed: boolean): void {
  if (isAgreed) return;
  throw refused(
    "The new database does not know any more what was written to it since the flip: finish has taken that away, and the old one has none of it.",
    `To lose all of it: npx slipway move ${contract.environment} back --lose`,
  );
}

/** @throws DeployError 1 where something would be lost that nobody has agreed to */
function refuseToLose({ contract }: Move, written: Written, isAgreed: boolean): void {
  if (written.transactions === 0 || isAgreed) return;
  const line = `npx slipway move ${contract.environment} back`;
  throw refused(
    `${countOf(written)} were written to the environment's own database since the flip, and the old one has none of them.`,
    `To bring them along: ${line} --copy-back`,
    `To lose them: ${line} --lose`,
  );
}

/** Nothing was taken back, and nobody is on the way. */
async function stayFlipped({ journal, contract }: Move, written: Written): Promise<never> {
  await journal.write({ steps: journal.state.steps.filter(({ step }) => step !== "back") });
  throw refused(
    `Meanwhile ${countOf(written)} were written to the environment's own database alone, more than was said. Everything stayed as it was.`,
    `To bring them along: npx slipway move ${contract.environment} back --copy-back`,
  );
}
