import type { AppRunnerEnvironment } from "../app-runner/environment";
import type { AppRunnerConfiguration } from "../app-runner/props";
import type { Environment } from "./environment";
import type { Configuration } from "./props";

/** An environment, wherever its services run. */
export type AnyEnvironment = Environment | AppRunnerEnvironment;

/** A configuration of such an environment; one with a cluster is that of `environment`. */
export type AnyConfiguration = Configuration | AppRunnerConfiguration;
