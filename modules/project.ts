import { z } from "zod";
import { account } from "./account";
import { bootstrap } from "./bootstrap/props";
import { fromIssues, type Mistake, show } from "./mistakes";
import { into, isRecord, layer, options } from "./options";
import { meant } from "./similar";

/** What AWS granted beyond its defaults, by the code of the quota. */
const quotas = z.record(
  z.string().regex(/^L-[0-9A-F]{8}$/, "is no code of Service Quotas: L-0263D0A3, …"),
  z.number().min(0),
);

/**
 * What a further account has of its own.
 * @param first the bootstrap of the first one, of which the others differ in what they say
 */
const accountOptions = (first: unknown) =>
  options({
    /** S3 bucket that holds the states of its environments, and its region; without one they are files in this folder. */
    stateBucket: z.string().optional(),
    stateRegion: z.string().optional(),
    /** What AWS granted to this account. @default that of the context */
    quotas: quotas.optional(),
    /** What its environments share, laid over what the context says of it; false where somebody else provides it. */
    bootstrap: z
      .unknown()
      .optional()
      .transform((own, context) => into(context, bootstrap, layer(first, own, bootstrap) ?? false)),
  });

/**
 * Everything that `context` in cdktf.json says, beside what cdktf itself reads there.
 * @param first what it says of bootstrap
 */
const projectOptions = (first: unknown) =>
  z.object({
    /** The tag `project` on everything, and how the names of the roles for CI begin. */
    project: z
      .string()
      .regex(
        /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
        "must start with a letter and hold a-z, 0-9 and single hyphens only.",
      )
      .max(24),
    /** The AWS account of all that name no other: the first, where images are pushed. */
    account: account.optional(),
    /** S3 bucket that holds the states, and its region; without one they are files in this folder. */
    stateBucket: z.string().default(""),
    stateRegion: z.string().default(""),
    /**
     * What AWS granted to the account beyond its defaults, by the code of the quota: `{ "L-0263D0A3": 10 }` for ten Elastic
     * IPs. Nothing is refused for it: a synthesis says where the environments together want more.
     */
    quotas: quotas.default({}),
    /** What the environments of one account share; false where somebody else provides it. */
    bootstrap: bootstrap.default(false),
    /** What further accounts have of their own, by their numbers. An account of some environment need not stand here. */
    accounts: z
      .record(z.string().regex(/^\d{12}$/, "is no AWS account: twelve digits."), accountOptions(first))
      .default({}),
  });

/** What a project says of itself and of its accounts, complete. */
export type ResolvedProject = z.output<ReturnType<typeof projectOptions>>;

/** Reads `context` of cdktf.json. The project is absent when there are mistakes. */
export function resolveProject(context: unknown): {
  readonly project?: ResolvedProject;
  readonly mistakes: readonly Mistake[];
} {
  const written = isRecord(context) ? context : {};
  const schema = projectOptions(
    bootstrap.safeParse(written.bootstrap).success ? written.bootstrap : undefined,
  );
  const parsed = schema.safeParse(context, { reportInput: true });
  const issues = parsed.success ? [] : parsed.error.issues;
  const mistakes = [
    ...fromIssues(PLACE, issues),
    ...mistyped(written, Object.keys(schema.shape)),
    ...(parsed.success ? checkFurther(parsed.data) : []),
  ];
  return mistakes.length === 0 && parsed.success ? { project: parsed.data, mistakes } : { mistakes };
}

const PLACE = "cdktf.json.context";

/** Further accounts beside none, and the first one among them. */
function* checkFurther({ account, accounts }: ResolvedProject): Generator<Mistake> {
  const further = Object.keys(accounts);
  if (account === undefined && further.length > 0)
    yield {
      path: `${PLACE}.account`,
      message: `is missing, and accounts names ${further.join(", ")} beside it: name the first one.`,
    };
  if (account !== undefined && further.includes(account))
    yield {
      path: `${PLACE}.accounts.${account}`,
      message: "is the first account: what it has stands in context itself.",
    };
}

/** Keys that are nearly one of ours; others may be cdktf's or a team's own. */
function mistyped(context: object, known: readonly string[]): Mistake[] {
  return Object.keys(context)
    .filter((key) => !known.includes(key))
    .flatMap((key) => {
      const right = meant(key, known);
      const message = `is no option, and would be read by nobody: did you mean ${show(right)}?`;
      return right === undefined ? [] : [{ path: `${PLACE}.${key}`, message }];
    });
}
