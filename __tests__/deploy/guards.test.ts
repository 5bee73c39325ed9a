import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { GUARDS } from "./support/guards";

const read = (path: string) => readFileSync(join(__dirname, "../..", path), "utf8");

// `support/break-guards.ts` breaks each of them and expects its test to fail; this keeps the list true.
test.each(GUARDS)(
  "guard: $name stands where the list says, and so does its test",
  ({ file, code, test: [testFile, name] }) => {
    expect(read(file).split(code)).toHaveLength(2);
    // Parametrised tests carry a placeholder where the name has its value.
    const text = read(`__tests__/deploy/${testFile}`);
    const found =
      text.includes(name) || text.includes(name.replace(/SIGINT|SpotInterruption|ROLLBACK_\w+/, "%s"));
    expect(found, name).toBe(true);
  },
);
