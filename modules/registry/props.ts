import { z } from "zod";
import { LONGEST_NAME } from "../environment/name";
import { show } from "../mistakes";
import { options, requiredPart } from "../options";

/** How an image's address at ECR begins, before the repository's name. */
const ECR_HOST = /^\d{12}\.dkr[.-]ecr[\w.-]*\.(?:amazonaws\.com(?:\.cn)?|on\.aws)\//;

/** What ECR takes, and the name of the environment that may follow. Source: CreateRepository, ECR API reference. */
const LONGEST_REPOSITORY = 256 - "-".length - LONGEST_NAME;

const repositoryName = z
  .string()
  .max(LONGEST_REPOSITORY)
  .refine((name) => !ECR_HOST.test(name), {
    error: ({ input }) =>
      `${show(input)} is an address at ECR, and the repository's name alone is asked for: write ${show(
        String(input)
          .replace(ECR_HOST, "")
          .replace(/[:@].*$/, ""),
      )}. Its account and its region are the environment's.`,
    abort: true,
  })
  .regex(
    /^[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/,
    "is no ECR repository name (a-z, 0-9, and . _ - / between).",
  );

export const registryOptions = options({
  /**
   * ECR repository that the services' images are pushed to. Where the bootstrap stack makes it, each environment has one of its own
   * beside it, `app-staging` beside `app`, which deploy copies releases into, and where alone its tag moves.
   */
  repository: repositoryName,
  /**
   * Makes the repository with the environment, which pulls from it directly. A destroy is refused while it holds images; leave this off to share releases.
   * @default false
   */
  create: z.boolean().default(false),
});

/** What a file says of a repository. */
export interface RegistryProps extends z.input<typeof registryOptions> {}

export interface RegistryConfiguration extends z.output<typeof registryOptions> {
  /** A service that somebody else makes pulls from it: nobody makes it here, and a tag moves there. */
  readonly existing?: boolean | undefined;
}

/** `"app"`, the name of a repository that exists, or the options. */
export const registry = requiredPart<typeof registryOptions, string, RegistryProps>(
  registryOptions,
  "repository",
);
