import { dailyPolicy } from "../../modules/contract/daily-policy";
import { movePolicy } from "../../modules/contract/move-policy";
import type { Purpose } from "../../modules/contract/purposes";
import { refused } from "../errors";
import { exec, type ExecOptions } from "./exec";
import { logs, type LogsOptions } from "./logs";
import { open } from "./open";
import { psql, type PsqlOptions } from "./psql";
import { diffSecrets, listSecrets, type SecretOptions, setSecret, unsetSecret } from "./secret";
import { anywhere, daily, type DailyOptions, type DailySurroundings } from "./session";

export const logsCommand = (
  environment: string,
  services: string[],
  options: LogsOptions,
  around?: DailySurroundings,
) => daily("logs", environment, options, (day) => logs(day, services, options), around);

export const execCommand = (
  environment: string,
  service: string | undefined,
  words: string[],
  options: ExecOptions,
  around?: DailySurroundings,
) => daily("exec", environment, options, (day) => exec(day, service, words, options), around);

export const psqlCommand = (
  environment: string,
  words: string[],
  options: PsqlOptions,
  around?: DailySurroundings,
) => daily("psql", environment, options, (day) => psql(day, words, options), around);

export const openCommand = (environment: string, options: DailyOptions, around?: DailySurroundings) =>
  daily("open", environment, options, (day) => open(day, options), around);

export const secretCommands = {
  set: (
    environment: string,
    variable: string,
    options: SecretOptions & { new?: boolean },
    around?: DailySurroundings,
  ) => anywhere("secret", environment, options, (day) => setSecret(day, variable, options), around),
  unset: (
    environment: string,
    variable: string,
    options: SecretOptions & { yes?: boolean },
    around?: DailySurroundings,
  ) => anywhere("secret", environment, options, (day) => unsetSecret(day, variable, options), around),
  list: (environment: string, options: SecretOptions, around?: DailySurroundings) =>
    anywhere("secret", environment, options, (day) => listSecrets(day, options), around),
  diff: (environment: string, other: string, options: SecretOptions, around?: DailySurroundings) =>
    anywhere("secret", environment, options, (day) => diffSecrets(day, other, options), around),
};

/** Prints what the command needs of IAM, as a policy. */
export const dailyPolicyCommand = (
  environment: string,
  purpose: Purpose | "move",
  options: DailyOptions,
  around?: DailySurroundings,
) =>
  daily(
    "policy",
    environment,
    options,
    async ({ contract, print }) => {
      if (purpose === "move" && !contract.move)
        throw refused(
          `Nothing moves into ${environment}: what was applied has no \`move\`.`,
          `Say what moves in environments/${environment}.ts, then npx slipway apply ${environment}.`,
        );
      const policy = purpose === "move" ? movePolicy(contract) : dailyPolicy(contract, purpose);
      await print(`${JSON.stringify(policy, null, 2)}\n`);
      return { text: `Attach this to whoever runs \`${purpose}\`.` };
    },
    around,
  );
