import type { Deployment, Service } from "@aws-sdk/client-ecs";
import type { ServiceContract } from "../modules/contract";
import type { Context } from "./context";
import { done, notYet, poll } from "./poll";

/** The roll-out that goes on in a service, whoever began it: an apply, another deploy, a person. */
export function rolloutUnderWay(service: Service | undefined): Deployment | undefined {
  const primary = service?.deployments?.find(({ status }) => status === "PRIMARY");
  return primary?.rolloutState === "IN_PROGRESS" ? primary : undefined;
}

/** Waits until none of these services is rolled out any more, or until the deadline, in milliseconds since the epoch. */
export async function waitForRollouts(
  context: Context,
  services: readonly ServiceContract[],
  deadline: number,
): Promise<void> {
  const { aws, clock, contract, events } = context;
  const told = new Set<string>();
  await poll(context, async () => {
    const names = services.map(({ service }) => service);
    const found = await aws.services(contract.cluster, names);
    const busy = services.flatMap(({ name, service }) => {
      const deployment = rolloutUnderWay(found.find(({ serviceName }) => serviceName === service));
      return deployment ? [`waiting for deployment ${deployment.id} of ${name} to end`] : [];
    });
    for (const text of busy.filter((text) => !told.has(text))) {
      told.add(text);
      events.emit({ type: "progress", stage: "check", subject: contract.environment, text });
    }
    return busy.length === 0 || clock.now() >= deadline ? done(undefined) : notYet;
  });
}
