import { describe, expect, test } from "vitest";
import { parseOptions } from "../../sandbox/command/options";
import { applyByHand, show } from "../../sandbox/command/world-options";
import { World, type WorldObject } from "../../sandbox/world";
import { temporaryFolder } from "./helpers";

const ARN = "arn:aws:apprunner:us-west-2:123456789012:service/growth-web/0123456789abcdef0123456789abcdef";

const service: WorldObject = {
  type: "aws_apprunner_service",
  region: "us-west-2",
  id: ARN,
  attributes: { service_name: "growth-web", arn: ARN, status: "RUNNING" },
  origin: "terraform",
};

async function worldWith(object: WorldObject): Promise<World> {
  const world = new World(temporaryFolder());
  await world.change(() => world.put(object));
  return world;
}

describe("what is changed by hand", () => {
  test.each(["growth-web", ARN])(
    "is found by its name and by its ARN, as App Runner's services are: %s",
    async (name) => {
      const world = await worldWith(service);
      await applyByHand(world, parseOptions(["--edit", `apprunner_service/${name}`, 'status="PAUSED"']));
      expect(world.get(service.type, service.region, ARN)?.attributes.status).toBe("PAUSED");
    },
  );

  test("is told by names where none is so called, with the one that is meant", async () => {
    const world = await worldWith(service);
    const edit = (name: string) =>
      applyByHand(world, parseOptions(["--edit", `apprunner_service/${name}`, 'status="PAUSED"']));
    await expect(edit("growth-wev")).rejects.toThrow(
      "aws_apprunner_service/growth-wev does not exist: there are growth-web; did you mean growth-web?",
    );
    await expect(edit("shop")).rejects.toThrow(/does not exist: there are growth-web$/);
    expect(show(world, "aws_apprunner_service", false)).toContain(`${ARN}  growth-web`);
  });
});
