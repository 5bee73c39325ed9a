import { describe } from "vitest";
import { HEROKU } from "../../demo/move/platforms";
import { moveStory } from "../../demo/move/story";
import { tellMove } from "./support/move-story";

describe.sequential("the same where nothing can follow the old database, and a router stands before the application", () => {
  tellMove(moveStory(HEROKU));
});
