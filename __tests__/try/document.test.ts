import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readCommands } from "../../try/commands";
import { unsupported } from "../../try/engines";
import { packages as tried } from "../../try/cdktn/package-lock.json";
import { dependencies, devDependencies } from "../../package.json";
import { bindings } from "../../sandbox/schema/bindings";
import { loadSchema } from "../../sandbox/schema/cache";
import type { BlockSchema } from "../../sandbox/schema/types";

const ROOT = join(__dirname, "..", "..");
const document = readFileSync(join(ROOT, "docs", "cdktf.md"), "utf8");
const { there, back } = readCommands(ROOT);
/** In the copy that npm run try:cdktn makes, these tests run on the continuation. */
const changed = devDependencies.cdktf.startsWith("npm:");

const commandFor = (cdktf: string, aws: string) =>
  `npm pkg set devDependencies.cdktf=${cdktf} devDependencies.@cdktf/provider-aws=${aws} && npm install`;

describe("docs/cdktf.md", () => {
  it("changes to what the trial's lock file holds, and goes back to what package.json does", () => {
    const library = tried["node_modules/cdktf"];
    const provider = tried["node_modules/@cdktf/provider-aws"];
    expect([library.name, provider.name]).toEqual(["cdktn", "@cdktn/provider-aws"]);
    expect(there).toBe(
      commandFor(`npm:cdktn@${library.version}`, `npm:@cdktn/provider-aws@${provider.version}`),
    );
    const { cdktf, "@cdktf/provider-aws": aws } = devDependencies;
    expect(changed ? there : back).toBe(commandFor(cdktf, aws));
  });

  const features = [...document.matchAll(/^\| .+ \| `(aws_\w+)` \| `([\w.]+)` \|$/gm)];

  it.each(features.map(([, type = "", path = ""]) => [type, path]))(
    "lists %s %s, which the continuation's bindings have, and cdktf's do not",
    (type, path) => {
      const steps = path.split(".");
      const last = steps.pop() ?? "";
      const block = steps.reduce<BlockSchema | undefined>(
        (at, step) => at?.blocks[step]?.block,
        loadSchema("resource", type),
      );
      expect(block, `${type} ${steps.join(".")}`).toBeDefined();
      expect(last in (block?.attributes ?? {}) || last in (block?.blocks ?? {})).toBe(changed);
    },
  );

  it("says which provider each of them means", () => {
    expect(features.length).toBeGreaterThan(2);
    const manifest = JSON.parse(readFileSync(join(bindings().root, "package.json"), "utf8"));
    expect(document).toContain(manifest.cdktf.provider.version);
  });

  it("says of a part that asks for a newer Node that it is not run", () => {
    expect(unsupported("20.20.2")).toEqual([
      "cdktn-cli 0.24.0 (cdktn plan, cdktn apply): needs Node 22.19 or later, this is 20.20.2; cdktf-cli goes on working",
    ]);
    expect(unsupported("22.18.9")).toHaveLength(1);
    expect(unsupported("22.19.0")).toEqual([]);
    expect(unsupported("24.0.0")).toEqual([]);
  });
});

describe("the trial's lock file", () => {
  it("goes with package.json: where it does not, npm run try:cdktn -- --lock writes it anew", () => {
    const { dependencies: locked, devDependencies: lockedDev } = tried[""];
    const changes = {
      cdktf: lockedDev.cdktf,
      "@cdktf/provider-aws": lockedDev["@cdktf/provider-aws"],
    };
    expect(locked).toEqual(dependencies);
    expect(lockedDev).toEqual({ ...devDependencies, ...changes });
  });

  it("names no registry", () => {
    expect(readFileSync(join(ROOT, "try", "cdktn", "package-lock.json"), "utf8")).not.toContain('"resolved"');
  });
});
