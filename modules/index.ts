/**
 * The package `slipway`: what a file in environments/ says. Nothing of cdktf is loaded here, because deploy reads these files
 * too: constructs are in `slipway/constructs`.
 */
export { suppress } from "../guardrails/suppress";
export { appRunner, type AppRunnerFile, type AppRunnerProps, type AppRunnerServiceProps } from "./app-runner";
export type { AppRunnerEnvironment } from "./app-runner/environment";
export type { BastionProps } from "./bastion/props";
export type { ClusterProps } from "./cluster/props";
export type { DatabaseProps, ExternalDatabaseProps } from "./database/props";
export type { DistributionProps } from "./distribution/props";
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
export type { ExistingNetworkProps, NetworkProps } from "./network/props";
export type { RegistryProps } from "./registry/props";
export type { ServiceProps } from "./service/props";
