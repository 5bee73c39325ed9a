import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { shortDigest } from "../../deploy/image";
import type { AppRunnerServiceProps } from "../../modules/app-runner";
import { Growth, PASSWORD } from "./support/growth";

/** Says what it is given, as a careless migration would. */
const SAYS = `console.log("migrates " + process.env.DATABASE_URL + " as " + decodeURIComponent(new URL(process.env.DATABASE_URL).password)); console.log(process.env.SLIPWAY_IMAGE + " " + process.env.GREETING);`;

const web: AppRunnerServiceProps = {
  health: "/health",
  config: { GREETING: "hello" },
  database: ["DATABASE_URL"],
  migrations: [process.execPath, "-e", SAYS],
};

describe.sequential("an environment on App Runner", () => {
  let growth: Growth;
  let first = "";
  let second = "";
  beforeAll(async () => {
    growth = await Growth.open();
  });
  afterAll(() => growth.close());

  it("is applied before there is an image, without a service", async () => {
    const { code, output } = await growth.apply(web);
    expect(code, output).toBe(0);
    expect(growth.world.list({ type: "aws_apprunner_service" })).toEqual([]);
    expect(growth.releases()).toEqual([]);
  });

  it("takes its first release, which migrates here and shows no secret, and waits for the next apply", async () => {
    first = await growth.push("v1");
    await growth.secret("/growth/database/url", await growth.answeringUrl());
    const { exitCode, result, output } = await growth.deploy("v1");
    expect(exitCode, output).toBe(0);
    expect(result.text).toContain("nothing runs yet: npx slipway apply growth makes it");
    expect(await growth.tag()).toBe(first);
    expect(growth.releases()).toMatchObject([{ digest: first, operation: null }]);
    expect(output).toContain("migrates ***");
    expect(output).toContain(`app@${first} hello`);
    for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) expect(output).not.toContain(secret);
  });

  it("is made by that apply, after which a plan is empty", async () => {
    const { code, output } = await growth.apply(web);
    expect(code, output).toBe(0);
    expect((await growth.plan()).output).toContain("No changes.");
    await growth.settle();
    expect(await growth.service()).toMatchObject({ status: "RUNNING", digest: first });
  });

  it("runs the next release when App Runner's operation has succeeded, and says what that does not prove", async () => {
    second = await growth.push("v2");
    const { exitCode, result, events, output } = await growth.deploy("v2");
    expect(exitCode, output).toBe(0);
    expect(result.text).toContain("it tells no digest, so nothing more proves the image");
    expect(result.services).toMatchObject([{ name: "web", outcome: "succeeded" }]);
    const stages = events.flatMap((event) =>
      event.type === "stage" && event.state === "succeeded" ? [event.stage] : [],
    );
    expect(stages).toEqual(["check", "migrate", "promote", "roll out"]);
    expect(await growth.service()).toMatchObject({ status: "RUNNING", digest: second });
    expect(growth.releases()).toMatchObject([
      { digest: second, operation: result.services[0]?.deployment },
      { digest: first, operation: null },
    ]);
    expect((await growth.plan()).output).toContain("No changes.");
  });

  it("is left as it was by a release that App Runner rolls back: the tag names the one before again", async () => {
    await growth.push("v3", { exit: { code: 1, after: 2_000 } });
    const { exitCode, result } = await growth.deploy("v3");
    expect(exitCode).toBe(3);
    expect(result.text).toContain(
      "The roll-out of web was rolled back: App Runner went back to what ran before",
    );
    expect(result.wayOut).toEqual(
      expect.arrayContaining([
        `The tag app:growth names ${shortDigest(second)} again.`,
        "App Runner itself took web back to what ran before.",
        expect.stringMatching(/aws logs tail \/aws\/apprunner\/growth-web\/[0-9a-f]{32}\/application/),
        expect.stringContaining("The migration was not undone"),
      ]),
    );
    expect(await growth.tag()).toBe(second);
    expect(await growth.service()).toMatchObject({ status: "RUNNING", digest: second });
    expect(growth.releases()).toHaveLength(2);
  });

  it("goes back to the release before", async () => {
    const { exitCode, output } = await growth.rollback();
    expect(exitCode, output).toBe(0);
    expect(output).not.toContain('"stage":"migrate"');
    expect(await growth.service()).toMatchObject({ digest: first });
  });
});
