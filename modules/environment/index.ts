import type { Environment } from "./environment";
import type { EnvironmentProps } from "./props";

export { light, production, small } from "./presets";
export type { EnvironmentProps, Preset } from "./props";

/** What an environment file exports. */
export interface EnvironmentFile {
  readonly props: EnvironmentProps;
  readonly extend?: (environment: Environment) => void;
}

/**
 * Describes an environment: the default export of a file in environments/.
 *
 * @param extend the way out of every default: it gets the finished environment, whose resources are public, and may
 * change any of them (`environment.database?.instance.addOverride("iops", 6000)`) or add its own beside them, and give
 * those to a service: `environment.services.get("web")?.environment("QUEUE_URL", queue.url)`, see docs/own-resources.md.
 */
export function environment(props: EnvironmentProps, extend?: EnvironmentFile["extend"]): EnvironmentFile {
  return { props, ...(extend && { extend }) };
}
