import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../deploy/exit-code";
import { movePolicy } from "../../modules/contract/move-policy";
import { DOMAIN, EDGE, type How, MoveWorld, refusal } from "./support/world";

const OTHER = "d999.cloudfront.net";
const LED = [`A ${EDGE}`, `AAAA ${EDGE}`];
const BEFORE = [`A ${OTHER}`];

/** An account whose people come by a distribution of their own today. */
function held(): MoveWorld {
  const world = new MoveWorld();
  if (world.plan.from) world.plan.from.holder = "E999";
  world.aliases = [];
  world.other.aliases = [DOMAIN, "www.example.com"];
  const HostedZoneId = "Z2FDTNDATAQYW2";
  const AliasTarget = { HostedZoneId, DNSName: OTHER, EvaluateTargetHealth: false };
  world.records = [{ Name: `${DOMAIN}.`, Type: "A", AliasTarget }];
  return world;
}

/** As CloudFront tells of it: half of both is starred. */
const ELSEWHERE = { id: "****B3C4D5E", account: "******223333" };

/** People come by a distribution of another account. */
function elsewhere(): MoveWorld {
  const world = held();
  if (world.plan.from) world.plan.from.holder = "arn:aws:cloudfront::111122223333:distribution/E777B3C4D5E";
  world.other.aliases = [];
  world.aliases = ["*.example.com"];
  world.foreign = [ELSEWHERE];
  return world;
}

/** Somebody of the other account takes the name off its distribution a minute after they are told, or gives it back. */
function byHand(world: MoveWorld, what: "off" | "back"): void {
  const { push } = Array.prototype;
  world.told.push = (...lines: string[]) => {
    if (lines.some((line) => line.startsWith("now ")))
      world.clock.in(60_000, () => {
        world.foreign = what === "off" ? [] : [ELSEWHERE];
      });
    return push.apply(world.told, lines);
  };
}

/** The survey and front say the same of it, and nothing is changed. */
async function left(world: MoveWorld, message: RegExp, wayOut: RegExp): Promise<void> {
  const before = JSON.stringify([world.records, world.aliases, world.other, world.state]);
  const { done, findings } = await world.survey();
  const { status, detail } = findings.find(({ name }) => name === "distribution") ?? {};
  expect([status, done.exitCode]).toEqual(["failed", EXIT.refused]);
  const refused = await failureOf(world.front());
  expect([refused.message, refused.wayOut.join(), refused.exitCode]).toEqual([
    expect.stringMatching(message),
    expect.stringMatching(wayOut),
    EXIT.refused,
  ]);
  expect(detail).toBe(`${refused.message} ${refused.wayOut.join()}`);
  expect(JSON.stringify([world.records, world.aliases, world.other, world.state])).toBe(before);
}

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.unreachable("it succeeded"),
    ({ message, wayOut, exitCode }) => ({ message: String(message), wayOut: wayOut as string[], exitCode }),
  );

