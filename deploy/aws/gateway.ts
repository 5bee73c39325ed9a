import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import {
  DescribeParametersCommand,
  GetParameterCommand,
  type ParameterMetadata,
  PutParameterCommand,
} from "@aws-sdk/client-ssm";
import { GetLogEventsCommand, type OutputLogEvent } from "@aws-sdk/client-cloudwatch-logs";
import { DescribeDBInstancesCommand, type DBInstance } from "@aws-sdk/client-rds";
import {
  BatchCheckLayerAvailabilityCommand,
  BatchGetImageCommand,
  CompleteLayerUploadCommand,
  DescribeImagesCommand,
  GetDownloadUrlForLayerCommand,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
  type ECRClient,
  type ImageDetail,
  type ImageIdentifier,
} from "@aws-sdk/client-ecr";
import {
  DescribeClustersCommand,
  DescribeServiceDeploymentsCommand,
  DescribeServiceRevisionsCommand,
  DescribeServicesCommand,
  DescribeTasksCommand,
  ListServiceDeploymentsCommand,
  ListTasksCommand,
  RunTaskCommand,
  StopTaskCommand,
  UpdateServiceCommand,
  type Cluster,
  type Deployment,
  type ListTasksRequest,
  type RunTaskRequest,
  type RunTaskResponse,
  type Service,
  type ServiceDeployment,
  type ServiceDeploymentBrief,
  type ServiceRevision,
  type Task,
} from "@aws-sdk/client-ecs";
import { familyOf, type ImageSource } from "../../modules/contract";
import { type Blob, MEDIA_TYPES, type RegistryImage, shortDigest } from "../image";
import type { Clients } from "./clients";
import { AwsError } from "./error";
import { type Change, change, type Patience, read } from "./retry";

/** Largest answers AWS gives in one page. */
const TASKS_PER_CALL = 100;
const SERVICES_PER_CALL = 10;
/** Five pages of stopped tasks are plenty to see a crash loop; there may be hours of them. */
const MOST_TASK_PAGES = 5;

/** A part of a layer that has not gone up by then, in milliseconds, is treated as a broken connection: 10 MB at 1 Mbit/s. */
const PART_TIMEOUT = 120_000;
/** BatchCheckLayerAvailability takes no more. */
const LAYERS_PER_CALL = 100;

/** A repository by its name, in the environment's account and region; or the one that releases are pushed to. */
export type Repository = string | ImageSource;

/** Every call that a deployment or its check makes, and nothing else: the policy of the deploy role mirrors this file. */
export class Aws {
  readonly region: string;
  /** The environment's file, where that says which region it is. */
  readonly regionFile: string | undefined;

  constructor(
    protected readonly clients: Clients,
    protected readonly patience: Patience,
  ) {
    this.region = clients.region;
    this.regionFile = clients.regionFile;
  }

  /** The same calls without the signal, for what must still happen after Ctrl-C. */
  lasting(): Aws {
    const { clock, random } = this.patience;
    return new Aws(this.clients, { clock, random });
  }

