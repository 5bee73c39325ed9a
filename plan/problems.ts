import { basename, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { binaryOf, FOREIGN_LOCK_FILE, MISSING_BUCKET, OUTDATED_LOCK_FILE } from "../terraform/binaries";
import { profileVariable } from "../terminal/profile";
import { accountOf } from "./account";
import { Interrupted } from "./children";
import { CommandError } from "./error";
import type { Diagnostic } from "./events";
import { HELD, type Holder, holderOf, holderText } from "./state-lock";
import type { Stack } from "./stacks";
import { inSandbox, typed } from "./offline";
import type { ResourceSummary } from "./summary";

/** One thing that Terraform complains about, in its own words. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly summary: string;
  readonly detail: string;
  /** The address of the resource, or file and line. */
  readonly place?: string;
  /** What to do now, where it is known. */
  readonly wayOut?: string;
}

/**
 * Terraform's diagnostics, each with the way out that is known for it.
 * @param rest what it printed where it failed before it could give any
 */
export function problemsOf(diagnostics: readonly Diagnostic[], rest: string, stack: Stack): Problem[] {
  const problems = haltedOnce(diagnostics).map(({ severity, summary, detail, address, range }): Problem => {
    const place = address ?? (range && `${range.filename}:${range.start.line}`);
    const wayOut = severity === "error" ? wayOutOf(`${summary}\n${detail}`, stack, address) : undefined;
    return { severity, summary, detail, ...(place && { place }), ...(wayOut && { wayOut }) };
  });
  if (problems.length > 0 || rest.trim() === "") return problems;
  const text = plain(rest);
  const wayOut = wayOutOf(text, stack);
  const [summary = "", ...detail] = text.split("\n");
  return [{ severity: "error", summary, detail: detail.join("\n").trim(), ...(wayOut && { wayOut }) }];
}

const HALTED = "execution halted";

/** Interrupted, Terraform says of every change that it did not begin that it was halted: of all of them once is enough. */
function haltedOnce(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const halted = diagnostics.filter(({ summary }) => summary === HALTED);
  if (halted.length < 2) return diagnostics;
  const detail = `${halted.length} changes were not begun.`;
  const others = diagnostics.filter((diagnostic) => !halted.includes(diagnostic));
  return [...others, { severity: "error", summary: HALTED, detail }];
}

/** What stopped the work on one stack, as a problem of it; anything unexpected is thrown on. */
export function problemOf(error: unknown): Problem {
  if (!(error instanceof CommandError || error instanceof Interrupted)) throw error;
  return { severity: "error", summary: error.message, detail: "" };
}

/**
 * What a failed update leaves unsure: Terraform keeps the new version of a write-only argument in its state although it
 * failed, and can never read the value back, so that the next plan shows nothing. Source: terraform-plugin-sdk v2.
 */
export function unsureSecrets({ address, secrets = [] }: ResourceSummary, { name }: Stack): Problem[] {
  return secrets.map(({ argument, follows }) => ({
    severity: "error",
    summary: `${address} may still have its old ${argument.replace(/_wo$/, "")}`,
    detail:
      "Terraform's state says that it has the new one, so the next plan will not show it. What is beside it may have the new one.",
    wayOut:
      follows === undefined
        ? `Raise ${argument}_version in the configuration, plan and apply.`
        : `To send it again, to all who must have it: ${typed(`npx slipway plan ${name} --replace ${follows}`)}, then ${typed(`npx slipway apply ${name}`)}`,
  }));
}

/** Terraform's refusal of a plan that was made of an older state. */
export const STALE = /Saved plan is stale|saved plan does not match|saved plan is of another moment/i;

/** Ours, of a plan that was made before a step of a move. */
export const STALE_MOVE = "The saved plan is of another moment of the move";

/** What an environment's file says where what it protects, of this type, is to go. */
export const unprotecting = (type: string): string =>
  type === "aws_lb" ? "distribution: { deletionProtection: false }" : 'data: "disposable"';

const typeOf = (address: string) => address.split(".").at(-2) ?? "";

