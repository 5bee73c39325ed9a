import { describe, expect, it } from "vitest";
import { Interrupted } from "../../deploy/errors";
import type { MoveState } from "../../modules/contract/move";
import { movePolicy } from "../../modules/contract/move-policy";
import { SIDE } from "../../move/probe";
import { definition } from "../deploy/support/contract";
import { DataWorld } from "./support/data-world";
import { DOMAIN, EDGE, MoveWorld } from "./support/world";

const failureOf = (call: Promise<unknown>) =>
  call.then(
    () => expect.unreachable("it succeeded"),
    (error) => ({
      message: String(error.message),
      wayOut: (error.wayOut ?? []) as string[],
      exitCode: error.exitCode,
    }),
  );

const entries = (world: DataWorld) => world.state.steps.map(({ step, state }) => `${step} ${state}`);
const OWN = ["staging-web", "staging-api"];
const EXTERNAL = ["staging-web_external", "staging-api_external"];

/** The holds whose length was told. */
const heldIn = (told: readonly string[]) => told.filter((line) => /^writes were held for \d+ s$/.test(line));

/** The move is where it was before the flip, and nothing is held. */
function expectBefore(world: DataWorld) {
  expect([...world.families, world.nightly]).toEqual([...EXTERNAL, "ENABLED staging-web_external"]);
  expect(world.state).toMatchObject({ use: "external", hold: false });
  expect(world.edge).toEqual({ share: 100, hold: false });
  expect([world.oldTakes, world.ownTakes, world.moversAtWork]).toEqual([true, true, 0]);
}

/** Every service is on the environment's own, the old database takes nothing, and nothing else is held. */
function expectFlipped(world: DataWorld) {
  expect([...world.families, world.nightly]).toEqual([...OWN, "ENABLED staging-web"]);
  expect(world.state).toMatchObject({ use: "own", hold: false });
  expect(world.edge).toEqual({ share: 100, hold: false, only: "new" });
  expect([world.mark, world.oldTakes, world.ownTakes, world.moversAtWork]).toEqual([
    "flipped",
    false,
    true,
    0,
  ]);
}

