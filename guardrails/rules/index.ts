import { planRules } from "../plan-rules";
import type { Hit, Rule, RuleText } from "../rule";
import type { Stack } from "../stack";
import { suppressionRules } from "../suppressions";
import { containers } from "./containers";
import { data } from "./data";
import { delivery } from "./delivery";
import { edgesAndState, sharedState } from "./edges-and-state";
import { encryption } from "./encryption";
import { exposure } from "./exposure";
import { logs } from "./logs";
import { permissions } from "./permissions";
import { secrets } from "./secrets";
import { tagsAndNames } from "./tags-and-names";
import { versions } from "./versions";

/** A rule over several stacks. */
export interface TogetherRule extends RuleText {
  readonly find: (stacks: readonly Stack[]) => readonly (Hit & { readonly stack: Stack })[];
}

/** The rules over one stack. */
export const rules: readonly Rule[] = [
  ...exposure,
  ...permissions,
  ...encryption,
  ...data,
  ...logs,
  ...tagsAndNames,
  ...versions,
  ...secrets,
  ...containers,
  ...delivery,
  ...edgesAndState,
];

/** The rules over what stacks share. */
export const togetherRules: readonly TogetherRule[] = [sharedState];

/** Every rule there is, in the order of the documentation. */
export const ruleTable: readonly RuleText[] = [...rules, ...togetherRules, ...planRules, ...suppressionRules];
