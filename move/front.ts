import { DeployError, refused } from "../deploy/errors";
import { EXIT } from "../deploy/exit-code";
import { done, notYet, poll } from "../deploy/poll";
import { waitForRecords } from "../dns/records";
import type { MoveRecord } from "../modules/contract/move";
import { AwsError } from "../deploy/aws/error";
import type { Move } from "./move";
import { atEdge, type Side, SIDE } from "./probe";
import { batch, leadingTo, longestTtl, sameRecords, standing, textOf } from "./records";
import { isEntry, type Plan, type Standing, type Step } from "./step";
import { type From, fromOf, reached, readEdge } from "./store";

/** Milliseconds that records of a person's hand are waited for, and from one look to the next. */
const PATIENCE = { limit: 10 * 60_000, interval: 10_000 };

/** The distribution in front of both sides: people reach it by the domain's records, and it sends all of them to the old side. */
export const front: Step = {
  name: "front",
  about: "the domain leads to the distribution, which sends everybody to the old side",
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
  if (isMade && move.journal.entry("front")?.state === "done")
    return { standing: `${from.domain} leads to the distribution already.` };
  const onIt = (await move.aws.distribution(from.distribution.id)).aliases.includes(from.domain);
  await bothSidesAnswer(move, from, onIt);
  // What is there from a step that died is not what was there before.
  const before = isMade ? move.journal.state.records : now;
  return {
    lines: [
      ...(onIt ? [] : [`take ${from.domain} from the distribution that it is on to ${from.distribution.id}`]),
      ...(isMade ? [] : [`change the records of ${from.domain}, all at once`]),
      ...(isMade ? [] : now.map((record) => `  – ${textOf(record)}`)),
      ...wanted.map((record) => `  + ${textOf(record)}`),
      `everybody still reaches ${from.origin}, by the distribution; resolvers that keep the old record (${longestTtl(now)} s at most) without it`,
    ],
    back: `the records as they were, in one batch: people go to ${from.origin} directly again, within a minute. Nothing is lost.`,
    async act() {
      if (before) await move.journal.write({ records: [...before] });
      if (!onIt) await associate(move, from);
      await changeTo(move, zone, from.domain, wanted);
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
  const forget = { records: undefined };
  if (!from.zone) {
    return {
      lines: [
        `${from.domain} is kept elsewhere: make its records what they were before, as you have noted them`,
      ],
      question: `Does ${from.domain} lead to ${from.origin} again?`,
      back: "front once more.",
      act: async () => {},
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
      `change the records of ${from.domain} back, all at once`,
      ...now.map((record) => `  – ${textOf(record)}`),
      ...before.map((record) => `  + ${textOf(record)}`),
    ],
    back: "front once more.",
    async act() {
      await changeTo(move, zone, from.domain, before);
    },
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
export async function recordsNow(move: Move, zone: string, domain: string): Promise<readonly MoveRecord[]> {
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

async function associate(move: Move, { distribution, domain }: From): Promise<void> {
  try {
    await move.aws.associateAlias(distribution.id, domain);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw refused(
      `${domain} could not be taken to distribution ${distribution.id}, and nothing else was changed: ${error.message}`,
      `CloudFront wants a TXT record that proves whose the name is: _${domain} TXT "${distribution.domainName}". Make it, then run it again.`,
      "From another account it is taken only once that distribution is disabled, or by AWS Support.",
    );
  }
}

/** Asks the distribution for each side, before anybody is led there. */
async function bothSidesAnswer(move: Move, from: From, onIt: boolean): Promise<void> {
  const { deployed } = await move.aws.distribution(from.distribution.id);
  if (!deployed)
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
  for (const side of ["old", "new"] as const)
    await answers(move, from, side, { [SIDE]: side }, onIt ? from.domain : from.distribution.domainName);
}

/** @throws DeployError 1 where the distribution does not answer, or not with that side */
async function answers(
  move: Move,
  from: From,
  side: Side,
  headers: Readonly<Record<string, string>>,
  domain = from.domain,
): Promise<void> {
  const ask = atEdge(move.probe, { ...from, domain });
  const wrong = await reached(
    move,
    async () => {
      const said = await ask(headers, move.signal).catch((error: Error) => {
        move.signal.throwIfAborted();
        return error.message;
      });
      if (typeof said === "string") return said;
      // CloudFront labels no answer from 400 on.
      if (said.status >= 400) return `it answers ${said.status}`;
      return said.headers[SIDE] === side
        ? undefined
        : `${said.headers[SIDE] ?? "nobody"} answered in its place`;
    },
    30_000,
  );
  if (wrong === undefined) return;
  const place =
    side === "old"
      ? `${from.origin} answers directly? Then its Host is not what it expects: survey says.`
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
  const onIt = (await move.aws.distribution(from.distribution.id)).aliases.includes(from.domain);
  await bothSidesAnswer(move, from, onIt);
  const record = { name: from.domain, type: "CNAME", value: from.distribution.domainName } as const;
  return {
    lines: [
      ...(onIt ? [] : [`take ${from.domain} from the distribution that it is on to ${from.distribution.id}`]),
      `make this record where ${from.domain} is kept, and note down what stands there now:`,
      `  + ${record.name} ${record.type} ${record.value}`,
      "at the top of a zone it is an ALIAS (or flattened CNAME) to the same place",
      `then it is waited for, ${PATIENCE.limit / 60_000} minutes at most, Ctrl-C ends that`,
    ],
    question: "Is the record made, or will it be in these minutes?",
    back: "the record of before, made by hand again. Nothing is lost.",
    async act() {
      if (!onIt) await associate(move, from);
      const { find, clock, signal } = move;
      if (!find) return;
      const [found] = await waitForRecords([record], {
        find,
        ...PATIENCE,
        now: () => clock.now(),
        sleep: (milliseconds) => clock.sleep(milliseconds, signal),
        told: ({ said }) => void move.tell(said),
      });
      if (found?.state === "there") return;
      throw new DeployError(EXIT.unknown, `The record of ${from.domain} is not there yet: ${found?.said}.`, [
        `Once it is: npx slipway move ${move.contract.environment} front`,
      ]);
    },
    async prove() {
      await answers(move, from, "old", {});
      return { text: `${from.domain} leads to the distribution, and the old side answers by it.` };
    },
  };
}
