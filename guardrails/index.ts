export { check, checkAll } from "./check";
export { checkPlan } from "./plan";
export { markdown } from "./report/markdown";
export { open, type Report } from "./report/report";
export { plain, table } from "./report/text";
export { reportOn } from "./report-on";
export type { Finding, RuleText } from "./rule";
export { ruleTable } from "./rules";
export { suppress } from "./suppress";
