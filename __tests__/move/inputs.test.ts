import { describe, expect, it } from "vitest";
import { EXIT } from "../../deploy/exit-code";
import { DOMAIN, EDGE, MoveWorld, OLD_RECORD, ORIGIN } from "./support/world";

/** What the survey says of a world that somebody spoiled, by the finding's name. */
async function surveyed(spoil: (world: MoveWorld) => void) {
  const world = new MoveWorld();
  spoil(world);
  const before = JSON.stringify([world.records, world.edge, world.state]);
  const { done, findings } = await world.survey();
  expect(JSON.stringify([world.records, world.edge, world.state])).toBe(before);
  const found = new Map(findings.map(({ name, status, detail }) => [name, `${status}: ${detail}`]));
  return { done, found };
}

const weighted = { ...OLD_RECORD, SetIdentifier: "blue", Weight: 10 };

describe("the survey", () => {
  it("says what a firewall makes of what people ask the old side", async () => {
    const { done, found } = await surveyed((world) => {
      if (world.plan.from) world.plan = { ...world.plan, from: { ...world.plan.from, rateLimit: 2_000 } };
    });
    expect(found.get("firewall")).toContain("addresses that ask more than 2000 times in five minutes");
    expect(done.text).toContain("to consider");
  });

  it("finds a road that is open, and says what it is made of", async () => {
    const { done, found } = await surveyed(() => {});
    expect(done).toEqual({ text: "✓ ready. Nothing was changed." });
    expect(Object.fromEntries(found)).toEqual({
      "old side": `ok: https://${ORIGIN}/health answers 200, median 40 ms, longest 40 ms of 10`,
      certificate: "ok: valid for its own name",
      Host: expect.stringContaining(`does not answer to ${DOMAIN} (404): it gets its own name, ${ORIGIN}`),
      records: `ok: ${DOMAIN} CNAME ${ORIGIN}, TTL 300 s: the old side must stay for 300 s after front, at least`,
      distribution: `ok: E123 answers for ${DOMAIN}`,
      share: "ok: 0 %",
      "old side by the distribution": "ok: answers 200 in 40 ms",
      "new side by the distribution": "ok: answers 200 in 30 ms",
    });
  });

  it.each<[string, (world: MoveWorld) => void, string, RegExp]>([
    [
      "sends on in a loop",
      ({ sides }) => Object.assign(sides.old, { status: 301, location: "/health" }),
      "old side",
      /^failed: .* a loop\. Behind the distribution it would send people round and round/,
    ],
    [
      "sends on to the domain",
      (world) => {
        Object.assign(world.sides.old, { status: 301, location: `https://${DOMAIN}/health` });
        const { probe } = world;
        Object.assign(world, {
          probe: async (ask: { at: string }) =>
            ask.at === DOMAIN ? { status: 200, headers: {}, milliseconds: 1 } : probe(ask as never),
        });
      },
      "old side",
      /^failed: .* sends on to app\.example\.com, which will lead to the distribution, and from there back to it: a loop/,
    ],
    [
      "sends on to another site",
      (world) => {
        Object.assign(world.sides.old, { status: 302, location: "https://parked.example.net/" });
        const { probe } = world;
        Object.assign(world, {
          probe: async (ask: { at: string }) =>
            ask.at === "parked.example.net"
              ? { status: 200, headers: {}, milliseconds: 1 }
              : probe(ask as never),
        });
      },
      "old side",
      /^failed: .* sends on to another site, parked\.example\.net\. Name the origin that answers itself/,
    ],
    [
      "sends on to what is not https",
      ({ sides }) => Object.assign(sides.old, { status: 301, location: `http://${ORIGIN}/health` }),
      "old side",
      /^failed: .* sends on to http:\/\/.*, which is not https/,
    ],
    [
      "has no such path",
      ({ sides }) => Object.assign(sides.old, { status: 404 }),
      "old side",
      /^failed: https:\/\/abc.* answers 404\. Both sides must answer that path/,
    ],
    [
      "does not answer",
      (world) => {
        const { probe } = world;
        Object.assign(world, {
          probe: async (ask: { at: string }) => {
            if (ask.at === ORIGIN) throw new Error("connect ECONNREFUSED");
            return probe(ask as never);
          },
        });
      },
      "old side",
      /^failed: .* does not answer: connect ECONNREFUSED\. CloudFront, too, wants https/,
    ],
    [
      "has a certificate that ends soon",
      ({ sides, clock }) =>
        Object.assign(sides.old, { certificateUntil: new Date(clock.now() + 3 * 86_400_000) }),
      "certificate",
      /^warning: ends in 3 days/,
    ],
    [
      "is not in its zone",
      (world) => Object.assign(world, { zoneName: "other.org" }),
      "records",
      /^failed: app\.example\.com does not lie in the zone other\.org/,
    ],
    [
      "has a weighted record",
      (world) => Object.assign(world, { records: [weighted] }),
      "records",
      /^failed: app\.example\.com has weighted records .* Make it one simple record/,
    ],
    [
      "has an HTTPS record beside",
      (world) => world.records.push({ Name: `${DOMAIN}.`, Type: "HTTPS", TTL: 60, ResourceRecords: [] }),
      "records",
      /^failed: .* has a record of type HTTPS, which browsers obey before A/,
    ],
    [
      "has a long TTL",
      (world) => Object.assign(world, { records: [{ ...OLD_RECORD, TTL: 86_400 }] }),
      "records",
      /^warning: .*for 86400 s after front some people will still go there directly\. Lower the TTL/,
    ],
    [
      "is on no distribution that the file names",
      (world) => Object.assign(world, { aliases: [] }),
      "distribution",
      /^failed: Distribution E123 does not answer for app\.example\.com\. Apply again\. .* move\.from\.distribution/,
    ],
    [
      "is not deployed to the edges",
      (world) => Object.assign(world, { deployed: false }),
      "distribution",
      /^failed: E123 is not deployed/,
    ],
    [
      "runs nothing on the new side",
      ({ sides }) => Object.assign(sides.new, { status: 503 }),
      "new side by the distribution",
      /^failed: answers 503: npx slipway status staging/,
    ],
    [
      "has a store that somebody changed",
      (world) => world.putByHand(40),
      "share",
      /^warning: the store says 40 %, the journal 0 %/,
    ],
  ])("of an origin or a domain that %s", async (_name, spoil, finding, said) => {
    const { done, found } = await surveyed(spoil);
    expect(found.get(finding)).toMatch(said);
    if (said.source.startsWith("^failed")) expect(done).toMatchObject({ exitCode: EXIT.refused });
    else expect(done.exitCode).toBeUndefined();
  });

  it("reports all that is missing at once", async () => {
    const { done } = await surveyed((world) => {
      world.sides.old.status = 404;
      world.zoneName = "other.org";
      world.deployed = false;
    });
    expect(done.text).toBe("✗ not ready: 3 things are missing. Nothing was changed.");
  });
});

