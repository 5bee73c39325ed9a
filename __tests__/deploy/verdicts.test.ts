import {
  type Deployment,
  DeploymentRolloutState,
  type Service,
  type ServiceDeploymentBrief,
  ServiceDeploymentStatus,
  type Task,
  TaskStopCode,
} from "@aws-sdk/client-ecs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { countedCrashes, crashThreshold } from "../../deploy/crash-loop";
import { STOP_CAUSES, stopCause, stopStory } from "../../deploy/task-story";
import { MISSING_GRACE, type TaskSnapshot, taskVerdict } from "../../deploy/one-off-verdict";
import { type RolloutSnapshot, rolloutVerdict, STATUS_MEANING } from "../../deploy/rollout-verdict";

const OURS = "ecs-svc/42";
const DIGEST = `sha256:${"a".repeat(64)}`;
const OTHER = `sha256:${"b".repeat(64)}`;
const NOW = Date.UTC(2026, 10, 20);

test("every enum value of the SDK has its place: a new one fails here", () => {
  expect(Object.keys(STOP_CAUSES).sort()).toEqual(Object.values(TaskStopCode).sort());
  expect(Object.keys(STATUS_MEANING).sort()).toEqual(Object.values(ServiceDeploymentStatus).sort());
  expect(Object.values(DeploymentRolloutState).sort()).toEqual(["COMPLETED", "FAILED", "IN_PROGRESS"]);
});

const runningTask = (imageDigest = DIGEST, startedBy = OURS): Task => ({
  taskArn: "arn:aws:ecs:r:a:task/c/t",
  startedBy,
  lastStatus: "RUNNING",
  desiredStatus: "RUNNING",
  startedAt: new Date(NOW - 120_000),
  containers: [{ name: "app", imageDigest }],
});

const ours = (overrides: Partial<Deployment> = {}): Deployment => ({
  id: OURS,
  status: "PRIMARY",
  rolloutState: "COMPLETED",
  desiredCount: 1,
  runningCount: 1,
  createdAt: new Date(NOW - 300_000),
  ...overrides,
});

const serviceWith = (...deployments: Deployment[]): Service => ({
  status: "ACTIVE",
  desiredCount: 1,
  deployments,
});

const brief = (status: ServiceDeploymentStatus): ServiceDeploymentBrief => ({
  status,
  targetServiceRevisionArn: "arn:aws:ecs:r:a:service-revision/c/s/42",
});

const snapshot = (overrides: Partial<RolloutSnapshot> = {}): RolloutSnapshot => ({
  now: NOW,
  deadline: NOW + 60_000,
  deploymentId: OURS,
  createdAt: NOW - 300_000,
  service: serviceWith(ours()),
  tasks: [runningTask()],
  history: [],
  container: "app",
  digests: new Set([DIGEST]),
  ...overrides,
});

test("completed and proved is the success", () => {
  expect(rolloutVerdict(snapshot())).toEqual({ kind: "succeeded", detail: "1 running, image proved" });
});

const another = ours({ id: "ecs-svc/43", createdAt: new Date(NOW) });

test.each<[string, Partial<RolloutSnapshot>, string]>([
  ["the service is not visible", { service: undefined }, "in progress"],
  ["ours is not visible yet", { service: serviceWith(another) }, "in progress"],
  ["still in progress", { service: serviceWith(ours({ rolloutState: "IN_PROGRESS" })) }, "in progress"],
  ["no rollout state", { service: serviceWith(ours({ rolloutState: undefined })) }, "in progress"],
  ["tasks not read yet", { tasks: [] }, "in progress"],
  [
    "a running task of another deployment proves nothing",
    { tasks: [runningTask(DIGEST, "ecs-svc/1")] },
    "in progress",
  ],
  [
    "a stopping task proves nothing",
    { tasks: [{ ...runningTask(), desiredStatus: "STOPPED" }] },
    "in progress",
  ],
  ["fewer proved than run", { service: serviceWith(ours({ runningCount: 2 })) }, "in progress"],
  [
    "the sidecar's digest is not the image's",
    { tasks: [{ ...runningTask(), containers: [{ name: "proxy", imageDigest: DIGEST }] }] },
    "in progress",
  ],
  ["another image runs", { tasks: [runningTask(OTHER)] }, "failed"],
  ["another image runs beside ours", { tasks: [runningTask(), runningTask(OTHER)] }, "failed"],
  ["given up, the record not read", { service: serviceWith(ours({ rolloutState: "FAILED" })) }, "failed"],
  [
    "given up and replaced",
    { service: serviceWith(another, ours({ rolloutState: "FAILED", status: "ACTIVE" })) },
    "rolled back",
  ],
  [
    "stopped by somebody, then replaced by somebody",
    {
      service: serviceWith(another, ours({ rolloutState: "FAILED", status: "ACTIVE" })),
      history: [brief("STOPPED")],
    },
    "superseded",
  ],
  [
    "completed, then replaced",
    { service: serviceWith(another), history: [brief("SUCCESSFUL")] },
    "superseded",
  ],
  ["completed, the list stale", { service: serviceWith(), history: [brief("SUCCESSFUL")] }, "in progress"],
  ["the service is deleted", { service: { ...serviceWith(ours()), status: "INACTIVE" } }, "failed"],
  [
    "nothing is wanted",
    { service: serviceWith(ours({ desiredCount: 0, runningCount: 0 })), tasks: [] },
    "succeeded",
  ],
])("%s", (_, overrides, kind) => {
  expect(rolloutVerdict(snapshot(overrides)).kind).toBe(kind);
});