describe("slipway move … flip", () => {
  it("hands every service over in one hold, and does nothing twice", async () => {
    const world = new DataWorld();
    const { text } = await world.flip();
    expect(text).toBe("✓ flip: web, api: on the environment's own database.");
    expectFlipped(world);
    expect(entries(world)).toEqual(["front done", "shift done", "copy done", "flip done"]);
    expect(heldIn(world.told)).toHaveLength(1);
    expect(world.verbs).toEqual(["gate", "await hold catch-up sequences compare flipped --bound=600"]);
    const forced = () => world.calls.filter((call) => call === "forceDeployment").length;
    expect(forced()).toBe(2);
    expect((await world.flip()).text).toMatch(/already\. Nothing was done\.$/);
    expect([forced(), world.verbs.length]).toEqual([2, 2]);
  });

  it("copies once more in the hold where the old database does not let it follow", async () => {
    const world = new DataWorld();
    const { steps } = world.state;
    world.state = {
      ...world.state,
      steps: steps.map((one) => (one.step === "copy" ? { ...one, data: {} } : one)),
    };
    await world.flip();
    expect(world.verbs[1]).toBe("await hold copy --again compare flipped --bound=600");
    expectFlipped(world);
  });

  it("says everything that is missing before, and changes nothing", async () => {
    const world = new DataWorld();
    world.state = { ...world.state, share: 50, steps: [] };
    const { message, wayOut, exitCode } = await failureOf(world.flip());
    expect([message, exitCode]).toEqual(["Nothing can be flipped yet; nothing was changed:", 1]);
    expect(wayOut).toEqual([
      expect.stringContaining("npx slipway move staging shift 100"),
      expect.stringContaining("npx slipway move staging copy"),
    ]);
    expect(world.verbs).toEqual([]);
    expect(entries(world)).toEqual([]);
  });

  it("goes back by itself where the databases differ: the copy is kept, and nothing is held", async () => {
    const world = new DataWorld();
    world.difference =
      "The databases differ: table public.orders: 4 rows in the old one, 3 rows in the new one";
    const { message, exitCode } = await failureOf(world.flip());
    expect(message).toMatch(
      /^The flip did not succeed, and everything is at the old side again: .*public\.orders/,
    );
    expect(exitCode).toBe(3);
    expectBefore(world);
    expect(entries(world)).toEqual(["front done", "shift done", "copy done", "back done"]);
    world.difference = undefined;
    await world.flip();
    expectFlipped(world);
  });

  it("goes back by itself where a service does not come up, with what others have written by then", async () => {
    const world = new DataWorld();
    world.breaks = definition("staging-api");
    const { message } = await failureOf(world.flip());
    expect(message).toContain("api was not handed over to staging-api:1");
    expectBefore(world);
    expect(world.ahead).toBe(0);
    expect(world.verbs).toContain("copy-back compare unflipped release");
    expect(entries(world)).toEqual(["front done", "shift done", "copy done", "back done"]);
  });

  it("tells the price of going back, and does it for no less", async () => {
    const world = new DataWorld();
    await world.flip();
    world.ahead = 7;
    const { message, wayOut, exitCode } = await failureOf(world.back());
    expect(message).toContain("7 transactions were written to the environment's own database since the flip");
    expect([wayOut.map((way) => way.split(" ").at(-1)), exitCode]).toEqual([["--copy-back", "--lose"], 1]);
    expectFlipped(world);
    const flipped = world.told.length;
    const { text } = await world.back({}, { copyBack: true });
    expect(text).toBe(
      "✓ back from flip: every service uses the old database again. The environment's own database keeps its rows, which are out of date from now on: npx slipway move staging copy takes them anew, npx slipway move staging back empties it.",
    );
    expectBefore(world);
    expect(heldIn(world.told.slice(flipped))).toHaveLength(1);
    expect([world.ahead, entries(world)]).toEqual([
      0,
      ["front done", "shift done", "copy done", "back done"],
    ]);
  });

  it("leaves a copy that is out of date, which no flip takes: it is taken anew, or emptied", async () => {
    const world = new DataWorld();
    await world.flip();
    await world.back({}, { copyBack: true });
    const { wayOut } = await failureOf(world.flip());
    expect(wayOut).toEqual([
      "The copy of the data is out of date since the way back from a flip: npx slipway move staging copy",
    ]);
    const { text } = await world.back();
    expect(text).toBe(
      "✓ back from copy: the copy is gone, and nothing of the move stays in the old database.",
    );
    expect(world.verbs).toContain("reset clean");
    expect(entries(world)).toEqual(["front done", "shift done", "back done"]);
  });

  it("stops what a schedule has started with the other database, and waits for its end", async () => {
    const world = new DataWorld();
    const left: boolean[] = [];
    world.faults.push((operation) => {
      if (operation === "putStored")
        left.push(world.started.includes("staging-web_external") || world.started.includes("staging-web"));
    });
    world.started = ["staging-web_external", "staging-mover"];
    await world.flip();
    expectFlipped(world);
    expect(world.started).toEqual(["staging-mover"]);
    world.started = ["staging-web"];
    await world.back({}, { copyBack: true });
    expectBefore(world);
    expect(world.started).toEqual([]);
    // Each time writes are held while it is at work, and let through when it is not.
    expect(left).toEqual([true, false, true, false]);
  });

  it("loses by going back what somebody said may be lost, and no more", async () => {
    const world = new DataWorld();
    await world.flip();
    world.ahead = 2;
    const more = () => {
      if (world.verbs.at(-1) === "unfollow hold-new transactions-since") world.ahead = 3;
    };
    world.faults.push(more);
    const { message } = await failureOf(world.back({}, { word: true }));
    expect(message).toContain(
      "3 transactions were written to the environment's own database alone, more than was said",
    );
    expectFlipped(world);
    expect(entries(world).at(-1)).toBe("flip done");
    world.faults.length = 0;
    await world.back({}, { word: true });
    expectBefore(world);
  });

  it("leaves nobody at the old side: no share is taken back while services use the new database", async () => {
    const world = new DataWorld();
    await world.flip();
    for (const call of [() => world.shift(0), () => world.shift(50)]) {
      const { message, wayOut, exitCode } = await failureOf(call());
      expect([message, wayOut, exitCode]).toEqual([
        expect.stringContaining(
          "Services use the environment's own database, and the old side uses the old one",
        ),
        [expect.stringContaining("npx slipway move staging back")],
        1,
      ]);
    }
    expectFlipped(world);
    // By hand somebody did: all of them come back, and a bad minute sends nobody there again.
    world.putByHand(50);
    world.sides.new.everyFails = 3;
    await world.shift(100);
    expectFlipped(world);
    await world.wait(86_400_000);
    await world.finish();
    expect(world.oldTakes).toBe(true);
    await failureOf(world.shift(0));
    expect(world.edge.share).toBe(100);
  });

  it.each([
    ["while the journal says less than the edge", { share: 50 }, 100],
    ["while the edge says less than the journal", {}, 50],
    [
      "while nobody has seen the end of a shift",
      { steps: [{ step: "shift", state: "begun", by: "ana", at: "2026-11-20T12:00:00Z" }] },
      100,
    ],
  ] as const)("is not begun %s", async (_, change, edge) => {
    const world = new DataWorld();
    const { steps = [] } = change as Partial<MoveState>;
    const kept = world.state.steps.filter(({ step }) => !steps.some((one) => one.step === step));
    world.state = { ...world.state, ...change, steps: [...kept, ...steps] };
    world.putByHand(edge);
    const { wayOut } = await failureOf(world.flip());
    expect(wayOut).toEqual([expect.stringContaining("npx slipway move staging shift 100")]);
    expect(world.verbs).toEqual([]);
  });

  it("leaves nobody a way to the old database once it may be written again, by header or by cookie", async () => {
    const world = new DataWorld();
    const forged: Record<string, string>[] = [
      { "x-slipway-origin": "old" },
      { cookie: "slipway-viewer=9999" },
      { cookie: "slipway-viewer=old" },
    ];
    const ask = (headers: Record<string, string>) =>
      world.probe({ at: EDGE, host: DOMAIN, path: "/orders", method: "POST", headers });
    const sides = async () => (await Promise.all(forged.map(ask))).map(({ headers }) => headers[SIDE]);
    await world.wait(world.propagation);
    // Before the flip both sides use one database: a tester may pick.
    expect(await sides()).toEqual(["old", "new", "new"]);
    const strays: Promise<string[]>[] = [];
    world.faults.push(() => {
      if (!world.oldTakes || world.state.use === "external") return;
      strays.push(sides().then((all) => all.filter((side) => side !== "new") as string[]));
    });
    await world.flip();
    expect(await sides()).toEqual(["new", "new", "new"]);
    await world.wait(86_400_000);
    await world.finish();
    await world.back();
    expect(strays.length).toBeGreaterThan(0);
    expect((await Promise.all(strays)).flat()).toEqual([]);
    await world.back({}, { word: true });
    await world.wait(world.propagation);
    expect(await sides()).toEqual(["old", "new", "new"]);
  });

  it("is gone back from after finish only by whoever says that all of it may be lost", async () => {
    const world = new DataWorld();
    await world.flip();
    world.ahead = 7;
    await world.wait(86_400_000);
    await world.finish();
    expect(world.asked.at(-1)).toContain("loses all that was written since it");
    await world.back();
    for (const options of [{}, { copyBack: true }]) {
      const { message, wayOut, exitCode } = await failureOf(world.back({}, options));
      expect(message).toContain("does not know any more what was written to it since the flip");
      expect([wayOut, exitCode]).toEqual([["To lose all of it: npx slipway move staging back --lose"], 1]);
    }
    expect([world.families, world.state.use]).toEqual([OWN, "own"]);
    expect(world.edge).toEqual({ share: 100, hold: false, only: "new" });
    await world.back({}, { word: true });
    expect(world.asked.at(-1)).toContain("lose all that was written");
    expectBefore(world);
    expect(entries(world)).toEqual(["front done", "shift done", "back done"]);
  });

  it("holds nothing after Ctrl-C: everything goes back by itself", async () => {
    const states: string[] = [];
    for (const at of ["putStored", "runTask", "forceDeployment"]) {
      const world = new DataWorld();
      const pressed = new AbortController();
      world.faults.push((operation) => {
        if (operation === at) pressed.abort(new Interrupted("SIGINT"));
      });
      const failure = await failureOf(world.flip({ signal: pressed.signal }));
      states.push(`${at} ${failure.exitCode}`);
      expect(failure.message).toMatch(/interrupted by SIGINT/);
      expectBefore(world);
      expect(world.isLocked).toBe(false);
    }
    // Before anything was held nothing has to go back.
    expect(states).toEqual(["putStored 3", "runTask 130", "forceDeployment 3"]);
  });

  it("that dies anywhere goes on, or goes back", async () => {
    const whole = new DataWorld();
    await whole.flip();
    const chances = 2 * whole.calls.length;
    const begun = { flip: 0, back: 0 };
    for (let nth = 3; nth < chances; nth += 4) {
      for (const end of ["flip", "back"] as const) {
        const world = new DataWorld();
        let left = nth;
        void world.flip({ isDead: () => left-- <= 0 }).catch(() => {});
        // Whoever died is not heard of: two minutes later the lock counts as left.
        await world.wait(150_000);
        const isBegun = world.state.steps.some(({ step }) => step === "flip");
        if (end === "back" && !isBegun) continue;
        if (isBegun) begun[end]++;
        if (end === "flip") await world.flip();
        else await world.back({}, { copyBack: true });
        if (end === "flip") expectFlipped(world);
        else expectBefore(world);
      }
    }
    expect(Math.min(...Object.values(begun))).toBeGreaterThan(20);
  });

  it("that was left for longer than its hold may last goes back, whoever finds it", async () => {
    const world = new DataWorld();
    void world.flip({ isDead: () => world.edge.hold }).catch(() => {});
    await world.wait(600_000);
    expect([world.edge.hold, world.state.hold]).toEqual([true, true]);
    const { message } = await failureOf(world.flip());
    expect(message).toContain("The hold has lasted 600 s, and may not last longer");
    expectBefore(world);
  });
});

