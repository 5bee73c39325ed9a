import { describe, expect, it } from "vitest";
import { EXIT } from "../../deploy/exit-code";
import { AwsError } from "../../deploy/aws/error";
import { Lock } from "../../move/lock";
import { DOMAIN, EDGE, MoveWorld, OLD_RECORD, ORIGIN } from "./support/world";

const LED = [`A ${EDGE}`, `AAAA ${EDGE}`];

/** How a call ended that shall fail. */
const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.unreachable("it succeeded"),
    (error) => ({
      message: String(error.message),
      wayOut: error.wayOut as string[],
      exitCode: error.exitCode,
    }),
  );

describe("the road of an address", () => {
  it("goes from the old side to the new one, and ends when everything stands there", async () => {
    const world = new MoveWorld();
    await world.front();
    expect(world.leading).toEqual(LED);
    expect(world.state.records).toEqual([{ name: DOMAIN, type: "CNAME", ttl: 300, values: [ORIGIN] }]);
    await world.shift(1);
    expect(world.edge).toEqual({ share: 1, hold: false });
    await world.back();
    expect(world.edge.share).toBe(0);
    expect(world.leading).toEqual(LED);
    await world.shift(100);
    await world.workers(["worker"]);
    expect(world.counts).toEqual({ "staging-worker": 2 });
    await world.wait(86_400_000);
    const { text } = await world.finish();
    expect(text).toContain("take `move` out of environments/staging.ts");
    expect(text).toContain(`switch off the service at https://${ORIGIN}, and the old worker`);
    expect(world.asked.at(-1)).toContain("App Runner counts no request to shop since");
    expect(world.state).toMatchObject({ share: 100, workers: ["worker"] });
    expect(world.edge).toEqual({ share: 100, hold: false, only: "new" });
    expect(world.state.steps.map(({ step, state }) => `${step} ${state}`)).toEqual([
      "front done",
      "back done",
      "shift done",
      "workers done",
      "finish done",
    ]);
    expect(world.isLocked).toBe(false);
  });

  it("leads nobody to the old side from finish on, until its way back", async () => {
    const world = new MoveWorld();
    await world.front();
    await world.shift(100);
    await world.workers(["worker"]);
    const tester = async () =>
      (await world.probe({ at: EDGE, host: DOMAIN, path: "/", headers: { "x-slipway-origin": "old" } }))
        .headers["x-slipway-origin"];
    expect(await tester()).toBe("old");
    await world.finish({ quiet: 0 });
    expect(world.asked.at(-1)).toContain("lead nobody to the old side any more");
    expect(await tester()).toBe("new");
    expect((await failureOf(world.shift(50))).wayOut).toEqual([
      expect.stringContaining("npx slipway move staging back"),
    ]);
    // Somebody opened it by hand: it is not over.
    world.putByHand(100, false, null);
    await world.wait(world.propagation);
    expect(await tester()).toBe("old");
    expect((await world.finish({ quiet: 0 })).text).not.toContain("Nothing was done");
    expect(await tester()).toBe("new");
    const { findings } = await world.survey();
    expect(findings.map(({ name }) => name)).not.toContain("old side by the distribution");
    await world.back();
    await world.wait(world.propagation);
    expect(await tester()).toBe("old");
  });

  it("keeps of what it says the beginning: a parameter holds all of a move with many workers", async () => {
    const world = new MoveWorld();
    const names = Array.from({ length: 24 }, (_, nth) => `worker-of-orders-${nth}`.slice(0, 20));
    world.plan = {
      ...world.plan,
      held: Object.fromEntries(names.map((name) => [name, { count: null, schedules: [name] }])),
    };
    const by = `arn:aws:sts::123456789012:assumed-role/${"r".repeat(64)}/${"s".repeat(64)}`;
    await world.front({ by });
    await world.shift(100, { by });
    await world.workers(names, { by });
    await world.wait(86_400_000);
    const { text } = await world.finish({}, { by });
    expect(text).toContain(`and the old ${names.join(", ")}`);
    for (const { note = "" } of world.state.steps) expect(note).toMatch(/^.{1,160}$/);
  });

  it("goes back step by step to where it began, and nothing is left", async () => {
    const world = new MoveWorld();
    await world.front();
    await world.shift(100);
    await world.workers(["worker"]);
    await world.wait(86_400_000);
    await world.finish();
    const words: string[] = [];
    for (let nth = 0; nth < 5; nth++) words.push((await world.back()).text.split(":")[0] ?? "");
    expect(words).toEqual([
      "✓ back from finish",
      "✓ back from workers",
      "✓ back from shift",
      "✓ back from front",
      "✓ back",
    ]);
    expect(world.records).toEqual([OLD_RECORD]);
    expect(world.edge).toEqual({ share: 0, hold: false });
    expect(world.counts).toEqual({ "staging-worker": 0 });
    const { steps, records, ...rest } = world.state;
    expect(rest).toEqual({ version: 1, use: "external", workers: [], share: 0, hold: false, alias: false });
    expect(records).toBeUndefined();
    expect(steps.map(({ step }) => step)).toEqual(["back"]);
  });

  it("does nothing twice", async () => {
    const world = new MoveWorld();
    const changing = ["changeRecords", "putStored", "setCount", "associateAlias"];
    const changes = () => world.calls.filter((call) => changing.includes(call)).length;
    for (const step of [() => world.front(), () => world.shift(5), () => world.workers(["worker"])]) {
      await step();
      const before = changes();
      expect((await step()).text).toMatch(/already\. Nothing was done\.$/);
      expect(changes()).toBe(before);
    }
    expect(changes()).toBe(3);
  });

  it("changes the records in one batch, which says what it takes and what that means", async () => {
    const world = new MoveWorld();
    await world.front();
    expect(world.calls.filter((call) => call === "changeRecords")).toHaveLength(1);
    expect(world.asked[0]).toContain(`– ${DOMAIN} CNAME ${ORIGIN}, TTL 300 s`);
    expect(world.asked[0]).toContain(`+ ${DOMAIN} AAAA alias to ${EDGE}`);
    expect(world.asked[0]).toContain("300 s at most");
    expect(world.asked[0]).toMatch(/back: the records as they were/);
  });

  it("does nothing without a yes", async () => {
    const world = new MoveWorld();
    const { exitCode, message } = await failureOf(world.front({ yes: false }));
    expect([exitCode, message]).toEqual([EXIT.refused, "Nothing was changed."]);
    expect(world.records).toEqual([OLD_RECORD]);
    expect(world.state.steps).toEqual([]);
    expect(world.isLocked).toBe(false);
  });
});

