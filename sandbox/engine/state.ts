import type {
  CapacityProviderStrategyItem,
  ContainerDefinition,
  NetworkConfiguration,
  ServiceDeploymentStatus,
  Tag,
  TaskOverride,
  TaskStopCode,
} from "@aws-sdk/client-ecs";
import type { AppRunnerService } from "./app-runner";
import type { Fault } from "./faults";
import type { Behaviour } from "./behaviour";
import type { EdgeState } from "./edge-state";

/**
 * Everything that runs in the stand-in account, as opposed to what was applied (world.json): plain JSON, so it can be
 * written to a file between two commands, compared, and replayed. Times are milliseconds since the epoch.
 */
export interface Runtime {
  version: 3;
  /** Virtual time up to which everything has happened. */
  time: number;
  /** State of the random generator: nothing else in the engine is random. */
  random: number;
  /** Counts whatever needs an identity or an order. */
  sequence: number;
  timers: Timer[];
  definitions: Record<string, Definition>;
  services: Record<string, Service>;
  tasks: Record<string, Task>;
  instances: Record<string, Instance>;
  groups: Record<string, Group>;
  /** Image repositories by `<region>/<name>`. */
  repositories: Record<string, Repository>;
  /** Contents of configurations and layers in base64, by digest: of one digest there is one content. */
  blobs: Record<string, string>;
  /** Layers on their way, by the id of the upload. */
  uploads: Record<string, Upload>;
  /** How images behave, by digest of the platform's manifest. */
  behaviours: Record<string, Behaviour>;
  tokens: Record<string, Token>;
  faults: Fault[];
  /** Capacity that cannot be had: names of capacity providers. */
  shortages: string[];
  /** When parameters were changed through the API, by `<region>|<name>`. */
  parameters: Record<string, number>;
  /** CloudFront's and Route 53's; absent where nothing of them changed yet. */
  edge?: EdgeState;
  /** Services of App Runner, by ARN; absent where there never was one. */
  appRunner?: Record<string, AppRunnerService>;
}

/** Something that will happen. Equal times happen in the order in which they were planned. */
export interface Timer {
  at: number;
  order: number;
  step: string;
  /** ARN or name of what it happens to. */
  subject: string;
  detail?: string;
}

export interface Definition {
  arn: string;
  region: string;
  family: string;
  revision: number;
  networkMode: string;
  cpu?: number;
  memory?: number;
  compatibilities: string[];
  architecture: Architecture;
  executionRole?: string;
  taskRole?: string;
  containers: ContainerDefinition[];
  /** Deregistered: what uses it goes on, nothing new can start from it but a service's own tasks. */
  inactive?: boolean;
  /** When it was deregistered, in the state's time. */
  inactiveSince?: number;
}

export type Architecture = "amd64" | "arm64";

/** What a service was asked to be, by Terraform or through UpdateService. */
export interface ServiceSpec {
  name: string;
  cluster: string;
  region: string;
  taskDefinition: string;
  desired: number;
  minimumPercent: number;
  maximumPercent: number;
  breaker: { enable: boolean; rollback: boolean };
  strategy: CapacityProviderStrategyItem[];
  launchType?: "EC2" | "FARGATE";
  network?: NetworkConfiguration;
  targets: { group: string; container: string; port: number }[];
  /** Health checks of the load balancer are ignored for so long after a task started. */
  grace: number;
  tags: Tag[];
  propagateTags: string;
  /** Whether its tasks take ExecuteCommand. */
  exec?: boolean;
}

export interface Service {
  arn: string;
  spec: ServiceSpec;
  /** What Terraform last said, to see a change of it. */
  applied: string;
  status: "ACTIVE" | "DRAINING" | "INACTIVE";
  createdAt: number;
  /** Newest first; those that are over are kept to roll back to. */
  deployments: Deployment[];
  /** Newest first. */
  history: ServiceDeployment[];
  /** Newest first, at most 100. */
  events: { id: string; at: number; message: string }[];
  /** No task is placed before this time: the last attempt found no room. */
  retryAt: number;
  steady: boolean;
  /** The service as it was before its last change, for reads that are not consistent yet. */
  before?: { at: number; service: Service };
}

export interface Deployment {
  id: string;
  revision: string;
  status: "PRIMARY" | "ACTIVE" | "INACTIVE";
  rolloutState: "IN_PROGRESS" | "COMPLETED" | "FAILED";
  rolloutStateReason: string;
  taskDefinition: string;
  strategy: CapacityProviderStrategyItem[];
  launchType?: "EC2" | "FARGATE";
  network?: NetworkConfiguration;
  createdAt: number;
  updatedAt: number;
  failedTasks: number;
  /** A task of it has run: from then on only failed health checks count. */
  hasRun: boolean;
  completed: boolean;
  /** Starts no more tasks. */
  halted: boolean;
  /** Image digests that its first task resolved: all its tasks run these. */
  digests: Record<string, string>;
  /** Whether a service returns to it after another one failed. */
  returning: boolean;
  notBefore: number;
}

