import { expect, test } from "vitest";
import { FIRST_MOVE_STATE, type MoveEntry, type MoveStep } from "../../modules/contract/move";
import { moveProblems } from "../../plan/unfinished-move";
import { planOf, resource } from "./support/plans";

const entry = (step: MoveStep, state: MoveEntry["state"] = "done"): MoveEntry => ({
  step,
  state,
  by: "ana",
  at: "2026-11-20T12:00:00Z",
});

const parameter = (
  steps: readonly MoveEntry[],
  {
    name = "/staging/move",
    actions = ["delete"],
    text = JSON.stringify({ ...FIRST_MOVE_STATE, steps }),
  } = {},
) =>
  planOf([
    resource("aws_ssm_parameter.move", actions, {}, { before: { name, insecure_value: text }, after: null }),
  ]);

test("a move that is under way cannot be taken out of the file: what stands, and the way out", () => {
  const [problem, ...others] = moveProblems(
    parameter([entry("front"), entry("shift"), entry("copy", "begun")]),
  );
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ severity: "error", place: "aws_ssm_parameter.move" });
  expect(problem?.detail).toContain("Taken or begun: front, shift, copy.");
  expect(problem?.wayOut).toContain("npx slipway move staging finish");
});

test.each([
  ["under way", [entry("front")], 1],
  ["over", [entry("front"), entry("finish")], 0],
] as const)("what Terraform has read since counts, not what its state had: %s", (_, steps, problems) => {
  const { resource_changes: old } = parameter(steps.length > 1 ? [entry("front")] : []);
  const { resource_changes: now } = parameter(steps);
  const drift = now.map((one) => ({
    ...one,
    change: { ...one.change, before: null, after: one.change.before },
  }));
  expect(moveProblems(planOf(old as never[], { resource_drift: drift }))).toHaveLength(problems);
});

const STORE = "aws_cloudfront_key_value_store.distribution_front_store";
const MOVER = "aws_ecs_task_definition.mover";

/** The parameter stays, and of what else there is something goes. */
const partly = (steps: readonly MoveEntry[], going: Readonly<Record<string, readonly string[]>>) => {
  const { resource_changes: kept } = parameter(steps, { actions: ["no-op"] });
  const others = Object.entries(going).map(([address, actions]) => resource(address, actions));
  return planOf([...(kept as never[]), ...others]);
};

test.each([
  ["from", STORE, [entry("front")], "front", "everybody to the new side at once"],
  ["from", STORE, [entry("front"), entry("shift", "begun"), entry("workers")], "front, shift", "no way back"],
  ["database", MOVER, [entry("front"), entry("copy", "begun")], "copy", "its slot in the old database"],
  ["database", MOVER, [entry("copy"), entry("flip")], "copy, flip", "give services one of the two databases"],
] as const)("neither can %s alone, with %s", (word, address, steps, taken, does) => {
  const [problem, ...others] = moveProblems(partly(steps, { [address]: ["delete"] }));
  expect(others).toEqual([]);
  expect(problem).toMatchObject({ severity: "error", place: address });
  expect(problem?.detail).toContain(`Taken or begun: ${taken}. An apply would `);
  expect(problem?.detail).toContain(does);
  expect(problem?.wayOut).toContain(`Put \`${word}\` back into \`move\` of environments/staging.ts`);
  expect(problem?.wayOut).toContain(`back has undone ${taken.replace(", ", " and ")}`);
});

test.each([
  ["the other half is what stands", STORE, [entry("copy"), entry("flip")], ["delete"]],
  ["the address is what stands", MOVER, [entry("front"), entry("shift"), entry("workers")], ["delete"]],
  ["it is made anew", STORE, [entry("front")], ["create", "delete"]],
  ["the move is over", STORE, [entry("front"), entry("finish")], ["delete"]],
  ["all of it was undone", MOVER, [entry("front"), entry("back")], ["delete"]],
] as const)("a half may go where %s", (_, address, steps, actions) => {
  expect(moveProblems(partly(steps, { [address]: actions }))).toEqual([]);
});

test.each([
  ["a finish that died", [entry("front"), entry("finish", "begun")]],
  ["a way back that died", [entry("back", "begun")]],
  ["a finish that was taken back", [entry("flip"), entry("back")]],
])("neither can %s", (_, steps) => {
  expect(moveProblems(parameter(steps))).toHaveLength(1);
});

test.each([
  ["it is over", parameter([entry("front"), entry("shift"), entry("finish")])],
  ["nothing was begun", parameter([])],
  ["all was undone", parameter([entry("back")])],
  ["it stays", parameter([entry("front")], { actions: ["update"] })],
  ["the parameter is another", parameter([entry("front")], { name: "/staging/deploy" })],
  ["nobody can read how far it is", parameter([], { text: "{}" })],
])("no problem where %s", (_, plan) => {
  expect(moveProblems(plan)).toEqual([]);
});
