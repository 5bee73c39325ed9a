import {
  ListServiceDeploymentsCommand,
  StopServiceDeploymentCommand,
  StopTaskCommand,
} from "@aws-sdk/client-ecs";
import type { Clock } from "../../../deploy/clock";
import type { StopSignal } from "../../../deploy/exit-code";
import { SAMPLE } from "../../../sandbox/api/sample";
import { changeService } from "../../../sandbox/engine/services";
import type { Runtime } from "../../../sandbox/engine/state";
import { type Ended, minute, type Stage } from "./driver";
import { type Happening, MIGRATIONS, MOMENTS, PULLS, SERVICES, type Timeline } from "./timeline";
import { when } from "./when";

/** How a timeline went: what deploy said, and what is so. */
export interface Played {
  timeline: Timeline;
  ended: Ended;
  /** Digests of the image before, ours, and somebody else's. */
  digests: { v1: string; v2: string; v3: string };
  /** When deploy had said its last word. */
  state: Runtime;
  /** Three minutes later: what was told to stop has stopped. */
  soon: Runtime;
  /** An hour later: whatever goes on by itself has ended. */
  later: Runtime;
  /** Deployments that are not ours: of before, and of other people. */
  foreign: Set<string>;
  /** What really happened before the end. */
  happened: Happening[];
}

/** Plays a timeline in an environment of its own. */
export async function play(stage: Stage, timeline: Timeline, seed: number): Promise<Played> {
  await stage.reset(seed, timeline.sample);
  const { migration, service, pull, ahead, closedAfter } = timeline;
  const v2 = await stage.release("v2", {
    migration: MIGRATIONS[migration],
    service: SERVICES[service],
    pull: PULLS[pull],
  });
  const v3 = await stage.release("v3");
  await stage.here("v3", []);
  const foreign = new Set(deploymentIds(await stage.state()));
  const happened: Happening[] = [];
  const kill: { signal?: (name: StopSignal) => void } = {};
  const meanwhile: Promise<void>[] = [];
  const act = (what: Happening) => {
    happened.push(what);
    if (what === "SIGHUP" || what === "SIGINT" || what === "SIGTERM") kill.signal?.(what);
    else meanwhile.push(happen[what](stage, v3, foreign));
    return Promise.all(meanwhile);
  };
  const triggers = timeline.happenings.flatMap(({ at, what }) => {
    if (typeof at !== "number") return when(MOMENTS[at][0], MOMENTS[at][1], () => act(what));
    stage.clock.in(at, () => act(what));
    return [];
  });
  await stage.sandbox.fault(...timeline.faults);
  const clock: Clock = {
    now: () => stage.clock.now() + ahead,
    sleep: (milliseconds, signal) => stage.clock.sleep(milliseconds, signal),
  };
  const ended = await stage.deploy("v2", {
    clock,
    ...(closedAfter !== null && { closedAfter }),
    started: (signal) => (kill.signal = signal),
    on: (event) => {
      for (const trigger of triggers) trigger(event);
    },
  });
  await Promise.all(meanwhile);
  const before = [...happened];
  stage.clock.forget();
  await stage.sandbox.clearFaults();
  await stage.sandbox.shortage([]);
  const state = await stage.state();
  await stage.sandbox.advance(3 * minute);
  const soon = await stage.state();
  await stage.sandbox.advance(57 * minute);
  const digests = { v1: stage.digest, v2, v3 };
  return { timeline, ended, digests, state, soon, later: await stage.state(), foreign, happened: before };
}

const deploymentIds = (state: Runtime) =>
  Object.values(state.services).flatMap(({ deployments }) => deployments.map(({ id }) => id));

type Act = (stage: Stage, v3: string, foreign: Set<string>) => Promise<void>;

/** Whoever comes too late or too early finds nothing to do. */
const happen: Record<Exclude<Happening, StopSignal>, Act> = {
  "the migration's machine goes": (stage) => takeMachine(stage, false),
  "the service's machine goes": (stage) => takeMachine(stage, true),
  "somebody stops the migration": async (stage) => {
    const task = (await stage.migrations()).find(({ desiredStatus }) => desiredStatus === "RUNNING");
    if (!task) return;
    await stage.others.act(
      new StopTaskCommand({ cluster: SAMPLE.cluster, task: task.arn, reason: "by hand" }),
    );
  },
  // In one step of the sandbox: a deployment that deploy forces at the same moment is not taken for theirs.
  "somebody forces a deployment": (stage, _, foreign) =>
    stage.sandbox.host.run((sim) => {
      const [service] = Object.values(sim.state.services);
      if (!service) return;
      changeService(sim, service, service.spec, true);
      for (const { id, status } of service.deployments) if (status === "PRIMARY") foreign.add(id);
    }),
  "somebody moves the tag": (stage, v3) =>
    stage.sandbox.retag(SAMPLE.region, stage.repository, SAMPLE.tag, v3),
  "somebody moves the candidate tag": (stage, v3) =>
    stage.sandbox.retag(SAMPLE.region, stage.repository, SAMPLE.candidate, v3),
  "somebody rolls the deployment back": (stage) => stopDeployment(stage, "ROLLBACK"),
  "somebody aborts the deployment": (stage) => stopDeployment(stage, "ABORT"),
  "no machines for 3 minutes": async (stage) => {
    await stage.sandbox.shortage([SAMPLE.provider, "FARGATE"]);
    stage.clock.in(3 * minute, () => stage.sandbox.shortage([]));
  },
};

async function takeMachine(stage: Stage, ofService: boolean): Promise<void> {
  const tasks = Object.values((await stage.state()).tasks);
  const task = tasks.find(
    (one) => (one.service !== undefined) === ofService && one.desiredStatus === "RUNNING" && one.zone,
  );
  if (task) await stage.sandbox.interrupt(task.arn);
}

async function stopDeployment(stage: Stage, stopType: "ROLLBACK" | "ABORT"): Promise<void> {
  const { cluster, service } = SAMPLE;
  const found = await stage.others.act(new ListServiceDeploymentsCommand({ cluster, service }));
  const [newest] = found?.serviceDeployments ?? [];
  if (newest?.status !== "IN_PROGRESS") return;
  const { serviceDeploymentArn } = newest;
  await stage.others.act(new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType }));
}
