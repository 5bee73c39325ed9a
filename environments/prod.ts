import { environment, production } from "slipway";

export default environment({
  preset: production,
  region: "us-west-2",
  registry: "app",
  services: {
    web: {
      port: 8080,
      health: "/health",
      cpu: 512,
      memory: 1024,
      config: { GOOGLE_REDIRECT_URL: "$URL/auth/google/callback", GOOSE_DRIVER: "postgres" },
      secrets: ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"],
      database: ["POSTGRES_URL", "GOOSE_DBSTRING"],
      migrations: true,
      autoscaling: { min: 2, max: 10 },
    },
  },
});
