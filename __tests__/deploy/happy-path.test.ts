import { expect, test } from "vitest";
import { World } from "./support/world";

test("a deploy checks, migrates, promotes, rolls out and proves the image", async () => {
  const world = await World.open();
  const { exitCode, result } = await world.deploy("v2");
  expect(result).toMatchObject({ exitCode: 0, text: expect.stringContaining("web deployed") });
  expect(exitCode).toBe(0);
  expect(world.digest("staging")).toBe(world.digest("v2"));
});
