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
      "of another account",
      ({ plan }) => Object.assign(plan.from ?? {}, { holder: "E777" }),
      /^Account 123456789012 has no distribution E777, which move\.from\.distribution names\.$/,
      /From another one CloudFront gives no name away while its distribution is enabled: docs\/moving\.md/,
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
  });

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
