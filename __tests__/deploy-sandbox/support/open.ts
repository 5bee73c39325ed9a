import { afterEach } from "vitest";
import { type Settings, Stage } from "./driver";

const opened: Stage[] = [];

afterEach(async () => {
  for (const stage of opened.splice(0)) await stage.close();
});

/** A stage that is closed when the test has ended. */
export async function open(settings: Settings = {}): Promise<Stage> {
  const stage = await Stage.open(settings);
  opened.push(stage);
  return stage;
}
