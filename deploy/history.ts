import type { ServiceContract } from "../modules/contract";
import { type Aws, pages } from "./aws/gateway";

/** DescribeServiceRevisions takes at most 20. */
const REVISIONS_PER_CALL = 20;

/**
 * The digests that a service's successful deployments ran, newest first, each once, however far back the pages go: ECS
 * remembers 90 days. Pages are read as they are needed.
 */
export async function* successfulDigests(
  aws: Aws,
  cluster: string,
  { service, container }: Pick<ServiceContract, "service" | "container">,
): AsyncGenerator<string> {
  const told = new Set<string>();
  for await (const page of aws.successfulDeployments(cluster, service)) {
    const arns = [...new Set(page.flatMap(({ targetServiceRevisionArn }) => targetServiceRevisionArn ?? []))];
    for (const some of pages(arns, REVISIONS_PER_CALL)) {
      const revisions = await aws.serviceRevisions(some);
      for (const arn of some) {
        const revision = revisions.find(({ serviceRevisionArn }) => serviceRevisionArn === arn);
        const image = revision?.containerImages?.find(({ containerName }) => containerName === container);
        if (!image?.imageDigest || told.has(image.imageDigest)) continue;
        told.add(image.imageDigest);
        yield image.imageDigest;
      }
    }
  }
}
