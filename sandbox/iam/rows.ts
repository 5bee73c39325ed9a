import type { Line } from "./line";

/** The calls that the provider makes of a resource type, each as a line. */
export interface Row {
  /** To make it; what has no id yet is `*`. */
  readonly create?: readonly Line[];
  /** To finish what was just made, which bears its tags by then. */
  readonly finish?: readonly Line[];
  /** Whenever its state is read: before a plan, and after it was made or changed. */
  readonly read?: readonly Line[];
  /** By the attribute that changes, or several with bars between them; `*` for those that are not named. */
  readonly update?: Readonly<Record<string, readonly Line[]>>;
  readonly delete?: readonly Line[];
  /** The action that tags, the one that takes tags away, and the resource. AWS asks for the first where one is made with tags, too. */
  readonly tags?: readonly [add: string, remove: string, resource: string];
}

/** The calls of each resource type, or of each data source. */
export type Rows = Readonly<Record<string, Row>>;