  protected read<T>(
    operation: string,
    call: (options: { abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const { signal } = this.patience;
    return read(operation, this.patience, () => call(signal ? { abortSignal: signal } : {}));
  }

  /** A change always runs to its answer, and says how to look for what it left: half a change helps nobody. */
  protected change<T>(operation: string, made: Change<T>): Promise<T> {
    return change(operation, this.patience, made);
  }

  async caller(): Promise<{ account: string; arn: string }> {
    const { Account = "", Arn = "" } = await this.read("sts:GetCallerIdentity", (options) =>
      this.clients.sts.send(new GetCallerIdentityCommand({}), options),
    );
    return { account: Account, arn: Arn };
  }

  /** The text of a parameter that holds no secret; undefined when there is none. */
  async parameter(name: string): Promise<string | undefined> {
    try {
      const answer = await this.read("ssm:GetParameter", (options) =>
        this.clients.ssm.send(new GetParameterCommand({ Name: name }), options),
      );
      return answer.Parameter?.Value;
    } catch (error) {
      if (error instanceof AwsError && error.code === "ParameterNotFound") return undefined;
      throw error;
    }
  }

  /** Gives a parameter that is there another text, which is no secret. */
  async writeParameter(Name: string, Value: string): Promise<void> {
    const lasting = this.lasting();
    await this.change<unknown>("ssm:PutParameter", {
      call: () => this.clients.ssm.send(new PutParameterCommand({ Name, Value, Overwrite: true })),
      trace: `the text of ${Name}`,
      look: async () => ((await lasting.parameter(Name)) === Value ? true : undefined),
    });
  }

  /** What is known of parameters by name, without their values; a missing one is left out. */
  async describeParameters(names: readonly string[]): Promise<ReadonlyMap<string, ParameterMetadata>> {
    const found = new Map<string, ParameterMetadata>();
    for (const Values of pages([...new Set(names)], 50)) {
      let NextToken: string | undefined;
      do {
        const request = new DescribeParametersCommand({
          ParameterFilters: [{ Key: "Name", Option: "Equals", Values }],
          MaxResults: 50,
          NextToken,
        });
        const page = await this.read("ssm:DescribeParameters", (options) =>
          this.clients.ssm.send(request, options),
        );
        for (const one of page.Parameters ?? []) if (one.Name) found.set(one.Name, one);
        NextToken = page.NextToken;
      } while (NextToken);
    }
    return found;
  }

  /** An instance of RDS; undefined when there is none of that name. */
  async database(name: string): Promise<DBInstance | undefined> {
    try {
      const answer = await this.read("rds:DescribeDBInstances", (options) =>
        this.clients.rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: name }), options),
      );
      return answer.DBInstances?.[0];
    } catch (error) {
      if (error instanceof AwsError && /^DBInstanceNotFound(Fault)?$/.test(error.code)) return undefined;
      throw error;
    }
  }

  async cluster(name: string): Promise<Cluster | undefined> {
    const answer = await this.read("ecs:DescribeClusters", (options) =>
      this.clients.ecs.send(new DescribeClustersCommand({ clusters: [name] }), options),
    );
    return answer.clusters?.[0];
  }

  async services(cluster: string, names: readonly string[]): Promise<Service[]> {
    const found: Service[] = [];
    for (const services of pages([...names], SERVICES_PER_CALL)) {
      const answer = await this.read("ecs:DescribeServices", (options) =>
        this.clients.ecs.send(new DescribeServicesCommand({ cluster, services }), options),
      );
      found.push(...(answer.services ?? []));
    }
    return found;
  }

  /**
   * Tasks of a family or a service, running and stopped as asked. ECS keeps stopped ones for about an hour.
   * @param ended tasks that have stopped, by ARN: they do not change any more, and are not described again.
   */
  async listTasks(
    cluster: string,
    filter: Pick<ListTasksRequest, "family" | "serviceName">,
    desiredStatus: "RUNNING" | "STOPPED",
    ended: ReadonlyMap<string, Task> = new Map(),
  ): Promise<Task[]> {
    const arns: string[] = [];
    let nextToken: string | undefined;
    let page = 0;
    do {
      const answer = await this.read("ecs:ListTasks", (options) =>
        this.clients.ecs.send(
          new ListTasksCommand({ cluster, ...filter, desiredStatus, nextToken }),
          options,
        ),
      );
      arns.push(...(answer.taskArns ?? []));
      nextToken = answer.nextToken;
    } while (nextToken && (desiredStatus === "RUNNING" || ++page < MOST_TASK_PAGES));
    const others = arns.filter((arn) => !ended.has(arn));
    return [...arns.flatMap((arn) => ended.get(arn) ?? []), ...(await this.tasks(cluster, others))];
  }

  /** Tasks of a definition's family. One that was told to stop is listed as STOPPED but may still be at work. */
  async familyTasks(cluster: string, taskDefinition: string): Promise<Task[]> {
    const family = familyOf(taskDefinition);
    const [running, stopped] = await Promise.all([
      this.listTasks(cluster, { family }, "RUNNING"),
      this.listTasks(cluster, { family }, "STOPPED"),
    ]);
    return [...running, ...stopped];
  }

  /** Tasks by ARN; those that ECS does not know (yet, or any more) are left out. */
  async tasks(cluster: string, arns: readonly string[]): Promise<Task[]> {
    const found: Task[] = [];
    for (const tasks of pages([...arns], TASKS_PER_CALL)) {
      const answer = await this.read("ecs:DescribeTasks", (options) =>
        this.clients.ecs.send(new DescribeTasksCommand({ cluster, tasks }), options),
      );
      found.push(...(answer.tasks ?? []));
    }
    return found;
  }

  /**
   * Starts a task. Safe to send again only because the request carries a client token: any answer is that to the first.
   * @param known ARNs of the tasks of this family that were there before.
   */
  async runTask(
    request: RunTaskRequest & { clientToken: string; cluster: string },
    known: ReadonlySet<string>,
  ): Promise<Pick<RunTaskResponse, "tasks" | "failures">> {
    const { cluster, startedBy } = request;
    const lasting = this.lasting();
    return this.change<Pick<RunTaskResponse, "tasks" | "failures">>("ecs:RunTask", {
      call: () => this.clients.ecs.send(new RunTaskCommand(request)),
      trace: `a new task that ${startedBy} started`,
      look: async (last) => {
        if (last.code === "ConflictException") throw last;
        const tasks = await lasting.familyTasks(cluster, request.taskDefinition ?? "");
        const ours = tasks.find((task) => task.startedBy === startedBy && !known.has(task.taskArn ?? ""));
        return ours && { tasks: [ours] };
      },
    });
  }

  async stopTask(cluster: string, task: string, reason: string): Promise<void> {
    const lasting = this.lasting();
    await this.change<unknown>("ecs:StopTask", {
      call: () => this.clients.ecs.send(new StopTaskCommand({ cluster, task, reason })),
      trace: "a task that is to stop",
      look: async () => {
        const [seen] = await lasting.tasks(cluster, [task]);
        return seen?.desiredStatus === "STOPPED" ? seen : undefined;
      },
    });
  }

  /**
   * Forces a deployment, and answers with it: a describe right after may still show the one before.
   * @param taskDefinition what it runs from now on, if not what it runs already.
   */
  async forceDeployment(
    cluster: string,
    service: string,
    taskDefinition?: string,
  ): Promise<Deployment | undefined> {
    const before = await this.deployments(cluster, service);
    const known = new Set(before.map(({ id }) => id));
    const newest = Math.max(0, ...before.map(({ createdAt }) => createdAt?.getTime() ?? 0));
    const lasting = this.lasting();
    return this.change<Deployment | undefined>("ecs:UpdateService", {
      call: async () => {
        const request = new UpdateServiceCommand({
          cluster,
          service,
          taskDefinition,
          forceNewDeployment: true,
        });
        return primaryOf((await this.clients.ecs.send(request)).service?.deployments);
      },
      trace: "a new deployment",
      // What ECS returns to after a failure is older than what was there before.
      look: async () => {
        const primary = primaryOf(await lasting.deployments(cluster, service));
        const isNew = !known.has(primary?.id) && (primary?.createdAt?.getTime() ?? 0) >= newest;
        return isNew ? primary : undefined;
      },
    });
  }

  private async deployments(cluster: string, service: string): Promise<Deployment[]> {
    const [found] = await this.services(cluster, [service]);
    return found?.deployments ?? [];
  }

  /** The latest deployments of a service, newest first; ECS keeps them for 90 days. */
  async serviceDeployments(cluster: string, service: string, most = 20): Promise<ServiceDeploymentBrief[]> {
    const answer = await this.read("ecs:ListServiceDeployments", (options) =>
      this.clients.ecs.send(
        new ListServiceDeploymentsCommand({ cluster, service, maxResults: most }),
        options,
      ),
    );
    return newestFirst(answer.serviceDeployments ?? []);
  }

  /** All that succeeded, in pages of 100, newest first. */
  async *successfulDeployments(cluster: string, service: string): AsyncGenerator<ServiceDeploymentBrief[]> {
    let nextToken: string | undefined;
    do {
      const request = { cluster, service, status: ["SUCCESSFUL" as const], maxResults: 100, nextToken };
      const answer = await this.read("ecs:ListServiceDeployments", (options) =>
        this.clients.ecs.send(new ListServiceDeploymentsCommand(request), options),
      );
      yield newestFirst((answer.serviceDeployments ?? []).filter(({ status }) => status === "SUCCESSFUL"));
      nextToken = answer.nextToken;
    } while (nextToken);
  }

  /** One of them whole: why it was rolled back is told only here. */
  async serviceDeployment(arn: string): Promise<ServiceDeployment | undefined> {
    const answer = await this.read("ecs:DescribeServiceDeployments", (options) =>
      this.clients.ecs.send(new DescribeServiceDeploymentsCommand({ serviceDeploymentArns: [arn] }), options),
    );
    return answer.serviceDeployments?.[0];
  }

  /** What a deployment ran: among other things the digests that ECS resolved its tags to. */
  async serviceRevisions(arns: readonly string[]): Promise<ServiceRevision[]> {
    if (arns.length === 0) return [];
    const answer = await this.read("ecs:DescribeServiceRevisions", (options) =>
      this.clients.ecs.send(new DescribeServiceRevisionsCommand({ serviceRevisionArns: [...arns] }), options),
    );
    return answer.serviceRevisions ?? [];
  }

  /** Images by tag or digest, each with the reference that found it; those that are not there are left out. */
  async images(
    repository: Repository,
    imageIds: readonly ImageIdentifier[],
  ): Promise<{ tag: string | undefined; image: RegistryImage }[]> {
    const { ecr, place } = this.at(repository);
    const answer = await this.read("ecr:BatchGetImage", (options) =>
      ecr.send(
        new BatchGetImageCommand({
          ...place,
          imageIds: [...imageIds],
          acceptedMediaTypes: MEDIA_TYPES,
        }),
        options,
      ),
    );
    return (answer.images ?? []).map(({ imageId, imageManifest, imageManifestMediaType }) => ({
      tag: imageId?.imageTag,
      image: {
        digest: imageId?.imageDigest ?? "",
        manifest: imageManifest ?? "",
        mediaType: imageManifestMediaType ?? "",
      },
    }));
  }

  /** Gives an image that the repository holds one more tag. Having it already is success. */
  async tagImage(repositoryName: string, imageTag: string, image: RegistryImage): Promise<void> {
    const { manifest: imageManifest, mediaType: imageManifestMediaType, digest: imageDigest } = image;
    const request = { repositoryName, imageTag, imageManifest, imageManifestMediaType, imageDigest };
    const lasting = this.lasting();
    await this.change<unknown>("ecr:PutImage", {
      call: () => this.clients.ecr.send(new PutImageCommand(request)),
      trace: `the tag ${imageTag} on ${shortDigest(imageDigest)}`,
      look: async () => {
        const [found] = await lasting.images(repositoryName, [{ imageTag }]);
        return found?.image.digest === imageDigest ? found : undefined;
      },
    }).catch(unlessThere);
  }

  /** Tags and times of an image, for a person to read; undefined where it is not there. */
  async imageDetails(repository: Repository, imageDigest: string): Promise<ImageDetail | undefined> {
    const { ecr, place } = this.at(repository);
    const request = new DescribeImagesCommand({ ...place, imageIds: [{ imageDigest }] });
    try {
      const answer = await this.read("ecr:DescribeImages", (options) => ecr.send(request, options));
      return answer.imageDetails?.[0];
    } catch (error) {
      if (error instanceof AwsError && error.code === "ImageNotFoundException") return undefined;
      throw error;
    }
  }

  /** A small blob of an image, such as its configuration. */
  async blob(repository: Repository, digest: string): Promise<unknown> {
    const bytes = await this.download(repository, digest, {}, 10_000);
    return JSON.parse(new TextDecoder().decode(bytes));
  }

  /** Bytes of a blob, read through the address that ECR signs for it. */
  private download(
    repository: Repository,
    layerDigest: string,
    headers: Record<string, string>,
    timeout: number,
  ): Promise<Uint8Array> {
    const { ecr, place } = this.at(repository);
    const request = new GetDownloadUrlForLayerCommand({ ...place, layerDigest });
    return this.read("ecr:GetDownloadUrlForLayer", async (options) => {
      const { downloadUrl } = await ecr.send(request, options);
      const late = AbortSignal.timeout(timeout);
      const signal = options.abortSignal ? AbortSignal.any([options.abortSignal, late]) : late;
      try {
        const answer = await fetch(downloadUrl ?? "", { headers, signal });
        if (!answer.ok) throw new Error(`the layer's address answers ${answer.status} ${answer.statusText}`);
        return new Uint8Array(await answer.arrayBuffer());
      } catch (error) {
        // A connection that broke, or what S3 said in place of the content: the next time may go better.
        throw Object.assign(error as Error, { $fault: "server" });
      }
    });
  }

  /** The client of a repository, and how a call names it. */
  private at(repository: Repository): {
    ecr: ECRClient;
    place: { repositoryName: string; registryId?: string };
  } {
    if (typeof repository === "string")
      return { ecr: this.clients.ecr, place: { repositoryName: repository } };
    const { region, account: registryId, repository: repositoryName } = repository;
    return { ecr: this.clients.ecrIn(region), place: { repositoryName, registryId } };
  }

  /** The blobs of an image that a repository does not have. */
  async missingBlobs(repositoryName: string, blobs: readonly Blob[]): Promise<Blob[]> {
    const there = new Set<string>();
    for (const layerDigests of pages([...new Set(blobs.map(({ digest }) => digest))], LAYERS_PER_CALL)) {
      const request = new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests });
      const { layers = [] } = await this.read("ecr:BatchCheckLayerAvailability", (options) =>
        this.clients.ecr.send(request, options),
      );
      for (const { layerDigest, layerAvailability } of layers)
        if (layerDigest && layerAvailability === "AVAILABLE") there.add(layerDigest);
    }
    return blobs.filter(({ digest }, index) => {
      const isFirst = blobs.findIndex((blob) => blob.digest === digest) === index;
      return isFirst && !there.has(digest);
    });
  }

  /**
   * Copies a configuration or a layer from one repository into another, part by part. Content is known by its digest, which ECR
   * checks, and nothing runs for it: each call may be made again, and all of it given up at any time.
   */
  async copyBlob(from: Repository, repositoryName: string, blob: Blob): Promise<void> {
    const { ecr } = this.clients;
    const { uploadId, partSize = 0 } = await this.read("ecr:InitiateLayerUpload", (options) =>
      ecr.send(new InitiateLayerUploadCommand({ repositoryName }), options),
    );
    for (let first = 0; first < blob.size; first += partSize) {
      const last = Math.min(first + partSize, blob.size) - 1;
      const layerPartBlob = await this.part(from, blob, first, last);
      const request = new UploadLayerPartCommand({
        repositoryName,
        uploadId,
        partFirstByte: first,
        partLastByte: last,
        layerPartBlob,
      });
      await this.read("ecr:UploadLayerPart", (options) =>
        ecr.send(request, { ...options, requestTimeout: PART_TIMEOUT }),
      ).catch((error: unknown) => {
        // The answer to an earlier attempt was lost: ECR has the part, and wants the next.
        if (lastByteOf(error) !== last) throw error;
      });
    }
    const request = new CompleteLayerUploadCommand({
      repositoryName,
      uploadId,
      layerDigests: [blob.digest],
    });
    await this.read("ecr:CompleteLayerUpload", (options) => ecr.send(request, options)).catch(
      async (error: unknown) => {
        // Here, too; or somebody else brought it meanwhile.
        if ((await this.missingBlobs(repositoryName, [blob])).length > 0) throw error;
      },
    );
  }

  private async part(from: Repository, blob: Blob, first: number, last: number): Promise<Uint8Array> {
    const bytes = await this.download(from, blob.digest, { range: `bytes=${first}-${last}` }, PART_TIMEOUT);
    // Whoever knows no ranges sends the whole.
    return bytes.length === blob.size ? bytes.subarray(first, last + 1) : bytes;
  }

  /** Puts an image into a repository that has its parts, without a tag. Having it already is success. */
  async putImage(repositoryName: string, image: RegistryImage): Promise<void> {
    const { manifest: imageManifest, mediaType: imageManifestMediaType, digest: imageDigest } = image;
    const request = { repositoryName, imageManifest, imageManifestMediaType, imageDigest };
    await this.read("ecr:PutImage", (options) =>
      this.clients.ecr.send(new PutImageCommand(request), options),
    ).catch(unlessThere);
  }

  /** A page of log lines; undefined while the stream does not exist. */
  async logEvents(
    group: string,
    stream: string,
    from: { token: string | undefined } | { last: number },
  ): Promise<{ events: OutputLogEvent[]; token: string | undefined } | undefined> {
    const place =
      "last" in from
        ? { startFromHead: false, limit: from.last }
        : { startFromHead: true, nextToken: from.token };
    try {
      const answer = await this.read("logs:GetLogEvents", (options) =>
        this.clients.logs.send(
          new GetLogEventsCommand({ logGroupName: group, logStreamName: stream, ...place }),
          options,
        ),
      );
      return { events: answer.events ?? [], token: answer.nextForwardToken };
    } catch (error) {
      if (error instanceof AwsError && error.code === "ResourceNotFoundException") return undefined;
      throw error;
    }
  }
}

/** ECR's word that a repository has an image, under the tag that was asked for, is no failure. */
function unlessThere(error: unknown): void {
  if (!(error instanceof AwsError && error.code === "ImageAlreadyExistsException")) throw error;
}

/** The last byte of a layer that ECR has, where it refused a part for that. */
const lastByteOf = (error: unknown) =>
  error instanceof AwsError && error.code === "InvalidLayerPartException"
    ? (error.cause as { lastValidByteReceived?: number }).lastValidByteReceived
    : undefined;

const primaryOf = (deployments: readonly Deployment[] | undefined) =>
  deployments?.find(({ status }) => status === "PRIMARY");

const newestFirst = (deployments: ServiceDeploymentBrief[]) =>
  deployments.sort((a, b) => (b.createdAt?.getTime() ?? 0) - (a.createdAt?.getTime() ?? 0));

export function pages<T>(items: T[], size: number): T[][] {
  const found: T[][] = [];
  for (let start = 0; start < items.length; start += size) found.push(items.slice(start, start + size));
  return found;
}
