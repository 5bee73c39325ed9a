/** Our mark on a migration task: which image it migrates to, and who started it. */
export interface StartedBy {
  digest: string;
  who: string;
}

const PREFIX = "slipway";
const MARK = /^slipway\/([0-9a-f]{64})\/(.+)$/;

/** At most 128 of letters, digits, `-`, `/` and `_` (RunTask's rule): ours takes 8 + 64 + 1 + 40. */
const WHO_LENGTH = 40;

export const startedBy = ({ digest, who }: StartedBy) =>
  `${PREFIX}/${digest.replace("sha256:", "")}/${name(who)}`;

/** The mark of a command that `run` started: unique, so that it is found when RunTask's answer is lost. */
export const runMark = (who: string, id: string) => `${PREFIX}-run/${id}/${name(who)}`;

const name = (who: string) => who.replace(/[^A-Za-z0-9_-]/g, "-").slice(0, WHO_LENGTH);

/** Null for a task that somebody started by other means. */
export function readStartedBy(text: string | undefined): StartedBy | null {
  const [, hex, who] = MARK.exec(text ?? "") ?? [];
  return hex && who ? { digest: `sha256:${hex}`, who } : null;
}

/** Whoever deploys: the CI run when there is one, else the last part of the caller's ARN. */
export const whoami = (env: NodeJS.ProcessEnv, callerArn: string) =>
  env.GITHUB_RUN_ID ? `github-run-${env.GITHUB_RUN_ID}` : (callerArn.split("/").at(-1) ?? "unknown");
