import type { Deployment, Service, ServiceDeploymentBrief, ServiceRevision, Task } from "@aws-sdk/client-ecs";
import type { ServiceContract } from "../modules/contract";
import type { Context } from "./context";
import type { ServiceStatus } from "./events";
import { containerOf } from "./task-story";

const DEPLOYMENTS_SHOWN = 5;

/** What runs, since when, which digest and tags, and the last deployments. Changes nothing. */
export async function status(
  { aws, contract, events }: Context,
  contracts: readonly ServiceContract[],
): Promise<ServiceStatus[]> {
  const services = await aws.services(
    contract.cluster,
    contracts.map(({ service }) => service),
  );
  const found = await Promise.all(
    contracts.map(async (one) => {
      const [tasks, history] = await Promise.all([
        aws.listTasks(contract.cluster, { serviceName: one.service }, "RUNNING"),
        aws.serviceDeployments(contract.cluster, one.service, DEPLOYMENTS_SHOWN),
      ]);
      const arns = history.flatMap(({ targetServiceRevisionArn }) => targetServiceRevisionArn ?? []);
      const revisions = await aws.serviceRevisions([...new Set(arns)]);
      const running = runningImages(tasks, one.container);
      const digests = running.map(({ digest }) => digest).filter((digest) => digest.startsWith("sha256:"));
      const details = digests.length > 0 ? await aws.imageDetails(one.image.repository, digests) : [];
      const tags = new Map(
        details.map(({ imageDigest, imageTags }) => [imageDigest, (imageTags ?? []).sort()]),
      );
      return {
        name: one.name,
        state: stateOf(services.find(({ serviceName }) => serviceName === one.service)),
        running: running.map((image) => ({ ...image, tags: tags.get(image.digest) ?? [] })),
        deployments: history.map((deployment) => past(deployment, revisions, one.container)),
      };
    }),
  );
  events.emit({ type: "status", services: found });
  return found;
}

const primaryOf = (service: Service | undefined): Deployment | undefined =>
  service?.deployments?.find((deployment) => deployment.status === "PRIMARY");

function stateOf(service: Service | undefined): string {
  if (!service) return "not there";
  const { desiredCount = 0, runningCount = 0, status: state } = service;
  return `${primaryOf(service)?.rolloutState ?? state}, ${runningCount} of ${desiredCount} running`;
}

function runningImages(
  tasks: readonly Task[],
  container: string,
): Omit<ServiceStatus["running"][number], "tags">[] {
  const byDigest = new Map<string, Task[]>();
  for (const task of tasks) {
    const digest = containerOf(task, container)?.imageDigest ?? "an image whose digest ECS does not tell";
    byDigest.set(digest, [...(byDigest.get(digest) ?? []), task]);
  }
  return [...byDigest].map(([digest, same]) => {
    const starts = same.flatMap(({ startedAt }) => startedAt?.getTime() ?? []);
    const since = starts.length > 0 ? new Date(Math.min(...starts)).toISOString() : null;
    return { digest, tasks: same.length, since };
  });
}

function past(
  { serviceDeploymentArn, targetServiceRevisionArn, status, createdAt, statusReason }: ServiceDeploymentBrief,
  revisions: readonly ServiceRevision[],
  container: string,
): ServiceStatus["deployments"][number] {
  const revision = revisions.find(
    ({ serviceRevisionArn }) => serviceRevisionArn === targetServiceRevisionArn,
  );
  const image = revision?.containerImages?.find(({ containerName }) => containerName === container);
  return {
    id: serviceDeploymentArn?.split("/").at(-1) ?? "",
    status: status ?? "unknown",
    at: createdAt?.toISOString() ?? null,
    digest: image?.imageDigest ?? null,
    reason: statusReason ?? null,
  };
}
