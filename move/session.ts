import { DEFAULT_LIMITS, type Context, type FindRecord } from "../deploy/context";
import {
  daily,
  type Daily,
  type DailyOptions,
  type DailySurroundings,
  realDay,
} from "../deploy/daily/session";
import { confirmed } from "../deploy/daily/confirm";
import { type Done, endOf } from "../deploy/end";
import { refused } from "../deploy/errors";
import { Events } from "../deploy/events";
import { mask } from "../deploy/mask";
import { jsonScreen, plainScreen } from "../deploy/screen/plain";
import { findRecord } from "../dns/records";
import type { MoveContract } from "../modules/contract";
import type { MoveStep } from "../modules/contract/move";
import { type Cloud, MoveAws } from "./aws/gateway";
import { Lock } from "./lock";
import type { Move } from "./move";
import { httpsProbe, type Probe } from "./probe";
import { Journal } from "./state";
import type { Consent, Plan } from "./step";

/** What every step takes. */
export interface MoveOptions extends DailyOptions {
  /** Says yes before the question. */
  yes?: boolean;
}

/** The world around the process: real by default, replaced in tests. */
export interface MoveSurroundings extends DailySurroundings {
  readonly probe?: Probe;
  readonly find?: FindRecord;
}

export type MoveBody = (move: Move, consent: Consent, show: Show) => Promise<Done>;

/** Prints lines for a person, or one object for a program. */
export type Show = (lines: readonly string[], json: object) => Promise<void>;

/**
 * Runs one step of a move from the first call to the last line, and answers with the process's exit code.
 * @param step what the lock says meanwhile; null for what changes nothing, and needs none
 */
export function moveSession(
  environment: string,
  step: MoveStep | null,
  options: MoveOptions,
  body: MoveBody,
  around: MoveSurroundings = realDay(),
): Promise<number> {
  return daily(
    "move",
    environment,
    options,
    async (day) => {
      const { clock, random, signal, clients } = day;
      const aws = new MoveAws(clients, { clock, random, signal });
      const { lock: name } = planOf(day);
      const by = await aws.who();
      const lock = new Lock(aws.lasting(), clock, name);
      const show: Show = (lines, json) =>
        day.print(options.json ? `${JSON.stringify(json)}\n` : lines.map((line) => `${line}\n`).join(""));
      const run = async (now: Daily) => {
        const plan = planOf(now);
        const journal = await Journal.read(aws.lasting(), plan.parameter, {
          check: () => lock.check(),
          by,
          now: () => clock.now(),
        });
        const move = open(now, aws, plan, journal, around, options);
        return body(move, consentOf(now, options, show), show);
      };
      const locked = async () => {
        if (step === null) return run(day);
        await lock.take(by, step);
        try {
          // What was read before may be of before an apply that has ended since.
          return await run(
            options.outputs ? day : { ...day, contract: (await day.other(environment)).contract },
          );
        } finally {
          await lock.release();
        }
      };
      return options.json ? toldAsJson(day, environment, locked) : locked();
    },
    around,
  );
}

/** The end as the last line for a program, however it comes; a person reads it on the other channel as always. */
async function toldAsJson(day: Daily, environment: string, run: () => Promise<Done>): Promise<Done> {
  const ended = run();
  const { exitCode, text, wayOut } = await endOf(() => ended);
  const result = { type: "result", environment, exitCode, text: mask(text), wayOut: wayOut.map(mask) };
  // Not by print, which ends with the signal.
  day.stdout.write(`${JSON.stringify(result)}\n`);
  return ended;
}

function planOf({ contract }: Daily): MoveContract {
  if (contract.move) return contract.move;
  const { environment } = contract;
  throw refused(
    `Nothing moves into ${environment}: what was applied has no \`move\`.`,
    `Say what moves in environments/${environment}.ts: move: { from: { origin: "https://…", domain: "app.example.com" } }, then npx slipway apply ${environment}.`,
  );
}

function open(
  day: Daily,
  aws: Cloud,
  plan: MoveContract,
  journal: Journal,
  around: MoveSurroundings,
  { json }: MoveOptions,
): Move {
  const { contract, clock, signal } = day;
  const find = around.find ?? (process.env.AWS_ENDPOINT_URL ? undefined : findRecord);
  // Not by print, which ends with the signal: after Ctrl-C it is told what goes back.
  const tell = async (text: string) =>
    json ? void day.stdout.write(`${JSON.stringify({ type: "progress", text })}\n`) : day.say(`  ${text}`);
  const probe = around.probe ?? httpsProbe();
  const until = (ends: AbortSignal, cloud: Cloud): Move => ({
    contract,
    plan,
    aws: cloud,
    clock,
    signal: ends,
    journal,
    probe,
    find,
    tell,
    context: () => contextOf(day, find, json, ends),
    lasting: () => until(new AbortController().signal, aws.lasting()),
  });
  return until(signal, aws);
}

/** What one-off tasks and roll-outs of deploy work with; what they tell goes where everything does. */
function contextOf(
  day: Daily,
  find: FindRecord | undefined,
  json: boolean | undefined,
  signal: AbortSignal,
): Context {
  const { contract, clock } = day;
  const lasting = day.aws.lasting();
  const aws = signal === day.signal ? day.aws : lasting;
  const events = new Events(() => clock.now());
  events.subscribe(
    json ? jsonScreen((text) => day.stdout.write(text)) : plainScreen((text) => day.stderr.write(text)),
  );
  return { contract, aws, lasting, clock, find, signal, events, limits: DEFAULT_LIMITS };
}

function consentOf(day: Daily, { yes }: MoveOptions, show: Show): Consent {
  return {
    show: (step: MoveStep, { lines, back }: Plan) =>
      show([`${step}:`, ...lines.map((line) => `  ${line}`), `Going back from there: ${back}`], {
        type: "plan",
        step,
        lines,
        back,
      }),
    ask: async (question) => yes === true || confirmed(day, question),
  };
}
