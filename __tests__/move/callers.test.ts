import { describe, expect, it } from "vitest";
import { AwsError } from "../../deploy/aws/error";
import { EXIT } from "../../deploy/exit-code";
import { movePolicy } from "../../modules/contract/move-policy";
import { MoveWorld, ORIGIN } from "./support/world";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Everybody is at the new side, and a day has passed. */
async function atItsEnd(world = new MoveWorld()): Promise<MoveWorld> {
  await world.survey();
  await world.front();
  await world.shift(100);
  await world.workers(["worker"]);
  await world.wait(25 * HOUR);
  return world;
}

/** A webhook, which never heard of the name. */
const call = (world: MoveWorld) => world.probe({ at: ORIGIN, path: "/hook" });

/** What finish tells before it asks. */
async function plan(world: MoveWorld, quiet?: number): Promise<string> {
  await world.finish(quiet === undefined ? {} : { quiet });
  return world.asked.at(-1) ?? "";
}

describe("finish asks App Runner who calls the old address", () => {
  it("and goes on where nobody did: what survey, front and shift asked before does not count", async () => {
    const world = await atItsEnd();
    expect(await plan(world)).toMatch(
      /App Runner counts no request to shop since \d{4}-\d\d-\d\d \d\d:\d\d UTC/,
    );
    expect(world.asked.at(-1)).not.toContain("not seen from here");
  });

  it("and refuses where somebody did, with the number, the time, and how to ask of less", async () => {
    const world = await atItsEnd();
    await call(world);
    await call(world);
    const at = new Date(world.clock.now()).toISOString().slice(11, 16);
    await world.wait(2 * HOUR);
    await expect(world.finish()).rejects.toMatchObject({
      exitCode: EXIT.refused,
      message: expect.stringMatching(
        new RegExp(
          `^App Runner counts 2 requests to shop since .* UTC, the last at .* ${at} UTC: somebody calls https://${ORIGIN} directly`,
        ),
      ),
      wayOut: [
        expect.stringContaining("survey's own requests and testers' among them"),
        expect.stringContaining("npx slipway move staging finish --quiet 1h"),
      ],
    });
    expect([world.edge.only, world.state.steps.some(({ step }) => step === "finish")]).toEqual([
      undefined,
      false,
    ]);
    expect(await plan(world, HOUR)).toContain("App Runner counts no request to shop");
    // It was said yes to: run again it does nothing, whoever calls meanwhile.
    await call(world);
    await world.wait(10 * MINUTE);
    expect((await world.finish()).text).toContain("Nothing was done");
  });

  it.each<[string, (world: MoveWorld) => unknown, number | undefined, string]>([
    [
      "of another account",
      (world) => Object.assign(world, { service: undefined }),
      undefined,
      "No service of App Runner's in us-west-2 of account 123456789012 has that address.",
    ],
    [
      "that whoever moves may not ask for",
      ({ faults }) =>
        faults.push((operation) => {
          if (operation === "appRunnerService")
            throw new AwsError("apprunner:ListServices", "denied", "AccessDenied", "not allowed", null);
        }),
      undefined,
      "App Runner was not asked: ",
    ],
    ["with no time to look at", () => {}, 0, "CloudWatch counts by whole minutes, and --quiet is shorter"],
    [
      "on another platform",
      ({ plan }) => Object.assign(plan.from ?? {}, { origin: "https://shop-1a2b3c.herokuapp.com" }),
      undefined,
      "heroku logs --source heroku has the router's line of each request",
    ],
  ])("and says that it has not seen a service %s", async (_, spoil, quiet, why) => {
    const world = await atItsEnd();
    spoil(world);
    const { origin } = world.plan.from ?? {};
    expect(await plan(world, quiet)).toContain(`not seen from here: who calls ${origin} directly. ${why}`);
  });

  it("with a right that nobody has who moves in from elsewhere", () => {
    const world = new MoveWorld();
    const of = () => movePolicy(world.contract).Statement.find(({ Sid }) => Sid === "FindOldService");
    expect(of()).toMatchObject({ Action: ["apprunner:ListServices"], Resource: ["*"] });
    if (world.plan.from) world.plan.from.origin = "https://shop-1a2b3c.herokuapp.com";
    expect(of()).toBeUndefined();
  });
});
