import { releasesOf } from "../account";
import type { AnyConfiguration } from "../environment/any";
import { type Mistake, show } from "../mistakes";
import { type ImagePlace, placeOf, type Releases } from "../registry/place";
import type { RegistryConfiguration } from "../registry/props";
import type { Project } from "../stack";

/** An image repository of the account. */
export interface Repository extends ImagePlace {
  readonly region: string;
  /** The environment that runs images from it; absent where releases are pushed to it alone. */
  readonly environment?: string;
  /** Other accounts, whose environments run what is pushed to it. */
  readonly readers?: readonly string[];
}

/** An environment of another account, whose releases are pushed to the first. */
export type Guest = Pick<AnyConfiguration, "name" | "registries"> & { readonly account: string };

/**
 * The environments of other accounts whose releases are pushed to this one.
 * @param account none but the first has any
 */
export const guestsOf = (
  project: Project,
  environments: readonly AnyConfiguration[],
  account: string | undefined,
): Guest[] =>
  account !== project.account
    ? []
    : environments.flatMap(({ name, account: own, registries }) =>
        own !== undefined && releasesOf(project, own)?.account !== undefined
          ? [{ name, account: own, registries }]
          : [],
      );

/**
 * The repositories of environments in one account: those that releases are pushed to, each once, then the environments' own.
 * `create` says whether one is the bootstrap stack's: an environment may make its own, and a service that somebody else makes
 * pulls from one that is there.
 * @param home where releases of these environments are pushed to
 * @param guests those whose releases are pushed here
 */
export function repositoriesOf(
  environments: readonly AnyConfiguration[],
  home: Releases,
  guests: readonly Guest[] = [],
): Repository[] {
  const own = environments.flatMap(({ name, region, registries }) =>
    registries.map((registry): Repository => {
      const place = placeOf(registry, name, home);
      return { ...place, create: !registry.create && !registry.existing, region, environment: name };
    }),
  );
  if (home.account !== undefined) return own;
  const pushed = new Map(
    own.flatMap(({ source }) => (source ? [[source.repository, new Set<string>()]] : [])),
  );
  for (const { account, registries } of guests)
    for (const { repository } of registries.filter(isPushed))
      pushed.set(repository, (pushed.get(repository) ?? new Set()).add(account));
  return [
    ...[...pushed].map(([repository, readers]) => ({
      repository,
      create: !environments.some((one) => one.region === home.region && hasTheirs(one, repository)),
      region: home.region,
      readers: [...readers].sort(),
    })),
    ...own,
  ];
}

/** Whether the bootstrap stack makes what releases of it are pushed to. */
const isPushed = ({ create, existing }: RegistryConfiguration) => !create && !existing;

/** Whether a service that somebody else makes pulls from it. */
const hasTheirs = ({ registries }: AnyConfiguration, repository: string) =>
  registries.some((one) => one.repository === repository && one.existing);

/** Whether releases are pushed to it, and not only copied. */
export const isPushedTo = ({ source }: Repository) => source === undefined;

/** Whether releases for several environments are pushed to it: no environment may write there. */
export const isShared = ({ environment }: Repository) => environment === undefined;

/** Environments that refs are named for, and that there are none of: whoever meant them would wait for a role in vain. */
export const checkRefs = (
  environments: readonly AnyConfiguration[],
  refs: Readonly<Record<string, readonly string[]>> = {},
): Mistake[] =>
  Object.keys(refs)
    .filter((name) => !environments.some((environment) => environment.name === name))
    .map((name) => ({
      path: `cdktf.json.context.bootstrap.github.refs.${name}`,
      message: `is no environment; there are ${environments.map((environment) => environment.name).join(", ")}.`,
    }));

/**
 * What repositories cannot be to the environments that name them.
 * @param guests as for `repositoriesOf`
 */
export const checkRepositories = (
  environments: readonly AnyConfiguration[],
  home: Releases,
  guests: readonly Guest[],
): Mistake[] => [...checkOwners(environments, home, guests), ...checkNames(environments, home, guests)];

/**
 * What an environment makes bears its tags, by which roles of all others are refused; its tag alone moves there, and is kept. What
 * somebody else makes no other account may read.
 */
function* checkOwners(
  environments: readonly AnyConfiguration[],
  home: Releases,
  guests: readonly Guest[],
): Generator<Mistake> {
  for (const owner of environments)
    for (const { repository, create } of owner.registries.filter((one) => !isPushed(one))) {
      const others = create
        ? environments.filter((other) => other !== owner && names(other, owner, repository, home))
        : [];
      const pushing = guests.filter(
        ({ registries }) =>
          owner.region === home.region &&
          registries.some((one) => one.repository === repository && isPushed(one)),
      );
      const why = create
        ? `is ${owner.name}'s own, which makes it, and nobody else's roles reach it; leave create out there, so that the bootstrap stack makes one for all, or name another repository here.`
        : `is there already, of a service that ${owner.name} ships to, and other accounts are not let in; name another repository here.`;
      for (const { name } of [...others, ...pushing])
        yield { path: name, message: `registry ${show(repository)} ${why}` };
    }
}

const names = (other: AnyConfiguration, owner: AnyConfiguration, repository: string, home: Releases) =>
  other.registries.some(
    (one) =>
      one.repository === repository &&
      (one.create || home.account === undefined) &&
      owner.region === (one.create ? other.region : home.region),
  );

/** A repository of an environment's own is named after it, and may have the name of another that somebody wrote down. */
function* checkNames(
  environments: readonly AnyConfiguration[],
  home: Releases,
  guests: readonly Guest[],
): Generator<Mistake> {
  const all = repositoriesOf(environments, home, guests);
  for (const one of all.filter(({ source }) => source))
    for (const other of all.filter((other) => other !== one && other.repository === one.repository))
      yield {
        path: `${one.environment}.registry`,
        message: `${show(one.source?.repository)} gives ${one.environment} a repository of its own, ${show(one.repository)}, which is ${other.environment === undefined ? "one that releases are pushed to" : `${other.environment}'s`}, too; name another repository in one of the two.`,
      };
}
