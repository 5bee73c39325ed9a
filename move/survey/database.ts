import { z } from "zod";
import { failed, ok, warning } from "../../deploy/check";
import type { Check } from "../../deploy/events";
import type { Move } from "../move";
import { runMover } from "../mover";

const sized = z.array(z.object({ name: z.string(), bytes: z.number() }));
const names = z.array(z.string());

/** A transaction that keeps a slot from beginning; null for what the mover's user may not see. */
const waiting = z.object({
  user: z.string().nullable(),
  database: z.string().nullable(),
  seconds: z.number().nullable(),
});

/** What the mover finds out of the old database. */
const source = z.object({
  version: z.string(),
  major: z.number(),
  user: z.string(),
  bytes: z.number(),
  encoding: z.string(),
  collation: z.string(),
  replication: z.boolean(),
  walLevel: z.string(),
  freeSlots: z.number(),
  createsInDatabase: z.boolean(),
  ownsDatabase: z.boolean(),
  platformSchemas: names,
  closedSchemas: names,
  extensions: z.array(z.object({ name: z.string() })),
  extensionsLeftOut: names,
  tables: z.number(),
  rows: z.number(),
  unreadable: names,
  foreign: names,
  hiddenRows: names,
  withoutKey: sized,
  unlogged: sized,
  sequences: z.number(),
  unreadableSequences: names,
  materializedViews: z.number(),
  foreignTables: names,
  eventTriggers: names,
  largeObjects: z.number(),
  roles: names,
  policyRoles: names,
  settings: names,
  onPlatform: names,
  // What follows is absent from older movers: an environment has its own until the next apply.
  /** Partitioned by the hash of an enum, by that of text, and by the order of text. */
  enumHashed: names.default([]),
  textHashed: names.default([]),
  textRanged: names.default([]),
  /** Tables that the user may not lock against writing. */
  unheld: names.default([]),
  /** Sessions with a transaction that has written. */
  transactions: z.array(waiting.extend({ pid: z.number(), application: z.string().nullable() })).default([]),
  prepared: z.array(waiting.extend({ name: z.string() })).default([]),
});

const target = z.object({
  version: z.string(),
  major: z.number(),
  walLevel: z.string(),
  encoding: z.string(),
  collation: z.string(),
  subscribes: z.boolean(),
  extensions: names,
});

const address = z.object({
  host: z.string(),
  port: z.number(),
  ipv4: names,
  ipv6: names,
  /** The `sslmode` of the URL, where the mover cannot keep it: its image knows no authorities. Else empty, and absent from older movers. */
  unverified: z.string().optional(),
});

/** One line of the mover's survey: how far it got, and what it saw. */
export const factsSchema = z.object({
  reached: z.boolean(),
  reason: z.string().optional(),
  address,
  replica: z.literal(true).optional(),
  pooled: z.literal(true).optional(),
  source: source.optional(),
  target: target.optional(),
  /** What stands in the environment's database, in words; empty when nothing does. */
  occupied: z.string().optional(),
  /** How far an earlier copy came, as the mover wrote it down there. */
  state: z.string().optional(),
});

export type Facts = z.infer<typeof factsSchema>;
type Source = z.infer<typeof source>;
type Target = z.infer<typeof target>;

/** Older ones print numbers otherwise, so that no checksum would agree. */
const OLDEST = 12;

/** Bytes a second that a small instance takes in, indexes included: an estimate, on the careful side. */
const PACE = 10 * 1024 * 1024;

/** Bytes a second that are read in the hold, which goes through every table once, indexes left aside: an estimate likewise. */
const READING = 200 * 1024 * 1024;

/** Seconds that a hold takes before it has read anything: sessions, the last changes, sequences, what the schema is made of. */
const AROUND = 5;

/** GiB beside a copy for the write-ahead log that it makes. */
const LOG = 4;

/** Seconds after which a transaction counts as long. */
const LONG = 60;

/** Replication slots of the old database that a copy which is to follow needs for a moment: its own, and the one that stays. */
const SLOTS = 2;

/** What a one-off task in the private subnets sees of both databases. Nothing is changed. */
export async function databaseChecks(move: Move): Promise<Check[]> {
  return judge(await surveyDatabase(move), move.plan.database?.storage);
}

export async function surveyDatabase(move: Move): Promise<Facts> {
  const { lines } = await runMover(move, "survey");
  return factsSchema.parse(lines.find(({ kind }) => kind === "facts"));
}

