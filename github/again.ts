import { Api, type Runner } from "./api";
import { newerCommit } from "./newer";

/** What a run is of, as every runner says it. */
export interface ThisRun {
  /** `GITHUB_REF` */
  readonly ref: string;
  /** `GITHUB_SHA` */
  readonly sha: string;
  /** `GITHUB_WORKFLOW_REF`, of a called workflow its caller's: `octo/infra/.github/workflows/terraform.yaml@refs/heads/main` */
  readonly workflow: string;
}

/**
 * The start of a new run for the newest commit, where the branch moved on while this run applied: that commit was planned of what was
 * there in between.
 * @returns what was done, in words
 * Source: "REST API endpoints for workflows", GitHub documentation. What a job's own token does starts no workflow, but this
 * does ("Triggering a workflow").
 */
export async function planAgain(runner: Runner, { ref, sha, workflow }: ThisRun): Promise<string> {
  const newer = await newerCommit(runner, ref, sha);
  if (newer === undefined) return "Nothing was merged while this was applied.";
  const file = /\/([^/]+)@/.exec(workflow)?.[1] ?? "";
  await new Api(runner, "actions: write").send("POST", `/actions/workflows/${file}/dispatches`, {
    ref: ref.replace(/^refs\/heads\//, ""),
  });
  return `${newer} was merged while this was applied: a new run plans it again, since its own may have planned too early.`;
}
