import { AwsError } from "../deploy/aws/error";
import { DeployError, refused } from "../deploy/errors";
import { EXIT } from "../deploy/exit-code";
import { done, notYet, poll } from "../deploy/poll";
import { wildcardOf } from "../modules/contract/move";
import type { FoundDistribution } from "./aws/gateway";
import type { Move } from "./move";
import { whoAnswers } from "./probe";
import { type From, reached } from "./store";

/** Why the domain cannot change distributions now, and the way out. */
export interface Obstacle {
  readonly refusal: string;
  readonly wayOut: string;
}

/** A distribution of another account, which nobody but that account changes. */
export interface Foreign {
  readonly id: string;
  readonly account: string;
}

/** Finds the distribution that has a name, for whoever is signed in to its account. */
const search = (domain: string) =>
  `aws cloudfront list-distributions --query "DistributionList.Items[?contains(Aliases.Items || [''], '${domain}')].Id"`;

const GUIDE = 'docs/moving.md, "A name on another distribution"';
const GUIDE_OF_ACCOUNTS = 'docs/moving.md, "A name on another account\'s distribution"';

/** The distribution that the file names as the domain's, where it is another account's. */
export function foreignOf({ holder = "" }: From): Foreign | undefined {
  const [, account, id] = /^arn:[\w-]+:cloudfront::(\d{12}):distribution\/(\w+)$/.exec(holder) ?? [];
  return account && id ? { account, id } : undefined;
}

/** A distribution and its account, in words. */
export const nameOfForeign = ({ id, account }: Foreign) => `distribution ${id} of account ${account}`;

/**
 * Whether the environment's distribution answers for the domain: by the name, or by the wildcard while nobody has the name.
 * @returns why it cannot come there, where it does not and that is so
 */
export async function whereIs(move: Move, from: From): Promise<{ readonly onIt: boolean } | Obstacle> {
  const { domain, distribution, holder } = from;
  const ours = await move.aws.distribution(distribution.id);
  if (ours.aliases.includes(domain)) return { onIt: true };
  const { environment } = move.contract;
  if (holder === undefined)
    return {
      refusal: `Distribution ${distribution.id} does not answer for ${domain}.`,
      wayOut: `Apply again. Where another distribution has the name, say its id in move.from.distribution of environments/${environment}.ts first: ${GUIDE}.`,
    };
  const others = await conflicts(move, domain, distribution.id);
  if (others === undefined)
    return {
      refusal: `The certificate of distribution ${distribution.id} does not hold ${domain}, and without it CloudFront takes the name nowhere.`,
      wayOut: "Name one in us-east-1 that does, in distribution.domain.certificate, and apply.",
    };
  const foreign = foreignOf(from);
  return foreign
    ? whereIsOfAccounts(move, from, { ours, others, foreign })
    : whereIsOfAccount(move, { domain, distribution, holder }, { ours, others });
}

type Others = readonly { readonly id: string; readonly account: string }[];

async function whereIsOfAccount(
  move: Move,
  { domain, distribution, holder }: Pick<From, "domain" | "distribution"> & { holder: string },
  { ours, others }: { ours: FoundDistribution; others: Others },
): Promise<{ onIt: boolean } | Obstacle> {
  const { account, environment } = move.contract;
  const there = await move.aws.findDistribution(holder);
  if (!there)
    return {
      refusal: `Account ${account} has no distribution ${holder}, which move.from.distribution names.`,
      wayOut: `In this account it is found by: ${search(domain)}. Of another account, say its ARN, arn:aws:cloudfront::<account>:distribution/${holder}, in environments/${environment}.ts, and apply: ${GUIDE_OF_ACCOUNTS}.`,
    };
  if (!there.aliases.includes(domain)) return notThere(move, { domain, holder }, there.aliases, others);
  const changing = [...(there.deployed ? [] : [holder]), ...(ours.deployed ? [] : [distribution.id])];
  return changing.length === 0 ? { onIt: false } : notDeployed(changing);
}

const notDeployed = (ids: readonly string[]): Obstacle => ({
  refusal: `Not deployed to CloudFront's edges: distribution ${ids.join(", ")}.`,
  wayOut:
    "It takes some minutes after a change: run it again then. One that is disabled answers nobody: enable it first.",
});

/** The same where the name is another account's: our distribution has a wildcard in the name's place until the name is free. */
function whereIsOfAccounts(
  move: Move,
  { domain, distribution: { id, domainName } }: From,
  { ours, others, foreign }: { ours: FoundDistribution; others: Others; foreign: Foreign },
): { onIt: boolean } | Obstacle {
  const { environment } = move.contract;
  if (!ours.aliases.includes(wildcardOf(domain)))
    return {
      refusal: `Distribution ${id} has neither ${domain} nor ${wildcardOf(domain)}, and CloudFront takes a name from another account's distribution only while that one is disabled and answers nobody.`,
      wayOut: `Apply again: that gives ${id} the wildcard. The top of a zone has none: make the record _${domain} TXT "${domainName}", have AWS Support move ${domain} to ${id}, then run front before anybody applies: ${GUIDE_OF_ACCOUNTS}.`,
    };
  if (others.length > 0 && !others.some((other) => isSame(other, foreign)))
    return {
      refusal: `${domain} is not on ${nameOfForeign(foreign)}, which move.from.distribution names: it is on ${textOf(others)}.`,
      wayOut: `Name that one in environments/${environment}.ts, and apply. In its account it is found by: ${search(domain)}`,
    };
  return ours.deployed ? { onIt: others.length === 0 } : notDeployed([id]);
}