/** How a step is refused that cannot be taken. */
const refusal = (call: Promise<unknown>) =>
  call.then(
    () => expect.unreachable("it succeeded"),
    (error) => [error.exitCode, error.message, ...error.wayOut].join("\n"),
  );

describe("a step that cannot be taken yet", () => {
  it("a shift before front", async () => {
    const world = new MoveWorld();
    expect(await refusal(world.shift(1))).toBe(
      "1\nPeople do not come by the distribution yet: its share would move nobody.\nFirst: npx slipway move staging front",
    );
    expect(world.store.value).toBeUndefined();
  });

  it("a share that is none", async () => {
    const world = new MoveWorld();
    for (const share of [-1, 101, 0.001, Number.NaN])
      expect(await refusal(world.shift(share))).toContain(
        "is no share: it is 0 to 100 per cent, in hundredths",
      );
  });

  it("front over records that Route 53 chooses among", async () => {
    const world = new MoveWorld();
    world.records = [weighted];
    expect(await refusal(world.front())).toContain("has weighted records");
    expect(world.records).toEqual([weighted]);
    expect(world.state.steps).toEqual([]);
  });

  it("front while the new side answers nobody", async () => {
    const world = new MoveWorld();
    world.sides.new.status = 503;
    expect(await refusal(world.front())).toContain(
      "The new side does not answer /health by the distribution: whoever asks gets 503. Nobody was led there.",
    );
    expect(world.records).toEqual([OLD_RECORD]);
  });

  it("front over records that change at this moment: nothing of the batch is done", async () => {
    const world = new MoveWorld();
    world.faults.push((operation) => {
      if (operation !== "changeRecords") return;
      world.faults.length = 0;
      world.records = [{ ...OLD_RECORD, ResourceRecords: [{ Value: "elsewhere.example.net" }] }];
    });
    expect(await refusal(world.front())).toContain("Route 53 refused the batch, and nothing of it was done");
    expect(world.leading).toEqual(["CNAME elsewhere.example.net"]);
  });

  it("back over records that somebody changed", async () => {
    const world = new MoveWorld();
    await world.front();
    world.records = [{ ...OLD_RECORD, ResourceRecords: [{ Value: "third.example.net" }] }];
    expect(await refusal(world.back())).toContain(
      "are neither those of front nor those of before it: somebody changed them",
    );
    expect(world.leading).toEqual(["CNAME third.example.net"]);
  });

  it("back from records that somebody made before front: what stood there is not known", async () => {
    const world = new MoveWorld();
    const alias = { DNSName: EDGE, HostedZoneId: "Z2FDTNDATAQYW2", EvaluateTargetHealth: false };
    world.records = (["A", "AAAA"] as const).map((Type) => ({
      Name: `${DOMAIN}.`,
      Type,
      AliasTarget: alias,
    }));
    await world.front();
    expect(world.calls).not.toContain("changeRecords");
    expect(await refusal(world.back())).toContain("is not known: somebody made them before front");
    expect(world.records).toHaveLength(2);
  });

  it("finish before everything stands: all that is missing at once", async () => {
    const world = new MoveWorld();
    await world.front();
    await world.shift(50);
    expect(await refusal(world.finish())).toBe(
      [
        "1\nThe move is not at its end:",
        "The new side answers 50 % of the viewers: npx slipway move staging shift 100",
        "Held are still: worker: npx slipway move staging workers worker",
      ].join("\n"),
    );
  });

  it("finish on the same day", async () => {
    const world = new MoveWorld();
    await world.front();
    await world.shift(100);
    await world.workers(["worker"]);
    await world.wait(3_600_000);
    expect(await refusal(world.finish())).toContain("has all viewers for 1 h, and 24 h must have passed");
    await world.finish({ quiet: 1_800_000 });
  });

  it("finish while nobody has seen the workers run", async () => {
    const world = new MoveWorld();
    await world.front();
    await world.shift(100);
    world.extra = 1;
    await refusal(world.workers(["worker"]));
    expect(await refusal(world.finish({ quiet: 0 }))).toContain("Nobody has seen the workers run");
  });

  it("finish while services use the old database", async () => {
    const world = new MoveWorld();
    Object.assign(world.plan, { database: {}, held: {} });
    delete (world.plan as { from?: unknown }).from;
    expect(await refusal(world.finish())).toContain(
      "Services use the old database: npx slipway move staging flip",
    );
  });

  it("a state that is none", async () => {
    const world = new MoveWorld();
    world.parameters.set("/staging/move", { value: "{}", version: 2 });
    const broken = await refusal(world.front());
    expect(broken).toMatch(
      /The parameter \/staging\/move is no state of a move: ✖ Invalid input: .* → at version/,
    );
    expect(broken).toContain("aws ssm get-parameter-history --name /staging/move");
    world.parameters.delete("/staging/move");
    const gone = await refusal(world.front());
    expect(gone).toContain("The parameter /staging/move is gone");
    expect(gone).toContain("Where no step was taken yet: npx slipway apply staging makes it again.");
    expect(gone).toContain("Otherwise apply nothing: an apply would put everything back to the beginning");
    expect(world.isLocked).toBe(false);
  });

  it("a store that the function does not understand", async () => {
    const world = new MoveWorld();
    world.store = { value: "half", version: 4 };
    expect(await refusal(world.front())).toContain('The key-value store holds "half"');
  });
});
