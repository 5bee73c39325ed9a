import { App } from "cdktf";
import { constructEnvironments, type Loaded } from "../modules/app";
import { environment, production, small } from "../modules/environment";
import { withoutTokenTraces } from "../modules/traces";

/** Synthesizes as many environments as the first argument says, every tenth of them a production one. */
const count = Number(process.argv[2]);
const files: Loaded[] = Array.from({ length: count }, (_, index) => ({
  file: `env${index}.ts`,
  ...environment({
    preset: index % 10 === 9 ? production : small,
    region: "eu-central-1",
    registry: "app",
    services: { web: { port: 8080, migrations: true }, worker: { command: ["worker"] } },
  }),
}));
const app = new App();
withoutTokenTraces(() => {
  constructEnvironments(app, files, { project: "bench" });
  app.synth();
});
