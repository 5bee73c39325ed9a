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