describe("a shift", () => {
  const fronted = async () => {
    const world = new MoveWorld();
    await world.front();
    return world;
  };

  it("is seen at the edge within the store's propagation and five seconds", async () => {
    const world = await fronted();
    const began = world.clock.now();
    await world.shift(20, {}, { limit: 0 });
    expect(world.clock.now() - began).toBeLessThanOrEqual(world.propagation + 5_000);
  });

  it.each<[string, (world: MoveWorld) => void, RegExp]>([
    [
      "fails more often",
      ({ sides }) => Object.assign(sides.new, { everyFails: 2 }),
      /% of its requests fail/,
    ],
    [
      "answers nobody",
      ({ sides }) => Object.assign(sides.new, { status: 503 }),
      /viewer 0 of 10000 gets 503/,
    ],
    ["is slower", ({ sides }) => Object.assign(sides.new, { milliseconds: 400 }), /its p95 is 400 ms/],
  ])("goes back to nobody by itself when the new side %s", async (_name, make, reason) => {
    const world = await fronted();
    make(world);
    const { exitCode, message } = await failureOf(world.shift(50));
    expect([exitCode, message]).toEqual([EXIT.rolloutFailed, expect.stringMatching(reason)]);
    expect(world.edge.share).toBe(0);
    expect(world.state.share).toBe(0);
    expect(world.state.steps.at(-1)).toMatchObject({
      step: "shift",
      state: "done",
      note: expect.stringContaining("went back from 50 %"),
    });
    expect(world.isLocked).toBe(false);
  });

  describe("that people see", () => {
    const watched = { limit: 180_000 };
    const busy = async (failing: { old: number; new: number }) => {
      const world = await fronted();
      world.people = { requests: 400, failing };
      await world.wait(1_200_000);
      return world;
    };

    it("goes back when more of their requests fail than the old side's did, though what we ask is well", async () => {
      const world = await busy({ old: 1, new: 5 });
      const { exitCode, message } = await failureOf(world.shift(50, {}, watched));
      expect([exitCode, message]).toEqual([
        EXIT.rolloutFailed,
        expect.stringContaining(
          "5.0 % of people's requests to it end with 5xx, 1.0 % of the old side's, 1 points more are the most",
        ),
      ]);
      expect([world.edge.share, world.state.share]).toEqual([0, 0]);
    });

    it("stays when the old side's failed as often before", async () => {
      const world = await busy({ old: 5, new: 5 });
      await world.shift(50, {}, watched);
      expect(world.edge.share).toBe(50);
      expect(world.told.at(-1)).toMatch(/people on the new side: 400 requests, 20 with 5xx$/);
    });

    it("is held to the old side's answers also where the new one had some of them before", async () => {
      const world = await busy({ old: 5, new: 0 });
      await world.shift(50, {}, watched);
      await world.wait(1_200_000);
      world.people.failing.new = 8;
      expect((await failureOf(world.shift(80, {}, watched))).message).toContain("5.0 % of the old side's");
    });

    it("stays where people are too few to say anything", async () => {
      const world = await busy({ old: 0, new: 10 });
      world.people.requests = 10;
      await world.shift(50, {}, watched);
      expect(world.edge.share).toBe(50);
    });

    it("says that it goes by our own requests to the old side where CloudWatch does not tell of people there", async () => {
      const world = await busy({ old: 1, new: 5 });
      world.faults.push((operation) => {
        if (operation === "minutesOfDistribution")
          throw new AwsError("cloudwatch:GetMetricData", "denied", "AccessDenied", "not allowed", null);
      });
      expect((await failureOf(world.shift(100, {}, watched))).message).toContain(
        "0.0 % of the old side's, 1 points more are the most (of people there nothing is known",
      );
    });

    it("waits for what CloudWatch tells late, and not for ever", async () => {
      const world = await busy({ old: 0, new: 0 });
      const began = world.clock.now();
      await world.shift(50, {}, watched);
      const took = world.clock.now() - began;
      expect(took).toBeGreaterThan(watched.limit);
      expect(took).toBeLessThanOrEqual(watched.limit + 300_000);
    });

    it.each<[string, (world: MoveWorld) => void, RegExp]>([
      [
        "may not be asked",
        (world) =>
          world.faults.push((operation) => {
            if (operation.startsWith("minutes"))
              throw new AwsError("cloudwatch:GetMetricData", "denied", "AccessDenied", "not allowed", null);
          }),
        /people are not counted: CloudWatch says: not allowed\. npx slipway policy staging --for move/,
      ],
      [
        "has no name in the contract",
        ({ plan }) => delete plan.from?.loadBalancer,
        /people are not counted: the contract does not say by which load balancer: npx slipway apply staging/,
      ],
    ])("goes by our own requests alone, and says so, where the load balancer %s", async (_, make, said) => {
      const world = await busy({ old: 0, new: 50 });
      make(world);
      await world.shift(50, {}, watched);
      expect(world.told.at(-1)).toMatch(said);
      expect(world.edge.share).toBe(50);
    });

    it("says that a short look counts nobody", async () => {
      const world = await busy({ old: 0, new: 50 });
      await world.shift(50);
      expect(world.told.at(-1)).toMatch(/by whole minutes, and --watch is shorter/);
    });
  });

  it("asks both sides for the paths that a person names, in turn", async () => {
    const world = await fronted();
    const asked: string[] = [];
    world.failing = ({ path }, side) => {
      asked.push(path);
      return side === "new" && path === "/products";
    };
    const { message } = await failureOf(world.shift(50, {}, { paths: ["/products"] }));
    expect(message).toContain("% of its requests fail");
    expect(new Set(asked)).toEqual(new Set(["/health", "/products"]));
    expect(world.edge.share).toBe(0);
  });

  it("stays when the old side is as bad", async () => {
    const world = await fronted();
    for (const side of [world.sides.old, world.sides.new]) Object.assign(side, { milliseconds: 400 });
    await world.shift(50);
    expect(world.edge.share).toBe(50);
  });

  it("stops at a proof that does not come: the edge sends two per cent to the wrong side", async () => {
    const world = await fronted();
    world.propagation = 3_600_000;
    const { exitCode, message } = await failureOf(world.shift(2));
    expect([exitCode, message]).toEqual([EXIT.unknown, expect.stringContaining("the edge does not show it")]);
    expect(world.state.steps.at(-1)).toMatchObject({ step: "shift", state: "begun" });
  });

  it("leaves a store that somebody changed by hand, and says how to go on", async () => {
    const world = await fronted();
    await world.shift(10);
    world.putByHand(70);
    const { message, wayOut, exitCode } = await failureOf(world.shift(20));
    expect(exitCode).toBe(EXIT.refused);
    expect(message).toContain("The store says 70 %, the journal 10 %");
    expect(wayOut).toContain("To take what is there as it is: npx slipway move staging shift 70");
    expect(world.edge.share).toBe(70);
    await world.shift(70);
    await world.shift(20);
    expect(world.edge.share).toBe(20);
  });

  it("writes nothing over a change of the same moment", async () => {
    const world = await fronted();
    let once = true;
    world.faults.push((operation) => {
      if (operation !== "putStored" || !once) return;
      once = false;
      world.putByHand(33);
    });
    const { message } = await failureOf(world.shift(20));
    expect(message).toContain("Somebody else changed the key-value store at this moment: it says 33 %");
    expect(world.edge.share).toBe(33);
  });
});

