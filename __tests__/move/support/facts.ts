import type { Facts } from "../../../move/survey/database";

export const source: NonNullable<Facts["source"]> = {
  version: "15.18",
  major: 15,
  user: "hosted",
  bytes: 50 * 2 ** 20,
  encoding: "UTF8",
  collation: "C",
  replication: true,
  walLevel: "logical",
  freeSlots: 5,
  createsInDatabase: true,
  ownsDatabase: true,
  platformSchemas: [],
  closedSchemas: [],
  extensions: [{ name: "citext" }],
  extensionsLeftOut: [],
  tables: 3,
  rows: 1234567,
  unreadable: [],
  foreign: [],
  hiddenRows: [],
  withoutKey: [],
  unlogged: [],
  sequences: 2,
  unreadableSequences: [],
  materializedViews: 0,
  foreignTables: [],
  eventTriggers: [],
  largeObjects: 0,
  roles: [],
  policyRoles: [],
  settings: [],
  onPlatform: [],
};
export const target: NonNullable<Facts["target"]> = {
  version: "17.2",
  major: 17,
  walLevel: "logical",
  encoding: "UTF8",
  collation: "C",
  subscribes: true,
  extensions: ["citext", "hstore"],
};
export const address = { host: "old.example.net", port: 5432, ipv4: ["192.0.2.1"], ipv6: [] };
/** What the mover says of two databases that nothing keeps apart. */
export const facts: Facts = { reached: true, address, source, target, occupied: "", state: "" };
