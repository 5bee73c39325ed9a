import { z } from "zod";
import { options, short } from "../options";

const repositoryName = z
  .string()
  .max(256)
  .regex(
    /^[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/,
    "is no ECR repository name (a-z, 0-9, and . _ - / between).",
  );

export const registryOptions = options({
  /** ECR repository that the services' images are pushed to. */
  repository: repositoryName,
  /** Makes the repository with the environment. A destroy is refused while it holds images; leave this off to share one. */
  create: z.boolean().default(false),
});

/** `"app"`, the name of a repository that exists, or the options. */
export const registry = short<typeof registryOptions, string>(registryOptions, "repository");