describe("workers", () => {
  it("fail their proof when one more runs than shall", async () => {
    const world = new MoveWorld();
    world.extra = 1;
    const { message, exitCode } = await failureOf(world.workers(["worker"]));
    expect([exitCode, message]).toEqual([
      EXIT.rolloutFailed,
      "Not as many tasks run as shall: worker: 3 of 2.",
    ]);
    expect(world.state.steps.at(-1)).toMatchObject({ step: "workers", state: "begun" });
  });

  it("are asked for by name: without one it says which are held", async () => {
    const world = new MoveWorld();
    expect(await failureOf(world.workers([]))).toMatchObject({
      message: "Which of them have stopped on the old side? Held are: worker.",
      wayOut: ["npx slipway move staging workers worker"],
    });
    expect((await failureOf(world.workers(["mailer"]))).message).toContain(
      "mailer: nothing of that name is held",
    );
  });

  it("of schedules begin at once, and wait again at once", async () => {
    const world = new MoveWorld();
    world.plan = { ...world.plan, held: { web: { count: null, schedules: ["staging-web_nightly"] } } };
    const { text } = await world.workers(["web"]);
    expect(text).toBe("✓ workers: web: at work on the new side.");
    expect(world.asked.at(-1)).toContain("switch on the schedule staging-web_nightly");
    expect(world.schedules).toEqual({ "staging-web_nightly": "ENABLED" });
    expect(world.calls).not.toContain("setCount");
    expect(world.state.workers).toEqual(["web"]);
    expect((await world.workers(["web"])).text).toContain("released already");
    await world.back();
    expect(world.schedules).toEqual({ "staging-web_nightly": "DISABLED" });
  });

  it("with autoscaling get their bounds before their tasks, and keep what it has made of them", async () => {
    const world = new MoveWorld();
    const autoscaling = { min: 2, max: 6 };
    world.plan = { ...world.plan, held: { worker: { count: 2, autoscaling, schedules: [] } } };
    await world.workers(["worker"]);
    expect(world.scalings).toEqual({ "staging-worker": autoscaling });
    expect(world.calls.filter((call) => call.startsWith("set"))).toEqual(["setScaling", "setCount"]);
    world.counts["staging-worker"] = 5;
    expect((await world.workers(["worker"])).text).toContain("released already");
    await world.back();
    expect([world.counts, world.scalings]).toEqual([
      { "staging-worker": 0 },
      { "staging-worker": { min: 0, max: 0 } },
    ]);
  });

  it("fail their proof when a schedule was switched off again meanwhile", async () => {
    const world = new MoveWorld();
    world.plan = { ...world.plan, held: { web: { count: null, schedules: ["staging-web_nightly"] } } };
    world.faults.push((operation) => {
      if (operation === "schedule") world.schedules["staging-web_nightly"] = "DISABLED";
    });
    expect((await failureOf(world.workers(["web"]))).message).toContain(
      "schedule staging-web_nightly: DISABLED",
    );
  });
});

