import type { Move } from "./move";
import { nextOf, STEPS, standingSteps } from "./steps";

/** Where the move stands, for a person. */
export interface Standpoint {
  readonly lines: readonly string[];
  readonly next: string | undefined;
}

const MARKS = { done: "✓", begun: "…" } as const;

/** Each step with who did it when, what comes next, and what would be gone back from. */
export function standpoint(move: Move): Standpoint {
  const { state } = move.journal;
  const { environment } = move.contract;
  const width = Math.max(...STEPS.map(({ name }) => name.length));
  const { from, database } = move.plan;
  const steps = STEPS.filter(({ name }) =>
    ["front", "shift"].includes(name) ? from : ["copy", "flip"].includes(name) ? database : true,
  );
  const lines = steps.flatMap(({ name, about }) => {
    const entry = state.steps.find(({ step }) => step === name);
    if (!entry) return [`  ${name.padEnd(width)}  ${about}`];
    const who = `${entry.state === "begun" ? "begun" : "done"} by ${entry.by}, ${entry.at.slice(0, 16).replace("T", " ")} UTC`;
    return [
      `${MARKS[entry.state]} ${name.padEnd(width)}  ${who}${entry.note ? `: ${entry.note.split("\n")[0]}` : ""}`,
    ];
  });
  const next = nextOf(move);
  const last = standingSteps(state).at(-1);
  return {
    lines: [
      ...lines,
      "",
      ...(state.hold ? ["Writes are held at the edge."] : []),
      next === undefined
        ? `Nothing is next: \`move\` may go out of environments/${environment}.ts.`
        : `Next: npx slipway move ${environment} ${next}`,
      ...(last
        ? [`Back from ${last.name}: npx slipway move ${environment} back, which says its price first`]
        : []),
    ],
    next,
  };
}
