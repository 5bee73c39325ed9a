import {
  backCommand,
  copyCommand,
  finishCommand,
  flipCommand,
  frontCommand,
  shiftCommand,
  surveyCommand,
  workersCommand,
} from "../../move/commands";
import { found, type Step } from "../step";
import { APP, type Play, SPEED, type Told } from "./play";

/** Requests in a second of the machine's time. */
const RATE = 200;

const yes = { yes: true };
const HOUR = 3_600_000;

/** The road of a move, in its order: each step takes a command as a person types it, and says what came of it. */
export const road = (play: Play): Step[] => [
  begin(play),
  ...withTheAddress(play),
  copy(play),
  webhook(play),
  flip(play),
  planAfter(play),
  backWithoutAWord(play),
  copyBack(play),
  copy(play),
  flip(play),
  finishTooEarly(play),
  finish(play),
  rights(play),
  leave(play),
  seen(play),
];

/** The road where no copy can follow, as far as it is another one. */
export const heldRoad = (play: Play): Step[] => [
  begin(play),
  ...withTheAddress(play),
  copy(play),
  flip(play),
  copyBack(play),
  copy(play),
  flip(play),
  finish(play),
  rights(play),
  seen(play),
];

const begin = (play: Play): Step => [
  "The old platform, and the environment beside it",
  async () => {
    await play.startOldSide();
    await play.build();
    well(await play.deploy());
    play.stream.start(RATE);
    return `both use the old database; ${RATE} requests a second from here on, a fifth of them writes`;
  },
];

function withTheAddress(play: Play): Step[] {
  return [
    [
      "survey",
      say(play, (around) => surveyCommand("staging", {}, around), /✓ (ready.*)\. Nothing was changed/),
    ],
    ["front", say(play, (around) => frontCommand("staging", undefined, yes, around), /✓ front: (.*)$/m)],
    ...(play.platform.router ? [throughTheRouter(play)] : []),
    shift(play, 1),
    ["back", say(play, (around) => backCommand("staging", free, yes, around), /✓ back from (.*)$/m, true)],
    shift(play, 100),
    [
      "workers worker",
      say(play, (around) => workersCommand("staging", ["worker"], yes, around), /✓ workers: (.*)$/m),
    ],
  ];
}

/** What a platform's own router says reaches people, at the edge as before. */
const throughTheRouter = (play: Play): Step => [
  "The platform's router",
  async () => {
    const [late, foreign] = await Promise.all([
      play.visit(APP, { path: "/slow" }),
      play.visit(play.platform.host, { path: "/health", host: "www.example.net" }),
    ]);
    const isLate =
      late.status === 503 && late.body.includes("Application error") && !late.headers["retry-after"];
    if (!isLate) throw new Error(`A request that never ends is answered ${late.status}: ${late.body}`);
    if (foreign.status !== 404 || !foreign.body.includes("No such app"))
      throw new Error(`A foreign Host is answered ${foreign.status}: ${foreign.body}`);
    return "past 30 s its own 503, through the edge, too; a foreign Host is nobody's app";
  },
];

/** What the command did live is what Terraform wants: services, schedules and what they start. */
const planAfter = (play: Play): Step => [
  "A plan after the flip",
  async () =>
    found(await play.plan(), /(No changes)\./, "$1: tasks and schedules are what the file wants by now"),
];

const backWithoutAWord = (play: Play): Step => [
  "back, without a word",
  async () => {
    const told = await play.run((around) => backCommand("staging", free, yes, around));
    if (told.code !== 1) throw new Error(`It should be refused:\n\n${told.text}`);
    return found(told.text, /(\d+ transactions?) were written/, "refused: $1 would be lost");
  },
];

const copyBack = (play: Play): Step => [
  "back --copy-back",
  async () => {
    const answered = [...play.stream.ledger];
    const options = { word: false, copyBack: true };
    const told = await play.run((around) => backCommand("staging", options, yes, around));
    found(well(told), /✓ back from flip: /, "");
    const there = new Set(await play.oldWrites());
    const lost = answered.filter((write) => !there.has(write));
    if (lost.length > 0) throw new Error(`The old database has not: ${lost.join(", ")}`);
    const held = holdOf(play, told, "the old database has the writes");
    return `the old database has all ${answered.length} writes, and takes them again; ${held}`;
  },
];

/** A call to the platform's own address, by somebody who has never heard of the name. */
const webhook = (play: Play): Step => [
  "A webhook that knows the old address alone",
  async () => {
    const { status } = await play.visit(play.platform.host, { path: "/health" });
    if (status !== 200) throw new Error(`The old side answers it with ${status}.`);
    return "is answered by the old side, past the distribution";
  },
];

