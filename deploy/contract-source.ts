import { readFile } from "node:fs/promises";
import { type Contract, ContractError, contractParameter } from "../modules/contract";
import { type AppRunnerContract, parseAnyContract } from "../modules/contract/app-runner";
import { meant } from "../modules/similar";
import { environmentNames } from "../terminal/candidates";
import type { Aws } from "./aws/gateway";
import { writtenPlace } from "./environment-file";
import { refused } from "./errors";

/** What an applied environment tells, wherever its services run. */
export type AnyContract = Contract | AppRunnerContract;

/** The contract as the environment's SSM parameter holds it: needs no Terraform and no state. */
export async function contractFromParameter(aws: Aws, environment: string): Promise<AnyContract> {
  const name = contractParameter(environment);
  const text = await aws.parameter(name);
  if (text === undefined) {
    const written = writtenPlace(environment);
    const names = environmentNames();
    const near = names.includes(environment) ? undefined : meant(environment, names);
    throw refused(
      `There is no environment ${environment} here: the SSM parameter ${name} does not exist in ${aws.region}.`,
      ...(near ? [`Did you mean ${near}?`] : []),
      `If it was never applied: npx slipway apply ${environment}.`,
      written?.region === aws.region
        ? `If it was: AWS_PROFILE names another account. The region is that of ${written.file}.`
        : "If it was: AWS_PROFILE or AWS_REGION names another account or region.",
    );
  }
  return contractOf(environment, text, `the SSM parameter ${name}`);
}

/** The contract from a file: what `cdktf apply --outputs-file` or `terraform output -json` wrote. */
export async function contractFromFile(file: string, environment: string): Promise<AnyContract> {
  const outputs = await jsonFile(file);
  const stack = outputs[environment] as Record<string, unknown> | undefined;
  const output = stack?.deploy ?? (outputs.deploy as { value?: unknown } | undefined)?.value;
  if (output === undefined) {
    throw refused(
      `${file} holds no output "deploy" of ${environment}.`,
      `Write it with: terraform -chdir=cdktf.out/stacks/${environment} output -json > ${file}`,
    );
  }
  return contractOf(environment, output, `the output "deploy" in ${file}`);
}

async function jsonFile(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, "utf8").catch((error: Error) => {
    throw refused(`--outputs ${file} cannot be read: ${error.message}`);
  });
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    throw refused(
      `--outputs ${file} is not JSON.`,
      "Give what cdktf apply --outputs-file or terraform output -json wrote.",
    );
  }
}

function contractOf(environment: string, output: unknown, source: string): AnyContract {
  const contract = parsed(output, source);
  if (contract.environment === environment) return contract;
  throw refused(
    `${source} is the contract of ${contract.environment}, not of ${environment}.`,
    "Name the environment that you mean, or give its own outputs.",
  );
}

function parsed(output: unknown, source: string): AnyContract {
  try {
    return parseAnyContract(typeof output === "string" ? output : JSON.stringify(output), source);
  } catch (error) {
    if (error instanceof ContractError) throw refused(error.message);
    if (error instanceof RangeError) throw refused(`${source} is no contract: it is nested without end.`);
    throw error;
  }
}
