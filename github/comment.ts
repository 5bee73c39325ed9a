import { Api, type Runner } from "./api";
import { CommandError } from "./error";
import { fitted, isOurs, type Post } from "./post";

interface Comment extends Post {
  readonly id: number;
}

interface PullRequest {
  readonly head: { readonly sha: string };
}

/**
 * Writes a text as a comment on the pull request of this run, in the place of the one that begins with the same marker.
 * @param text begins with its marker: an HTML comment, alone in the first line
 * @param ref `GITHUB_REF`, which says which pull request it is
 * @param head the commit of the pull request that this run is of: where that has a newer one, its own run comments
 * @returns what was done, in words
 */
export async function upsertComment(
  runner: Runner,
  text: string,
  ref: string,
  head?: string,
): Promise<string> {
  const number = /^refs\/pull\/(\d+)\/merge$/.exec(ref)?.[1];
  if (number === undefined) {
    throw new CommandError(
      `GITHUB_REF is "${ref}", which is no pull request (refs/pull/<number>/merge): comment only on the event pull_request.`,
    );
  }
  const marker = /^<!-- \S[^\n]* -->(?=\n)/.exec(text)?.[0];
  if (marker === undefined) {
    throw new CommandError(
      'The file does not begin with a marker, as "<!-- name -->" alone in its first line: nobody could find the comment again.',
    );
  }
  const api = new Api(runner, "pull-requests: write");
  if (head !== undefined) {
    const { sha } = (await api.send<PullRequest>("GET", `/pulls/${number}`)).head;
    if (sha !== head)
      return `Not commented: pull request ${number} has ${sha} by now, whose own run comments.`;
  }
  const body = fitted(text, `\n[Run](${runner.run})\n`);
  for await (const comment of api.list<Comment>(`/issues/${number}/comments`)) {
    if (!isOurs(comment, marker)) continue;
    await api.send("PATCH", `/issues/comments/${comment.id}`, { body });
    return `Updated the comment ${marker} on pull request ${number}.`;
  }
  await api.send("POST", `/issues/${number}/comments`, { body });
  return `Commented ${marker} on pull request ${number}.`;
}
