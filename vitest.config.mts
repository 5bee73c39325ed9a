import { defineConfig } from "vitest/config";

const inFolders = (...folders: readonly string[]) =>
  folders.map((folder) => `__tests__/${folder}/**/*.test.ts`);

/**
 * The project `processes`: tests that start processes (Terraform, commands as people type them, Postgres). Projects run in the order of
 * their names, and `unit` comes last: its files are short, so that no core waits long for the other at the end.
 */
const PROCESSES = inFolders(
  "adopting",
  "build",
  "cli",
  "environments",
  "examples",
  "move-postgres",
  "npm",
  "package",
)
  .concat(inFolders("plan", "terraform", "try", "workflows"))
  .concat(
    [
      "aws/postgres-parameters",
      "deploy/commands",
      "deploy/commits",
      "deploy/interrupts",
      "deploy/surroundings",
      "deploy/terminal",
      "deploy-sandbox/app-runner",
      "deploy-sandbox/app-runner-existing",
      "deploy-sandbox/app-runner-failures",
      "deploy-sandbox/app-runner-roles",
      "deploy-sandbox/daily",
      "github/github",
      "guardrails/command",
      "guardrails/environments",
      "iam/command",
      "iam/commands",
      "import/aws",
      "import/command",
      "modules/accounts",
      "modules/app",
      "modules/bootstrap",
      "modules/logins-sql",
      "sandbox-api/command",
      "sandbox-api/logs",
      "sandbox-api/pglite",
      "sandbox-api/postgres",
      "sandbox-api/processes",
      "sandbox/backend",
      "sandbox/files",
      "sandbox/isolation",
      "sandbox/lifecycle",
      "sandbox/version",
    ].map((file) => `__tests__/${file}.test.ts`),
  );
/** The project `simulated`: releases against a stand-in for AWS, many of them, and the stand-in itself. */
const SIMULATED = inFolders("deploy", "deploy-sandbox", "sandbox-api");
/** The project `long`, which `npm test` leaves to `npm run test:all`: whole stories, whose parts have quicker tests (__tests__/projects.test.ts). */
const LONG = "__tests__/**/*.long.test.ts";
const surroundings = "__tests__/support/surroundings.ts";
/** What each project says for itself, as none inherits: each would make the run's folder anew. */
const resolve = { tsconfigPaths: true };
const settings = {
  // Long enough for the real Terraform over a whole environment on two slow cores.
  testTimeout: 180_000,
  hookTimeout: 180_000,
  // Files share a process: what they import is loaded once, and not once for each of them, which takes longer than most of them do.
  isolate: false,
  setupFiles: [surroundings],
};
/** Tests that start no process. */
const alone = { ...settings, setupFiles: [surroundings, "__tests__/support/no-processes.ts"] };

export default defineConfig({
  // "slipway" is this project's own sources, as tsconfig.json says.
  resolve,
  test: {
    globalSetup: "__tests__/support/run-folder.ts",
    // Every core: by default one is left idle, which on two of them doubles the time.
    maxWorkers: "100%",
    projects: [
      { resolve, test: { ...settings, name: "long", include: [LONG] } },
      { resolve, test: { ...settings, name: "processes", include: PROCESSES, exclude: [LONG] } },
      { resolve, test: { ...alone, name: "simulated", include: SIMULATED, exclude: [LONG, ...PROCESSES] } },
      {
        resolve,
        // All others, which take half a minute.
        test: {
          ...alone,
          name: "unit",
          include: ["__tests__/**/*.test.ts"],
          exclude: [LONG, ...SIMULATED, ...PROCESSES],
        },
      },
    ],
  },
});
