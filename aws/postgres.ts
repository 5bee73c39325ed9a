/**
 * Major versions of Postgres that RDS takes for a new instance, with the first minor version it offered.
 * Source: Amazon RDS for PostgreSQL release notes.
 */
const majors: Readonly<Record<string, number>> = { "14": 1, "15": 2, "16": 1, "17": 1, "18": 1 };

export const postgresMajors = Object.keys(majors);

/** `17` follows the newest minor version, `17.6` holds one. */
export function isPostgresVersion(version: string): boolean {
  const match = /^(\d+)(?:\.(\d{1,2}))?$/.exec(version);
  const first = match?.[1] === undefined ? undefined : majors[match[1]];
  return first !== undefined && (match?.[2] === undefined || Number(match[2]) >= first);
}

/** Families of RDS instance classes that run Postgres. Source: "DB instance classes", Amazon RDS user guide. */
const families = [
  "t3",
  "t4g",
  "m5",
  "m5d",
  "m6g",
  "m6gd",
  "m6i",
  "m6id",
  "m7g",
  "m7i",
  "m8g",
  "r5",
  "r5b",
  "r5d",
  "r6g",
  "r6gd",
  "r6i",
  "r6id",
  "r7g",
  "r7i",
  "r8g",
  "x2g",
];
const burstable = ["micro", "small", "medium", "large", "xlarge", "2xlarge"];
const sizes = ["large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"];

/** Every instance class that is known. */
export const instanceClasses: readonly string[] = families.flatMap((family) =>
  (family.startsWith("t") ? burstable : sizes).map((size) => `db.${family}.${size}`),
);