test.each(Object.values(ServiceDeploymentStatus))("gone with %s is never a success", (status) => {
  const verdict = rolloutVerdict(snapshot({ service: serviceWith(another), history: [brief(status)] }));
  const expected: Record<ServiceDeploymentStatus, string> = {
    PENDING: "in progress",
    IN_PROGRESS: "in progress",
    SUCCESSFUL: "superseded",
    ROLLBACK_REQUESTED: "rolled back",
    ROLLBACK_IN_PROGRESS: "rolled back",
    ROLLBACK_SUCCESSFUL: "rolled back",
    ROLLBACK_FAILED: "failed",
    STOP_REQUESTED: "superseded",
    STOPPED: "superseded",
  };
  expect(verdict.kind).toBe(expected[status]);
});

test("after the deadline what is in progress is unknown, and what is known stays known", () => {
  const late = { deadline: NOW };
  expect(rolloutVerdict(snapshot({ ...late, tasks: [] })).kind).toBe("unknown");
  expect(rolloutVerdict(snapshot(late)).kind).toBe("succeeded");
});

test("after a crash the success waits until the newest task has stayed up", () => {
  const crashed: Task = {
    startedBy: OURS,
    lastStatus: "STOPPED",
    stopCode: "EssentialContainerExited",
    startedAt: new Date(NOW - 100_000),
    containers: [{ name: "app", exitCode: 1 }],
  };
  const young = { ...runningTask(), startedAt: new Date(NOW - 10_000) };
  expect(rolloutVerdict(snapshot({ tasks: [crashed, young] })).kind).toBe("in progress");
  expect(rolloutVerdict(snapshot({ tasks: [crashed, runningTask()] })).kind).toBe("succeeded");
  expect(rolloutVerdict(snapshot({ tasks: [young] })).kind).toBe("succeeded");
});

test("the crash threshold is that of ECS's breaker", () => {
  expect([0, 1, 6, 7, 100, 1000].map(crashThreshold)).toEqual([3, 3, 3, 4, 50, 200]);
});

test("with a breaker, failed starts are its own; scaling, spot and people are no crashes", () => {
  const stopped = (overrides: Partial<Task>): Task => ({ lastStatus: "STOPPED", ...overrides });
  const started = { startedAt: new Date(NOW) };
  const tasks = [
    stopped({ stopCode: "TaskFailedToStart" }),
    stopped({ stopCode: "EssentialContainerExited", ...started }),
    stopped({
      stopCode: "ServiceSchedulerInitiated",
      stoppedReason: "Task failed ELB health checks in (target-group x)",
      ...started,
    }),
    stopped({
      stopCode: "ServiceSchedulerInitiated",
      stoppedReason: "Scaling activity initiated by deployment",
      ...started,
    }),
    stopped({ stopCode: "SpotInterruption", ...started }),
    stopped({ stopCode: "UserInitiated", ...started }),
  ];
  expect(countedCrashes(tasks, true)).toHaveLength(2);
  expect(countedCrashes(tasks, false)).toHaveLength(3);
});

