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

/** What repositories cannot be to the environments that name them. */
export const checkRepositories = (environments: readonly Configuration[]): Mistake[] => [
  ...checkNumbers(environments),
  ...checkOwners(environments),
];

/** A repository's lifecycle policy keeps the image of each environment by a rule of its own. */
const checkNumbers = (environments: readonly Configuration[]): Mistake[] =>
  repositoriesOf(environments)
    .filter((repository) => repository.create && repository.environments.length > MOST_ENVIRONMENTS)
    .map(({ name, environments }) => ({
      path: environments[MOST_ENVIRONMENTS] ?? name,
      message: `registry ${show(name)} keeps the images of ${MOST_ENVIRONMENTS} environments, and ${environments.length} name it; give this one and those after it another repository.`,
    }));

/** What an environment makes bears its tags, by which roles of all others are refused; its tag alone moves there, and is kept. */
function* checkOwners(environments: readonly Configuration[]): Generator<Mistake> {
  for (const owner of environments)
    for (const { repository } of owner.registries.filter(({ create }) => create))
      for (const { name } of environments.filter(
        (other) => other !== owner && names(other, owner, repository),
      ))
        yield {
          path: name,
          message: `registry ${show(repository)} is ${owner.name}'s own, which makes it, and nobody else's roles reach it; leave create out there, so that the bootstrap stack makes one for all, or name another repository here.`,
        };
}

const names = (other: Configuration, { region }: Configuration, repository: string) =>
  other.region === region && other.registries.some((one) => one.repository === repository);
