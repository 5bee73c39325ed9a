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
