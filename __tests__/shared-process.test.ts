import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";

/** Files that vitest.config.mts has run for each test file. */
const FOR_EACH = ["support/surroundings.ts", "support/no-processes.ts"];

test("hooks stand in test files: those of a file that these load would be one's alone, as they share what they load", () => {
  const files = readdirSync(__dirname, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !FOR_EACH.includes(file),
  );
  expect(files.length).toBeGreaterThan(90);
  const hooks = files.filter((file) =>
    /^(before|after)(Each|All)\(/m.test(readFileSync(join(__dirname, file), "utf8")),
  );
  expect(hooks).toEqual([]);
});

test("temporary folders are made in one of the run's own, which goes with it", () => {
  expect(basename(tmpdir())).toMatch(/^slipway-\w{6}$/);
});
