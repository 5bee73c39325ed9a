import { z } from "zod";
import { type Mistake, show } from "./mistakes";

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

/** Environments that are elsewhere than the bootstrap stack, which makes roles and a bucket in one account. */
export function checkOneAccount(environments: readonly Placed[], home: string | undefined): Mistake[] {
  const account = accountOf(environments, home);
  return environments
    .filter((one) => one.account !== undefined && one.account !== account)
    .map(({ name, account: own }) => ({
      path: `${name}.account`,
      message: `${own} is another account than that of the bootstrap stack, ${account}, where states, images and roles lie: give it a project of its own, with its own bootstrap, or say bootstrap: false (docs/accounts.md).`,
    }));
}