/** The failures with a known way out. Words of Terraform 1.11, OpenTofu 1.11 and the AWS SDK for Go. */
const WAYS_OUT: readonly [RegExp, (text: string, stack: Stack, address: string | undefined) => string][] = [
  [HELD, heldLock],
  [
    /Error releasing the state lock/,
    (text, stack) =>
      `The state is still locked. When nobody is applying: ${forceUnlock(stack, holderOf(text))}`,
  ],
  [
    STALE,
    (_, { name }) =>
      `Somebody applied since this plan was made, and it was refused before anything changed. Plan again and read what is new: ${typed(`npx slipway plan ${name}`)}`,
  ],
  [
    /AWS account ID not allowed: \d+/,
    (text, stack) => {
      const account = accountOf(stack);
      const given = /not allowed: (\d+)/.exec(text)?.[1];
      const own = account === undefined ? "another: its file says which, or cdktf.json" : account;
      const always = account === undefined ? "" : `, or name a profile for it: ${profileVariable(account)}=…`;
      return `The credentials are of account ${given}, and ${stack.name} is in ${own}. Nothing was read. Sign in there (AWS_PROFILE=…), then run this again for ${stack.name}${always}.`;
    },
  ],
  [
    /ExpiredToken|RequestExpired|InvalidClientTokenId|UnrecognizedClient|No valid credential sources|security token included in the request is (?:expired|invalid)|token has expired|failed to refresh cached credentials|sso session .*expired/i,
    (_, { name }) =>
      `AWS does not take the credentials: they are missing, wrong or expired. Sign in again (aws sso login; in CI, run the job again), then run this again for ${name}.`,
  ],
  [
    /Failed to (?:persist|save) state|errored\.tfstate/i,
    (_, stack) =>
      `What was done is not in the state yet, and must not be lost: keep errored.tfstate and, once the cause is mended, run ${command(stack, "state push errored.tfstate")}`,
  ],
  [
    /Backend configuration changed|Backend initialization required|Migrating existing state/i,
    (_, stack) =>
      `The state is to live elsewhere than before. To move it: ${command(stack, "init -migrate-state")}. Where it is there already: ${command(stack, "init -reconfigure")}`,
  ],
  [
    /DBInstanceAlreadyExists/,
    (text, stack, address = "ADDRESS") => {
      // An environment's own bears the environment's name.
      const identifier = /RDS DB Instance \(([^)]+)\)/.exec(text)?.[1] ?? stack.name;
      return `It is there, and the state does not know it, as after an apply that was cut off. To take it in, and give it the password that is stored: ${command(stack, `import ${address} ${identifier}`)}, then plan and apply.`;
    },
  ],
  [
    /CNAMEAlreadyExists/,
    (_, { name }) =>
      `Another distribution answers for a name of distribution.domain.names in environments/${name}.ts, and CloudFront gives it to one alone. Take it off there; or where people use it, name that one in move.from.distribution (its id, or of another account its ARN), and npx slipway move ${name} front takes the name from there without a gap: docs/moving.md, "A name on another distribution".`,
  ],
  [
    /RepositoryNotFoundException/,
    () =>
      `Image repositories are the bootstrap stack's: ${typed("npx slipway plan bootstrap")}, ${typed("npx slipway apply bootstrap")}, then plan again.`,
  ],
  [
    MISSING_BUCKET,
    () =>
      'The bucket that cdktf.json names as stateBucket for this account is not in it. Sign in to the right one; in a new one, write "" there, apply the bootstrap stack, and npx slipway move-state.',
  ],
  [
    /Instance cannot be destroyed/,
    (text, { name }, address = /Resource (\S+) has/.exec(text)?.[1] ?? "") =>
      `It is protected. Where it is to go: put ${unprotecting(typeOf(address))} into environments/${name}.ts (the state bucket: docs/adopting.md; one thing alone: "Data that is kept", docs/plan.md), plan and apply that; then run this again.`,
  ],
  [FOREIGN_LOCK_FILE, otherProviders],
  [OUTDATED_LOCK_FILE, otherProviders],
  [
    /InvalidDBParameterGroupState/,
    (_, { name }) =>
      `The database leaves its old parameter group when RDS upgrades it, in the maintenance window; all else is done. To upgrade now, set database.applyImmediately: true in environments/${name}.ts and apply; otherwise apply again after the window.`,
  ],
  [
    /SubnetAlreadyInUse/,
    () =>
      "The database, or its standby, lives in a zone that is to go: name the zones that stay in network.zones, its own among them.",
  ],
];

/** What to do about an error; undefined where Terraform's own words have to do. */
export function wayOutOf(text: string, stack: Stack, address?: string): string | undefined {
  return WAYS_OUT.find(([pattern]) => pattern.test(text))?.[1](text, stack, address);
}

function otherProviders(): string {
  return "The committed .terraform.lock.hcl does not name the providers that are asked for (Terraform and OpenTofu each name their own registry's): delete it, plan, and copy the new one from a stack's folder below cdktf.out/stacks.";
}

function heldLock(text: string, stack: Stack): string {
  const holder = holderOf(text);
  const who = holder ? holderText(holder) : "Somebody";
  return `${who} is applying: wait, then plan again. ${wayToUnlock(stack, holder)}`;
}

/** What to do where whoever holds a stack's lock is dead. */
export const wayToUnlock = (stack: Stack, holder?: Holder): string =>
  `Only when nobody is, as after a crash: ${forceUnlock(stack, holder)}`;

const forceUnlock = (stack: Stack, holder?: Holder) => command(stack, `force-unlock ${holder?.id ?? "ID"}`);

/** A command of Terraform for a stack, to be typed in the folder of the project. */
function command({ folder }: Stack, words: string): string {
  const binary = binaryOf(process.env);
  const call = inSandbox(process.env) ? `npx slipway sandbox ${basename(binary)}` : binary;
  return `${call} -chdir=${relative(process.cwd(), folder)} ${words}`;
}

/** Without colours, frames and the word that says it is an error. */
const plain = (text: string) =>
  stripVTControlCharacters(text)
    .split("\n")
    .map((line) => line.replace(/^[╷│╵]\s?/, "").trimEnd())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim()
    .replace(/^Error: /, "");
