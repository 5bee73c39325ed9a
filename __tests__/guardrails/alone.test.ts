import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const folder = join(__dirname, "..", "..", "guardrails");
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".ts"),
);

test.each(files)(
  "guardrails/%s stands alone: it needs nothing of the project but AWS's facts and what commands share, and loads neither cdktf nor AWS",
  (file) => {
    const source = readFileSync(join(folder, file), "utf8");
    const imports = [...source.matchAll(/^(import type|import|export)\b[^;]*? from "([^"]+)";/gms)];
    for (const [, kind, from = ""] of imports) {
      const within = from.startsWith(".") && !join(file, "..", from).startsWith("..");
      const shared = /^(\.\.\/)+(aws|terminal)\/[\w-]+$/.test(from);
      const type = kind === "import type" && from === "cdktf";
      expect(within || shared || type || /^(node:\w+|commander|picocolors)$/.test(from), from).toBe(true);
    }
  },
);
