import type { EnvironmentProps } from "../../modules/environment";
import { light } from "../../modules/environment";
import { APP_RUNNER } from "./platforms";
import { APP } from "./play";

/**
 * The environment that an application on another platform moves into, with its database; at its end without the move.
 * @param host the platform's own address of the application
 */
export const environmentOf = (moves: boolean, host: string = APP_RUNNER.host): EnvironmentProps => ({
  preset: light,
  region: "us-west-2",
  registry: "app",
  distribution: { domain: { names: [APP], zone: "example.com" } },
  database: { instanceClass: "db.t4g.micro", engineVersion: "15" },
  services: {
    web: { port: 8080, health: "/health", database: ["DATABASE_URL"] },
    worker: {
      command: ["node", "work.cjs"],
      database: ["DATABASE_URL"],
      schedules: { nightly: { expression: "rate(1 day)", command: ["node", "report.cjs"] } },
    },
  },
  ...(moves && { move: { from: { origin: `https://${host}`, domain: APP }, database: true } }),
});
