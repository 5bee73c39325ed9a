import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ResourceRecordSet } from "@aws-sdk/client-route-53";
import { z } from "zod";
import { CLOUDFRONT_REGION } from "../aws/cloudfront";
import { profileFor } from "../terminal/profile";
import { accountOf } from "./account";
import { reasonOf } from "./error";
import type { PlanJson } from "./plan-json";
import type { Problem } from "./problems";
import type { Stack } from "./stacks";

/** A record as a plan would make it; one of several that Route 53 chooses among is none that is recognized. */
const planned = z.object({
  zone_id: z.string(),
  name: z.string(),
  type: z.string(),
  ttl: z.number().nullish(),
  records: z.array(z.string()).nullish(),
  alias: z
    .array(z.object({ name: z.string(), zone_id: z.string(), evaluate_target_health: z.boolean() }))
    .max(1)
    .nullish(),
  set_identifier: z.null().optional(),
  allow_overwrite: z.literal(false).nullish(),
});
type Planned = z.infer<typeof planned>;

/** A block that takes a thing into the state instead of making it. */
export interface Import {
  readonly to: string;
  readonly id: string;
}

/** Asks a zone for the record sets of one name and type, until the signal says that it has taken too long. */
export type AskZone = (
  zone: string,
  name: string,
  type: string,
  signal: AbortSignal,
) => Promise<readonly ResourceRecordSet[]>;

/** Milliseconds for the answers about all records of a plan. */
const PATIENCE = 30_000;

/**
 * Records that a plan would make, and that stand there already, exactly so: an apply would stop at them. What differs in anything
 * stays the ordinary error, since somebody may need it as it is.
 */
export async function standingRecords(
  { resource_changes: changes }: Pick<PlanJson, "resource_changes">,
  ask: AskZone,
  limit = PATIENCE,
): Promise<{ imports: Import[]; problems: Problem[] }> {
  const made = changes.flatMap(({ address, type, change }) => {
    const after = planned.safeParse(change.after).data;
    const creates = change.actions.length === 1 && change.actions[0] === "create" && !change.importing;
    return type === "aws_route53_record" && creates && after ? [{ address, record: after }] : [];
  });
  const problems: Problem[] = [];
  const late = new AbortController();
  // Whoever asks may be waiting for what no signal ends, such as credentials.
  const tooLate = new Promise<never>((_, reject) => {
    late.signal.addEventListener("abort", () => reject(late.signal.reason));
  });
  tooLate.catch(() => {});
  const timer = setTimeout(
    () => late.abort(new Error(`Route 53 has not answered within ${limit / 1000} s`)),
    limit,
  );
  const found = await Promise.all(
    made.map(async ({ address, record }) => {
      try {
        const asked = ask(record.zone_id, record.name, record.type, late.signal);
        const sets = await Promise.race([asked, tooLate]);
        const stands = sets.some((set) => isSame(record, set));
        return stands ? [{ to: address, id: `${record.zone_id}_${record.name}_${record.type}` }] : [];
      } catch (error) {
        problems.push({
          severity: "warning",
          summary: `Whether ${record.name} has its ${record.type} record already could not be asked`,
          detail: `${reasonOf(late.signal.aborted ? late.signal.reason : error)}. One that is there stops the apply; with route53:ListResourceRecordSets it is recognized and imported.`,
          place: address,
        });
        return [];
      }
    }),
  ).finally(() => clearTimeout(timer));
  return { imports: found.flat(), problems };
}

const canonical = (name: string | undefined) => name?.toLowerCase().replace(/\.$/, "");

function isSame(record: Planned, set: ResourceRecordSet): boolean {
  if (canonical(set.Name) !== canonical(record.name) || set.Type !== record.type) return false;
  if (set.SetIdentifier !== undefined) return false;
  const [alias] = record.alias ?? [];
  if (alias)
    return (
      canonical(set.AliasTarget?.DNSName) === canonical(alias.name) &&
      set.AliasTarget?.HostedZoneId === alias.zone_id &&
      set.AliasTarget.EvaluateTargetHealth === alias.evaluate_target_health
    );
  const values = (set.ResourceRecords ?? []).map(({ Value }) => Value).sort();
  return (
    set.TTL === record.ttl && JSON.stringify(values) === JSON.stringify([...(record.records ?? [])].sort())
  );
}

/** Route 53 as the credentials of a stack's account see it. Loaded when it is asked: most plans make no record. */
export function askRoute53(stack: Stack): AskZone {
  return async (HostedZoneId, name, type, abortSignal) => {
    const { ListResourceRecordSetsCommand, Route53Client } =
      require("@aws-sdk/client-route-53") as typeof import("@aws-sdk/client-route-53");
    const profile = profileFor(accountOf(stack), process.env);
    // It is the same in every region, and signed for one.
    const client = new Route53Client({ region: CLOUDFRONT_REGION, ...(profile && { profile }) });
    const { ResourceRecordSets = [] } = await client.send(
      new ListResourceRecordSetsCommand({
        HostedZoneId,
        StartRecordName: name,
        StartRecordType: type as ResourceRecordSet["Type"],
        MaxItems: 2,
      }),
      { abortSignal },
    );
    return ResourceRecordSets;
  };
}

/** Blocks beside a stack's configuration, for as long as something plans with them. */
export async function withImports<T>(
  { folder }: Stack,
  imports: readonly Import[],
  plan: () => Promise<T>,
): Promise<T> {
  const file = join(folder, "records-that-stand.tf.json");
  writeFileSync(file, JSON.stringify({ import: imports }));
  try {
    return await plan();
  } finally {
    // A saved plan has them in it.
    rmSync(file, { force: true });
  }
}
