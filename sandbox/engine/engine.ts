import type { World } from "../world";
import { adoptAppRunner, APP_RUNNER_STEPS, findAppRunner, reconcileAppRunner } from "./app-runner";
import { adoptDefinitions } from "./applied";
import { boot, interruptInstance, keepCapacity, removeInstance, rescale } from "./capacity";
import { stopDeployment } from "./deployments";
import { containerHealthy, containerSick, stopSick, targetHealthy, targetSick } from "./health";
import { writeTaskLog } from "./log-streams";
import { type Logs, MemoryLogs } from "./logs";
import { PACE, type Pace } from "./pace";
import { placeWaiting } from "./placement";
import { pull, pulled } from "./pulling";
import { report, start } from "./running";
import { countFailure, reachSteadyState, reconcile } from "./scheduler";
import { adoptServices, writeBack } from "./services";
import { plan, type Sim } from "./sim";
import type { Container, Instance, Runtime, Service, Task, Timer } from "./state";
import { beginStop, containerEnded, kill, lostHost, stopped, terminate } from "./stopping";
import { waitingTasks } from "./tasks";

export interface EngineOptions {
  /** Where containers' lines go. */
  logs?: Logs;
  pace?: Partial<Pace>;
  /** Whether commands of containers may run for real. */
  real?: boolean;
  say?: (text: string) => void;
}

export function createSim(state: Runtime, world: World, options: EngineOptions = {}): Sim {
  return {
    state,
    logs: options.logs ?? new MemoryLogs(),
    world,
    pace: { ...PACE, ...options.pace },
    edits: [],
    say: options.say ?? (() => {}),
    real: options.real ?? false,
  };
}

/** Takes in what was applied since the last step. */
export function adopt(sim: Sim): void {
  adoptDefinitions(sim);
  adoptServices(sim);
  adoptAppRunner(sim);
  settle(sim);
}

/** Lets everything happen that is due until a time. The same state, world and seed always give the same result. */
export function advance(sim: Sim, until: number): void {
  for (;;) {
    const timer = nextTimer(sim.state);
    if (!timer || timer.at > until) break;
    sim.state.timers.splice(sim.state.timers.indexOf(timer), 1);
    sim.state.time = Math.max(sim.state.time, timer.at);
    happen(sim, timer);
    settle(sim);
  }
  sim.state.time = Math.max(sim.state.time, until);
}

/** The next thing that will happen by itself. */
export function nextTimer(state: Runtime): Timer | undefined {
  let next: Timer | undefined;
  for (const timer of state.timers)
    if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
  return next;
}

/**
 * Schedulers look at the world after every change; none of them waits for a message. They go on until none has anything
 * left to do (whatever they do takes a number from the sequence), so looking once more never changes anything.
 */
export function settle(sim: Sim): void {
  for (let round = 0; round < 20; round++) {
    const before = sim.state.sequence;
    schedule(sim);
    if (sim.state.sequence === before) return;
  }
}

function schedule(sim: Sim): void {
  for (const service of Object.values(sim.state.services)) {
    const before = service.spec.taskDefinition;
    reconcile(sim, service);
    if (service.spec.taskDefinition !== before) writeBack(sim, service);
  }
  reconcileAppRunner(sim);
  placeWaiting(sim);
  keepCapacity(sim);
}

function happen(sim: Sim, timer: Timer): void {
  const task = sim.state.tasks[timer.subject];
  if (task) {
    TASK_STEPS[timer.step]?.(sim, task, timer.detail ?? "");
    return;
  }
  const service = sim.state.services[timer.subject];
  if (service) {
    SERVICE_STEPS[timer.step]?.(sim, service, timer.detail ?? "");
    return;
  }
  const onAppRunner = findAppRunner(sim, timer.subject);
  if (onAppRunner) {
    APP_RUNNER_STEPS[timer.step]?.(sim, onAppRunner);
    return;
  }
  const instance = sim.state.instances[timer.subject];
  if (instance) {
    INSTANCE_STEPS[timer.step]?.(sim, instance);
    return;
  }
  if (timer.step === "scale-out" || timer.step === "scale-in") {
    rescale(sim, timer.subject);
    return;
  }
  containerStep(sim, timer);
}

const TASK_STEPS: Record<string, (sim: Sim, task: Task, detail: string) => void> = {
  "no-capacity": (sim, task) => {
    if (waitingTasks(sim).includes(task))
      beginStop(sim, task, "TaskFailedToStart", "EMPTY CAPACITY PROVIDER");
  },
  pull,
  pulled,
  start,
  report,
  healthy: targetHealthy,
  sick: targetSick,
  "sick-stop": stopSick,
  terminate,
  stopped: (sim, task) => {
    stopped(sim, task);
    const service = task.service ? sim.state.services[task.service] : undefined;
    const failed = task.stopCode === "TaskFailedToStart" || task.stopCode === "EssentialContainerExited";
    if (service && failed && task.startedAt === undefined) countFailure(sim, service, task);
  },
  "spot-gone": (sim, task) => lostHost(sim, task, "SpotInterruption", "Your Spot Task was interrupted."),
  vanish: (sim, task) => {
    delete sim.state.tasks[task.arn];
  },
};

const SERVICE_STEPS: Record<string, (sim: Sim, service: Service, detail: string) => void> = {
  steady: reachSteadyState,
  "stop-deployment": stopDeployment,
  // The scheduler looks again after every step: being woken is all it needs.
  retry: () => {},
};

const INSTANCE_STEPS: Record<string, (sim: Sim, instance: Instance) => void> = {
  boot,
  "terminate-instance": removeInstance,
};

function containerStep(sim: Sim, timer: Timer): void {
  const named = timer.step === "exit" || timer.step === "log";
  const detail: { task?: string; text?: string; code?: number; reason?: string } = named
    ? JSON.parse(timer.detail ?? "{}")
    : { task: timer.detail };
  const task = sim.state.tasks[detail.task ?? ""];
  const container = task?.containers.find(({ arn }) => arn === timer.subject);
  if (!task || !container) return;
  if (timer.step === "kill") kill(sim, task, container);
  if (timer.step === "container-healthy") containerHealthy(sim, task, container);
  if (timer.step === "container-sick") containerSick(sim, task, container);
  if (timer.step === "log") writeTaskLog(sim, task, container, detail.text ?? "");
  if (timer.step === "exit") containerEnded(sim, task, container, Number(detail.code), detail.reason);
}

/** Takes away the capacity below a task, as a spot interruption does. */
export function interrupt(sim: Sim, task: Task): void {
  const instance: Instance | undefined = task.instance ? sim.state.instances[task.instance] : undefined;
  if (instance) {
    interruptInstance(sim, instance);
    return;
  }
  plan(sim, sim.pace.spotNotice, "spot-gone", task.arn);
}

/** A container of the state and its task, by the container's ARN. */
export function findContainer(state: Runtime, arn: string): { task: Task; container: Container } | undefined {
  for (const task of Object.values(state.tasks)) {
    const container = task.containers.find((one) => one.arn === arn);
    if (container) return { task, container };
  }
  return undefined;
}
