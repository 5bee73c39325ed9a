import { z } from "zod";
import { account } from "./account";
import { bootstrap } from "./bootstrap/props";
import { fromIssues, type Mistake, show } from "./mistakes";
import { meant } from "./similar";

/** Everything that `context` in cdktf.json says, beside what cdktf itself reads there. */
const projectOptions = z.object({
  /** The tag `project` on everything, and how the names of the roles for CI begin. */
  project: z
    .string()
    .regex(
      /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
      "must start with a letter and hold a-z, 0-9 and single hyphens only.",
    )
    .max(24),
  /** The AWS account of all that name no other. */
  account: account.optional(),
  /** S3 bucket that holds the states, and its region; without one they are files in this folder. */
  stateBucket: z.string().default(""),
  stateRegion: z.string().default(""),
  /**
   * What AWS granted to the account beyond its defaults, by the code of the quota: `{ "L-0263D0A3": 10 }` for ten Elastic
   * IPs. Nothing is refused for it: a synthesis says where the environments together want more.
   */
  quotas: z
    .record(
      z.string().regex(/^L-[0-9A-F]{8}$/, "is no code of Service Quotas: L-0263D0A3, …"),
      z.number().min(0),
    )
    .default({}),
  /** What the environments of one account share; false where somebody else provides it. */
  bootstrap: bootstrap.default(false),
});

/** Reads `context` of cdktf.json. The project is absent when there are mistakes. */
export function resolveProject(context: unknown): {
  readonly project?: z.output<typeof projectOptions>;
  readonly mistakes: readonly Mistake[];
} {
  const parsed = projectOptions.safeParse(context, { reportInput: true });
  const issues = parsed.success ? [] : parsed.error.issues;
  const mistakes = [...fromIssues(PLACE, issues), ...mistyped(context)];
  return mistakes.length === 0 && parsed.success ? { project: parsed.data, mistakes } : { mistakes };
}

const PLACE = "cdktf.json.context";

/** Keys that are nearly one of ours; others may be cdktf's or a team's own. */
function mistyped(context: unknown): Mistake[] {
  const known = Object.keys(projectOptions.shape);
  return Object.keys(context ?? {})
    .filter((key) => !known.includes(key))
    .flatMap((key) => {
      const right = meant(key, known);
      const message = `is no option, and would be read by nobody: did you mean ${show(right)}?`;
      return right === undefined ? [] : [{ path: `${PLACE}.${key}`, message }];
    });
}
