import { closeAfterTest } from "../../support/closing";
import { type Settings, Stage } from "./driver";

/** A stage that is closed when the test has ended. */
export async function open(settings: Settings = {}): Promise<Stage> {
  const stage = await Stage.open(settings);
  closeAfterTest(() => stage.close());
  return stage;
}
