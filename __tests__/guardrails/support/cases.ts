import type { Json } from "./json";

/** What breaks a rule, and what keeps it: each named by what is special about it. */
export interface Cases {
  readonly fails: Readonly<Record<string, Json>>;
  readonly passes: Readonly<Record<string, Json>>;
}
export type CasesByRule = Readonly<Record<string, Cases>>;
