import { theme } from "./rule";

/** The rules over a plan: what they find, checkPlan says. */
export const planRules = theme("plan", [
  {
    id: "stateful-destroy",
    why: "The plan destroys what holds data.",
    source: "Terraform documentation, JSON output format: resource_changes",
    mend: "Where it only moves, write a moved block; where Terraform shall forget it, a removed block; else read the plan with somebody.",
    find: () => [],
  },
  {
    id: "stateful-replace",
    why: "The plan replaces what holds data: the new one is empty.",
    source: "Terraform documentation, JSON output format: replace_paths",
    mend: "Take back the change of the arguments that force it, or restore the new one from a snapshot of the old.",
    find: () => [],
  },
]);