/** What the facts mean for the move into a database of so many GiB, with a way out of each that stands in its way. Pure. */
export function judge(facts: Facts, storage?: number): Check[] {
  const obstacle = obstacleTo(facts);
  if (obstacle) return [obstacle];
  const { source, target } = facts;
  if (!source || !target) return [failed("old database", "the mover did not say what it saw: survey again.")];
  return [
    ok("old database", sizeOf(source)),
    ...trustCheck(facts),
    ...versionChecks(source, target),
    ...rightChecks(source),
    ...contentChecks(source, target),
    emptyCheck(facts),
    ...roomCheck(facts, source, storage),
    followCheck(source, target),
    ...waitingChecks(source),
    ...stayingChecks(source),
    holdCheck(source),
  ];
}

/** What keeps anybody from looking any further. */
function obstacleTo({ reached, reason = "", address, replica, pooled }: Facts): Check | undefined {
  const name = "old database";
  const place = `${address.host}:${address.port}`;
  if (pooled)
    return failed(
      name,
      `${place} is a pooler that deals out transactions: a copy needs sessions. Write the URL for direct connections (Supabase: port 5432; Neon: the host without -pooler).`,
    );
  if (replica)
    return failed(name, `${place} is a read replica: write the URL of the database that is written to.`);
  if (reached) return undefined;
  if (/no encryption|SSL off/.test(reason))
    return failed(
      name,
      `${place} lets nobody in without TLS: write ?sslmode=require behind the URL. ${reason}`,
    );
  if (/server does not support SSL/.test(reason))
    return failed(
      name,
      `${place} speaks no TLS, and the URL demands it: have TLS switched on there, or, within one network, write ?sslmode=disable behind the URL. ${reason}`,
    );
  return address.ipv4.length === 0 && address.ipv6.length > 0
    ? failed(
        name,
        `${place} has IPv6 addresses alone, and is not reached: say network: { ipv6: true }, or use an address that has IPv4, too (Supabase: the session pooler, or its add-on). ${reason}`,
      )
    : failed(
        name,
        `${place} is not reached from the private subnets: ${reason} Admit the environment's NAT addresses there, and look at host, port and password.`,
      );
}

function trustCheck({ address: { unverified } }: Facts): Check[] {
  if (!unverified) return [];
  return [
    warning(
      "TLS",
      `the URL says sslmode=${unverified}, and the mover's image knows no certificate authorities: it copies encrypted, but does not verify the server. Services do as the URL says.`,
    ),
  ];
}

const mebibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 20).toLocaleString("en")} MiB`;

function sizeOf({ version, bytes, tables, rows, sequences, materializedViews, largeObjects }: Source) {
  const minutes = Math.ceil(bytes / PACE / 60);
  return `Postgres ${version}, ${mebibytes(bytes)}: ${tables} tables with some ${rows.toLocaleString("en")} rows, ${sequences} sequences, ${materializedViews} materialized views, ${largeObjects} large objects. A copy takes about ${minutes} min.`;
}

function versionChecks(source: Source, target: Target): Check[] {
  const name = "version";
  if (source.major < OLDEST)
    return [
      failed(
        name,
        `${source.version} is older than ${OLDEST}, and spells numbers otherwise: what is copied could not be compared. Upgrade the old database first.`,
      ),
    ];
  if (source.major > target.major)
    return [
      failed(
        name,
        `${source.version} is newer than the environment's ${target.version}: say database: { engineVersion: "${source.major}" }.`,
      ),
    ];
  return [ok(name, `${source.version}, to ${target.version}`)];
}

/** @returns nothing where the list is empty */
const where = (list: readonly string[], check: (words: string) => Check): Check[] =>
  list.length > 0 ? [check(shortened(list))] : [];

const LONGEST_LIST = 10;

const shortened = (list: readonly string[]) =>
  list.length > LONGEST_LIST
    ? `${list.slice(0, LONGEST_LIST).join(", ")} and ${list.length - LONGEST_LIST} more`
    : list.join(", ");

function rightChecks({ user, closedSchemas, unreadable, unreadableSequences, hiddenRows }: Source): Check[] {
  const closed = [
    ...closedSchemas.map((schema) => `schema ${schema}`),
    ...unreadable,
    ...unreadableSequences,
  ];
  const found = [
    ...where(closed, (words) =>
      failed(
        "rights",
        `${user} may not read ${words}. Write the URL of the user that owns them, or GRANT SELECT there.`,
      ),
    ),
    ...where(hiddenRows, (words) =>
      failed(
        "rights",
        `row-level security hides rows of ${words} from ${user}: they would be missing in silence. Write their owner's URL, and drop FORCE ROW LEVEL SECURITY.`,
      ),
    ),
  ];
  return found.length > 0 ? found : [ok("rights", `${user} may read everything`)];
}

