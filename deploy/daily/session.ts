import pc from "picocolors";
import type { Contract } from "../../modules/contract";
import { isAppRunner } from "../../modules/contract/app-runner";
import { type Clients, makeClients } from "../aws/clients";
import { DailyAws } from "../aws/daily";
import { type Clock, systemClock } from "../clock";
import { type AnyContract, contractFromFile, contractFromParameter } from "../contract-source";
import { refuseOtherAccount, writtenPlace } from "../environment-file";
import { DeployError, refused } from "../errors";
import { EXIT } from "../exit-code";
import { interruptible, type SignalSource } from "../interrupt";
import { mask } from "../mask";
import { visible } from "../printable";
import { notThere } from "../session";
import { GithubScreen } from "../screen/github";
import { hasColors } from "../../terminal/screen";
import { type Done, endOf } from "../end";
import { readMoveState, withUsed } from "../used-database";

/** What every daily command takes. */
export interface DailyOptions {
  /** File with the outputs; without it the SSM parameter is read. */
  outputs?: string;
  /** JSON instead of text. */
  json?: boolean;
}

interface Output {
  write(text: string): boolean;
  isTTY?: boolean;
  once(event: "drain", listener: () => void): unknown;
  on(event: "error", listener: () => void): unknown;
  off(event: "error" | "drain", listener: () => void): unknown;
}

/** The world around the process: real by default, replaced in tests. */
export interface DailySurroundings {
  clock: Clock;
  random: () => number;
  signals: SignalSource;
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: Output;
  stderr: { write(text: string): unknown; isTTY?: boolean };
  env: NodeJS.ProcessEnv;
}

export const realDay = (): DailySurroundings => ({
  clock: systemClock,
  random: Math.random,
  signals: process,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
});

/** What a daily command works with. */
export interface Daily<Known = Contract> extends DailySurroundings {
  contract: Known;
  aws: DailyAws;
  /** The SDK's, for commands that make more calls than these. */
  clients: Clients;
  signal: AbortSignal;
  colors: ReturnType<typeof pc.createColors>;
  /** Writes to standard output, and waits for whoever reads it. */
  print(text: string): Promise<void>;
  /** Tells a person something beside the output, on standard error. */
  say(text: string): void;
  /** Another environment's contract, and calls into its region. */
  other(environment: string): Promise<{ contract: Known; aws: DailyAws }>;
  /** Leaves signals to a child process while it has the terminal. */
  handOver<T>(run: () => Promise<T>): Promise<T>;
}

class OutputClosed extends Error {}

/** Runs one daily command of those that there are for tasks alone. */
export const daily = (
  command: string,
  environment: string,
  options: DailyOptions,
  body: (day: Daily) => Promise<Done>,
  around?: DailySurroundings,
): Promise<number> =>
  anywhere(
    command,
    environment,
    options,
    (day) => (isAppRunner(day.contract) ? notThere(command) : body(day as Daily)),
    around,
  );

/**
 * Runs one daily command, and answers with the process's exit code. Its output goes to standard output, all else to
 * standard error. In GitHub Actions no line of it is obeyed as a command.
 */
export async function anywhere(
  command: string,
  environment: string,
  options: DailyOptions,
  body: (day: Daily<AnyContract>) => Promise<Done>,
  around: DailySurroundings = realDay(),
): Promise<number> {
  const { stdout, stderr, env } = around;
  const closed = new AbortController();
  const onClosed = () => closed.abort(new OutputClosed());
  stdout.on("error", onClosed);
  const interrupt = interruptible(around.signals);
  const signal = AbortSignal.any([interrupt.signal, closed.signal]);
  const quiet = env.GITHUB_ACTIONS === "true" && !options.json;
  const github = quiet
    ? new GithubScreen((text) => stdout.write(text), { summary: undefined, output: undefined })
    : null;
  const say = (text: string) => void stderr.write(`${visible(mask(text))}\n`);
  try {
    const end = await endOf(async () => {
      const { contract, aws, clients } = await open(environment, options, signal, around);
      const day: Daily<AnyContract> = {
        ...around,
        contract,
        aws,
        clients,
        signal,
        colors: pc.createColors(hasColors(stdout, env)),
        print: (text) => write(stdout, text, signal),
        say,
        other: (name) => open(name, {}, signal, around),
        handOver: async (run) => {
          interrupt.dispose();
          const ignore = () => {};
          for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) around.signals.on(name, ignore);
          try {
            return await run();
          } finally {
            for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) around.signals.off(name, ignore);
          }
        },
      };
      return body(day).catch((error: unknown) => {
        // Whoever read has seen enough (`| head`); what came to an end of its own all the same has that end.
        if (closed.signal.aborted && !(error instanceof DeployError))
          return { text: "", exitCode: EXIT.deployed };
        throw error;
      });
    });
    const text = end.text.replace("policy <environment>", `policy ${environment} --for ${command}`);
    if (text) for (const line of [text, ...end.wayOut.map((way) => `  → ${way}`)]) say(line);
    return end.exitCode;
  } finally {
    stdout.off("error", onClosed);
    interrupt.dispose();
    github?.close();
  }
}

const ENVIRONMENT = /^[A-Za-z0-9-]+$/;

async function open(
  environment: string,
  { outputs }: DailyOptions,
  signal: AbortSignal,
  { clock, random }: DailySurroundings,
): Promise<{ contract: AnyContract; aws: DailyAws; clients: Clients }> {
  if (!ENVIRONMENT.test(environment))
    throw refused(`${JSON.stringify(environment)} is no environment's name: letters, digits and hyphens.`);
  const given = outputs ? await contractFromFile(outputs, environment) : null;
  const clients = await makeClients(writtenPlace(environment), () => given?.region);
  const aws = new DailyAws(clients, { clock, random, signal });
  await refuseOtherAccount(aws, environment);
  const applied = given ?? (await contractFromParameter(aws, environment));
  const contract = isAppRunner(applied) ? applied : withUsed(applied, await readMoveState(aws, applied));
  return { contract, aws, clients };
}

/** Waits where the reader is slower: nothing piles up in memory. */
async function write(stdout: Output, text: string, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (stdout.write(text)) return;
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      stdout.off("drain", go);
      reject(signal.reason);
    };
    const go = () => {
      signal.removeEventListener("abort", stop);
      resolve();
    };
    stdout.once("drain", go);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** A part of the contract that older ones lack. */
export function present<T>(part: T | undefined, { environment }: Contract): T {
  if (part !== undefined) return part;
  throw refused(
    `The contract of ${environment} was written by an older Slipway, and lacks what this needs.`,
    `Apply once more with this version: npx slipway apply ${environment}`,
  );
}