/** Whether both are one distribution: CloudFront tells only the second half of an id and an account, with stars before it. */
const isSame = (told: Foreign, { id, account }: Foreign) =>
  id.endsWith(told.id.replace(/^\*+/, "")) && account.endsWith(told.account.replace(/^\*+/, ""));

const textOf = (others: Others) => others.map(({ id, account }) => `${id} of account ${account}`).join(", ");

function notThere(
  move: Move,
  { domain, holder }: { domain: string; holder: string },
  aliases: readonly string[],
  others: Others,
): Obstacle {
  const wildcard = wildcardOf(domain);
  if (aliases.includes(wildcard))
    return {
      refusal: `Distribution ${holder} answers for ${domain} by ${wildcard} alone.`,
      wayOut: `Give it ${domain} as a name of its own beside that, which changes nothing for anybody; then it can be taken from there.`,
    };
  return {
    refusal: `Distribution ${holder} does not have ${domain}: ${others.length > 0 ? `it is on ${textOf(others)}` : "it is on none"}.`,
    wayOut: `Name the one that has it in move.from.distribution of environments/${move.contract.environment}.ts: ${search(domain)}`,
  };
}

/** Distributions that have a name, half of each id starred; undefined where the one that asks has no certificate for it. */
async function conflicts(move: Move, domain: string, id: string): Promise<Others | undefined> {
  try {
    return await move.aws.distributionsOf(domain, id);
  } catch (error) {
    if (error instanceof AwsError && error.code === "InvalidArgument") return undefined;
    throw error;
  }
}

/**
 * Takes the domain to a distribution, in one step of CloudFront's, and waits until all its edges know. Until then each of them leads
 * people to the one or to the other; which of the two their records say does not matter to it.
 */
export async function takeName(move: Move, domain: string, to: string): Promise<void> {
  const { aliases, deployed } = await move.aws.distribution(to);
  if (aliases.includes(domain) && deployed) return;
  if (!aliases.includes(domain)) await associate(move, domain, to);
  await move.tell(`distribution ${to} has ${domain}, CloudFront's edges learn it: some minutes`);
  await poll(move, async () => ((await move.aws.distribution(to)).deployed ? done(undefined) : notYet));
}

async function associate(move: Move, domain: string, to: string): Promise<void> {
  try {
    await move.aws.associateAlias(to, domain);
  } catch (error) {
    if (!(error instanceof AwsError && error.kind === "refused")) throw error;
    throw refused(
      `${domain} could not be taken to distribution ${to}, and nothing else was changed: ${error.message}`,
      `survey says what is in the way; ${GUIDE}, what CloudFront demands.`,
    );
  }
}

/** Milliseconds that a person of the other account has for the change, and then CloudFront's edges to learn of it. */
export const HAND = { change: 15 * 60_000, edges: 15 * 60_000 };

/**
 * Waits until somebody of the other account has taken the domain off its distribution, and people are answered by ours, which has the
 * wildcard. The edges that do not know it yet answer by the other one.
 * @throws DeployError 4 where that does not happen in time
 */
export async function awaitRelease(move: Move, from: From, foreign: Foreign): Promise<void> {
  const { domain, distribution } = from;
  const name = nameOfForeign(foreign);
  await awaitHand(move, from, {
    step: "front",
    asked: `now take ${domain} off ${name}: out of its alternate domain names, and change nothing else`,
    wrong: `${domain} is still on ${name}`,
    isDone: (others) => others.length === 0,
  });
  await move.tell(`${name} has given ${domain} up, CloudFront's edges learn it: some minutes`);
  const wrong = await reached(
    move,
    async () => {
      const seen = await whoAnswers(move, from, {});
      if ("failure" in seen) return `whoever asks gets ${seen.failure}`;
      return seen.side === undefined ? `${seen.by} answers` : undefined;
    },
    HAND.edges,
  );
  if (wrong !== undefined)
    throw new DeployError(
      EXIT.unknown,
      `${name} has given ${domain} up, and distribution ${distribution.id} does not answer for it: ${wrong}.`,
      [`Run it again: npx slipway move ${move.contract.environment} front`, `Or have ${name} take it back.`],
    );
}

/** Waits until somebody of the other account has given its distribution the domain again, beside which our wildcard does not count. */
export async function awaitReturn(move: Move, from: From, foreign: Foreign): Promise<void> {
  const name = nameOfForeign(foreign);
  await awaitHand(move, from, {
    step: "back",
    asked: `now give ${from.domain} back to ${name}, among its alternate domain names`,
    wrong: `${from.domain} is not on ${name} yet`,
    isDone: (others) => others.some((other) => isSame(other, foreign)),
  });
}

/** What a person of the other account is asked for, and how it shows. */
interface Hand {
  readonly step: "front" | "back";
  readonly asked: string;
  readonly wrong: string;
  isDone(others: Others): boolean;
}

async function awaitHand(
  move: Move,
  { domain, distribution }: From,
  { step, asked, wrong, isDone }: Hand,
): Promise<void> {
  const look = async () =>
    isDone((await conflicts(move, domain, distribution.id)) ?? []) ? undefined : wrong;
  if ((await look()) === undefined) return;
  await move.tell(asked);
  if ((await reached(move, look, HAND.change)) === undefined) return;
  throw new DeployError(EXIT.unknown, `${wrong}. Nobody has lost anything: either of the two answers.`, [
    `Once it is: npx slipway move ${move.contract.environment} ${step}`,
  ]);
}
