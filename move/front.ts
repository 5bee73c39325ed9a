import { DeployError, refused } from "../deploy/errors";
import { EXIT } from "../deploy/exit-code";
import { done, notYet, poll } from "../deploy/poll";
import { type DnsRecord, type Finding, waitForRecords } from "../dns/records";
import type { MoveRecord } from "../modules/contract/move";
import { AwsError } from "../deploy/aws/error";
import type { Move } from "./move";
import {
  awaitRelease,
  awaitReturn,
  type Foreign,
  foreignOf,
  HAND,
  nameOfForeign,
  takeName,
  whereIs,
} from "./name";
import { type Side, SIDE, whoAnswers } from "./probe";
import { batch, leadingTo, longestTtl, sameRecords, standing, textOf } from "./records";
import { isEntry, type Plan, type Standing, type Step } from "./step";
import { type From, fromOf, reached, readEdge } from "./store";

/** Milliseconds that records of a person's hand are waited for, and from one look to the next. */
const PATIENCE = { limit: 10 * 60_000, interval: 10_000 };

const waits = `then it is waited for, ${PATIENCE.limit / 60_000} minutes at most, Ctrl-C ends that`;

/** The distribution in front of both sides: people reach it by the domain's records, and it sends all of them to the old side. */
export const front: Step = {
  name: "front",
  about: "people come by the distribution, all of them to the old side",
  stands: isEntry("front"),
  plan: planFront,
  undo: undoFront,
};

async function planFront(move: Move): Promise<Plan | Standing> {
  const from = fromOf(move);
  if (!from.zone) return planForeign(move, from);
  const zone = from.zone;
  const wanted = leadingTo(from.domain, from.distribution.domainName);
  const now = await recordsNow(move, zone, from.domain);
  const isMade = sameRecords(now, wanted);
  const onIt = await isOnIt(move, from);
  if (isMade && onIt && move.journal.entry("front")?.state === "done")
    return { standing: `${from.domain} leads to the distribution already.` };
  await sidesAnswer(move, from, onIt);
  // What is there from a step that died is not what was there before.
  const before = isMade ? move.journal.state.records : now;
  return {
    lines: [
      ...taking(from, onIt),
      ...(isMade ? [] : [`change the records of ${from.domain}, all at once`]),
      ...(isMade ? [] : now.map((record) => `  – ${textOf(record)}`)),
      ...wanted.map((record) => `  + ${textOf(record)}`),
      ...releasing(from, onIt),
      `everybody still reaches ${from.origin}, by the distribution; resolvers that keep the old record (${longestTtl(now)} s at most) without it`,
    ],
    ...askedOf(from, onIt),
    back: from.holder
      ? `${from.domain} to ${holderIn(from)} again, and the records as they were, in one batch: some minutes. Nothing is lost.`
      : `the records as they were, in one batch: people go to ${from.origin} directly again, within a minute. Nothing is lost.`,
    async act() {
      // Written first: no apply in between takes the name off again.
      await move.journal.write({ ...(before && { records: [...before] }), alias: true });
      await bringName(move, from, () => changeTo(move, zone, from.domain, wanted));
    },
    async prove() {
      await leadsTo(move, zone, from.domain, wanted);
      await answers(move, from, "old", {});
      return { text: `${from.domain} leads to the distribution, and the old side answers by it.` };
    },
  };
}

/** The records as they were, whoever made them. */
async function undoFront(move: Move): Promise<Plan> {
  const from = fromOf(move);
  const { edge } = await readEdge(move);
  if (edge.share > 0)
    throw refused(
      `The store says ${edge.share} %: the new side answers people, and would from one moment to the next answer none.`,
      `First: npx slipway move ${move.contract.environment} shift 0`,
    );
  const { records } = move.journal.state;
  const forget = { records: undefined, alias: false };
  const foreign = foreignOf(from);
  if (foreign) await refuseKept(move, from, foreign);
  const giving =
    from.holder && !foreign ? [`take ${from.domain} back to distribution ${from.holder}: some minutes`] : [];
  const returning = foreign
    ? [`wait until somebody has given ${from.domain} back to ${nameOfForeign(foreign)}: ${inHand}`]
    : [];
  if (!from.zone) {
    return {
      lines: [
        ...giving,
        `${from.domain} is kept elsewhere: make its records what they were before, as you have noted them`,
        // With the name, people are back at that distribution, wherever their record leads.
        ...(giving.length > 0 ? [] : [waits]),
        ...returning,
      ],
      question: "Are the records made, or will they be in these minutes?",
      back: "front once more.",
      act: () =>
        returnName(move, from, async () => {
          if (giving.length === 0) await waitFor(move, from, "back");
        }),
      prove: async () => ({
        text: `${from.domain} is out of the move's hands. Leave the distribution as it is until the old TTL has passed.`,
        state: forget,
      }),
    };
  }
  const zone = from.zone;
  const now = await recordsNow(move, zone, from.domain);
  const wanted = leadingTo(from.domain, from.distribution.domainName);
  const isLed = sameRecords(now, wanted);
  if (isLed && !records)
    throw refused(
      `What stood at ${from.domain} before its records led to the distribution is not known: somebody made them before front.`,
      `Make them lead to ${from.origin} by hand.`,
    );
  // One that died before it wrote them down has changed nothing.
  const before = records ?? now;
  if (!isLed && !sameRecords(now, before))
    throw refused(
      `The records of ${from.domain} are neither those of front nor those of before it: somebody changed them. They stay as they are.`,
      ...now.map((record) => `There is: ${textOf(record)}`),
      `Make them what they shall be by hand, then run it again: ${before.map(textOf).join("; ") || "none"}`,
    );
  return {
    lines: [
      ...giving,
      `change the records of ${from.domain} back, all at once`,
      ...now.map((record) => `  – ${textOf(record)}`),
      ...before.map((record) => `  + ${textOf(record)}`),
      ...returning,
    ],
    ...(foreign && {
      question: `Can somebody give it back in these minutes, with the rights of account ${foreign.account}?`,
    }),
    back: "front once more.",
    act: () => returnName(move, from, () => changeTo(move, zone, from.domain, before)),
    async prove() {
      await leadsTo(move, zone, from.domain, before);
      return {
        text: `${from.domain} has the records of before. Resolvers may keep the distribution's addresses for a minute: leave it until then.`,
        state: forget,
      };
    },
  };
}

