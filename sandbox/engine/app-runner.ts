import type { OperationStatus, OperationType } from "@aws-sdk/client-apprunner";
import type { WorldObject } from "../world";
import { fingerprint } from "./applied";
import { arnOf, block, flag, number, text } from "./attributes";
import { parseReference, resolveImage } from "./images";
import { isLive, plan, type Sim, uuid } from "./sim";
import type { Definition, Task } from "./state";
import { beginStop } from "./stopping";
import { createTask } from "./tasks";

/** One thing that App Runner does to a service. Times are milliseconds since the epoch. */
export interface AppRunnerOperation {
  id: string;
  type: OperationType;
  status: OperationStatus;
  startedAt: number;
  updatedAt: number;
  endedAt?: number;
}

/** A service of App Runner, as it runs: one instance stands for all of them. */
export interface AppRunnerService {
  arn: string;
  region: string;
  /** What Terraform last said, to see a change of it. */
  applied: string;
  status: "RUNNING" | "OPERATION_IN_PROGRESS" | "CREATE_FAILED" | "PAUSED" | "DELETED";
  createdAt: number;
  updatedAt: number;
  /** Newest first. */
  operations: AppRunnerOperation[];
  /** The image that requests arrive at, and its task. */
  digest?: string;
  task?: string;
  /** The task that an operation brings up beside it. */
  candidate?: string;
  /** What the tag named when a deployment last began: it deploys by itself when that changes. */
  seen?: string;
}

/** Milliseconds from an operation's request to its work, and for what ends it. */
const BEGINS = 5_000;
const ROLLS_BACK = 20_000;
const REPLACES = 10_000;

/** Operations that are over. */
const OVER: ReadonlySet<OperationStatus> = new Set([
  "SUCCEEDED",
  "FAILED",
  "ROLLBACK_SUCCEEDED",
  "ROLLBACK_FAILED",
]);

export const appRunnerServices = (sim: Sim): AppRunnerService[] => Object.values(sim.state.appRunner ?? {});

export const findAppRunner = (sim: Sim, arn: string | undefined): AppRunnerService | undefined =>
  arn === undefined ? undefined : sim.state.appRunner?.[arn];

/** The object that was applied. */
export const appliedAppRunner = (sim: Sim, { arn, region }: AppRunnerService): WorldObject | undefined =>
  sim.world.list({ type: "aws_apprunner_service", region }).find((one) => arnOf(one) === arn);

/** Takes in what Terraform applied: new services are created, changed ones updated, removed ones end. */
export function adoptAppRunner(sim: Sim): void {
  const applied = new Set<string>();
  for (const object of sim.world.list({ type: "aws_apprunner_service" })) {
    const arn = arnOf(object);
    const mark = fingerprint(object);
    applied.add(arn);
    const known = findAppRunner(sim, arn);
    if (!known) create(sim, object, mark);
    else if (known.applied !== mark) {
      known.applied = mark;
      if (known.status === "RUNNING") beginOperation(sim, known, "UPDATE_SERVICE");
    }
  }
  for (const service of appRunnerServices(sim))
    if (!applied.has(service.arn) && service.status !== "DELETED") {
      service.status = "DELETED";
      for (const arn of [service.task, service.candidate]) end(sim, arn);
    }
}

function create(sim: Sim, object: WorldObject, applied: string): void {
  const { time } = sim.state;
  const service: AppRunnerService = {
    arn: arnOf(object),
    region: object.region,
    applied,
    status: "RUNNING",
    createdAt: time,
    updatedAt: time,
    operations: [],
  };
  sim.state.appRunner = { ...sim.state.appRunner, [service.arn]: service };
  beginOperation(sim, service, "CREATE_SERVICE");
}

/** Begins an operation; the service takes no other one until it is over. */
export function beginOperation(sim: Sim, service: AppRunnerService, type: OperationType): AppRunnerOperation {
  const { time } = sim.state;
  const operation: AppRunnerOperation = {
    // The third group of a UUID tells its version, which the API's pattern asks for.
    id: uuid(sim)
      .replace(/^(.{14})./, (_, before: string) => `${before}4`)
      .replace(/^(.{19})./, (_, before: string) => `${before}a`),
    type,
    status: "PENDING",
    startedAt: time,
    updatedAt: time,
  };
  service.operations.unshift(operation);
  service.status = "OPERATION_IN_PROGRESS";
  service.updatedAt = time;
  service.seen = tagged(sim, service);
  plan(sim, BEGINS, "app-runner-begin", service.arn);
  return operation;
}

/** The operation that is not over. */
export const underWay = ({ operations: [newest] }: AppRunnerService): AppRunnerOperation | undefined =>
  newest && !OVER.has(newest.status) ? newest : undefined;

/** What happens to a service when its time has come. */
export const APP_RUNNER_STEPS: Record<string, (sim: Sim, service: AppRunnerService) => void> = {
  "app-runner-begin": (sim, service) => {
    const operation = underWay(service);
    if (!operation || service.status === "DELETED") return;
    change(sim, operation, "IN_PROGRESS");
    service.candidate = startTask(sim, service, imageOf(sim, service), operation.id).arn;
  },
  "app-runner-rolled-back": (sim, service) => {
    const operation = underWay(service);
    if (operation) finish(sim, service, operation, "ROLLBACK_SUCCEEDED", "RUNNING");
  },
  "app-runner-replace": (sim, service) => {
    if (service.status === "DELETED" || service.candidate || !service.digest) return;
    if (isUp(sim.state.tasks[service.task ?? ""])) return;
    const repository = imageOf(sim, service).replace(/(:[^/:]+)?(@.*)?$/, "");
    service.task = startTask(sim, service, `${repository}@${service.digest}`, "replacement").arn;
  },
};

