import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { MOVER_COMMAND, moverProgram } from "../../modules/move/mover-program";

test("the task takes the mover's program apart again, file by file", () => {
  const folder = mkdtempSync(join(tmpdir(), "mover-"));
  const command = MOVER_COMMAND.replace("exec bash mover.sh $MOVER", "pwd");
  const env = {
    PATH: process.env.PATH,
    TMPDIR: folder,
    PROGRAM: gzipSync(moverProgram()).toString("base64"),
  };
  const { stdout, stderr } = spawnSync("bash", ["-euc", command], { env, encoding: "utf8" });
  const sources = join(__dirname, "../../modules/move/mover");
  expect(readdirSync(stdout.trim()), stderr).toEqual(readdirSync(sources));
  for (const file of readdirSync(sources))
    expect(readFileSync(join(stdout.trim(), file), "utf8")).toBe(readFileSync(join(sources, file), "utf8"));
  rmSync(folder, { recursive: true });
});
