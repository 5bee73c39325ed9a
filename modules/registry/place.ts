import type { RegistryConfiguration } from "./props";

/** The repository that an environment runs images from. */
export interface ImagePlace {
  readonly repository: string;
  /** Whether whoever asks makes it. */
  readonly create: boolean;
  /** Where releases are pushed to, where that is another one: deploy copies them from there. */
  readonly source?: { readonly repository: string; readonly region: string };
}

/**
 * Tells where an environment's images lie. The bootstrap stack makes one repository that releases are pushed to, in its own region,
 * whose tags never move; and one for each environment, where that one's tag moves. ECR's permissions know repositories, not tags: so
 * whoever deploys into one environment cannot change what another one runs.
 *
 * @param home the bootstrap stack's region; undefined where somebody else provides the repository, in which the tags move then
 */
export const placeOf = (
  { repository, create }: RegistryConfiguration,
  environment: string,
  home: string | undefined,
): ImagePlace =>
  create || home === undefined
    ? { repository, create }
    : {
        repository: `${repository}-${environment}`,
        create: false,
        source: { repository, region: home },
      };
