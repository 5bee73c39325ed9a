import { defineConfig } from "vitest/config";

export default defineConfig({
  // "slipway" is this project's own sources, as tsconfig.json says.
  resolve: { tsconfigPaths: true },
  test: {
    include: ["__tests__/**/*.test.ts"],
    setupFiles: ["__tests__/support/surroundings.ts"],
    // Long enough for the real Terraform over a whole environment on two slow cores.
    testTimeout: 180_000,
    // Every core: by default one is left idle, which on two of them doubles the time.
    maxWorkers: "100%",
    hookTimeout: 180_000,
  },
});
