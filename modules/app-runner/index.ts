import type { AppRunnerEnvironment } from "./environment";
import type { AppRunnerProps } from "./props";

export type { AppRunnerProps, AppRunnerServiceProps } from "./props";

/** What the file of an environment on App Runner exports. */
export interface AppRunnerFile {
  readonly platform: "app-runner";
  readonly props: AppRunnerProps;
  readonly extend?: (environment: AppRunnerEnvironment) => void;
}

/**
 * Describes an environment on AWS App Runner: the default export of a file in environments/. It has no network, cluster or
 * load balancer of its own, and a database that is elsewhere. AWS lets no new account in since 30 April 2026; everybody new
 * begins with `environment({ preset: light, … })`, see docs/app-runner.md.
 *
 * @param extend the way out of every default: it gets the finished environment, whose resources are public
 */
export const appRunner = (
  props: AppRunnerProps,
  extend?: (environment: AppRunnerEnvironment) => void,
): AppRunnerFile => ({ platform: "app-runner", props, ...(extend && { extend }) });