describe("a name on another distribution", () => {
  it("is taken from there before the records change, and given back before they change back", async () => {
    const world = held();
    const order = () => world.calls.filter((call) => ["associateAlias", "changeRecords"].includes(call));
    const { findings } = await world.survey();
    expect(findings.filter(({ status }) => status === "failed")).toEqual([]);
    expect(findings.find(({ name }) => name === "distribution")?.detail).toContain(
      "is on E999: front takes it to E123",
    );
    await world.front();
    expect(world.asked.at(-1)).toContain(`take ${DOMAIN} from distribution E999 to E123`);
    expect([order(), world.aliases, world.leading]).toEqual([
      ["associateAlias", "changeRecords"],
      [DOMAIN],
      LED,
    ]);
    expect([world.state.alias, world.other.aliases]).toEqual([true, ["www.example.com"]]);
    expect((await world.front()).text).toContain("Nothing was done");
    await world.back();
    expect(world.asked.at(-1)).toContain(`take ${DOMAIN} back to distribution E999`);
    expect(order().slice(2)).toEqual(["associateAlias", "changeRecords"]);
    expect([world.aliases, world.leading, world.state.alias]).toEqual([[], BEFORE, false]);
    expect(world.other.aliases).toEqual(["www.example.com", DOMAIN]);
  });

  it("is on one of the two at any moment, in what the next apply wants, too, wherever a step dies", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(40), fc.boolean(), fc.nat(40), async (first, returns, second) => {
        const world = held();
        const wrong: string[] = [];
        world.faults.push((operation) => {
          const [ours, others] = [world.aliases, world.other.aliases].map((all) => all.includes(DOMAIN));
          if (ours === others) wrong.push(`${operation}: on ${ours ? "both" : "neither"}`);
          if (ours && !world.state.alias) wrong.push(`${operation}: an apply would take it off`);
        });
        const dying = async (step: (how: How) => Promise<unknown>, calls: number) => {
          let left = calls;
          await new Promise<void>((resolve, reject) => {
            const isDead = () => {
              if (left-- > 0) return false;
              resolve();
              return true;
            };
            step({ isDead }).then(() => resolve(), reject);
          });
          await world.wait(300_000);
        };
        await dying(world.front, first);
        await dying(returns ? world.back : world.front, second);
        if (returns) {
          await world.back();
          expect([world.aliases, world.leading, world.state.alias]).toEqual([[], BEFORE, false]);
        } else {
          await world.front();
          expect([world.aliases, world.leading, world.state.alias]).toEqual([[DOMAIN], LED, true]);
        }
        expect(wrong).toEqual([]);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it.each<[string, (world: MoveWorld) => unknown, RegExp, RegExp]>([
    [
      "of another account by its id alone",
      ({ plan }) => Object.assign(plan.from ?? {}, { holder: "E777" }),
      /^Account 123456789012 has no distribution E777, which move\.from\.distribution names\.$/,
      /Of another account, say its ARN, arn:aws:cloudfront::<account>:distribution\/E777, in environments\/staging\.ts, and apply: docs\/moving\.md/,
    ],
    [
      "that has it not",
      (world) => {
        world.other.aliases = [];
        world.foreign = [{ id: "*******B3C4D5E", account: "******112233" }];
      },
      /^Distribution E999 does not have app\.example\.com: it is on \*+B3C4D5E of account \*+112233\.$/,
      /move\.from\.distribution of environments\/staging\.ts: aws cloudfront list-distributions/,
    ],
    [
      "by a wildcard",
      ({ other }) => Object.assign(other, { aliases: ["*.example.com"] }),
      /answers for app\.example\.com by \*\.example\.com alone/,
      /^Give it app\.example\.com as a name of its own/,
    ],
    [
      "that is being changed",
      ({ other }) => Object.assign(other, { deployed: false }),
      /^Not deployed to CloudFront's edges: distribution E999\.$/,
      /run it again then/,
    ],
    [
      "while the new one's certificate is for others",
      (world) => Object.assign(world, { isCovered: false }),
      /^The certificate of distribution E123 does not hold app\.example\.com/,
      /distribution\.domain\.certificate/,
    ],
  ])("%s is left there, and said in the survey and by front", async (_, spoil, message, wayOut) => {
    const world = held();
    spoil(world);
    await left(world, message, wayOut);
  });

  describe("of another account", () => {
    it("is given up there once its records lead here, where a wildcard waits for it, and taken back there last", async () => {
      const world = elsewhere();
      const { findings } = await world.survey();
      expect(findings.filter(({ status }) => status === "failed")).toEqual([]);
      expect(findings.find(({ name }) => name === "distribution")?.detail).toMatch(
        /is on distribution E777B3C4D5E of account 111122223333: front leads its records to E123, and waits until somebody there takes it off/,
      );
      byHand(world, "off");
      await world.front();
      expect(world.asked.at(-1)).toContain(
        "wait until somebody has taken app.example.com off distribution E777B3C4D5E of account 111122223333, when told: 15 minutes at most",
      );
      expect(world.told).toContain(
        "now take app.example.com off distribution E777B3C4D5E of account 111122223333: out of its alternate domain names, and change nothing else",
      );
      expect([world.leading, world.foreign, world.calls.includes("associateAlias")]).toEqual([
        LED,
        [],
        false,
      ]);
      expect((await world.survey()).findings.find(({ name }) => name === "distribution")?.detail).toBe(
        "E123 answers for app.example.com",
      );
      expect((await world.front()).text).toContain("Nothing was done");
      await world.shift(100);
      await world.shift(0);
      byHand(world, "back");
      await world.back();
      await world.back();
      expect(world.told.at(-1)).toBe(
        "now give app.example.com back to distribution E777B3C4D5E of account 111122223333, among its alternate domain names",
      );
      expect([world.leading, world.foreign, world.aliases]).toEqual([BEFORE, [ELSEWHERE], ["*.example.com"]]);
    });

    it("and nobody there does it: front says so after a quarter of an hour, and goes on when run again", async () => {
      const world = elsewhere();
      const { message, wayOut, exitCode } = await failureOf(world.front());
      expect([exitCode, message, wayOut]).toEqual([
        EXIT.unknown,
        "app.example.com is still on distribution E777B3C4D5E of account 111122223333. Nobody has lost anything: either of the two answers.",
        ["Once it is: npx slipway move staging front"],
      ]);
      expect(world.leading).toEqual(LED);
      world.foreign = [];
      await world.front();
      expect(world.state.steps.at(-1)).toMatchObject({ step: "front", state: "done" });
    });

    it("and is on ours itself, as AWS Support moved it: front goes on, and back says that it stays", async () => {
      const world = elsewhere();
      Object.assign(world, { foreign: [], aliases: [DOMAIN] });
      await world.front();
      expect([world.leading, world.state.alias]).toEqual([LED, true]);
      const { message, wayOut } = await failureOf(world.back());
      expect(message).toContain(
        "Distribution E123 has app.example.com itself, and CloudFront takes it to distribution E777B3C4D5E of account 111122223333 only while E123 is disabled",
      );
      expect(wayOut.join()).toContain("at a share of 0 % everybody is at the old side");
      expect(world.leading).toEqual(LED);
    });

    it("may be looked for, and changed by nobody here", () => {
      const sids = movePolicy(elsewhere().contract).Statement.map(({ Sid, Resource }) => [Sid, Resource]);
      const ours = "arn:aws:cloudfront::123456789012:distribution/E123";
      expect(Object.fromEntries(sids)).toMatchObject({ SeeDistribution: [ours], SeeName: [ours] });
      expect(sids.map(([sid]) => sid)).not.toContain("BringName");
    });
  });

  it.each<[string, (world: MoveWorld) => unknown, RegExp, RegExp]>([
    [
      "at the top of a zone, which has no wildcard",
      (world) => Object.assign(world, { aliases: [] }),
      /has neither app\.example\.com nor \*\.example\.com, and CloudFront takes a name from another account's distribution only while that one is disabled/,
      /_app\.example\.com TXT "d111111abcdef8\.cloudfront\.net", have AWS Support move app\.example\.com to E123, then run front before anybody applies/,
    ],
    [
      "that a third account has",
      (world) => Object.assign(world, { foreign: [{ id: "*******B3C4D5E", account: "******999999" }] }),
      /is not on distribution E777B3C4D5E of account 111122223333, which move\.from\.distribution names: it is on \*+B3C4D5E of account \*+999999/,
      /^Name that one in environments\/staging\.ts, and apply/,
    ],
    [
      "while our certificate is for others",
      (world) => Object.assign(world, { isCovered: false }),
      /^The certificate of distribution E123 does not hold app\.example\.com/,
      /distribution\.domain\.certificate/,
    ],
  ])(
    "of another account %s is left there, and said in the survey and by front",
    async (_, spoil, message, wayOut) => {
      const world = elsewhere();
      spoil(world);
      await left(world, message, wayOut);
    },
  );

  it("that CloudFront refuses to move leaves the records as they were", async () => {
    const world = held();
    world.faults.push((operation) => {
      if (operation === "associateAlias")
        throw refusal("Invalid or missing alias DNS TXT records", "InvalidArgument");
    });
    const { message, exitCode } = await failureOf(world.front());
    expect([exitCode, message]).toEqual([
      EXIT.refused,
      expect.stringContaining("could not be taken to distribution E123, and nothing else was changed"),
    ]);
    expect(world.leading).toEqual(BEFORE);
  });

  it("may be taken there and back by whoever moves it, and by nobody else", () => {
    const of = (world: MoveWorld) =>
      Object.fromEntries(movePolicy(world.contract).Statement.map(({ Sid, Resource }) => [Sid, Resource]));
    const [ours, others] = ["E123", "E999"].map(
      (id) => `arn:aws:cloudfront::123456789012:distribution/${id}`,
    );
    expect(of(held())).toMatchObject({
      SeeDistribution: [ours, others],
      SeeName: [ours],
      BringName: [ours, others],
    });
    expect(of(new MoveWorld())).not.toHaveProperty("BringName");
  });
});
