import { z } from "zod";
import { Api, type Runner } from "./api";
import { CommandError } from "./error";

const reference = z.object({ object: z.object({ sha: z.string() }) });

/**
 * The commit that a branch has by now, where it is another one than this run's: what this run would plan or apply is of the past.
 * @param ref `GITHUB_REF`
 * @param sha `GITHUB_SHA`
 * @returns undefined where this run's commit is the branch's head
 * Source: "REST API endpoints for Git references", GitHub documentation.
 */
export async function newerCommit(runner: Runner, ref: string, sha: string): Promise<string | undefined> {
  if (!ref.startsWith("refs/heads/") || sha === "") {
    throw new CommandError(
      `GITHUB_REF is "${ref}" and GITHUB_SHA "${sha}": only a run of a branch can be behind it.`,
    );
  }
  const found = await new Api(runner, "contents: read").send("GET", `/git/${ref.replace(/^refs\//, "ref/")}`);
  const head = reference.parse(found).object.sha;
  return head === sha ? undefined : head;
}
