import { z } from "zod";
import { type Mistake, show } from "./mistakes";
import type { Releases } from "./registry/place";
import type { Project } from "./stack";

/** Twelve digits. */
const ACCOUNT = /^\d{12}$/;

/** An AWS account, as a text: a number would lose the zeros that it may begin with. */
export const account = z.custom<string>((value) => typeof value === "string" && ACCOUNT.test(value), {
  error: ({ input }) => {
    const digits = String(input).replaceAll(/[\s-]/g, "");
    if (typeof input === "number") {
      const written = show(digits.padStart(12, "0"));
      return `${show(input)} is a number, and would lose the zeros it may begin with: write ${written}.`;
    }
    return ACCOUNT.test(digits)
      ? `${show(input)} is not how AWS spells an account in a name: write ${show(digits)}.`
      : `${show(input)} is no AWS account; it has twelve digits, as aws sts get-caller-identity prints it.`;
  },
});

/** An environment, the account that its own file names, and the one that it is in. */
interface Placed {
  readonly name: string;
  readonly account?: string | undefined;
}

/**
 * Environments of which nobody could say whether they share an account with others: some files name one, these do not.
 * @param home the account of everything that names none
 */
export function checkAccounts(environments: readonly Placed[], home: string | undefined): Mistake[] {
  const named = environments.find((one) => one.account !== undefined);
  if (named === undefined || home !== undefined) return [];
  return environments
    .filter((one) => one.account === undefined)
    .map(({ name }) => ({
      path: `${name}.account`,
      message: `is missing, and ${named.name} names ${named.account}: name this one's, too, or in context of cdktf.json that of all that name none.`,
    }));
}

/** The one account of some environments; undefined where none is named. What names none is in that of the others. */
export const accountOf = (environments: readonly Placed[], home: string | undefined): string | undefined =>
  home ?? environments.find((one) => one.account !== undefined)?.account;

/** The accounts of a project, its first in front: those of its environments, and those that cdktf.json names. */
export function accountsOf(
  environments: readonly Placed[],
  home: string | undefined,
  named: readonly string[],
): (string | undefined)[] {
  const first = accountOf(environments, home);
  const others = new Set([...named, ...environments.flatMap(({ account }) => account ?? [])]);
  others.delete(first ?? "");
  return [first, ...[...others].sort()];
}

/**
 * Environments in several accounts, none of which cdktf.json names: the first would be another one with each new file, and
 * its bootstrap stack would move.
 */
export function checkFirst(environments: readonly Placed[], home: string | undefined): Mistake[] {
  const places = environments.flatMap(({ name, account }) =>
    account === undefined ? [] : [`${account} (${name})`],
  );
  const accounts = new Set(environments.flatMap(({ account }) => account ?? []));
  if (home !== undefined || accounts.size < 2) return [];
  return [
    {
      path: "cdktf.json.context.account",
      message: `is missing, and environments are in several: ${places.join(", ")}. Name the one whose stack is to be called bootstrap, where images are pushed; it stays that one.`,
    },
  ];
}

/**
 * A project as it is in one of its accounts: that one's bucket, quotas and bootstrap.
 * @param account absent for the first
 */
export function inAccount(project: Project, account: string | undefined): Project {
  if (account === undefined || account === project.account) return project;
  // Until its own bucket is there, states lie in this folder; where nobody makes one, all accounts share the one that is named.
  const bucket = project.bootstrap ? { stateBucket: "", stateRegion: "" } : {};
  return { ...project, ...bucket, ...project.accounts?.[account], account, further: account };
}

/** Where releases of an environment are pushed to; undefined where no bootstrap stack makes the repositories of its account. */
export function releasesOf(project: Project, account: string | undefined): Releases | undefined {
  const own = inAccount(project, account);
  if (!own.bootstrap) return undefined;
  const first = project.bootstrap || own.bootstrap;
  const isElsewhere = first === project.bootstrap && own.account !== project.account;
  if (first.region === undefined) return undefined;
  return { region: first.region, ...(isElsewhere && { account: project.account }) };
}
