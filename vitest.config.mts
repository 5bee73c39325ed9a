import { defineConfig } from "vitest/config";

export default defineConfig({
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
