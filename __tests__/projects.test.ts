import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { scripts } from "../package.json";
import config from "../vitest.config.mjs";

const ROOT = join(__dirname, "..");
const LONG = ".long.test.ts";

/** Quicker files that test the parts of a long one, by its name: `npm test`, which leaves that out, misses how they play together, and no more. */
const QUICKER: Readonly<Record<string, readonly string[]>> = {
  "adopting/account": ["adopting/guide", "modules/bootstrap", "plan/move-state", "plan/repositories"],
  "adopting/environment": ["adopting/guide", "sandbox/lifecycle", "plan/summary"],
  "deploy-sandbox/timelines": ["deploy-sandbox/scenarios", "deploy-sandbox/facts", "sandbox-api/faults"],
  "deploy/timelines": ["deploy/verdicts", "deploy/facts-rollout", "deploy/lost-answers"],
  "iam/roles": ["iam/document", "iam/escalation", "iam/commands"],
  "move-postgres/copy": ["move-postgres/copy", "move-postgres/follow", "move/flip"],
  "move-postgres/follow": ["move-postgres/follow", "move-postgres/copy", "move/flip"],
  "move-postgres/held": ["move-postgres/follow", "move/survey-database", "move/flip"],
  "package/compilers": ["package/package"],
  "package/created": ["package/create", "package/package", "modules/peers", "workflows/test-migrations"],
  "plan/kept": ["modules/kept-data", "plan/without-protection", "plan/consent"],
  "plan/several-accounts": ["plan/accounts", "modules/accounts", "deploy-sandbox/copy"],
  "plan/upgrade": ["plan/upgrade", "plan/differences", "build/release"],
  "sandbox/lifecycle-types": ["sandbox/lifecycle", "sandbox/schema"],
  "terraform/changes": ["terraform/growing", "terraform/internal", "sandbox/lifecycle"],
  "terraform/life": ["plan/sandbox", "modules/kept-data", "terraform/secrets"],
  "terraform/logins": ["modules/logins", "modules/logins-sql", "deploy-sandbox/logins"],
  "terraform/move-copy": ["move-postgres/copy", "move/survey-database", "modules/mover"],
  "terraform/move-database": ["modules/move-database", "terraform/two-databases", "move/flip"],
  "terraform/move-deaths": ["move/deaths", "move/flip-timelines", "move-postgres/copy"],
  "terraform/move-name": ["move/name", "modules/move", "terraform/move"],
  "terraform/own-resources": ["modules/own-resources", "terraform/options", "sandbox/lifecycle"],
  "terraform/pairs": ["terraform/options", "modules/options", "guardrails/options"],
  "terraform/there-and-back": ["terraform/internal", "terraform/growing", "plan/failures"],
  "terraform/together": ["modules/contract", "modules/graph", "terraform/options"],
  "terraform/whole-move": ["terraform/road", "move/flip", "move-postgres/follow"],
  "terraform/whole-move-heroku": ["terraform/road", "move/flip", "move-postgres/follow", "move-postgres/tls"],
  "workflows/cancelled": ["workflows/turns", "workflows/errored", "plan/again"],
  "workflows/foreign": ["environments/addresses", "guardrails/command", "workflows/conditions"],
  "workflows/growth": ["workflows/services", "workflows/conditions", "workflows/test-migrations"],
  "workflows/jobs": ["workflows/turns", "workflows/errored", "github/github", "plan/sandbox"],
  "workflows/queue": ["workflows/turns", "workflows/conditions", "github/github"],
};

const files = readdirSync(__dirname, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".test.ts"),
);
const patterns = (config.test?.projects ?? []).flatMap((project) =>
  typeof project === "object" && "test" in project
    ? [...(project.test?.include ?? []), ...(project.test?.exclude ?? [])]
    : [],
);

describe("the projects of the tests", () => {
  it("name files and folders that there are", () => {
    const named = [...new Set(patterns)].map((pattern) => pattern.replace(/\*\*\/.*$/, ""));
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((name) => !existsSync(join(ROOT, name)))).toEqual([]);
  });

  it("are all run by what CI runs, and all but the long one by npm test", () => {
    expect(scripts).toMatchObject({ test: "vitest run --project=!long", "test:all": "vitest run" });
    for (const file of [".ci/run", ".github/workflows/self-test.yaml"])
      expect(readFileSync(join(ROOT, file), "utf8")).toContain("npm run test:all");
  });

  it("have for each long file quicker ones, none of which is long", () => {
    const long = files.filter((file) => file.endsWith(LONG)).map((file) => file.slice(0, -LONG.length));
    expect(Object.keys(QUICKER)).toEqual(long.sort());
    for (const [name, quicker] of Object.entries(QUICKER)) {
      expect(quicker.length, name).toBeGreaterThan(0);
      expect(
        quicker.filter((one) => !files.includes(`${one}.test.ts`)),
        name,
      ).toEqual([]);
    }
  });
});
