import { describe, expect, test } from "vitest";
import type { Check } from "../../deploy/events";
import { againstFollowing, type Facts, factsSchema, judge } from "../../move/survey/database";
import { address, facts, source, target } from "./support/facts";

const of = (checks: readonly Check[], status: string) =>
  checks.filter((check) => check.status === status).map(({ name, detail }) => `${name}: ${detail}`);
const but = (change: Partial<typeof source>, other: Partial<Facts> = {}, to: Partial<typeof target> = {}) =>
  judge({ ...facts, source: { ...source, ...change }, target: { ...target, ...to }, ...other });

describe("the survey of a database", () => {
  test("is ready where nothing stands in the way", () => {
    const checks = judge(facts);
    expect(of(checks, "failed")).toEqual([]);
    expect(of(checks, "warning")).toEqual([]);
    expect(checks[0]?.detail).toBe(
      "Postgres 15.18, 50 MiB: 3 tables with some 1,234,567 rows, 2 sequences, 0 materialized views, 0 large objects. A copy takes about 1 min.",
    );
  });

  test.each<[what: string, said: RegExp, checks: Check[]]>([
    [
      "nobody reaches",
      /old\.example\.net:5432 is not reached from the private subnets: refused.*NAT addresses/,
      judge({ reached: false, reason: "refused", address }),
    ],
    [
      "has IPv6 alone",
      /IPv6 addresses alone.*ipv6: true/,
      judge({ reached: false, reason: "no route", address: { ...address, ipv4: [], ipv6: ["2001:db8::1"] } }),
    ],
    [
      "is a transaction pooler",
      /deals out transactions.*port 5432/,
      judge({ reached: true, pooled: true, address }),
    ],
    ["is a read replica", /is a read replica/, judge({ reached: true, replica: true, address })],
    [
      "is newer than the target",
      /newer than the environment's 17\.2: say database: \{ engineVersion: "18" \}/,
      but({ major: 18, version: "18.0" }),
    ],
    ["is too old", /11\.22 is older than 12/, but({ major: 11, version: "11.22" })],
    [
      "is closed to its user",
      /hosted may not read schema locked, public\.theirs, public\.seq/,
      but({ closedSchemas: ["locked"], unreadable: ["public.theirs"], unreadableSequences: ["public.seq"] }),
    ],
    ["hides rows", /hides rows of public\.secrets from hosted/, but({ hiddenRows: ["public.secrets"] })],
    [
      "has extensions that the target lacks",
      /does not have timescaledb/,
      but({ extensions: [{ name: "timescaledb" }, { name: "hstore" }] }),
    ],
    [
      "leans on the platform",
      /policy own needs function auth\.uid\(\)/,
      but({ onPlatform: ["policy own needs function auth.uid()"] }),
    ],
    ["has bytes of no encoding", /SQL_ASCII/, but({ encoding: "SQL_ASCII" })],
    [
      "is partitioned by the hash of an enum",
      /public\.moods are partitioned by the hash of an enum.*partition them by LIST/,
      but({ enumHashed: ["public.moods"] }),
    ],
    [
      "is partitioned by the hash of text in another encoding",
      /public\.names are partitioned by the hash of text, which differs between LATIN1 and UTF8/,
      but({ encoding: "LATIN1", textHashed: ["public.names"] }),
    ],
    [
      "has transactions that are prepared",
      /prepared, and open: 'half' of ana, for 2 min in app\. A copy that follows waits for them, and so does a hold\. COMMIT PREPARED or ROLLBACK PREPARED/,
      but({ prepared: [{ name: "half", user: "ana", database: "app", seconds: 130 }] }),
    ],
    [
      "has somebody in its place",
      /is not empty: table public\.mine/,
      but({}, { occupied: "table public.mine" }),
    ],
  ])("refuses a database that %s", (_, said, checks) => {
    expect(of(checks, "failed")).toEqual([expect.stringMatching(said)]);
  });

  test("tells what stays behind, is copied twice or becomes something else, and goes on", () => {
    const checks = but({
      extensionsLeftOut: ["pg_cron"],
      platformSchemas: ["auth"],
      policyRoles: ["authenticated"],
      settings: ["search_path"],
      roles: ["reader"],
      foreignTables: ["public.far"],
      eventTriggers: ["ddl"],
      withoutKey: [{ name: "public.keyless", bytes: 2 ** 20 }],
      unlogged: Array.from({ length: 11 }, (_, n) => ({ name: `public.u${n}`, bytes: 2 ** 20 })),
      largeObjects: 2,
      collation: "en_US.utf8",
      encoding: "LATIN1",
      textRanged: ["public.names"],
      transactions: [
        { pid: 7, user: "ana", application: "nightly", database: "app", seconds: 3601 },
        { pid: 8, user: "ben", application: "", database: "other", seconds: 60 },
        { pid: 9, user: "cy", application: "web", database: "app", seconds: 59 },
      ],
      prepared: [{ name: "new", user: "ana", database: "app", seconds: 1 }],
      ownsDatabase: false,
    });
    expect(of(checks, "failed")).toEqual([]);
    expect(of(checks, "warning")).toHaveLength(14);
    expect(of(checks, "warning")).toContain(
      "transactions: process 7 of ana (nightly), for 60 min in app, process 8 of ben, for 1 min in other: a copy that follows waits until they have ended. SELECT pg_terminate_backend(<process>) ends one.",
    );
    expect(of(checks, "warning").join("\n")).toContain(
      "public.u8 and 2 more have no key, or no log: they are copied once more in the hold (12 MiB)",
    );
  });

  test("knows each reason why a copy cannot follow", () => {
    expect(againstFollowing(source, target)).toEqual([]);
    expect(againstFollowing({ ...source, freeSlots: 2 }, target)).toEqual([]);
    expect(againstFollowing({ ...source, freeSlots: 1 }, target)).toEqual([
      "a copy begins with 2 replication slots, and the old database has 1 free",
    ]);
    const none = {
      walLevel: "replica",
      replication: false,
      freeSlots: 0,
      createsInDatabase: false,
      foreign: ["public.theirs"],
    };
    expect(
      againstFollowing({ ...source, ...none }, { ...target, walLevel: "replica", subscribes: false }),
    ).toHaveLength(7);
    expect(of(but({ replication: false }), "warning")).toEqual([
      "following: is not possible: hosted has no right to replicate. The flip copies everything in its hold: about 1 min.",
    ]);
  });

  test("says what no hold keeps from being written to", () => {
    expect(of(but({ unheld: ["public.theirs"], ownsDatabase: false }), "warning")).toEqual([
      "hold: hosted may not lock public.theirs: what others write there behind the comparison is not seen, and lost. Stop whatever writes as somebody else before the flip.",
    ]);
  });

  test("reads what the mover says that the version before has applied", () => {
    const { enumHashed, textHashed, textRanged, unheld, transactions, prepared, ...older } = source;
    const news = { enumHashed, textHashed, textRanged, unheld, transactions, prepared };
    expect(factsSchema.parse({ ...facts, source: older }).source).toEqual({ ...older, ...news });
  });

  test("knows a copy that is there", () => {
    expect(of(but({}, { occupied: "table public.people", state: "copied" }), "failed")).toEqual([]);
  });

  test("refuses a database that has more than the new one has room for, until a copy is there", () => {
    const large = { ...facts, source: { ...source, bytes: 13.5 * 2 ** 30 } };
    expect(of(judge(large, 20), "failed")).toEqual([
      "room: the old database has 13.5 GiB, the environment's database.storage is 20 GiB, which grows too slowly for a copy: say database: { storage: 21 } or more, and apply.",
    ]);
    for (const checks of [judge(large, 21), judge(large), judge({ ...large, state: "copied" }, 20)])
      expect(of(checks, "failed")).toEqual([]);
  });
});
