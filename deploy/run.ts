import { randomUUID } from "node:crypto";
import type { ServiceContract } from "../modules/contract";
import { rightCaller } from "./caller";
import type { Context } from "./context";
import { DeployError, refused } from "./errors";
import { EXIT } from "./exit-code";
import { madeLogins } from "./logins";
import { startTask, watchTask } from "./one-off";
import { runMark, whoami } from "./started-by";
import { loginOf } from "./used-database";

/**
 * Runs a command in the service's own task definition (its image, settings and secrets), its log live.
 * @returns the command's exit code.
 */
export async function run(
  context: Context,
  service: ServiceContract,
  command: readonly string[],
): Promise<number> {
  const { events } = context;
  const caller = await rightCaller(context, "Nothing was run.");
  await refuseUnknownLogin(context, service);
  const oneOff = {
    stage: "run" as const,
    subject: service.name,
    capacity: service.capacity,
    network: service.network,
    taskDefinition: service.taskDefinition,
    container: service.container,
    override: { command: [...command] },
    logs: service.logs,
    startedBy: runMark(whoami(process.env, caller.arn), randomUUID()),
    clientToken: () => randomUUID(),
    known: new Set<string>(),
    digests: null,
  };
  const say = (state: "started" | "succeeded" | "failed", text: string) =>
    events.emit({ type: "stage", stage: "run", subject: service.name, state, text });
  say("started", command.join(" "));
  const task = await startTask(context, oneOff).catch((error: unknown) => {
    if (!(error instanceof DeployError) || error.exitCode !== EXIT.migrationFailed) throw error;
    throw new DeployError(EXIT.refused, error.message, error.wayOut);
  });
  events.emit({ type: "progress", stage: "run", subject: service.name, text: `task ${task.taskArn}` });
  const end = await watchTask(context, oneOff, task);
  if (end.kind === "succeeded") {
    say("succeeded", "exit code 0");
    return 0;
  }
  say("failed", end.reason);
  if (end.kind === "failed" && end.exitCode) return end.exitCode;
  const exit = end.kind === "unknown" ? EXIT.unknown : EXIT.refused;
  throw new DeployError(exit, `The command did not run to its end: ${end.reason}.`);
}

/** @throws DeployError 1 where the task would come to the database with a login that is not made yet. */
async function refuseUnknownLogin(
  { aws, contract }: Context,
  { name, image }: ServiceContract,
): Promise<void> {
  const logins = contract.database?.logins;
  const own = loginOf(contract, name);
  if (!logins || !own || madeLogins(await aws.parameter(logins.made)).has(own.login)) return;
  throw refused(
    `Nothing was run: ${name} has the login ${own.user}, which the database does not know yet.`,
    `A deploy makes it, of the image that runs, too: npx slipway deploy ${contract.environment} --image ${image.repository}:${image.tag}`,
  );
}
