import { LIMIT } from "../plan/markdown";

/** What a comment and an issue have in common. */
export interface Post {
  readonly body: string | null;
  readonly user: { readonly login: string } | null;
}

/** Who writes with a job's token. Anybody may write our marker; only this one's post is ours to change. */
const US = "github-actions[bot]";

export const isOurs = ({ body, user }: Post, marker: string) =>
  user?.login === US && (body ?? "").startsWith(marker);

const CUT = "\n\n… the rest is in the run's log and summary.\n";

/** A text with its end, cut between two lines where both would be too long. A fence that the cut leaves open is closed. */
export function fitted(text: string, end: string, limit = LIMIT): string {
  if (text.length + end.length <= limit) return `${text}${end}`;
  const room = limit - end.length - CUT.length;
  const lines: string[] = [];
  let length = 0;
  let fence = "";
  for (const line of text.split("\n")) {
    const next = fenceAfter(fence, line);
    if (length + line.length + 1 + Math.max(fence.length, next.length) + 1 > room) break;
    lines.push(line);
    length += line.length + 1;
    fence = next;
  }
  return `${[...lines, ...(fence ? [fence] : [])].join("\n")}${CUT}${end}`;
}

/** The fence that is open after a line, if one is. */
function fenceAfter(open: string, line: string): string {
  const fence = /^`{3,}/.exec(line)?.[0];
  if (fence === undefined) return open;
  if (open === "") return fence;
  return fence.length >= open.length && line.trim() === fence ? "" : open;
}
