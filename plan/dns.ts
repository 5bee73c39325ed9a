import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type DnsRecord, type Finding, findRecord, waitForRecords } from "../dns/records";
import type { Children } from "./children";
import { CommandError } from "./error";
import { inSandbox } from "./offline";
import { screenOf } from "../terminal/screen";
import { Progress } from "./progress";
import type { Stack } from "./stacks";
import type { Terraform } from "./terraform";

/** Milliseconds that records of a person's hand are waited for, and from one look to the next. */
export const PATIENCE = { limit: 10 * 60_000, interval: 10_000 };

const configuration = z.object({ output: z.object({ dns: z.unknown() }).optional() });
const outputs = z.object({
  dns: z
    .object({ value: z.array(z.object({ name: z.string(), type: z.literal("CNAME"), value: z.string() })) })
    .optional(),
});

/** A record that is not there yet, and whose it is. */
export interface MissingRecord extends Finding {
  readonly stack: string;
}

/**
 * The records of applied stacks that their names' servers do not have, once the time is up. In the sandbox none is asked for:
 * nobody has its names.
 * @param limit milliseconds that they are waited for; 0 for one look
 * @throws Interrupted as soon as a signal comes: what was applied is applied
 */
export async function missingRecords(
  stacks: readonly Stack[],
  terraform: Terraform,
  children: Children,
  limit: number,
): Promise<MissingRecord[]> {
  if (inSandbox(process.env)) return [];
  const read = stacks.map(async (stack) => ({ stack, records: await recordsOf(stack, terraform) }));
  const all = await Promise.all(read).catch((error: Error) => {
    throw new CommandError(
      `The apply is done. Whether the DNS records of its names are there is not known: ${error.message}`,
    );
  });
  const wanted = all.filter(({ records }) => records.length > 0);
  const progress = new Progress(screenOf(process.stderr, process.env), wanted.length);
  const found = wanted.map(async ({ stack: { name }, records }) => {
    progress.begin(name, limit > 0 ? "waits for DNS records, Ctrl-C ends that" : "DNS records");
    const findings = await waitForRecords(records, {
      find: findRecord,
      limit,
      interval: PATIENCE.interval,
      now: Date.now,
      sleep: (milliseconds) =>
        sleep(milliseconds, undefined, { signal: children.stopping }).catch(() => children.check()),
      told: ({ record, said }) => progress.note(name, `${record.name}: ${said}`),
    });
    const missing = findings.filter(({ state }) => state !== "there");
    progress.end(name, missing.length === 0, missing.length === 0 ? "DNS" : "DNS is incomplete");
    return missing.map((finding) => ({ stack: name, ...finding }));
  });
  return (await Promise.all(found).finally(() => progress.close())).flat();
}

/** Read from the state only where the configuration says that there are any. */
async function recordsOf(stack: Stack, terraform: Terraform): Promise<DnsRecord[]> {
  const text = readFileSync(join(stack.folder, "cdk.tf.json"), "utf8");
  if (configuration.parse(JSON.parse(text)).output?.dns === undefined) return [];
  return outputs.parse(await terraform.outputs(stack)).dns?.value ?? [];
}

/** What is left to do for a person, after an apply that did all that it could. */
export function missingText(missing: readonly MissingRecord[]): string {
  const lines = missing.map(
    ({ record: { name, type, value }, said }) => `  ${name} ${type} ${value}\n      ${said}`,
  );
  const stacks = [...new Set(missing.map(({ stack }) => stack))];
  return [
    `The apply is done. ${missing.length === 1 ? "This record is" : "These records are"} missing where the names are kept:`,
    ...lines,
    "At the top of a zone it is an ALIAS (or flattened CNAME) to the same place.",
    ...stacks.map((stack) => `Once made, npx slipway check ${stack} looks again.`),
  ].join("\n");
}
