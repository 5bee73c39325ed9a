import { environment, small } from "slipway";

export default environment({
  preset: small,
  region: "us-west-2",
  registry: "app",
  services: {
    web: {
      port: 8080,
      health: "/health",
      config: { GOOGLE_REDIRECT_URL: "$URL/auth/google/callback", GOOSE_DRIVER: "postgres" },
      secrets: ["GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET"],
      database: ["POSTGRES_URL", "GOOSE_DBSTRING"],
      migrations: true,
    },
  },
});