describe("two people at once", () => {
  it("the second is told who is at what, and changes nothing", async () => {
    const world = new MoveWorld();
    await world.front();
    const first = world.shift(10, { by: "ana" });
    await world.wait(1_000);
    const { message, exitCode } = await failureOf(world.shift(90, { by: "ben" }));
    expect([exitCode, message]).toEqual([
      EXIT.superseded,
      expect.stringMatching(/^ana has been at the step shift since 2026-.* Nothing was changed\.$/),
    ]);
    await first;
    expect(world.edge.share).toBe(10);
  });

  it("a lock whose holder died is taken over after two minutes, and not before", async () => {
    const world = new MoveWorld();
    await world.front();
    let calls = 0;
    void world.shift(10, { by: "ana", isDead: () => ++calls > 5 });
    await world.wait(60_000);
    expect((await failureOf(world.shift(10, { by: "ben" }))).exitCode).toBe(EXIT.superseded);
    await world.wait(120_000);
    await world.shift(10, { by: "ben" });
    expect(world.state.steps.at(-1)).toMatchObject({ step: "shift", state: "done", by: "ben" });
    expect(world.isLocked).toBe(false);
  });

  it("an apply keeps steps away, and a step an apply; what a dead apply left is taken over as a step's", async () => {
    const world = new MoveWorld();
    await world.front();
    const lock = (isDead: () => boolean) =>
      new Lock(world.cloud(isDead), world.clock, "/staging/move/lock", "plan again");
    const first = lock(() => false);
    await first.take("cleo", "apply");
    await world.wait(300_000);
    const { message, wayOut, exitCode } = await failureOf(world.shift(10));
    expect([exitCode, message, wayOut[0]]).toEqual([
      EXIT.superseded,
      expect.stringMatching(/^cleo has been applying the environment since 2026-.* Nothing was changed\.$/),
      "Wait until that has ended, then run it again.",
    ]);
    await first.release();
    const shifting = world.shift(10);
    await world.wait(1_000);
    expect(await failureOf(lock(() => false).take("cleo", "apply"))).toMatchObject({
      exitCode: EXIT.superseded,
      wayOut: ["Wait until that has ended, then plan again.", expect.any(String)],
    });
    await shifting;
    let isDead = false;
    await lock(() => isDead).take("cleo", "apply");
    isDead = true;
    await world.wait(150_000);
    await world.shift(20);
    expect([world.edge.share, world.isLocked]).toEqual([20, false]);
  });

  it("is renewed for as long as a step goes on", async () => {
    const world = new MoveWorld();
    await world.front();
    const first = world.shift(10, { by: "ana" }, { limit: 600_000 });
    await world.wait(300_000);
    expect((await failureOf(world.shift(90, { by: "ben" }))).exitCode).toBe(EXIT.superseded);
    await first;
    expect(world.state.share).toBe(10);
  });

  it("whoever lost the lock writes nothing more", async () => {
    const world = new MoveWorld();
    await world.front();
    world.faults.push((operation) => {
      if (operation === "putStored") world.parameters.delete("/staging/move/lock");
    });
    const { message, exitCode } = await failureOf(world.shift(10));
    expect([exitCode, message]).toEqual([
      EXIT.superseded,
      "The lock of this step is gone: somebody deleted it.",
    ]);
    expect(world.state.steps.at(-1)).toMatchObject({ step: "shift", state: "begun" });
  });
});