/** A `finish` that looks back as far as `shift 100`, and so sees the webhook. */
const finishTooEarly = (play: Play): Step => [
  "finish, while a webhook calls the old address",
  async () => {
    const quiet = play.clock.now() - (play.windows.at(-1)?.to ?? 0);
    const told = await play.run((around) => finishCommand("staging", { quiet }, yes, around));
    if (told.code !== 1) throw new Error(`It should be refused:\n\n${told.text}`);
    return found(told.text, /App Runner counts (1 request) to shop since/, "refused: $1 since `shift 100`");
  },
];

const finish = (play: Play): Step => [
  "finish",
  say(
    play,
    (around) => finishCommand("staging", { quiet: 1_000 }, yes, around),
    /✓ finish: (.*)\. What is left/,
  ),
];

const rights = (play: Play): Step => [
  "Who did it all",
  async () => {
    if (play.unused.length > 0) throw new Error(`Nobody needs: ${play.unused.join(", ")}`);
    return `somebody with what npx slipway policy staging --for move prints: ${play.asked} requests allowed, none refused, and no right that is for nothing`;
  },
];

const leave = (play: Play): Step => [
  "The file without move: plan, apply",
  async () => {
    const { planned, after } = await play.leave();
    found(after, /No changes\./, "");
    if (play.tells(play.platform.host)) throw new Error("The old platform's address is still there.");
    return found(
      planned,
      /Plan: (\d+ to import, 0 to add, .*)\./,
      "$1; the next plan is empty, and nothing tells of the move",
    );
  },
];

const seen = (play: Play): Step => ["What people saw", () => balance(play)];

/** A way back that loses nothing, and brings nothing along. */
const free = { word: false, copyBack: false };

const say =
  (play: Play, command: Parameters<Play["run"]>[0], pattern: RegExp, shifts = false) =>
  async (): Promise<string> =>
    found(well(await play.run(command, { shifts })), pattern, "$1");

function shift(play: Play, share: number): Step {
  const args = { share, watch: { limit: 10_000, bounds: { errors: 5, slower: 50 }, paths: [] } };
  return [
    `shift ${share}`,
    say(play, (around) => shiftCommand("staging", args, yes, around), /✓ shift: (.*)$/m, true),
  ];
}

const copy = (play: Play): Step => [
  "copy",
  say(
    play,
    (around) => copyCommand("staging", { rehearse: false }, yes, around),
    play.platform.follows
      ? /✓ copy: (the copy is whole; it follows.*)$/m
      : /✓ copy: (the copy is whole; it does not follow)\.$/m,
  ),
];

const flip = (play: Play): Step => [
  "flip",
  async () => {
    const told = await play.run((around) => flipCommand("staging", { hold: HOUR }, yes, around));
    found(well(told), /✓ flip: web, worker: on the environment's own database/, "");
    return holdOf(play, told, "the environment's database has the writes");
  },
];

/** @throws Error with all that was printed, unless the command did what it should */
function well({ code, text }: Told): string {
  if (code !== 0) throw new Error(`It ended with ${code}:\n\n${text}`);
  return text;
}

/** Seconds of the machine's that the calls before and after a hold may take. */
const CALLS = 3;

/** The hold that is printed, which must be what people saw. @param flipped what is told once the other database has the writes */
function holdOf(play: Play, told: Told, flipped: string): string {
  const printed = Number(found(told.text, /writes were held for (\d+) s/, "$1"));
  const seen = play.stream.holdSince(told.began);
  if (!seen) throw new Error("No write was held.");
  const { least, most } = seen;
  const [shortest, longest] = [least, most].map(({ from, to }) => (to - from) / 1000) as [number, number];
  if (printed < Math.floor(shortest) || printed > longest + CALLS * SPEED)
    throw new Error(`Writes were held for ${shortest} to ${longest} s, and ${printed} s are printed.`);
  const own = ((told.at(flipped) ?? least.to) - least.from) / 1000 / SPEED;
  return `writes held for ${printed} s, and people saw ${Math.round(shortest)}; the databases' part took ${own.toFixed(1)} s of this machine's, the rest is the deployment's`;
}

/** @throws Error unless every read was answered, every write is there once, and nobody changed sides but by a shift */
async function balance(play: Play): Promise<string> {
  const { stream, windows } = play;
  await stream.stop();
  if (stream.failures.length > 0)
    throw new Error(`${stream.failures.length} failed: ${stream.failures.slice(0, 20).join(", ")}`);
  const there = (await play.writes()).sort().join(" ");
  if (there !== [...stream.ledger].sort().join(" "))
    throw new Error("The database has other writes than those that were answered with success.");
  const { all, unexplained } = stream.changes(windows);
  if (unexplained > 0) throw new Error(`${unexplained} viewers changed sides, and nobody had shifted.`);
  return `${stream.requests} requests, ${stream.ledger.length} writes, each there once; ${stream.held.length} writes held, with Retry-After; nothing failed, ${all} changes of sides, all by a shift`;
}
