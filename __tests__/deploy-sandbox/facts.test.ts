import { expect, test } from "vitest";
import { open } from "./support/open";

test("a healthy image is deployed: the tag names what runs", async () => {
  const stage = await open();
  const digest = await stage.push("v2");
  const { exitCode, result } = await stage.deploy("v2");
  expect([exitCode, result.text]).toEqual([0, expect.stringContaining("web deployed")]);
  expect(await stage.tag()).toBe(digest);
});
