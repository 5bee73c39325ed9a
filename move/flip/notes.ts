import type { Move } from "../move";
import type { Notes } from "./crossing";

const STALE =
  "out of date since the way back from a flip: copy takes it anew, back empties the database of it";

/**
 * What stands in the move's parameter. The moment of the hold is in the flip's own entry, as it is begun; its end tells how long it
 * was, whichever way it led.
 */
export function notesOf({ journal, clock, tell }: Move): Notes {
  return {
    get use() {
      return journal.state.use;
    },
    get heldSince() {
      if (!journal.state.hold) return undefined;
      const since = journal.entry("flip")?.data?.since;
      return typeof since === "number" ? since : 0;
    },
    async held(since) {
      const steps = journal.state.steps.map((entry) =>
        entry.step === "flip" ? { ...entry, data: { ...entry.data, since } } : entry,
      );
      await journal.write({ hold: true, steps });
    },
    uses: (use) => journal.write({ use }),
    async released() {
      const since = this.heldSince;
      await journal.write({ hold: false });
      if (since) await tell(`writes were held for ${Math.round((clock.now() - since) / 1000)} s`);
    },
    stale: () =>
      journal.write({
        steps: journal.state.steps.map((entry) =>
          entry.step === "copy" ? { ...entry, note: STALE, data: { stale: true } } : entry,
        ),
      }),
    unknown: () =>
      journal.write({
        steps: journal.state.steps.filter(({ step, data }) => step !== "copy" || data?.stale === true),
      }),
  };
}