test("a task without a stop code is judged by its reason and exit codes", () => {
  expect(stopCause({ stoppedReason: "Host EC2 (instance i-1) terminated." })).toBe("infrastructure");
  expect(stopCause({ containers: [{ exitCode: 1 }] })).toBe("application");
  expect(stopCause({ containers: [{ name: "app" }] })).toBe("start");
  expect(stopStory({ taskArn: "a/b/t1", containers: [{ name: "app", exitCode: 137 }] }, "app")).toMatch(
    /exit code 137 \(killed/,
  );
});

const taskSnapshot = (task: Task | undefined, overrides: Partial<TaskSnapshot> = {}): TaskSnapshot => ({
  now: NOW,
  task,
  seenAt: NOW,
  phaseSince: NOW,
  container: "app",
  digests: new Set([DIGEST]),
  limits: { capacity: 60_000, starting: 60_000, running: 60_000, stopping: 60_000 },
  ...overrides,
});

test("a task is missing for a grace period, then unknown; each phase has its bound", () => {
  expect(taskVerdict(taskSnapshot(undefined)).kind).toBe("in progress");
  expect(taskVerdict(taskSnapshot(undefined, { seenAt: NOW - MISSING_GRACE })).kind).toBe("unknown");
  for (const [lastStatus, phase] of [
    ["PROVISIONING", "capacity"],
    ["PENDING", "starting"],
    ["ACTIVATING", "starting"],
    ["RUNNING", "running"],
    ["DEACTIVATING", "stopping"],
    ["STOPPING", "stopping"],
    ["DEPROVISIONING", "stopping"],
  ]) {
    expect(taskVerdict(taskSnapshot({ lastStatus }))).toEqual({ kind: "in progress", phase });
    expect(taskVerdict(taskSnapshot({ lastStatus }, { phaseSince: NOW - 60_000 }))).toMatchObject({
      kind: "overdue",
      phase,
    });
  }
});

const stopCodes = fc.option(fc.constantFrom(...Object.values(TaskStopCode)), { nil: undefined });
const digests = fc.constantFrom(DIGEST, OTHER, undefined);
const containers = fc.array(
  fc.record({
    name: fc.constantFrom("app", "proxy"),
    exitCode: fc.constantFrom(0, 1, 137, undefined),
    imageDigest: digests,
  }),
  { maxLength: 3 },
);
const statuses = fc.constantFrom(
  "PROVISIONING",
  "PENDING",
  "RUNNING",
  "STOPPING",
  "STOPPED",
  "DELETED",
  "NEW-STATUS",
);
const tasks = fc.record({
  lastStatus: statuses,
  desiredStatus: fc.constantFrom("RUNNING", "STOPPED"),
  stopCode: stopCodes,
  stoppedReason: fc.constantFrom(
    undefined,
    "Essential container in task exited",
    "Host EC2 (instance i-1) terminated.",
  ),
  containers,
  startedBy: fc.constantFrom(OURS, "ecs-svc/1"),
  startedAt: fc.constantFrom(undefined, new Date(NOW - 300_000)),
});

test("property: no migration succeeds unless our container exited with 0, by itself, in our image", () => {
  fc.assert(
    fc.property(tasks, fc.integer({ min: 0, max: 120_000 }), (task, waited) => {
      const verdict = taskVerdict(taskSnapshot(task, { phaseSince: NOW - waited }));
      const target = task.containers.find(({ name }) => name === "app");
      const right =
        ["STOPPED", "DELETED"].includes(task.lastStatus) &&
        target?.exitCode === 0 &&
        target.imageDigest === DIGEST &&
        [undefined, "EssentialContainerExited"].includes(task.stopCode) &&
        !(task.stopCode === undefined && task.stoppedReason?.startsWith("Host"));
      expect(verdict.kind === "succeeded").toBe(right);
    }),
    { numRuns: 3000 },
  );
});

const deployments = fc.record({
  id: fc.constantFrom(OURS, "ecs-svc/43"),
  status: fc.constantFrom("PRIMARY", "ACTIVE", "INACTIVE"),
  rolloutState: fc.option(fc.constantFrom(...Object.values(DeploymentRolloutState)), { nil: undefined }),
  desiredCount: fc.nat(3),
  runningCount: fc.nat(3),
  createdAt: fc.constantFrom(new Date(NOW - 300_000), new Date(NOW)),
});
const snapshots = fc.record({
  now: fc.constant(NOW),
  deadline: fc.constantFrom(NOW - 1, NOW + 1),
  deploymentId: fc.constant(OURS),
  createdAt: fc.constant(NOW - 300_000),
  service: fc.option(
    fc.record({
      status: fc.constantFrom("ACTIVE", "DRAINING"),
      desiredCount: fc.nat(3),
      deployments: fc.uniqueArray(deployments, { maxLength: 2, selector: ({ id }) => id }),
    }),
    { nil: undefined },
  ),
  tasks: fc.array(tasks, { maxLength: 5 }),
  history: fc.array(fc.constantFrom(...Object.values(ServiceDeploymentStatus)).map(brief), { maxLength: 1 }),
  container: fc.constant("app"),
  digests: fc.constant(new Set([DIGEST]) as ReadonlySet<string>),
});

test("property: no false success, whatever ECS says", () => {
  fc.assert(
    fc.property(snapshots, (one) => {
      const verdict = rolloutVerdict(one);
      if (verdict.kind !== "succeeded") return;
      const mine = one.service?.deployments.find(({ id }) => id === OURS);
      expect(mine).toMatchObject({ status: "PRIMARY", rolloutState: "COMPLETED" });
      const running = one.tasks.filter(
        (task) =>
          task.startedBy === OURS && task.lastStatus === "RUNNING" && task.desiredStatus === "RUNNING",
      );
      const digestsOf = running.map(
        (task) => task.containers.find(({ name }) => name === "app")?.imageDigest,
      );
      expect(digestsOf).not.toContain(OTHER);
      if (mine?.desiredCount !== 0) expect(digestsOf).toContain(DIGEST);
    }),
    { numRuns: 5000 },
  );
});

test("property: after the deadline there is always a final verdict, and always a reason", () => {
  fc.assert(
    fc.property(snapshots, (one) => {
      const verdict = rolloutVerdict({ ...one, deadline: NOW });
      expect(verdict.kind).not.toBe("in progress");
      if ("reason" in verdict) expect(verdict.reason.length).toBeGreaterThan(5);
    }),
    { numRuns: 3000 },
  );
});
