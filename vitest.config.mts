import { defineConfig } from "vitest/config";

const inFolders = (...folders: readonly string[]) =>
  folders.map((folder) => `__tests__/${folder}/**/*.test.ts`);

/** The project `whole`: tests that start processes (Terraform, commands as people type them, containers). */
const WHOLE = inFolders(
  "adopting",
  "build",
  "cli",
  "create",
  "environments",
  "examples",
  "move-postgres",
  "npm",
)
  .concat(inFolders("package", "plan", "terraform", "try", "workflows"))
  .concat(
    [
      "aws/postgres-parameters",
      "deploy/{commands,commits,interrupts,surroundings,terminal}",
      "deploy-sandbox/{app-runner*,daily}",
      "github/github",
      "guardrails/{command,environments}",
      "iam/{command,commands,roles}",
      "import/{aws,command}",
      "modules/{accounts,app,bootstrap,logins-sql}",
      "sandbox-api/{command,logs,pglite,postgres,processes}",
      "sandbox/{backend,files,isolation,lifecycle,lifecycle-types,version}",
    ].map((file) => `__tests__/${file}.test.ts`),
  );
/** The project `simulated`: releases against a stand-in for AWS, many of them, and the stand-in itself. */
const SIMULATED = inFolders("deploy", "deploy-sandbox", "sandbox-api");
const surroundings = "__tests__/support/surroundings.ts";
/** What each project says for itself, as none inherits: each would make the run's folder anew. */
const resolve = { tsconfigPaths: true };
const settings = {
  // Long enough for the real Terraform over a whole environment on two slow cores.
  testTimeout: 180_000,
  hookTimeout: 180_000,
  // Files share a process: what they import is loaded once, and not once for each of them, which takes longer than most of them do.
  isolate: false,
};
/** Tests that start no process. */
const alone = { ...settings, setupFiles: [surroundings, "__tests__/support/alone.ts"] };

export default defineConfig({
  // "slipway" is this project's own sources, as tsconfig.json says.
  resolve,
  test: {
    globalSetup: "__tests__/support/run-folder.ts",
    // Every core: by default one is left idle, which on two of them doubles the time.
    maxWorkers: "100%",
    projects: [
      {
        resolve,
        // All others, which take half a minute.
        test: {
          ...alone,
          name: "unit",
          include: ["__tests__/**/*.test.ts"],
          exclude: [...SIMULATED, ...WHOLE],
        },
      },
      {
        resolve,
        test: {
          ...alone,
          name: "simulated",
          include: SIMULATED,
          exclude: WHOLE,
        },
      },
      { resolve, test: { ...settings, name: "whole", include: WHOLE, setupFiles: [surroundings] } },
    ],
  },
});