export interface ServiceDeployment {
  arn: string;
  deployment: string;
  target: string;
  sources: string[];
  status: ServiceDeploymentStatus;
  reason?: string;
  createdAt: number;
  updatedAt: number;
  finishedAt?: number;
  stoppedAt?: number;
  rollback?: { reason: string; startedAt: number; revision: string };
  breaker: {
    status: "DISABLED" | "MONITORING" | "MONITORING_COMPLETE" | "TRIGGERED";
    count: number;
    threshold: number;
  };
}

export interface Task {
  arn: string;
  id: string;
  cluster: string;
  region: string;
  definition: string;
  group: string;
  startedBy?: string;
  service?: string;
  launchType: "EC2" | "FARGATE";
  provider?: string;
  instance?: string;
  zone?: string;
  lastStatus: string;
  desiredStatus: "RUNNING" | "STOPPED";
  containers: Container[];
  overrides: TaskOverride;
  network?: NetworkConfiguration;
  /** The task's address, where its subnet gives one. */
  ipv6?: string;
  tags: Tag[];
  /** Whether it takes ExecuteCommand. */
  exec?: boolean;
  cpu: number;
  memory: number;
  createdAt: number;
  pullStartedAt?: number;
  pullStoppedAt?: number;
  startedAt?: number;
  stoppingAt?: number;
  executionStoppedAt?: number;
  stoppedAt?: number;
  stopCode?: TaskStopCode;
  stoppedReason?: string;
  version: number;
  /** What its target group says of it; absent without one. */
  target?: "initial" | "healthy" | "unhealthy";
  /** Stopped because of a failed health check. */
  unhealthy?: boolean;
}

export interface Container {
  name: string;
  image: string;
  essential: boolean;
  arn: string;
  runtimeId: string;
  lastStatus: "PENDING" | "RUNNING" | "STOPPED";
  /** As DescribeTasks tells it. */
  digest?: string;
  /** Digest of the manifest of the platform it runs on: the key of its behaviour. */
  manifest?: string;
  exitCode?: number;
  reason?: string;
  health: "UNKNOWN" | "HEALTHY" | "UNHEALTHY";
  hostPort?: number;
  startedAt?: number;
  /** Local folder that stands for its image. */
  folder?: string;
  process?: RealProcess;
}

/** A container whose command is a real child process of a sandbox. */
export interface RealProcess {
  folder: string;
  command: string[];
  state: "wanted" | "running" | "ended";
  /** Process id of the sandbox that runs it. */
  owner?: number;
  /** The loopback port that it was told to listen on. */
  port?: number;
  /** Process id, which is its group's, too. */
  pid?: number;
  /** The strongest signal asked for so far. */
  signal?: "SIGTERM" | "SIGKILL";
}

export interface Instance {
  arn: string;
  id: string;
  cluster: string;
  region: string;
  provider: string;
  group: string;
  type: string;
  architecture: Architecture;
  zone: string;
  cpu: number;
  memory: number;
  status: "BOOTING" | "ACTIVE" | "DRAINING";
  agentConnected: boolean;
  launchedAt: number;
  registeredAt?: number;
  /** Images in its cache: reference to digest of the manifest. */
  cache: Record<string, string>;
}

export interface Group {
  name: string;
  desired: number;
}

export interface Repository {
  images: Record<string, Image>;
  tags: Record<string, string>;
  /** Digests of configurations and layers that were uploaded. */
  blobs: string[];
}

export interface Image {
  digest: string;
  manifest: string;
  mediaType: string;
  pushedAt: number;
  size: number;
  platform?: { os: string; architecture: Architecture };
  /** Digests by platform, for an index. */
  children?: { digest: string; architecture: string }[];
  /** Local folder that stands for its content. */
  folder?: string;
}

/** A layer of which not all parts have come. */
export interface Upload {
  /** Where it goes: `<region>/<name>`. */
  repository: string;
  /** In base64, in their order. */
  parts: string[];
}

export interface Token {
  request: string;
  tasks: string[];
  at: number;
}

/** A record that holds no name but those given: an image's tag may well be "constructor". */
export function bare<T>(record: Record<string, T>): Record<string, T> {
  return Object.assign(Object.create(null), record);
}

export function emptyRuntime(time: number, seed: number): Runtime {
  return {
    version: 3,
    time,
    random: seed >>> 0,
    sequence: 0,
    timers: [],
    definitions: {},
    services: {},
    tasks: {},
    instances: {},
    groups: {},
    repositories: {},
    blobs: {},
    uploads: {},
    behaviours: {},
    tokens: {},
    faults: [],
    shortages: [],
    parameters: {},
  };
}
