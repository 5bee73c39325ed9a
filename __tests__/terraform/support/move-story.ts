import { afterAll, expect, it } from "vitest";
import type { moveStory } from "../../../demo/move/story";
import { LEFT_BEHIND, NOTHING_LEFT } from "../../move-postgres/support/left-behind";

/** Each step of a whole move is a test; the last one looks at what stays in the old database. */
export function tellMove({ play, steps, close }: ReturnType<typeof moveStory>): void {
  afterAll(close);

  for (const [title, act] of steps)
    it(title, async () => {
      expect(await act(() => {})).not.toBe("");
    });

  it("leaves nothing in the old database", async () => {
    expect(await play.old(LEFT_BEHIND)).toEqual([NOTHING_LEFT]);
  });
}