/** What leads people somewhere by this name. @throws DeployError 1 where it cannot be changed in one batch */
async function recordsNow(move: Move, zone: string, domain: string): Promise<readonly MoveRecord[]> {
  const found = standing(domain, await move.aws.recordSets(zone, domain));
  if ("refusal" in found) throw refused(found.refusal, found.wayOut);
  return found.records;
}

/** One batch, and its end on all of Route 53's servers. What stands there already is left so. */
async function changeTo(
  move: Move,
  zone: string,
  domain: string,
  wanted: readonly MoveRecord[],
): Promise<void> {
  const now = await recordsNow(move, zone, domain);
  if (sameRecords(now, wanted)) return;
  const changes = batch(now, wanted);
  const made = async () => sameRecords(await recordsNow(move, zone, domain), wanted);
  const id = await move.aws.changeRecords(zone, changes, made).catch(async (error: unknown) => {
    if (!(error instanceof AwsError && error.code === "InvalidChangeBatch")) throw error;
    throw refused(
      `Route 53 refused the batch, and nothing of it was done: ${error.message}`,
      "Somebody may have changed the records at this moment: survey, then run it again.",
    );
  });
  if (id === undefined) return;
  await move.tell(`Route 53 has the change, its servers take it: up to a minute`);
  await poll(move, async () => ((await move.aws.isInSync(id)) ? done(undefined) : notYet));
}

async function leadsTo(move: Move, zone: string, domain: string, wanted: readonly MoveRecord[]) {
  const now = await recordsNow(move, zone, domain);
  if (sameRecords(now, wanted)) return;
  throw new DeployError(
    EXIT.unknown,
    `The records of ${domain} are not what was written: somebody else changed them.`,
    now.map((record) => `There is: ${textOf(record)}`),
  );
}

/** Whether the distribution answers for the domain. @throws DeployError 1 where it cannot be taken there either */
async function isOnIt(move: Move, from: From): Promise<boolean> {
  const found = await whereIs(move, from);
  if ("refusal" in found) throw refused(found.refusal, found.wayOut);
  return found.onIt;
}

/**
 * Brings the domain from the distribution that has it. Within an account before the records change; one of another account gives it up
 * once they lead to ours, which has the wildcard.
 */
async function bringName(move: Move, from: From, lead: () => Promise<void>): Promise<void> {
  const foreign = foreignOf(from);
  if (!foreign) await takeName(move, from.domain, from.distribution.id);
  await lead();
  if (foreign) await awaitRelease(move, from, foreign);
}

/** Takes the domain back to the distribution that had it. CloudFront gives a distribution no name whose record leads elsewhere: where another account has to do it, the records change first. */
async function returnName(move: Move, from: From, leadBack: () => Promise<void>): Promise<void> {
  const foreign = foreignOf(from);
  if (from.holder && !foreign) await takeName(move, from.domain, from.holder);
  await leadBack();
  if (foreign) await awaitReturn(move, from, foreign);
}

/** @throws DeployError 1 where ours has the name itself, which CloudFront gives no other account for as long as ours is enabled */
async function refuseKept(
  move: Move,
  { domain, distribution: { id } }: From,
  foreign: Foreign,
): Promise<void> {
  const { aliases } = await move.aws.distribution(id);
  if (!aliases.includes(domain)) return;
  throw refused(
    `Distribution ${id} has ${domain} itself, and CloudFront takes it to ${nameOfForeign(foreign)} only while ${id} is disabled and answers nobody.`,
    "It can stay: at a share of 0 % everybody is at the old side, by this distribution. Else AWS Support moves it back.",
  );
}

const inHand = `${HAND.change / 60_000} minutes at most, and until then either of the two answers`;

const holderIn = (from: From): string => {
  const foreign = foreignOf(from);
  return foreign ? nameOfForeign(foreign) : `distribution ${from.holder}`;
};

