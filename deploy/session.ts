import { findRecord } from "../dns/records";
import { makeClients } from "./aws/clients";
import { isAppRunner } from "../modules/contract/app-runner";
import type { AppRunnerContext } from "./app-runner/context";
import { AppRunnerAws } from "./aws/app-runner";
import { Aws } from "./aws/gateway";
import { type Clock, systemClock } from "./clock";
import type { Context, FindRecord, Limits } from "./context";
import { contractFromFile, contractFromParameter } from "./contract-source";
import type { Report } from "./deploy";
import { refuseOtherAccount, writtenPlace } from "./environment-file";
import { type Done, endOf, tidied } from "./end";
import { refused } from "./errors";
import { Events } from "./events";
import { interruptible, type SignalSource } from "./interrupt";
import { GithubScreen } from "./screen/github";
import { jsonScreen, plainScreen } from "./screen/plain";
import { isTerminal } from "../terminal/screen";
import { TreeScreen } from "./screen/tree";
import { readMoveState, withUsed } from "./used-database";

/** What every command takes. */
export interface SessionOptions {
  /** File with the outputs; without it the SSM parameter is read. */
  outputs?: string;
  /** Events as JSON lines instead of a screen. */
  json?: boolean;
}

/** The world around the process: real by default, replaced in tests. */
export interface Surroundings {
  clock: Clock;
  random: () => number;
  signals: SignalSource;
  /** The SDK's clients, if absent. */
  clients?: typeof makeClients;
  /** Asks name servers, if absent: the real ones, unless the endpoints of AWS are others than AWS's. */
  find?: FindRecord;
  stdout: { write(text: string): unknown; isTTY?: boolean };
}

export const real = (): Surroundings => ({
  clock: systemClock,
  random: Math.random,
  signals: process,
  stdout: process.stdout,
});

export type Body = (context: Context, report: Report) => Promise<Done>;

/** What a command does in an environment, by where its services run. */
export interface Bodies {
  readonly ecs: Body;
  readonly appRunner: (context: AppRunnerContext, report: Report) => Promise<Done>;
}

const ENVIRONMENT = /^[A-Za-z0-9-]+$/;

/** Runs one command from the first call to the last line, and answers with the process's exit code. */
export async function session(
  command: string,
  environment: string,
  options: SessionOptions & { limits: Limits },
  body: Body | Bodies,
  around: Surroundings = real(),
): Promise<number> {
  const { clock, signals } = around;
  const started = clock.now();
  const events = new Events(() => clock.now());
  const close = openScreens(events, options, around);
  const interrupt = interruptible(signals);
  const report: Report = { images: [], services: [] };
  let url: string | null = null;
  try {
    const end = await endOf(async () => {
      const context = await openContext(environment, options, events, interrupt.signal, around);
      url = context.contract.url;
      const bodies = typeof body === "function" ? { ecs: body, appRunner: () => notThere(command) } : body;
      return isOnAppRunner(context) ? bodies.appRunner(context, report) : bodies.ecs(context, report);
    });
    const seconds = Math.round((clock.now() - started) / 1000);
    events.emit({
      type: "result",
      result: { command, environment, ...tidied(end), ...report, seconds, url },
    });
    return end.exitCode;
  } finally {
    interrupt.dispose();
    await close();
  }
}

const isOnAppRunner = (context: Context | AppRunnerContext): context is AppRunnerContext =>
  isAppRunner(context.contract);

/** @throws DeployError 1: the command has nothing to act on. */
export function notThere(command: string): never {
  throw refused(
    `${command} is not for an environment on App Runner, which has no tasks, load balancer or network of its own.`,
    "What there is for it: docs/app-runner.md; the way from it to an environment that has them: docs/moving.md.",
  );
}

/** On a terminal a live tree, elsewhere plain lines; in GitHub Actions annotations, summary and outputs too. */
function openScreens(events: Events, { json }: SessionOptions, { stdout }: Surroundings) {
  const write = (text: string) => stdout.write(text);
  const { GITHUB_ACTIONS, GITHUB_STEP_SUMMARY, GITHUB_OUTPUT } = process.env;
  const actions = GITHUB_ACTIONS === "true";
  const files = { summary: GITHUB_STEP_SUMMARY, output: GITHUB_OUTPUT };
  const github = actions ? new GithubScreen(json ? () => {} : write, files) : null;
  if (github) events.subscribe(github.subscriber);
  if (json || actions || !isTerminal(stdout, process.env)) {
    events.subscribe(json ? jsonScreen(write) : plainScreen(write));
    return async () => github?.close();
  }
  const tree = new TreeScreen(write);
  events.subscribe(tree.subscriber);
  return () => tree.close();
}

async function openContext(
  environment: string,
  { outputs, limits }: SessionOptions & { limits: Limits },
  events: Events,
  signal: AbortSignal,
  { clock, random, clients: make = makeClients, find }: Surroundings,
): Promise<Context | AppRunnerContext> {
  if (!ENVIRONMENT.test(environment)) {
    throw refused(`${JSON.stringify(environment)} is no environment's name: letters, digits and hyphens.`);
  }
  const given = outputs ? await contractFromFile(outputs, environment) : null;
  const clients = await make(writtenPlace(environment), () => given?.region);
  const aws = new Aws(clients, { clock, random, signal });
  await refuseOtherAccount(aws, environment);
  const applied = given ?? (await contractFromParameter(aws, environment));
  const real = process.env.AWS_ENDPOINT_URL ? undefined : findRecord;
  const rest = { clock, find: find ?? real, signal, events, limits };
  if (isAppRunner(applied)) {
    const own = new AppRunnerAws(clients, { clock, random, signal });
    return { contract: applied, aws: own, lasting: own.lasting(), ...rest };
  }
  const moveState = await readMoveState(aws, applied);
  const contract = withUsed(applied, moveState);
  return { contract, moveState, aws, lasting: aws.lasting(), ...rest };
}