function contentChecks(source: Source, target: Target): Check[] {
  const missing = source.extensions
    .map(({ name }) => name)
    .filter((name) => !target.extensions.includes(name));
  return [
    ...where(missing, (words) =>
      failed("extensions", `the environment's database does not have ${words}: do without them first.`),
    ),
    ...where(source.extensionsLeftOut, (words) =>
      warning("extensions", `${words} are the platform's, and stay behind.`),
    ),
    ...where(source.platformSchemas, (words) =>
      warning("platform's schemas", `${words} are the platform's, and stay behind with all that is in them.`),
    ),
    ...where(source.onPlatform, (words) =>
      failed(
        "platform's schemas",
        `${words}. What is needed stays behind: drop or rewrite what needs it first.`,
      ),
    ),
    ...where(source.policyRoles, (words) =>
      warning("roles", `policies name ${words}: the roles are made, and nobody can log in as one.`),
    ),
    ...where(source.roles, (words) =>
      warning(
        "grants",
        `rights of ${words} are not carried over: everything belongs to the environment's user.`,
      ),
    ),
    ...where(source.settings, (words) =>
      warning(
        "settings",
        `${words} are kept with the old user or database, and stay behind: where the application needs them, ALTER ROLE or ALTER DATABASE … SET in the environment's database.`,
      ),
    ),
    ...where(source.foreignTables, (words) =>
      warning("foreign tables", `${words} lead elsewhere: their rows are neither copied nor compared.`),
    ),
    ...where(source.eventTriggers, (words) =>
      warning("event triggers", `${words} stay behind: make them anew where they are needed.`),
    ),
    ...spellingChecks(source, target),
    ...partitionChecks(source, target),
  ];
}

function spellingChecks(source: Source, target: Target): Check[] {
  if (source.encoding === "SQL_ASCII")
    return [
      failed(
        "encoding",
        "SQL_ASCII says nothing of what its bytes mean. Make a database in UTF8 of it first.",
      ),
    ];
  return [
    ...(source.encoding === target.encoding
      ? []
      : [
          warning(
            "encoding",
            `${source.encoding} becomes ${target.encoding}: the same characters in other bytes. What ${source.encoding} has no character for cannot come back from a flip.`,
          ),
        ]),
    ...(source.collation === target.collation
      ? []
      : [
          warning(
            "collation",
            `${source.collation} becomes ${target.collation}: what is ordered by text may be ordered otherwise.`,
          ),
        ]),
  ];
}

/** Checks of partitions: each is copied to the one of the same name, which refuses a row that belongs into another there. */
function partitionChecks(source: Source, target: Target): Check[] {
  const name = "partitions";
  const way = "partition them by LIST, or by the hash of a column of another type, first.";
  return [
    ...where(source.enumHashed, (words) =>
      failed(
        name,
        `${words} are partitioned by the hash of an enum, which differs from database to database: ${way}`,
      ),
    ),
    ...where(source.encoding === target.encoding ? [] : source.textHashed, (words) =>
      failed(
        name,
        `${words} are partitioned by the hash of text, which differs between ${source.encoding} and ${target.encoding}: ${way}`,
      ),
    ),
    ...where(source.textRanged, (words) =>
      warning(
        name,
        `${words} are partitioned by the order of text. Where the two machines do not agree on it, the copy stops at a row that belongs into another partition: copy --rehearse shows whether they do.`,
      ),
    ),
  ];
}

function emptyCheck({ occupied = "", state = "" }: Facts): Check {
  const name = "environment's database";
  if (state === "flipped") return ok(name, "has the writes already");
  if (state !== "") return ok(name, `has a copy: ${state}`);
  return occupied === ""
    ? ok(name, "is empty")
    : failed(name, `is not empty: ${occupied}. A copy needs an empty one: drop what is named.`);
}

/**
 * The room for a copy. Storage that grows by itself comes too late for one: RDS adds a tenth or so, and then nothing for six hours, and an
 * instance without any room answers nobody. {@link https://repost.aws/knowledge-center/rds-autoscaling-low-free-storage}
 */
