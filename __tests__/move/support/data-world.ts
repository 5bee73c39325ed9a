import type { RunTaskRequest, Service, Task } from "@aws-sdk/client-ecs";
import { type Context, DEFAULT_LIMITS } from "../../../deploy/context";
import { Events } from "../../../deploy/events";
import { withUsed } from "../../../deploy/used-database";
import { type Contract, familyOf } from "../../../modules/contract";
import type { Cloud } from "../../../move/aws/gateway";
import { copy } from "../../../move/copy";
import { flip } from "../../../move/flip/flip";
import { bothDatabases, contract, definition, serviceContract } from "../../deploy/support/contract";
import { facts } from "./facts";
import { type Call, type How, MoveWorld } from "./world";

const DIGEST = `sha256:${"a".repeat(64)}`;
const SERVICES = ["web", "api"];
const NIGHTLY = "staging-web_nightly";
const withoutRevision = (arn: string) => arn.replace(/:\d+$/, "");

/** A task of the mover: what is left of its verbs, and what it has said. */
interface MoverRun {
  arn: string;
  startedBy: string;
  words: string;
  verbs: string[];
  said: object[];
  status: "RUNNING" | "STOPPED";
  exitCode: number;
}

/** The same account with a database that moves: two services, each with a definition for either one, and the mover. */
export class DataWorld extends MoveWorld {
  mark: "copied" | "flipped" | "stale" | undefined = "copied";
  oldTakes = true;
  ownTakes = true;
  /** Transactions that the environment's own database alone has. */
  ahead = 0;
  /** What a comparison finds. */
  difference: string | undefined;
  /** A service that ECS rolls back when it is handed over to this definition. */
  breaks: string | undefined;
  running: Record<string, string> = Object.fromEntries(
    SERVICES.map((name) => [`staging-${name}`, definition(`staging-${name}_external`)]),
  );
  /** Families of tasks that somebody has started, until they have stopped. */
  started: string[] = [];
  private readonly ids: Record<string, number> = {};
  private readonly movers: MoverRun[] = [];
  private gate: "open" | "shut" = "shut";

  constructor() {
    super();
    const logs = { group: "/staging/mover", prefix: "mover" };
    const network = { subnets: ["subnet-1"], securityGroups: ["sg-1"] };
    this.plan = {
      ...this.plan,
      held: { web: { count: null, schedules: [NIGHTLY] } },
      database: {
        taskDefinition: definition("staging-mover"),
        container: "mover",
        network,
        logs,
        role: "arn:aws:iam::123456789012:role/staging-mover",
      },
    };
    this.schedules[NIGHTLY] = "ENABLED";
    this.starts[NIGHTLY] = withoutRevision(definition("staging-web_external"));
    this.putByHand(100);
    const at = "2026-11-20T12:00:00Z";
    const entry = (step: "front" | "shift" | "copy", data?: Record<string, boolean>) => ({
      step,
      state: "done" as const,
      by: "ana",
      at,
      ...(data && { data }),
    });
    this.state = {
      ...this.state,
      share: 100,
      workers: ["web"],
      steps: [entry("front"), entry("shift"), entry("copy", { following: true })],
    };
  }

  override get contract(): Contract {
    const services = SERVICES.map((name) =>
      serviceContract(name, {
        other: { taskDefinition: definition(`staging-${name}_external`), migration: null },
        otherSecrets: { DATABASE_URL: "/staging/database/url" },
      }),
    );
    const database = { ...bothDatabases, use: "own" as const };
    return withUsed(contract({ services, database, move: this.plan }), this.state);
  }

  /** Families that the services run. */
  get families(): string[] {
    return Object.values(this.running).map((arn) => arn.replace(/^.*\/|:\d+$/g, ""));
  }

  /** What the schedule is, and the family that it starts. */
  get nightly(): string {
    return `${this.schedules[NIGHTLY]} ${this.starts[NIGHTLY]?.replace(/^.*\//, "")}`;
  }

  get moversAtWork(): number {
    return this.movers.filter(({ status }) => status === "RUNNING").length;
  }

  /** The verbs that the mover was started with, task by task. */
  get verbs(): string[] {
    return this.movers.map(({ words }) => words);
  }

  flip = (how?: How, hold = 600_000) => this.run(flip, { hold }, how);
  copy = (how?: How) => this.run(copy, undefined, how);

  /** A task of the mover's that a copy has started, whose command has died. */
  leaveCopy(words: string): void {
    this.startMover({
      overrides: { containerOverrides: [{ environment: [{ name: "MOVER", value: words }] }] },
      startedBy: "slipway-move/1",
      taskDefinition: definition("staging-mover"),
    });
  }

