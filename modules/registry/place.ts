import type { RegistryConfiguration } from "./props";

/** The repository that an environment runs images from. */
export interface ImagePlace {
  readonly repository: string;
  /** Whether whoever asks makes it. */
  readonly create: boolean;
  /** Where releases are pushed to, where that is another one: deploy copies them from there. */
  readonly source?: Releases & { readonly repository: string };
}

/** Where the bootstrap stack is that makes what releases are pushed to. */
export interface Releases {
  readonly region: string;
  /** The account of the stack, where that is another than the environment's. */
  readonly account?: string;
}

/**
 * Tells where an environment's images lie. The bootstrap stack, of several accounts the first's, makes one repository that releases are pushed to,
 * in its own region, whose tags never move; and one for each environment, where that one's tag moves. ECR's permissions know repositories, not tags: so
 * whoever deploys into one environment cannot change what another one runs. A service that somebody else makes pulls from
 * where that says, and so does whatever else its environment runs from there.
 *
 * @param home undefined where somebody else provides the repository, in which the tags move then
 */
export const placeOf = (
  { repository, create, existing }: RegistryConfiguration,
  environment: string,
  home: Releases | undefined,
): ImagePlace =>
  create || existing || home === undefined
    ? { repository, create }
    : {
        repository: `${repository}-${environment}`,
        create: false,
        source: { repository, ...home },
      };
