import { environment, small } from "slipway";
import { ErrorAlarm } from "../modules/error-alarm";

export default environment(
  {
    preset: small,
    region: "us-west-2",
    registry: "app",
    services: {
      web: {
        port: 8080,
        health: "/health",
        database: ["DATABASE_URL"],
      },
    },
  },
  (staging) => {
    new ErrorAlarm(staging, "errors", { atMost: 10 });
  },
);
