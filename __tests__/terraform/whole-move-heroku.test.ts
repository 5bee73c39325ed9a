import { afterAll, describe, expect, it } from "vitest";
import { HEROKU } from "../../demo/move/platforms";
import { moveStory } from "../../demo/move/story";
import { LEFT_BEHIND, NOTHING_LEFT } from "../move-postgres/support/left-behind";

describe.sequential("the same where nothing can follow the old database, and a router stands before the application", () => {
  const { play, steps, close } = moveStory(HEROKU);
  afterAll(close);

  for (const [title, act] of steps)
    it(title, async () => {
      expect(await act(() => {})).not.toBe("");
    });

  it("leaves nothing in the old database", async () => {
    expect(await play.old(LEFT_BEHIND)).toEqual([NOTHING_LEFT]);
  });
});
