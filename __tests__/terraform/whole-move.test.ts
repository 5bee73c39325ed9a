import { afterAll, describe, expect, it } from "vitest";
import { moveStory } from "../../demo/move/story";
import { LEFT_BEHIND, NOTHING_LEFT } from "../move-postgres/support/left-behind";

describe.sequential("an address and a database that move in while people use them, step by step", () => {
  const { play, steps, close } = moveStory();
  afterAll(close);

  for (const [title, act] of steps)
    it(title, async () => {
      expect(await act(() => {})).not.toBe("");
    });

  it("leaves nothing in the old database", async () => {
    expect(await play.old(LEFT_BEHIND)).toEqual([NOTHING_LEFT]);
  });
});
