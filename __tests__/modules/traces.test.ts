import { Token } from "cdktf";
import { expect, it } from "vitest";
import { withoutTokenTraces } from "../../modules/traces";

/** Where the caller is, as packages ask that warn of what is outdated: on an object of their own. */
function here(): string | undefined {
  const place: { stack?: string } = {};
  Error.captureStackTrace(place);
  return place.stack;
}

it("leaves out the traces of tokens alone: packages find out where they were called, and errors have theirs", () => {
  const made = () => {
    const token = Token.asAny({ some: "value" });
    return { trace: token.creationStack, place: here(), error: new Error("no luck").stack };
  };
  expect(made().trace).not.toEqual([]);
  const without = withoutTokenTraces(made);
  expect(without.trace).toEqual([]);
  expect(without.place).toContain("at here");
  expect(without.error).toContain("traces.test.ts");
  expect(made().trace).not.toEqual([]);
});
