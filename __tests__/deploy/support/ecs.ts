import type { Contract, ServiceContract } from "../../../modules/contract";
import type { Registry } from "./registry";
import { healthy, type Phase, type TaskScript } from "./scripts";
import type { VirtualClock } from "./virtual-clock";
import { Refusal } from "./wire";

type Json = Record<string, unknown>;

interface OneOff {
  arn: string;
  request: Json;
  script: TaskScript;
  createdAt: number;
  digest: string | undefined;
  stoppedAt?: number;
}

interface Deployment {
  number: number;
  createdAt: number;
  digest: string | undefined;
  phases: Phase[];
}

interface Service {
  contract: ServiceContract;
  desired: number;
  breaker: boolean;
  status: string;
  controller?: string;
  deployments: Deployment[];
  events: Json[];
}

const seconds = (milliseconds: number) => milliseconds / 1000;

/** A scripted ECS: what it says is a function of the script and the virtual time. */
export class Ecs {
  readonly services = new Map<string, Service>();
  readonly tasks: OneOff[] = [];
  readonly taskScripts: TaskScript[] = [];
  readonly rolloutScripts: Phase[][] = [];
  /** Tasks that other people started, as ECS would show them. */
  readonly foreignTasks: Json[] = [];
  cluster: Json = {
    clusterName: "staging",
    status: "ACTIVE",
    registeredContainerInstancesCount: 2,
    capacityProviders: ["staging-spot", "FARGATE"],
  };
  private tokens = new Map<string, OneOff>();
  private serial = 100;

  constructor(
    private readonly contract: Contract,
    private readonly clock: VirtualClock,
    private readonly registry: Registry,
  ) {
    for (const service of contract.services) {
      this.services.set(service.service, {
        contract: service,
        desired: 2,
        breaker: true,
        status: "ACTIVE",
        deployments: [],
        events: [],
      });
    }
  }

  /** A deployment that happened before the test begins, of what the tag names now. */
  deployed(
    name: string,
    phases: Phase[] = [{ at: 0, rolloutState: "COMPLETED", status: "SUCCESSFUL", running: 2 }],
    ago = 3_600_000,
  ) {
    return this.begin(this.service(name), phases, this.clock.now() - ago);
  }

  service(name: string): Service {
    const service = this.services.get(name);
    if (!service) throw new Refusal("ServiceNotFoundException", "Service not found.");
    return service;
  }

  private begin(service: Service, phases: Phase[], createdAt = this.clock.now()): Deployment {
    const digest = this.registry.tags.get(service.contract.image.tag);
    const deployment = { number: ++this.serial, createdAt, digest, phases };
    service.deployments.push(deployment);
    return deployment;
  }

  forceDeployment(name: string) {
    const service = this.service(name);
    this.begin(service, this.rolloutScripts.shift() ?? healthy);
    return { service: this.describeService(name) };
  }

  private state({ createdAt, phases }: Deployment): Phase {
    const passed = phases.filter(({ at }) => createdAt + at <= this.clock.now());
    return Object.assign({ at: 0 }, ...passed);
  }

  describeService(name: string): Json | undefined {
    const service = this.services.get(name);
    if (!service) return undefined;
    const latest = service.deployments.at(-1);
    const shown = latest ? this.shown(service, latest) : [];
    return {
      serviceName: name,
      status: service.status,
      desiredCount: service.desired,
      runningCount: service.desired,
      taskDefinition: service.contract.taskDefinition,
      deploymentController: { type: service.controller ?? "ECS" },
      deploymentConfiguration: {
        deploymentCircuitBreaker: { enable: service.breaker, rollback: service.breaker },
      },
      deployments: shown,
      events: service.events,
    };
  }

