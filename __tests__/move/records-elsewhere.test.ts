import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../../deploy/exit-code";
import { findRecord } from "../../dns/records";
import { fromZones, NameServer } from "../dns/support/server";
import { DOMAIN, EDGE, MoveWorld, ORIGIN } from "./support/world";

/** The domain's own name server, on loopback. */
let server: NameServer;
let value: string | undefined;
let isSilent: boolean;

beforeEach(async () => {
  [value, isSilent] = [ORIGIN, false];
  const servers = {
    "example.com": { NS: ["ns1.example.net"] },
    "ns1.example.net": { A: ["127.0.0.1"] },
  };
  server = await NameServer.open((question) =>
    isSilent && question.name === DOMAIN
      ? "refused"
      : fromZones(servers, { [DOMAIN]: value === undefined ? {} : { CNAME: [value] } })(question),
  );
});
afterEach(() => server.close());

/** An account whose domain's records a person keeps elsewhere. */
function elsewhere(): MoveWorld {
  const world = new MoveWorld();
  if (world.plan.from) world.plan.from.zone = null;
  world.find = (record) => findRecord(record, { resolvers: [`127.0.0.1:${server.port}`], port: server.port });
  return world;
}

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.unreachable("it succeeded"),
    ({ message, wayOut, exitCode }) => ({ message: String(message), wayOut: wayOut as string[], exitCode }),
  );

const ROUTE53 = ["zoneName", "recordSets", "changeRecords", "isInSync"];

describe("a domain whose records are kept elsewhere", () => {
  it("is fronted once its name servers answer with the record that was printed, and given back as they answer without", async () => {
    const world = elsewhere();
    const { done, findings } = await world.survey();
    expect(done.exitCode).toBeUndefined();
    expect(findings.find(({ name }) => name === "records")?.detail).toContain(
      "front prints the record, and waits",
    );
    world.clock.in(35_000, () => {
      value = EDGE;
    });
    const began = world.clock.now();
    await world.front();
    expect(world.asked.at(-1)).toContain(`+ ${DOMAIN} CNAME ${EDGE}`);
    expect(world.clock.now() - began).toBeGreaterThanOrEqual(35_000);
    expect(world.told).toEqual([
      `ns1.example.net says that ${DOMAIN} leads to ${ORIGIN}`,
      "the name servers of example.com have it",
    ]);
    expect((await world.front()).text).toContain("Nothing was done");
    await world.shift(10);
    await world.back();
    world.told.length = 0;
    world.clock.in(25_000, () => {
      value = ORIGIN;
    });
    await world.back();
    expect(world.told).toEqual([
      "the name servers of example.com have it",
      `ns1.example.net says that ${DOMAIN} leads to ${ORIGIN}`,
    ]);
    expect(world.state.steps.map(({ step, state }) => `${step} ${state}`)).toEqual(["back done"]);
    expect(world.calls.filter((call) => ROUTE53.includes(call))).toEqual([]);
  });

  it.each<[string, () => void, RegExp]>([
    [
      "leads elsewhere",
      () => {},
      /^The record of app\.example\.com is not there yet: ns1\.example\.net says .* leads to abc\./,
    ],
    ["is not there", () => (value = undefined), /ns1\.example\.net has no record of app\.example\.com\.$/],
    [
      "cannot be asked for",
      () => (isSilent = true),
      /who serves app\.example\.com could not be asked: EREFUSED\.$/,
    ],
  ])("is waited for ten minutes where its record %s, and taken on from there", async (_, spoil, said) => {
    const world = elsewhere();
    spoil();
    const began = world.clock.now();
    const { message, wayOut, exitCode } = await failureOf(world.front());
    expect([exitCode, message]).toEqual([EXIT.unknown, expect.stringMatching(said)]);
    expect(wayOut.join()).toContain("npx slipway move staging front");
    expect(world.clock.now() - began).toBeGreaterThan(590_000);
    expect(world.state.steps).toMatchObject([{ step: "front", state: "begun" }]);
    [value, isSilent] = [EDGE, false];
    await world.front();
    expect(world.state.steps).toMatchObject([{ step: "front", state: "done" }]);
  });

  it("is not given back while it leads to the distribution", async () => {
    const world = elsewhere();
    value = EDGE;
    await world.front();
    const { message, wayOut, exitCode } = await failureOf(world.back());
    expect([exitCode, message]).toEqual([
      EXIT.unknown,
      expect.stringContaining(`The record of ${DOMAIN} still leads to the distribution`),
    ]);
    expect(wayOut.join()).toContain("npx slipway move staging back");
    value = undefined;
    await world.back();
    expect(world.state.steps.map(({ step, state }) => `${step} ${state}`)).toEqual(["back done"]);
  });

  it("that another distribution has is taken from there before its record is waited for, and given back before", async () => {
    const world = elsewhere();
    if (world.plan.from) world.plan.from.holder = "E999";
    world.aliases = [];
    world.other.aliases = [DOMAIN];
    value = "d999.cloudfront.net";
    world.faults.push((operation) => {
      if (operation === "associateAlias") world.clock.in(200_000, () => (value = EDGE));
    });
    await world.front();
    expect([world.aliases, world.other.aliases]).toEqual([[DOMAIN], []]);
    // With the name people are back there, wherever the record leads.
    await world.back();
    expect([world.aliases, world.other.aliases, world.state.alias]).toEqual([[], [DOMAIN], false]);
  });

  it("that another account's distribution has is waited for after its record, there and back", async () => {
    const world = elsewhere();
    const there = { id: "****B3C4D5E", account: "******223333" };
    if (world.plan.from) world.plan.from.holder = "arn:aws:cloudfront::111122223333:distribution/E777B3C4D5E";
    Object.assign(world, { aliases: ["*.example.com"], foreign: [there] });
    const later = (leadsTo: string, foreign: (typeof there)[]) => {
      world.clock.in(35_000, () => (value = leadsTo));
      world.clock.in(100_000, () => Object.assign(world, { foreign }));
    };
    const name = `${DOMAIN} off distribution E777B3C4D5E of account 111122223333`;
    value = "d777.cloudfront.net";
    later(EDGE, []);
    await world.front();
    expect(world.asked.at(-1)).toContain(`wait until somebody has taken ${name}, when told`);
    const has = world.told.indexOf("the name servers of example.com have it");
    expect(world.told[has + 1]).toContain(`now take ${name}`);
    later("d777.cloudfront.net", [there]);
    await world.back();
    expect(world.told.at(-1)).toContain(`now give ${DOMAIN} back to distribution E777B3C4D5E`);
    expect([world.foreign, world.aliases, world.state.alias]).toEqual([[there], ["*.example.com"], false]);
  });
});
