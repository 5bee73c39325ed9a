import type { Deployment, Service, ServiceDeploymentBrief, ServiceRevision, Task } from "@aws-sdk/client-ecs";
import type { LoginsContract, ServiceContract } from "../modules/contract";
import type { Aws } from "./aws/gateway";
import type { Context } from "./context";
import type { ServiceStatus } from "./events";
import { type RegistryImage, reportedDigests } from "./image";
import { madeLogins } from "./logins";
import { containerOf } from "./task-story";
import { loginOf, usedBy } from "./used-database";

const DEPLOYMENTS_SHOWN = 5;

/** What runs, since when, which digest and tags, and the last deployments. Changes nothing. */
export async function status(
  { aws, contract, events }: Context,
  contracts: readonly ServiceContract[],
): Promise<ServiceStatus[]> {
  const logins = contract.database?.logins;
  const [services, made] = await Promise.all([
    aws.services(
      contract.cluster,
      contracts.map(({ service }) => service),
    ),
    logins ? aws.parameter(logins.made) : undefined,
  ]);
  const found = await Promise.all(
    contracts.map(async (one) => {
      const [tasks, history] = await Promise.all([
        aws.listTasks(contract.cluster, { serviceName: one.service }, "RUNNING"),
        aws.serviceDeployments(contract.cluster, one.service, DEPLOYMENTS_SHOWN),
      ]);
      const arns = history.flatMap(({ targetServiceRevisionArn }) => targetServiceRevisionArn ?? []);
      const revisions = await aws.serviceRevisions([...new Set(arns)]);
      const service = services.find(({ serviceName }) => serviceName === one.service);
      const deployments = history.map((deployment) => past(deployment, revisions, one.container));
      const { repository, tag, source } = one.image;
      const known = await indexes(aws, one, deployments);
      const tagged = known.find((image) => image.tag === tag)?.image;
      const running = runningImages(tasks, one, known);
      const digests = running.map(({ digest }) => digest).filter((digest) => digest.startsWith("sha256:"));
      const tags = new Map(
        await Promise.all(
          digests.map(async (digest) => {
            const found = await Promise.all(
              [repository, ...(source ? [source] : [])].map((place) => aws.imageDetails(place, digest)),
            );
            return [digest, found.flatMap((details) => details?.imageTags ?? []).sort()] as const;
          }),
        ),
      );
      return {
        name: one.name,
        state: stateOf(service),
        tag: {
          name: `${repository}:${tag}`,
          digest: tagged?.digest ?? null,
          runs:
            running.length === 0 ||
            primaryOf(service)?.rolloutState === "IN_PROGRESS" ||
            running.some(({ digest }) => digest === tagged?.digest),
        },
        database: usedBy(contract, one) ?? null,
        login: loginStatus(one, service, loginOf(contract, one.name), madeLogins(made)),
        running: running.map((image) => ({ ...image, tags: tags.get(image.digest) ?? [] })),
        deployments,
      };
    }),
  );
  events.emit({ type: "status", services: found });
  return found;
}

function loginStatus(
  { taskDefinition }: ServiceContract,
  service: Service | undefined,
  login: LoginsContract["services"][string] | undefined,
  made: ReadonlySet<string>,
): ServiceStatus["login"] {
  if (!login) return null;
  const isMade = made.has(login.login);
  const isUsed = isMade && service?.taskDefinition === taskDefinition;
  return { user: login.user, state: isUsed ? "used" : isMade ? "made" : "not made" };
}

/** The images that the tag and the last deployments name: a platform's manifest is told by the index that holds it. */
const indexes = (
  aws: Aws,
  { image: { repository, tag } }: ServiceContract,
  deployments: ServiceStatus["deployments"],
) => {
  const digests = new Set(deployments.flatMap(({ digest }) => digest ?? []));
  const byDigest = [...digests].map((imageDigest) => ({ imageDigest }));
  return aws.images(repository, [{ imageTag: tag }, ...byDigest]);
};

const primaryOf = (service: Service | undefined): Deployment | undefined =>
  service?.deployments?.find((deployment) => deployment.status === "PRIMARY");

function stateOf(service: Service | undefined): string {
  if (!service) return "not there";
  const { desiredCount = 0, runningCount = 0, status: state } = service;
  return `${primaryOf(service)?.rolloutState ?? state}, ${runningCount} of ${desiredCount} running`;
}

function runningImages(
  tasks: readonly Task[],
  { container, platform }: ServiceContract,
  known: readonly { image: RegistryImage }[],
): Omit<ServiceStatus["running"][number], "tags">[] {
  const byDigest = new Map<string, Task[]>();
  for (const task of tasks) {
    const reported = containerOf(task, container)?.imageDigest ?? "an image whose digest ECS does not tell";
    const whole = known.find(
      ({ image }) => image.digest !== reported && reportedDigests(image, platform).has(reported),
    );
    const digest = whole?.image.digest ?? reported;
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