  private shown(service: Service, latest: Deployment): Json[] {
    const state = this.state(latest);
    const ours = {
      id: `ecs-svc/${latest.number}`,
      status: state.replacedBy ? "ACTIVE" : "PRIMARY",
      createdAt: seconds(latest.createdAt),
      desiredCount: service.desired,
      runningCount: Math.min(state.running ?? 0, service.desired),
      failedTasks: state.failed ?? 0,
      ...(state.rolloutState && { rolloutState: state.rolloutState }),
      ...(state.rolloutStateReason && { rolloutStateReason: state.rolloutStateReason }),
    };
    const replacement = {
      id: this.replacementId(latest),
      status: "PRIMARY",
      createdAt: seconds(latest.createdAt + 30_000),
      desiredCount: service.desired,
      runningCount: service.desired,
      rolloutState: state.returning ?? "COMPLETED",
    };
    return [...(state.replacedBy ? [replacement] : []), ...(state.gone ? [] : [ours])];
  }

  private replacementId = ({ number }: Deployment) => `ecs-svc/${number + 500}`;

  listServiceDeployments(name: string) {
    const service = this.service(name);
    const serviceDeployments = service.deployments.toReversed().map((deployment) => {
      const { status, statusReason } = this.state(deployment);
      return {
        serviceDeploymentArn: `arn:aws:ecs:us-west-2:123456789012:service-deployment/staging/${name}/${deployment.number}`,
        targetServiceRevisionArn: this.revisionArn(name, deployment),
        createdAt: seconds(deployment.createdAt),
        status,
        statusReason,
      };
    });
    return { serviceDeployments };
  }

  private revisionArn = (name: string, { number }: Deployment) =>
    `arn:aws:ecs:us-west-2:123456789012:service-revision/staging/${name}/${number}`;

  describeServiceRevisions(arns: string[]) {
    const serviceRevisions = [...this.services.values()].flatMap(({ contract, deployments }) =>
      deployments
        .map((deployment) => ({
          serviceRevisionArn: this.revisionArn(contract.service, deployment),
          containerImages: [{ containerName: contract.container, imageDigest: deployment.digest }],
        }))
        .filter(({ serviceRevisionArn }) => arns.includes(serviceRevisionArn)),
    );
    return { serviceRevisions };
  }

  /** Tasks of a service's latest deployment, and of the one that replaced it. */
  private serviceTasks({ contract, deployments, desired }: Service): Json[] {
    const latest = deployments.at(-1);
    if (!latest) return [];
    const state = this.state(latest);
    const group = `service:${contract.service}`;
    const base = { startedBy: `ecs-svc/${latest.number}`, group };
    const back = state.replacedBy === "rollback";
    const own = state.digest === undefined ? latest.digest : state.digest;
    const digest = back ? (state.backTo ?? deployments.at(-2)?.digest) : own;
    const container = { name: contract.container, ...(digest && { imageDigest: digest }) };
    const running = Array.from({ length: back ? desired : (state.running ?? 0) }, (_, index) => ({
      ...base,
      ...(back && { startedBy: this.replacementId(latest) }),
      taskArn: `${this.taskPrefix}/${contract.name}-${latest.number}-${index}`,
      lastStatus: "RUNNING",
      desiredStatus: "RUNNING",
      startedAt: seconds(latest.createdAt + 10_000),
      containers: [{ name: "sidecar", imageDigest: "sha256:sidecar" }, container],
    }));
    const stopped = (state.stopped ?? []).map((task, index) => ({
      ...base,
      taskArn: `${this.taskPrefix}/${contract.name}-${latest.number}-stopped-${index}`,
      lastStatus: "STOPPED",
      desiredStatus: "STOPPED",
      startedAt: seconds(latest.createdAt + 5_000),
      stoppedAt: seconds(latest.createdAt + 8_000 + index),
      ...task,
    }));
    return [...running, ...stopped];
  }

  private taskPrefix = "arn:aws:ecs:us-west-2:123456789012:task/staging";

