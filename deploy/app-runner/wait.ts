import type { AppRunnerServiceContract } from "../../modules/contract/app-runner";
import { done, notYet, poll } from "../poll";
import type { AppRunnerContext } from "./context";
import type { ServiceFacts } from "./facts";
import { SERVICE_MEANING } from "./operation-verdict";

/** What App Runner does to a service now, whoever asked for it; undefined where it takes a new operation. */
export function underWay({ service, operations: [newest] }: Pick<ServiceFacts, "service" | "operations">) {
  if (!service?.Status || SERVICE_MEANING[service.Status] !== "changes") return undefined;
  return newest?.Id
    ? `operation ${newest.Id} (${newest.Type}) is in progress`
    : "an operation is in progress";
}

/** Waits until App Runner is at work on none of these services any more, or until the deadline, in milliseconds since the epoch. */
export async function waitForOperations(
  context: AppRunnerContext,
  services: readonly AppRunnerServiceContract[],
  deadline: number,
): Promise<void> {
  const { aws, clock, contract, events } = context;
  const told = new Set<string>();
  await poll(context, async () => {
    const made = services.filter(({ arn }) => arn !== "");
    const found = await Promise.all(
      made.map(async ({ name, arn }) => {
        const [service, operations] = await Promise.all([aws.appRunnerService(arn), aws.operations(arn)]);
        const what = underWay({ service, operations });
        return what ? [`waiting for ${name}: ${what}`] : [];
      }),
    );
    const busy = found.flat();
    for (const text of busy.filter((one) => !told.has(one))) {
      told.add(text);
      events.emit({ type: "progress", stage: "check", subject: contract.environment, text });
    }
    return busy.length === 0 || clock.now() >= deadline ? done(undefined) : notYet;
  });
}