const taking = (from: From, onIt: boolean): string[] =>
  onIt || foreignOf(from)
    ? []
    : [
        `take ${from.domain} from distribution ${from.holder} to ${from.distribution.id}: some minutes, in which each of them answers`,
      ];

const releasing = (from: From, onIt: boolean): string[] =>
  onIt || !foreignOf(from)
    ? []
    : [`wait until somebody has taken ${from.domain} off ${holderIn(from)}, when told: ${inHand}`];

/** What only a person of the other account can do. */
function askedOf(from: From, onIt: boolean): { readonly question?: string } {
  const foreign = foreignOf(from);
  if (onIt || !foreign) return {};
  return {
    question: `Can somebody take it off there in these minutes, with the rights of account ${foreign.account}?`,
  };
}

/** Asks the distribution for each side, before anybody is led there. */
async function sidesAnswer(move: Move, from: From, onIt: boolean): Promise<void> {
  const { deployed } = await move.aws.distribution(from.distribution.id);
  // One that died while the name was on its way goes on waiting.
  if (!deployed && !(onIt && from.holder && move.journal.entry("front")))
    throw refused(
      `Distribution ${from.distribution.id} is not deployed to CloudFront's edges yet.`,
      "It takes some minutes after an apply: run it again.",
    );
  const { edge } = await readEdge(move);
  if (edge.share > 0 || edge.hold)
    throw refused(
      `The store says ${edge.share} %${edge.hold ? " and holds writes" : ""}: people who come by the distribution would not all reach the old side.`,
      `First: npx slipway move ${move.contract.environment} shift 0`,
    );
  // The load balancer's certificate is for the environment's names: without them, the new side does not speak.
  if (!onIt) await answers(move, from, "old", { [SIDE]: "old" }, from.distribution.domainName);
  else for (const side of ["old", "new"] as const) await answers(move, from, side, { [SIDE]: side });
}

/** @throws DeployError 1 where the distribution does not answer, or not with that side */
async function answers(
  move: Move,
  from: From,
  side: Side,
  headers: Readonly<Record<string, string>>,
  domain = from.domain,
): Promise<void> {
  const wrong = await reached(
    move,
    async () => {
      const seen = await whoAnswers(move, { ...from, domain }, headers);
      if ("failure" in seen) return `whoever asks gets ${seen.failure}`;
      return seen.side === side ? undefined : `${seen.by} answered in its place`;
    },
    30_000,
  );
  if (wrong === undefined) return;
  const place =
    side === "old"
      ? `npx slipway move ${move.contract.environment} survey asks ${from.origin} directly. Where that answers, the old side does not know the Host that the distribution sends.`
      : `npx slipway status ${move.contract.environment} shows what runs there: deploy first, if nothing does.`;
  throw refused(
    `The ${side} side does not answer ${from.health} by the distribution: ${wrong}. Nobody was led there.`,
    place,
  );
}

/** Records that a person makes elsewhere. */
async function planForeign(move: Move, from: From): Promise<Plan | Standing> {
  if (move.journal.entry("front")?.state === "done")
    return { standing: `${from.domain} leads to the distribution already.` };
  const onIt = await isOnIt(move, from);
  await sidesAnswer(move, from, onIt);
  const record = recordOf(from);
  return {
    lines: [
      ...taking(from, onIt),
      `make this record where ${from.domain} is kept, and note down what stands there now:`,
      `  + ${record.name} ${record.type} ${record.value}`,
      "at the top of a zone it is an ALIAS (or flattened CNAME) to the same place",
      waits,
      ...releasing(from, onIt),
    ],
    question: "Is the record made, or will it be in these minutes?",
    back: "the record of before, made by hand again. Nothing is lost.",
    async act() {
      await move.journal.write({ alias: true });
      await bringName(move, from, () => waitFor(move, from, "front"));
    },
    async prove() {
      await answers(move, from, "old", {});
      return { text: `${from.domain} leads to the distribution, and the old side answers by it.` };
    },
  };
}

const recordOf = ({ domain, distribution }: From): DnsRecord => ({
  name: domain,
  type: "CNAME",
  value: distribution.domainName,
});

/** Asks the domain's own name servers for the record that leads to the distribution, until their answer is the right one. */
async function waitFor(move: Move, from: From, step: "front" | "back"): Promise<void> {
  const isRight = ({ state }: Finding) => state === (step === "front" ? "there" : "missing");
  const wrong = step === "front" ? "is not there yet" : "still leads to the distribution";
  const { find, clock, signal } = move;
  if (!find) return;
  const [found] = await waitForRecords([recordOf(from)], {
    find,
    isRight,
    ...PATIENCE,
    now: () => clock.now(),
    sleep: (milliseconds) => clock.sleep(milliseconds, signal),
    told: ({ said }) => void move.tell(said),
  });
  if (found && isRight(found)) return;
  throw new DeployError(EXIT.unknown, `The record of ${from.domain} ${wrong}: ${found?.said}.`, [
    `Once it is changed: npx slipway move ${move.contract.environment} ${step}`,
  ]);
}
