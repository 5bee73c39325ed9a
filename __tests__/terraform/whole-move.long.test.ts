import { describe } from "vitest";
import { moveStory } from "../../demo/move/story";
import { tellMove } from "./support/move-story";

describe.sequential("an address and a database that move in while people use them, step by step", () => {
  tellMove(moveStory());
});
