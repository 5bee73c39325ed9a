import type { Service, Task } from "@aws-sdk/client-ecs";
import { DEFAULT_PARALLEL } from "../../deploy/context";
import { eachOf } from "../../deploy/each-of";
import { DeployError } from "../../deploy/errors";
import { EXIT } from "../../deploy/exit-code";
import { done, notYet, poll } from "../../deploy/poll";
import { rollOut } from "../../deploy/restore";
import { force } from "../../deploy/rollout";
import { definitionsOf } from "../../deploy/used-database";
import type { ServiceContract } from "../../modules/contract";
import type { Move } from "../move";
import type { Services, Use } from "./crossing";

/** A service that has a task definition for each database. */
export interface Moving {
  readonly service: ServiceContract;
  readonly definitions: Readonly<Record<Use, string>>;
}

/** The services whose data moves. */
export const movingServices = ({ contract }: Pick<Move, "contract">): Moving[] =>
  contract.services.flatMap((service) => {
    const definitions = definitionsOf(contract, service);
    return definitions ? [{ service, definitions }] : [];
  });

/** Services as ECS runs them. */
export function servicesOf(move: Move): Services {
  return {
    run: async (which) => (await strangers(move, which)) === undefined,
    async handOver(to, signal) {
      const found = await foundServices(move);
      // First of all: what one of them starts meanwhile is to have the database that takes writes.
      await handOverSchedules(move, to);
      await eachOf(DEFAULT_PARALLEL, movingServices(move), async (one) => {
        signal.throwIfAborted();
        await handOver(move, one, to, found(one), signal);
      });
      await stopStrays(move, to, signal);
      const other = await strangers(move, to);
      if (other !== undefined) throw new DeployError(EXIT.rolloutFailed, `${other}.`);
    },
  };
}

async function foundServices({ aws, contract }: Move) {
  const names = contract.services.map(({ service }) => service);
  const found = await aws.services(contract.cluster, names);
  return ({ service: { service } }: Moving) => found.find(({ serviceName }) => serviceName === service);
}

async function handOver(
  move: Move,
  { service, definitions }: Moving,
  to: Use,
  found: Service | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (hasArrived(found, definitions[to])) return;
  const context = { ...move.context(), signal };
  const { repository, tag } = service.image;
  const [tagged] = await move.aws.images(repository, [{ imageTag: tag }]);
  const deployment = await force(context, service, definitions[to]);
  // What was never deployed has nothing to prove.
  if (!tagged) return;
  const end = await rollOut(context, "roll out", service, tagged.image, deployment);
  signal.throwIfAborted();
  if (end.kind === "succeeded") return;
  throw new DeployError(
    end.kind === "unknown" ? EXIT.unknown : EXIT.rolloutFailed,
    `${service.name} was not handed over to ${nameOf(definitions[to])}: ${end.reason}.`,
    [],
    end.lastLines,
  );
}

/** Schedules of all services that have a database, and what each is to start: the newest revision, as Terraform says it. */
const schedulesFor = ({ contract, plan }: Move, to: Use) =>
  movingServices({ contract }).flatMap(({ service, definitions }) =>
    (plan.held[service.name]?.schedules ?? []).map((name) => ({
      name,
      taskDefinition: definitions[to].replace(/:\d+$/, ""),
    })),
  );

async function handOverSchedules(move: Move, to: Use): Promise<void> {
  const { aws } = move;
  for (const { name, taskDefinition } of schedulesFor(move, to))
    if ((await aws.schedule(name)).taskDefinition !== taskDefinition)
      await aws.setSchedule(name, { taskDefinition });
}

/** Tasks that schedules and commands have started with the other database: no service replaces them. */
async function straysOf({ aws, contract }: Move, { definitions }: Moving, which: Use): Promise<Task[]> {
  const tasks = await aws.familyTasks(contract.cluster, definitions[which === "own" ? "external" : "own"]);
  return tasks.filter(
    ({ startedBy, lastStatus }) => !startedBy?.startsWith("ecs-svc/") && lastStatus !== "STOPPED",
  );
}

/** Stops tasks that schedules or `run` started with the other database: their sessions have ended; with new ones they would read what is old, or write where nobody looks. */
async function stopStrays(move: Move, to: Use, signal: AbortSignal): Promise<void> {
  const { aws, clock, contract } = move;
  const found = async () =>
    (await Promise.all(movingServices(move).map((one) => straysOf(move, one, to)))).flat();
  const strays = await found();
  for (const { taskArn = "", taskDefinitionArn } of strays) {
    await move.tell(`stops a task of ${nameOf(taskDefinitionArn)} that a schedule or a command has started`);
    await aws.stopTask(
      contract.cluster,
      taskArn,
      "Slipway: the database that it uses takes no writes any more",
    );
  }
  if (strays.length > 0)
    await poll({ clock, signal }, async () => ((await found()).length === 0 ? done(undefined) : notYet));
}

/** Whether nothing but that task definition is there or on its way. */
function hasArrived(service: Service | undefined, definition: string): boolean {
  const [only, ...others] = service?.deployments ?? [];
  return others.length === 0 && only?.taskDefinition === definition && only.rolloutState === "COMPLETED";
}

/** What runs, or would by a service or a schedule, with another database than that; undefined where nothing does. */
export async function strangers(move: Move, which: Use): Promise<string | undefined> {
  const { aws, contract } = move;
  const found = await foundServices(move);
  for (const one of movingServices(move)) {
    const { service, definitions } = one;
    if (!hasArrived(found(one), definitions[which]))
      return `${service.name} is not on ${nameOf(definitions[which])}`;
    const tasks = await aws.listTasks(contract.cluster, { serviceName: service.service }, "RUNNING");
    const other = tasks.find(({ taskDefinitionArn }) => taskDefinitionArn !== definitions[which]);
    const [left] = other ? [other] : await straysOf(move, one, which);
    if (left) return `a task of ${service.name} runs ${nameOf(left.taskDefinitionArn)}`;
  }
  for (const { name, taskDefinition } of schedulesFor(move, which)) {
    const now = await aws.schedule(name);
    if (now.taskDefinition !== taskDefinition)
      return `the schedule ${name} starts ${nameOf(now.taskDefinition)}`;
  }
  return undefined;
}

const nameOf = (definition: string | undefined) => definition?.split("/").at(-1) ?? "nothing";
