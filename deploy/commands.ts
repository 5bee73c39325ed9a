import type { ServiceContract } from "../modules/contract";
import { appRunnerPolicy } from "../modules/contract/app-runner-policy";
import { type Policy, policy } from "../modules/contract/policy";
import { appRunnerRollbackTargets, checkAppRunner, deployToAppRunner } from "./app-runner/deploy";
import { appRunnerStatus } from "./app-runner/status";
import { makeClients } from "./aws/clients";
import { Aws } from "./aws/gateway";
import { chosenServices } from "./choose";
import { commitImage } from "./commit-image";
import { type Context, DEFAULT_PARALLEL, type Limits } from "./context";
import { copyRunning } from "./copy-image";
import { check, deploy, type DeployRequest } from "./deploy";
import { type Done, endOf } from "./end";
import { refused } from "./errors";
import type { Wanted } from "./facts";
import { imageRequest } from "./image";
import { interruptible } from "./interrupt";
import { mask } from "./mask";
import { visible } from "./printable";
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
 * Images for all services that run their repositories: those chosen with `--service`, or all.
 * @param texts one image, or one of each of several repositories
 * @throws DeployError 1 where a service that was named runs another repository, or an image no service at all.
 */
function askedImages<Service extends Pick<ServiceContract, "name" | "image">>(
  contract: { readonly environment: string; readonly services: readonly Service[] },
  names: readonly string[],
  option: string,
  texts: readonly string[],
): { services: Service[]; wanted: Wanted } {
  const asked = imageRequests(option, texts);
  const all = chosenServices(contract, names);
  const of = (image: Pick<ServiceContract["image"], "repository" | "source">) =>
    asked.find(({ repository }) => [null, image.repository, image.source?.repository].includes(repository));
  const services = all.filter(({ image }) => of(image));
  const idle = asked.filter(
    (request) => request.repository !== null && !services.some(({ image }) => of(image) === request),
  );
  const others = all.filter((service) => !services.includes(service));
  if (idle.length > 0 || (names.length > 0 && others.length > 0)) {
    const runs =
      others.length > 0
        ? `${others.map(({ name }) => name).join(", ")} of ${contract.environment} runs`
        : `all of ${contract.environment} run`;
    throw refused(
      `${option} ${(idle.length > 0 ? idle : asked).map(({ text }) => text).join(", ")}: ${runs} another repository.`,
      `Services and their repositories: ${contract.services.map(({ name, image }) => `${name} ${(image.source ?? image).repository}`).join(", ")}.`,
    );
  }
  return { services, wanted: (group) => of(group)?.reference ?? null };
}

/** @throws DeployError 1 with every one that is no image, or leaves open which repository it is of */
function imageRequests(option: string, texts: readonly string[]) {
  const asked = texts.map((text) => ({ text, request: imageRequest(text) }));
  const wrong = asked.filter(({ request }) => !request).map(({ text }) => text);
  if (wrong.length > 0) {
    throw refused(
      `${option} ${wrong.join(", ")} is neither a tag nor a digest.`,
      "Give the tag (v42) or the digest (sha256: and 64 hex digits), with the repository before it for its services alone: app:v42, app@sha256:….",
    );
  }
  const requests = asked.flatMap(({ text, request }) => (request ? [{ text, ...request }] : []));
  const repositories = new Set(requests.map(({ repository }) => repository));
  if (requests.length > 1 && (repositories.has(null) || repositories.size < requests.length)) {
    throw refused(
      `${option} ${texts.join(", ")}: of several images each is of a repository of its own.`,
      `Name it before each one, and none twice: ${option} web:v42 ${option} worker:v7.`,
    );
  }
  return requests;
}

export type DeployOptions = CommandOptions &
  Partial<Pick<DeployRequest, "skipMigrations" | "dryRun" | "replace" | "wait" | "parallel" | "commit">> & {
    /** One image, or one of each of several repositories. */
    image: string | readonly string[];
  };

export const deployCommand = (environment: string, options: DeployOptions, around?: Surroundings) =>
  session(
    "deploy",
    environment,
    options,
    {
      ecs: async (context, report) => {
        const asked = askedImages(context.contract, options.service, "--image", [options.image].flat());
        const {
          skipMigrations = false,
          dryRun = false,
          replace = false,
          wait = false,
          parallel = DEFAULT_PARALLEL,
          commit,
        } = options;
        const request = { ...asked, skipMigrations, dryRun, replace, wait, parallel, commit };
        return { text: await deploy(context, request, report) };
      },
      appRunner: async (context, report) => {
        const asked = askedImages(context.contract, options.service, "--image", [options.image].flat());
        const { skipMigrations = false, dryRun = false, wait = false } = options;
        const request = { ...asked, skipMigrations, dryRun, wait };
        return { text: await deployToAppRunner(context, request, report) };
      },
    },
    around,
  );

export type RollbackOptions = CommandOptions &
  Partial<Pick<DeployRequest, "dryRun" | "parallel">> & { to?: string };