  protected override contextOf(aws: Cloud, lasting: Cloud): Context {
    const { clock, contract: own } = this;
    return {
      contract: own,
      aws: aws as unknown as Context["aws"],
      lasting: lasting as unknown as Context["lasting"],
      clock,
      find: undefined,
      signal: new AbortController().signal,
      events: new Events(() => clock.now()),
      limits: DEFAULT_LIMITS,
    };
  }

  protected override more(call: Call): Partial<Cloud> {
    return {
      caller: call("caller", () => ({
        account: "123456789012",
        arn: "arn:aws:iam::123456789012:user/ana",
      })) as unknown as Cloud["caller"],
      services: call("services", (_cluster: string, names: readonly string[]) =>
        names.map((name) => this.serviceNow(name)),
      ) as Cloud["services"],
      listTasks: call(
        "listTasks",
        (_cluster: string, filter: { family?: string; serviceName?: string }, status: string) =>
          filter.family
            ? this.movers.filter((one) => one.status === status).map((one) => this.taskOf(one))
            : status === "RUNNING"
              ? [this.serviceTask(filter.serviceName ?? "")]
              : [],
      ) as Cloud["listTasks"],
      familyTasks: call("familyTasks", (_cluster: string, taskDefinition: string) =>
        this.started
          .filter((family) => family === familyOf(taskDefinition))
          .map((family) => ({
            taskArn: `arn:aws:ecs:us-west-2:1:task/staging/${family}`,
            taskDefinitionArn: definition(family),
            startedBy: "chronos-schedule/nightly",
            lastStatus: "RUNNING",
          })),
      ) as Cloud["familyTasks"],
      images: call("images", () => [
        {
          tag: "staging",
          image: { digest: DIGEST, manifest: "{}", mediaType: "application/vnd.oci.image.manifest.v1+json" },
        },
      ]) as unknown as Cloud["images"],
      serviceDeployments: call("serviceDeployments", (_cluster: string, service: string) => [
        {
          targetServiceRevisionArn: `arn:aws:ecs:us-west-2:1:service-revision/staging/${service}/${this.ids[service] ?? 1}`,
          status: "ROLLBACK_SUCCESSFUL",
          statusReason: "tasks failed to start",
        },
      ]) as unknown as Cloud["serviceDeployments"],
      serviceDeployment: call("serviceDeployment", () => undefined) as unknown as Cloud["serviceDeployment"],
      forceDeployment: call("forceDeployment", (_cluster: string, service: string, to?: string) => {
        const id = (this.ids[service] ?? 1) + 1;
        this.ids[service] = id;
        if (to && to !== this.breaks) this.running[service] = to;
        this.write();
        return { id: `ecs-svc/${id}`, createdAt: new Date(this.clock.now()) };
      }) as unknown as Cloud["forceDeployment"],
      runTask: call("runTask", (request: RunTaskRequest) => ({
        tasks: [this.startMover(request)],
      })) as unknown as Cloud["runTask"],
      tasks: call("tasks", (_cluster: string, arns: readonly string[]) =>
        this.movers.filter(({ arn }) => arns.includes(arn)).map((one) => this.work(one)),
      ) as Cloud["tasks"],
      stopTask: call("stopTask", (_cluster: string, arn: string) => {
        const mover = this.movers.find((one) => one.arn === arn);
        this.clock.in(20_000, () => {
          this.started = this.started.filter((family) => !arn.endsWith(`/${family}`));
        });
        if (mover?.words === "gate" && mover.status === "RUNNING") this.gate = "open";
        if (mover) mover.status = "STOPPED";
      }),
      logEvents: call("logEvents", (_group: string, stream: string) => {
        const mover = this.movers.find(({ arn }) => arn.endsWith(stream.split("/").at(-1) ?? ""));
        const events = (mover?.said.splice(0) ?? []).map((line) => ({ message: JSON.stringify(line) }));
        return { events, token: "end" };
      }) as unknown as Cloud["logEvents"],
    };
  }

  private serviceNow(serviceName: string): Service {
    const id = this.ids[serviceName] ?? 1;
    const isBroken =
      this.breaks !== undefined &&
      this.breaks.includes(`/${serviceName}:`) &&
      id > 1 &&
      this.running[serviceName] !== this.breaks &&
      this.state.use === "own";
    return {
      serviceName,
      status: "ACTIVE",
      desiredCount: 1,
      runningCount: 1,
      taskDefinition: this.running[serviceName],
      deployments: [
        {
          id: `ecs-svc/${id}`,
          status: "PRIMARY",
          rolloutState: isBroken ? "FAILED" : "COMPLETED",
          taskDefinition: this.running[serviceName],
          desiredCount: 1,
          runningCount: 1,
          createdAt: new Date(this.clock.now()),
        },
      ],
    };
  }

