import { execFile } from "node:child_process";
import { refused } from "./errors";

/** A commit's name as GitHub writes it, and as images are tagged with it. */
export const COMMIT = /^[0-9a-f]{40}$/;

/** How a commit stands to another one; "unknown" where the history here does not have that. */
export type Standing = "same" | "older" | "not older" | "unknown";

interface Answer {
  readonly code: number;
  readonly output: string;
  readonly complaint: string;
}

/** Room for the names of a hundred thousand commits and their trees, in bytes. */
const MOST_OUTPUT = 2 ** 24;

const git = (...words: readonly string[]) =>
  new Promise<Answer>((resolve) => {
    // A commit that a partial clone lacks is not asked for: nobody is there to sign in.
    const env = { ...process.env, GIT_NO_LAZY_FETCH: "1", GIT_TERMINAL_PROMPT: "0" };
    execFile(
      "git",
      words,
      { cwd: process.cwd(), env, maxBuffer: MOST_OUTPUT },
      (error, output, complaint) => {
        // A text where the program could not be started.
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : 127;
        resolve({ code, output: output.trim(), complaint: complaint.trim() || (error?.message ?? "") });
      },
    );
  });

/**
 * The whole name of a commit of the repository in the current folder.
 * @throws DeployError 1 where git, the repository, its history or the commit is not there
 */
async function commitHere(name: string): Promise<string> {
  const unknown = (why: string) =>
    refused(`${why}: this is to run in a checkout of the service with its whole history (fetch-depth: 0).`);
  const shallow = await git("rev-parse", "--is-shallow-repository");
  if (shallow.code !== 0) throw unknown(`git answers ${shallow.complaint}`);
  if (shallow.output === "true") throw unknown("git has a part of the history alone");
  const { code, output } = await git("rev-parse", "--verify", "--quiet", `${name}^{commit}`);
  if (code !== 0 || !COMMIT.test(output)) throw unknown(`${name} is no commit here`);
  return output;
}

/** How a commit of this repository stands to others, by their names. */
export async function standings(
  commit: string,
  others: readonly string[],
): Promise<ReadonlyMap<string, Standing>> {
  const own = await commitHere(commit);
  const found = others.map(async (other) => [other, await standing(own, other)] as const);
  return new Map(await Promise.all(found));
}

async function standing(commit: string, other: string): Promise<Standing> {
  if (commit === other) return "same";
  const { code } = await git("merge-base", "--is-ancestor", commit, other);
  return code === 0 ? "older" : code === 1 ? "not older" : "unknown";
}

/**
 * Commits whose files are the same as a commit's, itself first, then the newest: as what is merged into another branch
 * has them.
 */
export async function sameFiles(commit: string): Promise<string[]> {
  const own = await commitHere(commit);
  const { output } = await git("log", "--all", "--format=%T %H");
  const { output: tree } = await git("rev-parse", `${own}^{tree}`);
  const others = output.split("\n").flatMap((line) => {
    const [files, name] = line.split(" ");
    return files === tree && name && name !== own ? [name] : [];
  });
  return [own, ...others];
}
