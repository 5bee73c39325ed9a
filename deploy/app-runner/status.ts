import type { AppRunnerServiceContract } from "../../modules/contract/app-runner";
import type { ServiceStatus } from "../events";
import { shortDigest } from "../image";
import type { AppRunnerContext } from "./context";
import { readReleases } from "./releases";

const OPERATIONS_SHOWN = 5;

/** What App Runner says of each service, and what deploy wrote down of its releases. Changes nothing. */
export async function appRunnerStatus(
  context: AppRunnerContext,
  contracts: readonly AppRunnerServiceContract[],
): Promise<ServiceStatus[]> {
  const found = await Promise.all(contracts.map((contract) => statusOf(context, contract)));
  context.events.emit({ type: "status", services: found });
  return found;
}

async function statusOf(
  context: AppRunnerContext,
  contract: AppRunnerServiceContract,
): Promise<ServiceStatus> {
  const { aws } = context;
  const { name, arn, image } = contract;
  const [service, operations, releases, [tagged]] = await Promise.all([
    arn === "" ? undefined : aws.appRunnerService(arn),
    arn === "" ? [] : aws.operations(arn),
    readReleases(context, contract),
    aws.images(image.repository, [{ imageTag: image.tag }]),
  ]);
  const [last] = releases;
  const digest = tagged?.image.digest ?? null;
  const said = last
    ? `the last release that succeeded was ${shortDigest(last.digest)}, at ${last.at}`
    : "no release was written down";
  return {
    name,
    state: service
      ? `${service.Status}, https://${service.ServiceUrl}; App Runner tells no digest, ${said}`
      : `not made yet, ${said}`,
    tag: {
      name: `${image.repository}:${image.tag}`,
      digest,
      runs: !last || last.digest === digest || service?.Status === "OPERATION_IN_PROGRESS",
    },
    database: null,
    login: null,
    running: [],
    deployments: operations.slice(0, OPERATIONS_SHOWN).map(({ Id = "", Type, Status, StartedAt }) => ({
      id: Id,
      status: `${Type} ${Status}`,
      at: StartedAt?.toISOString() ?? null,
      digest: releases.find(({ operation }) => operation === Id)?.digest ?? null,
      reason: null,
    })),
  };
}