  private serviceTask(service: string): Task {
    return {
      taskArn: `arn:aws:ecs:us-west-2:1:task/staging/${service}`,
      taskDefinitionArn: this.running[service],
      startedBy: `ecs-svc/${this.ids[service] ?? 1}`,
      lastStatus: "RUNNING",
      desiredStatus: "RUNNING",
      startedAt: new Date(this.clock.now() - 600_000),
      containers: [{ name: "app", lastStatus: "RUNNING", imageDigest: DIGEST }],
    };
  }

  /** A service that runs on the environment's own database writes to it, if it may. */
  private write() {
    if (this.ownTakes && this.families.some((family) => !family.endsWith("_external"))) this.ahead++;
  }

  private startMover({ overrides, startedBy = "" }: RunTaskRequest): Task {
    const words = overrides?.containerOverrides?.[0]?.environment?.[0]?.value ?? "";
    const arn = `arn:aws:ecs:us-west-2:1:task/staging/${String(this.movers.length + 1).padStart(32, "0")}`;
    const verbs = words.split(" ").filter((word) => !word.startsWith("--"));
    const run: MoverRun = { arn, startedBy, words, verbs, said: [], status: "RUNNING", exitCode: 0 };
    this.movers.push(run);
    return this.taskOf(run);
  }

  private taskOf({ arn, startedBy, words, status, exitCode }: MoverRun): Task {
    const isOver = status === "STOPPED";
    return {
      taskArn: arn,
      startedBy,
      overrides: { containerOverrides: [{ name: "mover", environment: [{ name: "MOVER", value: words }] }] },
      lastStatus: status,
      desiredStatus: status,
      ...(isOver && {
        stopCode: "EssentialContainerExited",
        stoppedReason: "Essential container in task exited",
      }),
      containers: [{ name: "mover", lastStatus: status, ...(isOver && { exitCode }) }],
    };
  }

  /** Each look at a task lets it do one verb. */
  private work(run: MoverRun): Task {
    if (run.status === "RUNNING") {
      const [verb] = run.verbs;
      if (verb !== undefined) this.verb(run, verb);
      if (run.verbs.length === 0 && run.status === "RUNNING") run.status = "STOPPED";
    }
    return this.taskOf(run);
  }

  private verb(run: MoverRun, verb: string) {
    const end = (more: object = {}) => {
      run.verbs.shift();
      run.said.push({ kind: "done", verb, ...more });
    };
    const stop = (kind: "refused" | "failed", text: string) => {
      run.said.push({ kind, verb, text, way: "See to it." });
      Object.assign(run, { status: "STOPPED", exitCode: kind === "refused" ? 1 : 2, verbs: [] });
    };
    const count = { transactions: this.mark === "flipped" ? this.ahead : 0, exact: true };
    switch (verb) {
      case "gate":
        if (run.said.length === 0) {
          this.gate = "shut";
          run.said.push({ kind: "progress", verb, step: "ready" });
        }
        return;
      case "await":
        run.said.push({ kind: "progress", verb, step: "ready" });
        return this.gate === "open" ? end() : undefined;
      case "survey":
        run.said.push({ kind: "facts", verb, ...facts, state: this.mark });
        return end();
      case "hold":
        this.oldTakes = false;
        return end();
      case "catch-up":
        return this.mark === "copied" ? end() : stop("refused", "There is no whole copy that could follow.");
      case "follow":
        run.said.push({ kind: "progress", verb, active: true, lagBytes: 0 });
        return;
      case "compare":
        return this.difference === undefined ? end() : stop("failed", this.difference);
      case "flipped":
        this.mark = "flipped";
        return end();
      case "release":
        this.oldTakes = true;
        return end();
      case "hold-new":
        this.ownTakes = false;
        return end();
      case "release-new":
        this.ownTakes = true;
        return end();
      case "transactions-since":
        return end(count);
      case "copy-back":
        this.ahead = 0;
        return end();
      case "unflipped":
        if (this.mark === "flipped") this.mark = "stale";
        return end();
      case "clean":
        this.oldTakes = true;
        this.mark = undefined;
        return end();
      default:
        return end();
    }
  }
}