function roomCheck({ state = "" }: Facts, { bytes }: Source, storage: number | undefined): Check[] {
  if (storage === undefined || state !== "") return [];
  const gib = bytes / 2 ** 30;
  const needed = Math.ceil(gib * 1.2 + LOG);
  return needed > storage
    ? [
        failed(
          "room",
          `the old database has ${gib.toFixed(1)} GiB, the environment's database.storage is ${storage} GiB, which grows too slowly for a copy: say database: { storage: ${needed} } or more, and apply.`,
        ),
      ]
    : [];
}

/** Why a copy cannot follow what is written meanwhile; empty when it can. */
export function againstFollowing(source: Source, target: Target): string[] {
  return [
    ...(source.walLevel === "logical" ? [] : [`the old database has wal_level = ${source.walLevel}`]),
    ...(source.replication ? [] : [`${source.user} has no right to replicate`]),
    ...(source.freeSlots >= SLOTS
      ? []
      : [`a copy begins with ${SLOTS} replication slots, and the old database has ${source.freeSlots} free`]),
    ...(source.createsInDatabase ? [] : [`${source.user} may not make a publication`]),
    ...(source.foreign.length > 0 ? [`${shortened(source.foreign)} belong to somebody else`] : []),
    ...(target.walLevel === "logical"
      ? []
      : ["the environment's database was not restarted since move.database is in the file: reboot it"]),
    ...(target.subscribes ? [] : ["the environment's user may not subscribe"]),
  ];
}

function followCheck(source: Source, target: Target): Check {
  const reasons = againstFollowing(source, target);
  const minutes = Math.ceil(source.bytes / PACE / 60);
  return reasons.length === 0
    ? ok(
        "following",
        `the copy can follow. The flip's hold lasts about ${AROUND + Math.ceil(source.bytes / READING)} s beside the services' own time: the rows are compared ahead, and in it only what was written since.`,
      )
    : warning(
        "following",
        `is not possible: ${reasons.join("; ")}. The flip copies everything in its hold: about ${minutes} min.`,
      );
}

/** Transactions that a copy waits for if it is to follow: its slot begins when all of them have ended. */
function waitingChecks({ transactions, prepared }: Source): Check[] {
  const isLong = ({ seconds }: { readonly seconds: number | null }) => (seconds ?? 0) >= LONG;
  const since = (seconds: number | null, database: string | null) =>
    `for ${Math.floor((seconds ?? 0) / 60)} min in ${database ?? "no database"}`;
  return [
    ...where(
      transactions
        .filter(isLong)
        .map(
          ({ pid, user, application, database, seconds }) =>
            `process ${pid} of ${user ?? "the system"}${application ? ` (${application})` : ""}, ${since(seconds, database)}`,
        ),
      (words) =>
        warning(
          "transactions",
          `${words}: a copy that follows waits until they have ended. SELECT pg_terminate_backend(<process>) ends one.`,
        ),
    ),
    ...where(
      prepared
        .filter(isLong)
        .map(({ name, user, database, seconds }) => `'${name}' of ${user}, ${since(seconds, database)}`),
      (words) =>
        failed(
          "transactions",
          `prepared, and open: ${words}. A copy that follows waits for them, and so does a hold. COMMIT PREPARED or ROLLBACK PREPARED with that name, in that database, ends one.`,
        ),
    ),
  ];
}

function stayingChecks({ withoutKey, unlogged, largeObjects }: Source): Check[] {
  const staying = [...withoutKey, ...unlogged];
  const bytes = staying.reduce((sum, table) => sum + table.bytes, 0);
  return [
    ...where(
      staying.map(({ name }) => name),
      (words) =>
        warning(
          "tables that cannot follow",
          `${words} have no key, or no log: they are copied once more in the hold (${mebibytes(bytes)}).`,
        ),
    ),
    ...(largeObjects > 0
      ? [
          warning(
            "large objects",
            `${largeObjects} do not follow: they are copied once more in the hold, and count as no transaction on the way back.`,
          ),
        ]
      : []),
  ];
}

function holdCheck({ ownsDatabase, user, unheld }: Source): Check {
  if (unheld.length > 0)
    return warning(
      "hold",
      `${user} may not lock ${shortened(unheld)}: what others write there behind the comparison is not seen, and lost. Stop whatever writes as somebody else before the flip.`,
    );
  return ownsDatabase
    ? ok("hold", "the whole database can be made read only, and its tables locked while they are compared")
    : warning(
        "hold",
        `${user} does not own the database: only what ${user} writes is refused at once. What others write waits while tables are compared, and goes to the old database after it: stop it before the flip.`,
      );
}
