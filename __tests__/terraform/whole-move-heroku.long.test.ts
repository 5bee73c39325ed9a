import { describe } from "vitest";
import { HEROKU } from "../../demo/move/platforms";
import { moveStory } from "../../demo/move/story";
import { tellMove } from "./support/move-story";

/** What a database may have of its own, and a key: services get all of it with the flip. */
const BESIDE = {
  encryption: "own",
  database: { name: "shop", username: "owner", logins: true, replicas: 1 },
} as const;

describe.sequential("the same where nothing can follow the old database, and a router stands before the application", () => {
  tellMove(moveStory(HEROKU, BESIDE));
});
