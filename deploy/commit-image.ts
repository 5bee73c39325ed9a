import type { Aws } from "./aws/gateway";
import { sameFiles } from "./git";

/** BatchGetImage takes at most 100. Source: Amazon ECR API reference. */
const IMAGES_PER_CALL = 100;

/**
 * The image that a repository has of a commit, whose tag it bears: one that was built of it, or of another commit with the
 * same files, which is given its tag then. A merge or a squash makes a new commit of what was built and tested already.
 * @returns its digest; undefined where there is none, so that it has to be built
 */
export async function commitImage(aws: Aws, repository: string, name: string): Promise<string | undefined> {
  const commits = (await sameFiles(name)).slice(0, IMAGES_PER_CALL);
  const found = await aws.images(
    repository,
    commits.map((imageTag) => ({ imageTag })),
  );
  const [newest] = commits.flatMap((commit) => found.find(({ tag }) => tag === commit) ?? []);
  const [own = ""] = commits;
  if (newest && newest.tag !== own) await aws.tagImage(repository, own, newest.image);
  return newest?.image.digest;
}
