import { join } from "node:path";
import { App } from "cdktf";
import { context } from "./cdktf.json";
import { build, load } from "./modules/app";
import { ConfigurationError } from "./modules/mistakes";

const app = new App();

try {
  build(app, load(join(__dirname, "environments")), context);
  app.synth();
} catch (error) {
  if (!(error instanceof ConfigurationError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
