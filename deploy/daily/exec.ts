import type { Task } from "@aws-sdk/client-ecs";
import type { ServiceContract } from "../../modules/contract";
import type { SessionAddress } from "../aws/daily";
import { AwsError } from "../aws/error";
import { DeployError, refused } from "../errors";
import { EXIT } from "../exit-code";
import type { Done } from "../end";
import { chosenServices } from "../choose";
import { exitCodeOf, findPlugin, startPlugin } from "./plugin";
import type { Daily, DailyOptions } from "./session";

export interface ExecOptions extends DailyOptions {
  /** The task's id or the beginning of it; the newest that can be entered by default. */
  task?: string;
}

const SHELL = ["/bin/sh"];
/** The agent beside the container that sessions end in. */
const AGENT = "ExecuteCommandAgent";

/** Opens a shell, or runs a command, in a running task of a service. */
export async function exec(
  day: Daily,
  serviceName: string | undefined,
  words: readonly string[],
  options: ExecOptions,
): Promise<Done> {
  const service = onlyService(day, serviceName);
  const plugin = findPlugin(day.env);
  const task = await chooseTask(day, service, options.task);
  const id = idOf(task);
  day.say(
    `${service.name}: task ${id}, since ${task.startedAt?.toISOString().slice(0, 19) ?? "now"}, ${digestOf(task, service)}`,
  );
  const session = await openSession(day, service, task, words);
  const runtime = containerOf(task, service)?.runtimeId ?? "";
  const request = { Target: `ecs:${day.contract.cluster}_${id}_${runtime}` };
  const call = { session, region: day.contract.region, request };
  const exitCode = await day.handOver(async () => exitCodeOf(await startPlugin(plugin, call, day.env, true)));
  if (exitCode === 0) return { text: "" };
  return { text: `The session ended with ${exitCode}.`, exitCode: EXIT.refused };
}

function onlyService({ contract }: Daily, name: string | undefined): ServiceContract {
  const found = chosenServices(contract, name === undefined ? [] : [name]);
  const [service] = found;
  if (!service) throw refused(`${contract.environment} has no service.`);
  if (found.length === 1) return service;
  throw refused(
    `${contract.environment} has several services: which one?`,
    ...found.map((one) => `npx slipway exec ${contract.environment} ${one.name}`),
  );
}

const idOf = ({ taskArn = "" }: Task) => taskArn.split("/").at(-1) ?? "";
const containerOf = ({ containers = [] }: Task, { container }: ServiceContract) =>
  containers.find(({ name }) => name === container);
const digestOf = (task: Task, service: ServiceContract) =>
  containerOf(task, service)?.imageDigest?.slice(0, 19) ?? "an image whose digest ECS does not tell";
const agentOf = (task: Task, service: ServiceContract) =>
  containerOf(task, service)?.managedAgents?.find(({ name }) => name === AGENT);
const enterable = (task: Task, service: ServiceContract) =>
  task.enableExecuteCommand === true &&
  task.lastStatus === "RUNNING" &&
  (agentOf(task, service)?.lastStatus ?? "RUNNING") === "RUNNING";

/** The newest task that can be entered, or the one that was asked for. @throws DeployError saying why none can. */
async function chooseTask(day: Daily, service: ServiceContract, wanted: string | undefined): Promise<Task> {
  const { aws, contract } = day;
  const { environment, cluster } = contract;
  const [[state], tasks] = await Promise.all([
    aws.services(cluster, [service.service]),
    aws.listTasks(cluster, { serviceName: service.service }, "RUNNING"),
  ]);
  const option = `services: { ${service.name}: { exec: true } } in environments/${environment}.ts, then npx slipway apply ${environment}`;
  if (state && !state.enableExecuteCommand && !tasks.some(({ enableExecuteCommand }) => enableExecuteCommand))
    throw refused(`${service.name} takes no shell: ECS Exec is not enabled.`, option);
  if (tasks.length === 0) {
    const count = `${state?.runningCount ?? 0} of ${state?.desiredCount ?? 0} running`;
    throw refused(
      `${service.name} has no running task (${count}).`,
      `What happened to them: npx slipway status ${environment}`,
      `A command in a task of its own: npx slipway run ${environment} --service ${service.name} -- <command>`,
    );
  }
  const named = wanted === undefined ? tasks : tasks.filter((task) => idOf(task).startsWith(wanted));
  if (named.length === 0)
    throw refused(`${service.name} runs no task ${wanted}.`, `It runs: ${tasks.map(idOf).join(", ")}.`);
  const newest = named.sort(
    (one, other) => (other.startedAt?.getTime() ?? 0) - (one.startedAt?.getTime() ?? 0),
  );
  const found = newest.find((task) => enterable(task, service));
  if (found) return found;
  throw refused(
    `No task of ${service.name} can be entered now.`,
    ...newest.map((task) => `${idOf(task)}: ${obstacle(task, service, environment)}`),
  );
}

/** Why a task cannot be entered, and what to do. */
function obstacle(task: Task, service: ServiceContract, environment: string): string {
  if (!task.enableExecuteCommand)
    return `it started before exec was enabled; the next deploy replaces it (npx slipway deploy ${environment} --image …)`;
  if (task.lastStatus !== "RUNNING") return `it is ${task.lastStatus}; try again in a moment`;
  const { lastStatus, reason } = agentOf(task, service) ?? {};
  return `the agent in it is ${lastStatus}${reason ? ` (${reason})` : ""}; try again in a moment, or look whether the task reaches ssmmessages (NAT or endpoint)`;
}

async function openSession(
  day: Daily,
  service: ServiceContract,
  task: Task,
  words: readonly string[],
): Promise<SessionAddress> {
  const command = (words.length > 0 ? words : SHELL).map(quoted).join(" ");
  const request = { cluster: day.contract.cluster, task: idOf(task), container: service.container, command };
  try {
    return await day.aws.executeCommand(request);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const ways: Record<string, string> = {
      InvalidParameterException:
        "The agent in the task may still be starting, or have stopped: try again, or --task with another.",
      TargetNotConnectedException:
        "The task reaches no ssmmessages endpoint: give the environment NAT, or the endpoint ssmmessages.",
      ClusterNotFoundException: `npx slipway apply ${day.contract.environment}`,
    };
    const way = ways[error.code];
    throw way ? new DeployError(EXIT.refused, error.message, [way]) : error;
  }
}

/** One word of a command line, as ECS splits it. */
const quoted = (word: string) =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
