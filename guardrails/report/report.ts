import type { QuotaFinding } from "../quotas";
import type { Finding } from "../rule";

/** What a run looked at, and found. */
export interface Report {
  /** Names of the stacks and plans. */
  readonly looked: readonly string[];
  readonly rules: number;
  /** Module calls: their resources are not in the JSON, so no rule sees them. */
  readonly unseenModules: readonly string[];
  readonly findings: readonly Finding[];
  /** Quotas that the stacks exceed together: notices, with which no run fails. */
  readonly quotas: readonly QuotaFinding[];
}

/** What nobody has written a reason for: with any of these a run fails. */
export const openFindings = ({ findings }: Report) =>
  findings.filter(({ suppressed }) => suppressed === undefined);
/** What somebody has written a reason for. */
export const suppressed = ({ findings }: Report) =>
  findings.filter((finding): finding is Finding & { suppressed: string } => finding.suppressed !== undefined);

const count = (many: number, one: string) => `${many} ${one}${many === 1 ? "" : "s"}`;

/** All of it in a line. */
export function summary(report: Report): string {
  const found = openFindings(report).length;
  const words = [
    found === 0 ? "nothing found" : count(found, "finding"),
    `${suppressed(report).length} suppressed`,
  ];
  return `${report.looked.join(", ")}: ${words.join(", ")}; ${count(report.rules, "rule")}`;
}

/** `aws_lb.web internal = false` */
export const place = ({ address, path, value }: Finding) =>
  [address, path, value === undefined ? "" : `= ${value}`].filter((part) => part !== "").join(" ");
