import { environment, production } from "slipway";
import { ErrorAlarm } from "../modules/error-alarm";

export default environment(
  {
    preset: production,
    region: "us-west-2",
    registry: "app",
    after: "staging",
    services: {
      web: {
        port: 8080,
        health: "/health",
        database: ["DATABASE_URL"],
      },
    },
  },
  (prod) => {
    new ErrorAlarm(prod, "errors", { atMost: 10 });
  },
);
