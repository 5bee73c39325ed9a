import type { Contract, ServiceContract } from "../modules/contract";
import { policy } from "../modules/contract/policy";
import { chosenServices } from "./choose";
import { type Context, DEFAULT_PARALLEL, type Limits } from "./context";
import { check, deploy, type DeployRequest } from "./deploy";
import { refused } from "./errors";
import type { Wanted } from "./facts";
import { imageRequest } from "./image";
import { rollbackTargets } from "./rollback";
import { run } from "./run";
import { real, session, type SessionOptions, type Surroundings } from "./session";
import { status } from "./status";

export interface CommandOptions extends SessionOptions {
  limits: Limits;
  /** Names from the environment file; all by default. */
  service: string[];
}

/**
 * One image for every service that runs its repository: those chosen with `--service`, or all.
 * @throws DeployError 1 where a service that was named runs another repository.
 */
function sameImage(
  contract: Contract,
  names: readonly string[],
  option: string,
  text: string,
): { services: ServiceContract[]; wanted: Wanted } {
  const asked = imageRequest(text);
  if (!asked) {
    throw refused(
      `${option} ${text} is neither a tag nor a digest.`,
      "Give the tag (v42) or the digest (sha256: and 64 hex digits), with the repository before it for its services alone: app:v42, app@sha256:….",
    );
  }
  const { repository, reference } = asked;
  const services = chosenServices(contract, names);
  const others = repository === null ? [] : services.filter(({ image }) => image.repository !== repository);
  if (others.length > 0 && (names.length > 0 || others.length === services.length)) {
    throw refused(
      `${option} ${text}: ${others.map(({ name }) => name).join(", ")} of ${contract.environment} runs another repository.`,
      `Services and their repositories: ${contract.services.map(({ name, image }) => `${name} ${image.repository}`).join(", ")}.`,
    );
  }
  return { services: services.filter((service) => !others.includes(service)), wanted: () => reference };
}

export type DeployOptions = CommandOptions &
  Partial<Pick<DeployRequest, "skipMigrations" | "dryRun" | "replace" | "wait" | "parallel">> & {
    image: string;
  };

export const deployCommand = (environment: string, options: DeployOptions, around?: Surroundings) =>
  session(
    "deploy",
    environment,
    options,
    async (context, report) => {
      const { services, wanted } = sameImage(context.contract, options.service, "--image", options.image);
      const {
        skipMigrations = false,
        dryRun = false,
        replace = false,
        wait = false,
        parallel = DEFAULT_PARALLEL,
      } = options;
      const request = { services, wanted, skipMigrations, dryRun, replace, wait, parallel };
      return { text: await deploy(context, request, report) };
    },
    around,
  );

export type RollbackOptions = CommandOptions &
  Partial<Pick<DeployRequest, "dryRun" | "parallel">> & { to?: string };

async function target(context: Context, { service, to }: RollbackOptions) {
  if (to) return sameImage(context.contract, service, "--to", to);
  const services = chosenServices(context.contract, service);
  return { services, wanted: await rollbackTargets(context, services) };
}

/** A deployment of an earlier image, without migrations; it may replace one that is in progress. */
export const rollbackCommand = (environment: string, options: RollbackOptions, around?: Surroundings) =>
  session(
    "rollback",
    environment,
    options,
    async (context, report) => {
      const { services, wanted } = await target(context, options);
      const { dryRun = false, parallel = DEFAULT_PARALLEL } = options;
      const request = {
        services,
        wanted,
        skipMigrations: true,
        replace: true,
        wait: false,
        dryRun,
        parallel,
      };
      return { text: await deploy(context, request, report) };
    },
    around,
  );

export type CheckOptions = CommandOptions & { image?: string };

export const checkCommand = (environment: string, options: CheckOptions, around?: Surroundings) =>
  session(
    "check",
    environment,
    options,
    async (context) => {
      const { contract } = context;
      const { services, wanted } = options.image
        ? sameImage(contract, options.service, "--image", options.image)
        : { services: chosenServices(contract, options.service), wanted: () => null };
      const beside = { find: context.find, databases: true };
      await check(context, { services, wanted, replace: false, wait: false, ...beside });
      return { text: "Every check passed." };
    },
    around,
  );

export const statusCommand = (environment: string, options: CommandOptions, around?: Surroundings) =>
  session(
    "status",
    environment,
    options,
    async (context) => {
      const services = await status(context, chosenServices(context.contract, options.service));
      return { text: `${services.length} of ${context.contract.services.length} services shown.` };
    },
    around,
  );

export const runCommand = (
  environment: string,
  command: readonly string[],
  options: CommandOptions,
  around?: Surroundings,
) =>
  session(
    "run",
    environment,
    options,
    async (context) => {
      const [service] = chosenServices(context.contract, options.service);
      if (!service) throw refused(`${environment} has no service to run a command in.`);
      const exitCode = await run(context, service, command);
      return { text: `${command[0]} exited with ${exitCode}.`, exitCode };
    },
    around,
  );

/** Prints the least-privilege policy of the deploy role on stdout; everything else goes to stderr. */
export const policyCommand = (environment: string, options: CommandOptions, around = real()) =>
  session(
    "policy",
    environment,
    options,
    async ({ contract }) => {
      around.stdout.write(`${JSON.stringify(policy(contract), null, 2)}\n`);
      return { text: "Attach this to the role that deploys." };
    },
    { ...around, stdout: process.stderr },
  );
