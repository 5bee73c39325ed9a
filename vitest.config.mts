import { defineConfig } from "vitest/config";

/**
 * The project `whole`: tests that start processes (Terraform, commands as people type them, containers), and simulations of
 * many releases. All others are the project `unit`, which takes half a minute.
 */
const WHOLE = [
  ...["adopting", "build", "cli", "create", "deploy", "deploy-sandbox", "environments", "examples", "npm"],
  ...["move-postgres", "package", "plan", "sandbox-api", "terraform", "try", "workflows"],
]
  .map((folder) => `__tests__/${folder}/**/*.test.ts`)
  .concat(
    [
      "aws/postgres-parameters",
      "github/github",
      "guardrails/{command,environments}",
      "iam/{command,commands,roles}",
      "import/{aws,command}",
      "modules/{accounts,app,bootstrap,logins-sql}",
      "sandbox/{backend,files,isolation,lifecycle,lifecycle-types,version}",
    ].map((file) => `__tests__/${file}.test.ts`),
  );
const surroundings = "__tests__/support/surroundings.ts";

export default defineConfig({
  // "slipway" is this project's own sources, as tsconfig.json says.
  resolve: { tsconfigPaths: true },
  test: {
    // Long enough for the real Terraform over a whole environment on two slow cores.
    testTimeout: 180_000,
    // Every core: by default one is left idle, which on two of them doubles the time.
    maxWorkers: "100%",
    hookTimeout: 180_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["__tests__/**/*.test.ts"],
          exclude: WHOLE,
          setupFiles: [surroundings, "__tests__/support/alone.ts"],
          // What they import is loaded once, and not once for each file.
          isolate: false,
        },
      },
      { extends: true, test: { name: "whole", include: WHOLE, setupFiles: [surroundings] } },
    ],
  },
});
