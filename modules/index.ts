/**
 * The package `slipway`: what a file in environments/ says. Nothing of cdktf is loaded here, because deploy reads these files
 * too: constructs are in `slipway/constructs`.
 */
export { suppress } from "../guardrails/suppress";
export {
  type EnvironmentFile,
  type EnvironmentProps,
  environment,
  light,
  type Preset,
  production,
  small,
} from "./environment";
export type { Environment } from "./environment/environment";
