/**
 * The variable that names the AWS profile for an account, for whoever works in several at once:
 * `AWS_PROFILE_210987654321=acme-prod`.
 */
export const profileVariable = (account: string) => `AWS_PROFILE_${account}`;

/** The profile that the variable of an account names; undefined where it names none, and the credentials of all count. */
export const profileFor = (account: string | undefined, environment: NodeJS.ProcessEnv): string | undefined =>
  (account !== undefined && environment[profileVariable(account)]) || undefined;

/** Credentials in the environment, which Terraform would take before a profile. */
const KEYS = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/** The environment for a program that acts in an account: with the profile of that, where a variable names one. */
export function environmentFor(
  account: string | undefined,
  environment: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const profile = profileFor(account, environment);
  if (profile === undefined) return environment;
  const rest = Object.entries(environment).filter(([name]) => !KEYS.includes(name));
  return { ...Object.fromEntries(rest), AWS_PROFILE: profile };
}