/** Looks what has become of each service's tasks. */
export function reconcileAppRunner(sim: Sim): void {
  for (const service of appRunnerServices(sim)) {
    if (service.status === "DELETED") continue;
    const operation = underWay(service);
    const candidate = sim.state.tasks[service.candidate ?? ""];
    if (operation?.status === "IN_PROGRESS" && candidate) judge(sim, service, operation, candidate);
    else if (!operation) lookAfter(sim, service);
  }
}

function judge(sim: Sim, service: AppRunnerService, operation: AppRunnerOperation, candidate: Task): void {
  const [container] = candidate.containers;
  if (isUp(candidate) && candidate.lastStatus === "RUNNING" && container?.health === "HEALTHY") {
    end(sim, service.task);
    service.task = candidate.arn;
    if (container.digest) service.digest = container.digest;
    delete service.candidate;
    finish(sim, service, operation, "SUCCEEDED", "RUNNING");
    return;
  }
  if (isUp(candidate) && container?.health !== "UNHEALTHY") return;
  end(sim, candidate.arn);
  delete service.candidate;
  if (service.task === undefined) {
    finish(sim, service, operation, "FAILED", "CREATE_FAILED");
    return;
  }
  change(sim, operation, "ROLLBACK_IN_PROGRESS");
  plan(sim, ROLLS_BACK, "app-runner-rolled-back", service.arn);
}

/** What runs is kept running, and a moved tag deploys by itself where that was asked for. */
function lookAfter(sim: Sim, service: AppRunnerService): void {
  if (service.status !== "RUNNING") return;
  const source = block(appliedAppRunner(sim, service)?.attributes, "source_configuration");
  const now = tagged(sim, service);
  if (flag(source, "auto_deployments_enabled") && now !== undefined && now !== service.seen) {
    beginOperation(sim, service, "START_DEPLOYMENT");
    return;
  }
  const waits = sim.state.timers.some(
    ({ subject, step }) => subject === service.arn && step === "app-runner-replace",
  );
  if (!isUp(sim.state.tasks[service.task ?? ""]) && !waits)
    plan(sim, REPLACES, "app-runner-replace", service.arn);
}

const isUp = (task: Task | undefined): task is Task => task !== undefined && isLive(task);

function change(sim: Sim, operation: AppRunnerOperation, status: OperationStatus): void {
  operation.status = status;
  operation.updatedAt = sim.state.time;
  sim.state.sequence += 1;
}

function finish(
  sim: Sim,
  service: AppRunnerService,
  operation: AppRunnerOperation,
  status: OperationStatus,
  then: AppRunnerService["status"],
): void {
  change(sim, operation, status);
  operation.endedAt = sim.state.time;
  service.status = then;
  service.updatedAt = sim.state.time;
}

function end(sim: Sim, arn: string | undefined): void {
  const task = sim.state.tasks[arn ?? ""];
  if (task) beginStop(sim, task, "ServiceSchedulerInitiated", "App Runner replaced it");
}

function imageOf(sim: Sim, service: AppRunnerService): string {
  const source = block(appliedAppRunner(sim, service)?.attributes, "source_configuration");
  return text(block(source, "image_repository"), "image_identifier");
}

/** The digest that the service's tag names now. */
function tagged(sim: Sim, service: AppRunnerService): string | undefined {
  const resolved = resolveImage(sim, imageOf(sim, service), "amd64");
  return "digest" in resolved && parseReference(imageOf(sim, service)) ? resolved.digest : undefined;
}

/** Starts an instance on what is nobody's cluster: the parts of the engine that run Fargate's tasks run it, too. */
function startTask(sim: Sim, service: AppRunnerService, image: string, startedBy: string): Task {
  const definition = defineTask(sim, service, image);
  const [, account = ""] = /:(\d{12}):/.exec(service.arn) ?? [];
  return createTask(sim, {
    cluster: `arn:aws:ecs:${service.region}:${account}:cluster/app-runner`,
    region: service.region,
    definition,
    group: `service:${service.arn.split("/")[1]}`,
    service: service.arn,
    startedBy,
    launchType: "FARGATE",
  });
}

function defineTask(sim: Sim, service: AppRunnerService, image: string): Definition {
  const attributes = appliedAppRunner(sim, service)?.attributes;
  const repository = block(block(attributes, "source_configuration"), "image_repository");
  const configured = block(repository, "image_configuration");
  const health = block(attributes, "health_check_configuration");
  const [, name = "", id = ""] = service.arn.split("/");
  const pairs = (from: string) => Object.entries((configured?.[from] ?? {}) as Record<string, string>);
  const arn = `${service.arn}/${uuid(sim)}`;
  sim.state.definitions[arn] = {
    arn,
    region: service.region,
    family: `app-runner/${name}`,
    revision: 1,
    networkMode: "awsvpc",
    compatibilities: ["FARGATE"],
    architecture: "amd64",
    containers: [
      {
        name,
        image,
        essential: true,
        portMappings: [{ containerPort: number(configured, "port", 8080) }],
        environment: pairs("runtime_environment_variables").map(([variable, value]) => ({
          name: variable,
          value,
        })),
        secrets: pairs("runtime_environment_secrets").map(([variable, valueFrom]) => ({
          name: variable,
          valueFrom,
        })),
        healthCheck: {
          command: ["GET", text(health, "path") || "/"],
          interval: number(health, "interval", 5),
          retries: number(health, "unhealthy_threshold", 5),
        },
        logConfiguration: {
          logDriver: "awslogs",
          options: {
            "awslogs-create-group": "true",
            "awslogs-group": `/aws/apprunner/${name}/${id}/application`,
            "awslogs-region": service.region,
          },
        },
      },
    ],
  };
  return sim.state.definitions[arn] as Definition;
}
