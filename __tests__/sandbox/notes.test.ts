import { expect, test } from "vitest";
import { Notes } from "../../sandbox/command/notes";

/** Lines in the order in which they are printed, the command's own among them. */
function session(isTTY: boolean): string[] {
  const lines: string[] = [];
  const notes = new Notes({ isTTY, write: (text) => lines.push(text.trim()) });
  notes.say("starts");
  notes.hold();
  notes.say("runs migrate");
  lines.push("the command's");
  notes.release();
  notes.say("ends");
  return lines;
}

test("a command has the terminal to itself; what the sandbox has to say comes after", () => {
  expect(session(true)).toEqual([
    "sandbox: starts",
    "the command's",
    "sandbox: runs migrate",
    "sandbox: ends",
  ]);
  expect(session(false)).toEqual([
    "sandbox: starts",
    "sandbox: runs migrate",
    "the command's",
    "sandbox: ends",
  ]);
});