  runTask(request: Json) {
    const token = String(request.clientToken);
    const known = this.tokens.get(token);
    if (known) {
      if (JSON.stringify(known.request) !== JSON.stringify(request)) {
        throw new Refusal("ConflictException", "The token is in use.", 400, { resourceIds: [known.arn] });
      }
      return { tasks: [this.oneOff(known)], failures: [] };
    }
    const arn = `${this.taskPrefix}/task-${++this.serial}`;
    const digest = this.registry.tags.get(this.contract.services[0]?.image.candidateTag ?? "");
    const script = this.taskScripts.shift() ?? {};
    const task = { arn, request, script, createdAt: this.clock.now(), digest };
    this.tokens.set(token, task);
    this.tasks.push(task);
    return { tasks: [this.oneOff(task)], failures: [] };
  }

  stopTask(arn: string) {
    const task = this.tasks.find((one) => one.arn === arn);
    if (!task) throw new Refusal("InvalidParameterException", "The referenced task was not found.");
    task.stoppedAt ??= this.clock.now() + 2_000;
    return { task: this.oneOff(task) };
  }

  private oneOff(task: OneOff): Json {
    const {
      provisioning = 0,
      pending = 4_000,
      running = 10_000,
      exitCode = 0,
      sidecars = [],
      end,
    } = task.script;
    const age = this.clock.now() - task.createdAt;
    const ownEnd = task.createdAt + provisioning + pending + running;
    const killed = (task.stoppedAt ?? ownEnd) <= this.clock.now() && (task.stoppedAt ?? ownEnd) < ownEnd;
    const lastStatus =
      age < provisioning
        ? "PROVISIONING"
        : age < provisioning + pending
          ? "PENDING"
          : age < provisioning + pending + running
            ? "RUNNING"
            : "STOPPED";
    const stopped = killed || lastStatus === "STOPPED";
    const digest = task.script.digest === undefined ? task.digest : task.script.digest;
    const name = this.targetOf(task.request);
    const code = killed ? 143 : exitCode;
    const target = {
      name,
      ...(digest && { imageDigest: digest }),
      ...(stopped && code !== null && { exitCode: code }),
    };
    return {
      taskArn: task.arn,
      clusterArn: this.contract.cluster,
      taskDefinitionArn: task.request.taskDefinition,
      startedBy: task.request.startedBy,
      createdAt: seconds(task.createdAt),
      lastStatus: stopped ? "STOPPED" : lastStatus,
      desiredStatus: stopped || task.stoppedAt !== undefined ? "STOPPED" : "RUNNING",
      containers: [...sidecars, target],
      ...(stopped && {
        stoppedAt: seconds(killed ? (task.stoppedAt ?? 0) : ownEnd),
        stopCode: killed ? "UserInitiated" : "EssentialContainerExited",
        stoppedReason: killed ? "Task stopped" : "Essential container in task exited",
        ...(killed ? {} : end),
      }),
    };
  }

  private targetOf(request: Json): string {
    const { containerOverrides } = request.overrides as { containerOverrides: { name: string }[] };
    return containerOverrides[0]?.name ?? "";
  }

  private all(): Json[] {
    const shown = this.tasks.filter(
      ({ createdAt, script }) => this.clock.now() - createdAt >= (script.missing ?? 0),
    );
    return [
      ...shown.map((task) => this.oneOff(task)),
      ...this.foreignTasks,
      ...[...this.services.values()].flatMap((service) => this.serviceTasks(service)),
    ];
  }

  listTasks({ family, serviceName, desiredStatus }: Json) {
    const found = this.all().filter(
      (task) =>
        task.desiredStatus === desiredStatus &&
        (serviceName
          ? task.group === `service:${serviceName}`
          : String(task.taskDefinitionArn ?? "").includes(`/${family}:`)),
    );
    return { taskArns: found.map(({ taskArn }) => taskArn) };
  }

  describeTasks(arns: string[]) {
    const tasks = this.all().filter(({ taskArn }) => arns.includes(String(taskArn)));
    const failures = arns
      .filter((arn) => !tasks.some(({ taskArn }) => taskArn === arn))
      .map((arn) => ({ arn, reason: "MISSING" }));
    return { tasks, failures };
  }
}
