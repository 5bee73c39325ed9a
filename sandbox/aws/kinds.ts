import type { Kinds } from "./kind";

/** All that the sandbox knows of AWS, by resource type. */
export const KINDS: Kinds = {};
