import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { GUARDS, type Guard } from "./guards";

// Breaks each guard in a copy of the project: its named test must pass before and fail after. About two minutes:
//   node --require tsx/cjs __tests__/deploy/support/break-guards.ts

const root = resolve(__dirname, "../../..");
const copy = mkdtempSync(join(tmpdir(), "guards-"));
for (const path of [
  "deploy",
  "npm",
  "dns",
  "terminal",
  "modules/similar.ts",
  "modules/contract",
  "__tests__/deploy",
  "package.json",
  "tsconfig.json",
]) {
  cpSync(join(root, path), join(copy, path), { recursive: true });
}
symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));

const passes = ({ test: [file, name] }: Guard) =>
  spawnSync(
    process.execPath,
    [
      join(root, "node_modules/vitest/vitest.mjs"),
      "run",
      `__tests__/deploy/${file}`,
      "-t",
      name,
      "--testTimeout=20000",
    ],
    { cwd: copy, encoding: "utf8" },
  ).status === 0;

let missed = 0;
for (const guard of GUARDS) {
  const file = join(copy, guard.file);
  const whole = readFileSync(file, "utf8");
  const sound = passes(guard);
  writeFileSync(
    file,
    whole.replace(guard.code, () => guard.broken),
  );
  const caught = sound && !passes(guard);
  writeFileSync(file, whole);
  if (!caught) missed++;
  process.stdout.write(`${caught ? "caught" : "MISSED"}  ${guard.name}  (${guard.test.join(": ")})\n`);
}
rmSync(copy, { recursive: true });
process.exitCode = missed > 0 ? 1 : 0;