describe("what whoever flips may do", () => {
  it("is each call that hands services over, for these services alone", () => {
    const { Statement } = movePolicy(new DataWorld().contract);
    const of = (sid: string) => Statement.find(({ Sid }) => Sid === sid);
    expect(of("HandOver")).toMatchObject({
      Action: ["ecs:DescribeServices", "ecs:UpdateService"],
      Resource: ["staging-web", "staging-api"].map(
        (name) => `arn:aws:ecs:us-west-2:123456789012:service/staging/${name}`,
      ),
    });
    expect(of("SeeImages")?.Resource).toEqual(["arn:aws:ecr:us-west-2:123456789012:repository/shop"]);
    expect(movePolicy(new MoveWorld().contract).Statement.map(({ Sid }) => Sid)).not.toContain("HandOver");
  });
});

describe("slipway move … copy", () => {
  it("goes on with the task of a copy whose command has died, and starts no other", async () => {
    const world = new DataWorld();
    world.mark = undefined;
    world.state = { ...world.state, steps: world.state.steps.filter(({ step }) => step !== "copy") };
    world.leaveCopy("copy --follow follow");
    const { text } = await world.copy();
    expect(text).toBe("✓ copy: the copy is whole; it follows, 0 bytes behind.");
    expect(world.verbs).toEqual(["copy --follow follow", "survey"]);
    expect(world.moversAtWork).toBe(1);
  });

  it("is watched on where its command died when all was done, so that a flip does not take it anew", async () => {
    const world = new DataWorld();
    const begun = world.state.steps.map((one) =>
      one.step === "copy" ? { ...one, state: "begun" as const } : one,
    );
    world.state = { ...world.state, steps: begun };
    world.leaveCopy("copy --follow follow");
    await world.copy();
    expect(world.verbs).toEqual(["copy --follow follow", "survey"]);
    expect(world.state.steps.at(-1)).toMatchObject({
      step: "copy",
      state: "done",
      data: { following: true },
    });
    await world.flip();
    expect(world.verbs).toContain("await hold catch-up sequences compare flipped --bound=600");
  });
});
