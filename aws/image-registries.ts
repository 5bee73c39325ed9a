/** Registries of images that only the internet leads to. Sources: the documentation of each. */
const PUBLIC = [
  "docker.io",
  "gcr.io",
  "ghcr.io",
  "index.docker.io",
  "mcr.microsoft.com",
  "public.ecr.aws",
  "quay.io",
  "registry-1.docker.io",
  "registry.gitlab.com",
  "registry.k8s.io",
];

/**
 * Whether a VPC without a way to the internet cannot have an image: it is of a public registry, of Docker Hub for want of a
 * host, or in ECR of another region, where an endpoint does not lead.
 * @param image with its registry: `public.ecr.aws/docker/library/postgres:17-alpine`
 */
export function needsInternet(image: string, region: string): boolean {
  const [host = "", ...path] = image.split("/");
  if (path.length === 0 || !(/[.:]/.test(host) || host === "localhost")) return true;
  const [, home] = /^\d{12}\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\./.exec(host) ?? [];
  return home === undefined ? PUBLIC.includes(host.toLowerCase()) : home !== region;
}
