import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { ECRClient } from "@aws-sdk/client-ecr";
import {
  DescribeServicesCommand,
  DescribeTasksCommand,
  ECSClient,
  ListServiceDeploymentsCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
  type Service,
  type Task,
  UpdateServiceCommand,
} from "@aws-sdk/client-ecs";
import { SSMClient } from "@aws-sdk/client-ssm";
import { STSClient } from "@aws-sdk/client-sts";
import { expect } from "vitest";
import { type Sample, SAMPLE, sampleWorld } from "../../sandbox/api/sample";
import { Sandbox, type SandboxOptions } from "../../sandbox/api/sandbox";
import type { Behaviour } from "../../sandbox/engine/behaviour";
import { ManualClock } from "../../sandbox/engine/clock";
import { closeAfterTest } from "../support/closing";

export const second = 1000;

export const minutes = (count: number) => count * 60_000;

export type Settings = Sample &
  Partial<Omit<SandboxOptions, "clock" | "world">> & { behaviour?: Behaviour; pushed?: boolean };

/** What a test has at hand: a sandbox under a virtual clock, and the real SDK's clients. */
export class Bench {
  readonly ecs: ECSClient;
  readonly ecr: ECRClient;
  readonly ssm: SSMClient;
  readonly logs: CloudWatchLogsClient;
  readonly sts: STSClient;

  constructor(
    readonly sandbox: Sandbox<ManualClock>,
    /** Digest of the image that the environment's tag names. */
    readonly digest: string,
    accessKeyId = sandbox.accessKey,
  ) {
    const config = {
      endpoint: sandbox.endpoint,
      region: SAMPLE.region,
      credentials: { accessKeyId, secretAccessKey: "secret" },
      maxAttempts: 1,
    };
    this.ecs = new ECSClient(config);
    this.ecr = new ECRClient(config);
    this.ssm = new SSMClient(config);
    this.logs = new CloudWatchLogsClient(config);
    this.sts = new STSClient(config);
  }

  push(content: string, behaviour?: Behaviour, tags: string[] = []): Promise<string> {
    return this.sandbox.push({
      repository: SAMPLE.repository,
      region: SAMPLE.region,
      content,
      tags,
      ...(behaviour ? { behaviour } : {}),
    });
  }

  async run(input: Partial<RunTaskCommandInput> = {}) {
    return this.ecs.send(
      new RunTaskCommand({ cluster: SAMPLE.cluster, taskDefinition: SAMPLE.migration, ...input }),
    );
  }

  async task(arn: string): Promise<Task> {
    const answer = await this.ecs.send(new DescribeTasksCommand({ cluster: SAMPLE.cluster, tasks: [arn] }));
    if (!answer.tasks?.[0]) throw new Error(JSON.stringify(answer.failures));
    return answer.tasks[0];
  }

  async service(): Promise<Service> {
    const answer = await this.ecs.send(
      new DescribeServicesCommand({ cluster: SAMPLE.cluster, services: [SAMPLE.service] }),
    );
    return answer.services?.[0] as Service;
  }

  /** Moves the environment's tag to a new image and forces a deployment; answers its id. */
  async release(content: string, behaviour?: Behaviour): Promise<{ id: string; digest: string }> {
    const digest = await this.push(content, behaviour, [SAMPLE.tag]);
    return { id: await this.force(), digest };
  }

  async force(): Promise<string> {
    const { service } = await this.ecs.send(
      new UpdateServiceCommand({
        cluster: SAMPLE.cluster,
        service: SAMPLE.service,
        forceNewDeployment: true,
      }),
    );
    return service?.deployments?.find(({ status }) => status === "PRIMARY")?.id as string;
  }

  async advance(milliseconds: number): Promise<void> {
    await this.sandbox.advance(milliseconds);
  }
}

/** A sandbox whose service has come up (unless nothing was pushed). */
export async function bench(settings: Settings = {}): Promise<Bench> {
  const folder = temporary();
  const { behaviour, pushed, ...rest } = settings;
  const world = await sampleWorld(rest, folder);
  const sandbox = await Sandbox.start({ ...rest, world, clock: new ManualClock() });
  closeAfterTest(() => sandbox.close());
  let digest = "";
  if (pushed !== false)
    digest = await sandbox.push({
      repository: SAMPLE.repository,
      region: SAMPLE.region,
      content: "first",
      tags: [SAMPLE.tag, SAMPLE.candidate],
      architectures: rest.architecture === "ARM64" ? ["arm64"] : ["amd64"],
      behaviour: behaviour ?? {},
    });
  await sandbox.advance(minutes(5));
  return new Bench(sandbox, digest);
}

export function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), "sandbox-api-"));
  closeAfterTest(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The error of a call that must fail. */
export async function failure(
  call: Promise<unknown>,
): Promise<Error & { $metadata?: { httpStatusCode?: number }; resourceIds?: string[] }> {
  try {
    await call;
  } catch (error) {
    return error as Error;
  }
  throw new Error("The call should have failed");
}

/** Runs a one-off task that must start; answers its ARN. */
export async function started(at: Bench, input: Parameters<Bench["run"]>[0] = {}): Promise<string> {
  const { tasks, failures } = await at.run(input);
  expect(failures).toEqual([]);
  return tasks?.[0]?.taskArn as string;
}

/** The service deployments, newest first. */
export async function runs(at: Bench) {
  const { serviceDeployments } = await at.ecs.send(
    new ListServiceDeploymentsCommand({ cluster: SAMPLE.cluster, service: SAMPLE.service }),
  );
  return serviceDeployments ?? [];
}

/** The service deployment of a deployment. */
export async function runOf(at: Bench, id: string) {
  return (await runs(at)).find((one) => one.targetServiceRevisionArn?.endsWith(id.replace("ecs-svc/", "")));
}
