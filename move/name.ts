import { AwsError } from "../deploy/aws/error";
import { refused } from "../deploy/errors";
import { done, notYet, poll } from "../deploy/poll";
import type { Move } from "./move";
import type { From } from "./store";

/** Why the domain cannot change distributions now, and the way out. */
export interface Obstacle {
  readonly refusal: string;
  readonly wayOut: string;
}

/** Finds the distribution that has a name, for whoever is signed in to its account. */
const search = (domain: string) =>
  `aws cloudfront list-distributions --query "DistributionList.Items[?contains(Aliases.Items || [''], '${domain}')].Id"`;

const GUIDE = 'docs/moving.md, "A name on another distribution"';

/** What stands in the way of taking the domain from the distribution that has it; undefined where nothing does. */
export async function obstacle(
  move: Move,
  { domain, distribution, holder }: From,
): Promise<Obstacle | undefined> {
  const { environment, account } = move.contract;
  const file = `environments/${environment}.ts`;
  if (holder === undefined)
    return {
      refusal: `Distribution ${distribution.id} does not answer for ${domain}.`,
      wayOut: `Apply again. Where another distribution has the name, say its id in move.from.distribution of ${file} first: ${GUIDE}.`,
    };
  const others = await conflicts(move, domain, distribution.id);
  if (others === undefined)
    return {
      refusal: `The certificate of distribution ${distribution.id} does not hold ${domain}, and without it CloudFront takes the name nowhere.`,
      wayOut: "Name one in us-east-1 that does, in distribution.domain.certificate, and apply.",
    };
  const there = await move.aws.findDistribution(holder);
  if (!there)
    return {
      refusal: `Account ${account} has no distribution ${holder}, which move.from.distribution names.`,
      wayOut: `In this account it is found by: ${search(domain)}. From another one CloudFront gives no name away while its distribution is enabled: ${GUIDE}.`,
    };
  if (!there.aliases.includes(domain)) return notThere(move, { domain, holder }, there.aliases, others);
  const ours = await move.aws.distribution(distribution.id);
  const changing = [...(there.deployed ? [] : [holder]), ...(ours.deployed ? [] : [distribution.id])];
  if (changing.length === 0) return undefined;
  return {
    refusal: `Not deployed to CloudFront's edges: distribution ${changing.join(", ")}.`,
    wayOut:
      "It takes some minutes after a change: run it again then. One that is disabled answers nobody: enable it first.",
  };
}

function notThere(
  move: Move,
  { domain, holder }: { domain: string; holder: string },
  aliases: readonly string[],
  others: readonly { id: string; account: string }[],
): Obstacle {
  const wildcard = `*.${domain.split(".").slice(1).join(".")}`;
  if (aliases.includes(wildcard))
    return {
      refusal: `Distribution ${holder} answers for ${domain} by ${wildcard} alone.`,
      wayOut: `Give it ${domain} as a name of its own beside that, which changes nothing for anybody; then it can be taken from there.`,
    };
  const where = others.map(({ id, account }) => `${id} of account ${account}`).join(", ");
  return {
    refusal: `Distribution ${holder} does not have ${domain}: ${where ? `it is on ${where}` : "it is on none"}.`,
    wayOut: `Name the one that has it in move.from.distribution of environments/${move.contract.environment}.ts: ${search(domain)}`,
  };
}

/** Distributions that have a name, half of each id starred; undefined where the one that asks has no certificate for it. */
async function conflicts(move: Move, domain: string, id: string) {
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
