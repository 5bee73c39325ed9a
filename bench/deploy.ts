import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Ended, minute, Stage, second } from "../__tests__/deploy-sandbox/support/driver";
import { SAMPLE } from "../sandbox/api/sample";
import type { Run } from "../sandbox/engine/behaviour";
import type { Runtime } from "../sandbox/engine/state";
import type { Row } from "./report";
import { servicesStable, tasksStopped, type Wait } from "./waiters";

const DEPLOYS = 120;
/** Connections stay open until a sandbox is closed. */
const PER_SANDBOX = 40;

/** What one deploy took: in virtual time, against the sandbox. */
interface Measured {
  /** From the end of the migration's task, and of the roll-out, to our word on it. */
  delays: number[];
  /** How long each of the two took, for those who wait in other ways. */
  migration: number | undefined;
  rollout: number | undefined;
  callsPerMinute: number;
  promoteCalls: number | undefined;
}

/** Delays and calls of deploys that go well and badly, and the time that --help takes. */
export async function deployRows(): Promise<Row[]> {
  const all = await measureDeploys();
  const present = (values: (number | undefined)[]) => values.filter((value) => value !== undefined);
  const migrations = present(all.map(({ migration }) => migration));
  const rollouts = present(all.map(({ rollout }) => rollout));
  const delay = middle(all.flatMap(({ delays }) => delays));
  const calls = middle(all.map(({ callsPerMinute }) => callsPerMinute));
  const promote = Math.max(...present(all.map(({ promoteCalls }) => promoteCalls)));
  const seconds = (milliseconds: number) => `${(milliseconds / second).toFixed(1)} s`;
  const other = (what: string, value: number) => ({
    what,
    measured: `median ${seconds(value)}`,
    ratio: value / delay,
    bound: Number.POSITIVE_INFINITY,
  });
  const later = async (wait: Wait, events: number[]) => middle(await wait(events));
  return [
    { what: "event to verdict : 2 s", measured: `median ${seconds(delay)}`, ratio: delay / 2_000, bound: 1 },
    other("aws ecs wait services-stable : ours", await later(servicesStable.cli, rollouts)),
    other("SDK waitUntilServicesStable : ours", await later(servicesStable.sdk, rollouts)),
    other("aws ecs wait tasks-stopped : ours", await later(tasksStopped.cli, migrations)),
    other("SDK waitUntilTasksStopped : ours", await later(tasksStopped.sdk, migrations)),
    {
      what: "calls per minute : 40",
      measured: `median ${calls.toFixed(1)}, ${DEPLOYS} deploys`,
      ratio: calls / 40,
      bound: 1,
    },
    { what: "calls of a promotion : 4", measured: `at most ${promote}`, ratio: promote / 4, bound: 1 },
    help(),
  ];
}

async function measureDeploys(): Promise<Measured[]> {
  const measured: Measured[] = [];
  let stage: Stage | undefined;
  for (let index = 0; index < DEPLOYS; index++) {
    if (index % PER_SANDBOX === 0) {
      await stage?.close();
      stage = await Stage.open();
    }
    measured.push(await measureDeploy(stage as Stage, index));
  }
  await stage?.close();
  return measured;
}

/** Seven of ten go well. Durations are spread evenly, so that they fall anywhere between two looks. */
async function measureDeploy(stage: Stage, index: number): Promise<Measured> {
  const spread = (salt: number) => (index * 0.6180339887 + salt * 0.7548776662) % 1;
  await stage.reset(index + 1);
  const migration: Run = {
    exit: { code: index % 10 === 7 ? 1 : 0, after: second + spread(1) * 2 * minute },
    log: [{ after: 100, text: "0042_orders.sql" }],
  };
  const service: Run = index % 10 > 7 ? { healthy: "never" } : { healthy: spread(2) * 40 * second };
  await stage.release("v2", { migration, service, pull: { duration: spread(3) * minute } });
  const before = stage.sandbox.calls.length;
  const counts = { started: 0, succeeded: 0 };
  const ended = await stage.deploy("v2", {
    on: (event) => {
      if (event.type !== "stage" || event.stage !== "promote") return;
      if (event.state === "started") counts.started = stage.sandbox.calls.length - before;
      if (event.state === "succeeded") counts.succeeded = stage.sandbox.calls.length - before;
    },
  });
  return { ...delaysOf(ended, await stage.state()), ...callsOf(ended, counts) };
}

function delaysOf(ended: Ended, state: Runtime): Pick<Measured, "delays" | "migration" | "rollout"> {
  const said = (stage: string) => {
    const end = ended.events.find(
      (event) => event.type === "stage" && event.stage === stage && /succeeded|failed/.test(event.state),
    );
    return end && Date.parse(end.at);
  };
  const task = Object.values(state.tasks).find(({ definition }) => definition === SAMPLE.migration);
  const id = ended.result.services[0]?.deployment;
  const rollout = Object.values(state.services)[0]?.history.find(({ deployment }) => deployment === id);
  const over = rollout?.rollback?.startedAt ?? rollout?.finishedAt;
  const delays = [
    [task?.stoppedAt, said("migrate")],
    [over, said("roll out")],
  ].flatMap(([event, word]) => (event !== undefined && word !== undefined ? [word - event] : []));
  const lasted = (from: number | undefined, to: number | undefined) =>
    from !== undefined && to !== undefined ? to - from : undefined;
  return {
    delays,
    migration: lasted(task?.createdAt, task?.stoppedAt),
    rollout: lasted(rollout?.createdAt, over),
  };
}

function callsOf(ended: Ended, { started, succeeded }: { started: number; succeeded: number }) {
  const callsPerMinute = ended.calls.length / (ended.result.seconds / 60);
  return { callsPerMinute, promoteCalls: succeeded > 0 ? succeeded - started : undefined };
}

/** The deploy command's own process beside an empty one. */
function help(): Row {
  const times = (args: readonly string[]) => {
    const started = process.hrtime.bigint();
    const { status } = spawnSync(process.execPath, args, { cwd: join(__dirname, ".."), stdio: "ignore" });
    if (status !== 0) throw new Error(`node ${args.join(" ")} failed`);
    return Number(process.hrtime.bigint() - started) / 1e6;
  };
  const ours: number[] = [];
  const empty: number[] = [];
  for (let count = 0; count < 7; count++) {
    ours.push(times(["--require", "tsx/cjs", "deploy/main.ts", "--help"]));
    empty.push(times(["-e", "0"]));
  }
  const [deploy, floor] = [middle(ours), middle(empty)];
  const measured = `${deploy.toFixed(0)} ms : ${floor.toFixed(0)} ms`;
  return { what: "deploy --help : node -e 0, time", measured, ratio: deploy / floor, bound: 5 };
}

const middle = (values: readonly number[]) =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;
