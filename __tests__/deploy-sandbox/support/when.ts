import type { DeployEvent } from "../../../deploy/events";

/** Does something, once, as soon as an event of a stage of the deploy holds a text. */
export function when(stage: string, text: string, happen: () => unknown): (event: DeployEvent) => void {
  let happened = false;
  return (event) => {
    if (happened || !("stage" in event) || event.stage !== stage || !event.text.includes(text)) return;
    happened = true;
    void happen();
  };
}
