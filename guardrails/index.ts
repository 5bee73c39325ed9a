export { check, checkAll } from "./check";
export { checkPlan } from "./plan";
export { renderMarkdown } from "./report/markdown";
export { openFindings, type Report } from "./report/report";
export { renderText, renderTable } from "./report/text";
export { reportOn } from "./report-on";
export type { Finding, RuleText } from "./rule";
export { ruleTable } from "./rules";
export { suppress } from "./suppress";
