import type { Configuration } from "../environment/props";
import { type Mistake, show } from "../mistakes";
import { MOST_ENVIRONMENTS } from "../registry/registry";

/** An image repository, and the environments that run images from it. */
export interface Repository {
  readonly name: string;
  readonly region: string;
  readonly environments: readonly string[];
  /** Whether it is the bootstrap stack's: an environment may make its own. */
  readonly create: boolean;
}

/** The repositories that environments name, each once per region. */
export function repositoriesOf(environments: readonly Configuration[]): Repository[] {
  const found = new Map<string, Repository>();
  for (const { name, region, registries } of environments) {
    for (const { repository, create } of registries) {
      const key = `${region} ${repository}`;
      const known = found.get(key);
      found.set(key, {
        name: repository,
        region,
        environments: [...(known?.environments ?? []), name],
        create: (known?.create ?? true) && !create,
      });
    }
  }
  return [...found.values()];
}

/** A repository's lifecycle policy keeps the image of each environment by a rule of its own. */
export const checkRepositories = (environments: readonly Configuration[]): Mistake[] =>
  repositoriesOf(environments)
    .filter((repository) => repository.create && repository.environments.length > MOST_ENVIRONMENTS)
    .map(({ name, environments }) => ({
      path: environments[MOST_ENVIRONMENTS] ?? name,
      message: `registry ${show(name)} keeps the images of ${MOST_ENVIRONMENTS} environments, and ${environments.length} name it; give this one and those after it another repository.`,
    }));