async function target(context: Context, { service, to }: RollbackOptions) {
  if (to) return askedImages(context.contract, service, "--to", [to]);
  const services = chosenServices(context.contract, service);
  return { services, wanted: await rollbackTargets(context, services) };
}

/** A deployment of an earlier image, without migrations; it may replace one that is in progress. */
export const rollbackCommand = (environment: string, options: RollbackOptions, around?: Surroundings) =>
  session(
    "rollback",
    environment,
    options,
    {
      ecs: async (context, report) => {
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
      // App Runner takes no new operation before the last is over: what a rollback undoes is waited for.
      appRunner: async (context, report) => {
        const { contract } = context;
        const { service, to, dryRun = false } = options;
        const services = chosenServices(contract, service);
        const asked = to
          ? askedImages(contract, service, "--to", [to])
          : { services, wanted: await appRunnerRollbackTargets(context, services) };
        const request = { ...asked, skipMigrations: true, wait: true, dryRun };
        return { text: await deployToAppRunner(context, request, report) };
      },
    },
    around,
  );

export type CheckOptions = CommandOptions & { image?: string };

/** The image that was asked about, or of each service the one that its tag names. */
const checkedImages = <Service extends Pick<ServiceContract, "name" | "image">>(
  contract: { readonly environment: string; readonly services: readonly Service[] },
  { image, service }: CheckOptions,
): { services: Service[]; wanted: Wanted } =>
  image
    ? askedImages(contract, service, "--image", [image])
    : { services: chosenServices(contract, service), wanted: () => null };

export const checkCommand = (environment: string, options: CheckOptions, around?: Surroundings) =>
  session(
    "check",
    environment,
    options,
    {
      ecs: async (context) => {
        const asked = checkedImages(context.contract, options);
        const beside = { find: context.find, databases: true };
        await check(context, { ...asked, replace: false, wait: false, ...beside });
        return { text: "Every check passed." };
      },
      appRunner: async (context) => {
        const asked = checkedImages(context.contract, options);
        await checkAppRunner(context, { ...asked, skipMigrations: false, wait: false });
        return { text: "Every check passed." };
      },
    },
    around,
  );

export const statusCommand = (environment: string, options: CommandOptions, around?: Surroundings) =>
  session(
    "status",
    environment,
    options,
    {
      ecs: async (context) => {
        const services = await status(context, chosenServices(context.contract, options.service));
        return { text: `${services.length} of ${context.contract.services.length} services shown.` };
      },
      appRunner: async (context) => {
        const services = await appRunnerStatus(context, chosenServices(context.contract, options.service));
        return { text: `${services.length} of ${context.contract.services.length} services shown.` };
      },
    },
    around,
  );

export type CopyOptions = CommandOptions & { to?: string };

/** What runs, into the repository that an apply is going to let tasks pull from. */
export const copyImageCommand = (environment: string, options: CopyOptions, around?: Surroundings) =>
  session(
    "copy-image",
    environment,
    options,
    async (context) => {
      const services = chosenServices(context.contract, options.service);
      return { text: await copyRunning(context, services, options.to) };
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

/** A lower-case path, as ECR names repositories. */
const REPOSITORY = /^[a-z0-9]+([._/-][a-z0-9]+)*$/;

/** Prints the digest of the image that a commit has, and nothing where it is still to be built; everything else goes to stderr. */
export async function imageCommand(
  repository: string,
  { commit }: { commit: string },
  { clock, random, signals, clients: make = makeClients, stdout }: Surroundings = real(),
): Promise<number> {
  const interrupt = interruptible(signals);
  try {
    const { exitCode, text, wayOut } = await endOf(async () => {
      if (!REPOSITORY.test(repository))
        throw refused(`${JSON.stringify(repository)} is no ECR repository's name, as app.`);
      const clients = await make(undefined, () => undefined);
      const aws = new Aws(clients, { clock, random, signal: interrupt.signal });
      const digest = await commitImage(aws, repository, commit);
      if (digest) stdout.write(`${digest}\n`);
      return {
        text: digest
          ? `${repository} has it: it is not built again.`
          : `${repository} has no image of it yet.`,
      };
    });
    process.stderr.write([text, ...wayOut].map((line) => `${visible(mask(line))}\n`).join(""));
    return exitCode;
  } finally {
    interrupt.dispose();
  }
}

async function printPolicy({ stdout }: Surroundings, text: Policy): Promise<Done> {
  stdout.write(`${JSON.stringify(text, null, 2)}\n`);
  return { text: "Attach this to the role that deploys." };
}

/** Prints the least-privilege policy of the deploy role on stdout; everything else goes to stderr. */
export const policyCommand = (environment: string, options: CommandOptions, around = real()) =>
  session(
    "policy",
    environment,
    options,
    {
      ecs: ({ contract }) => printPolicy(around, policy(contract)),
      appRunner: ({ contract }) => printPolicy(around, appRunnerPolicy(contract)),
    },
    { ...around, stdout: process.stderr },
  );
