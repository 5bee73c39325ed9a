import type { AppRunnerEnvironment } from "../app-runner/environment";
import { type AppRunnerDeployable, appRunnerPolicy } from "../contract/app-runner-policy";
import { type Deployable, type Policy, policy } from "../contract/policy";
import type { AnyEnvironment } from "../environment/any";
import type { Environment } from "../environment/environment";
import type { Registry } from "../registry/registry";

/** The policy of whoever deploys into an environment, before that is applied. */
export const deployPolicyOf = (environment: AnyEnvironment, account: string): Policy =>
  "cluster" in environment
    ? policy(deployableOf(environment, account))
    : appRunnerPolicy(appRunnerDeployableOf(environment, account));

function appRunnerDeployableOf(environment: AppRunnerEnvironment, account: string): AppRunnerDeployable {
  const { configuration, shipped, registries } = environment;
  const { name, region } = configuration;
  return {
    environment: name,
    account,
    region,
    services: shipped.map(({ name: service, own, releasedName: released, contract: { migration } }) => ({
      service,
      arn: own.existing?.arn ?? "",
      existing: own.existing !== undefined,
      released,
      image: imageOf(registries.get(own.registry.repository), account),
      migration,
    })),
  };
}

/**
 * What an environment's contract will say of names, before it is applied: the roles exist before what they act on. Task
 * definitions are those of any revision.
 */
function deployableOf(environment: Environment, account: string): Deployable {
  const { configuration, cluster, services, database, logins, move, registries } = environment;
  const { name, region } = configuration;
  const taskDefinition = (family: string | undefined) =>
    `arn:aws:ecs:${region}:${account}:task-definition/${family}`;
  return {
    environment: name,
    account,
    region,
    cluster: cluster.cluster.nameInput ?? "",
    roles: [
      ...Object.values(services).flatMap(({ roles }) => [roles.execution, roles.task]),
      ...(logins ? [logins.execution] : []),
    ].map((role) => `arn:aws:iam::${account}:role/${role.nameInput}`),
    database: {
      instances: (database?.instances ?? []).map(({ identifierInput = "" }) => identifierInput),
      ...(logins && {
        logins: {
          taskDefinition: taskDefinition(logins.taskDefinition.familyInput),
          logs: { group: logins.logGroup.nameInput ?? "", prefix: "" },
          made: logins.made.nameInput ?? "",
        },
      }),
    },
    ...(move && { move: { parameter: move.parameter.nameInput ?? "" } }),
    services: Object.values(services).map((service) => {
      const logs = { group: service.logGroup.nameInput ?? "" };
      return {
        service: service.service.nameInput ?? "",
        taskDefinition: taskDefinition(service.taskDefinition.familyInput),
        image: imageOf(registries.get(service.own.registry.repository), account),
        logs,
        migration: service.migration
          ? { taskDefinition: taskDefinition(service.migration.familyInput), logs }
          : null,
        ...(service.taskDefinitionExternal && {
          other: {
            taskDefinition: taskDefinition(service.taskDefinitionExternal.familyInput),
            migration: service.migrationExternal
              ? taskDefinition(service.migrationExternal.familyInput)
              : null,
          },
        }),
      };
    }),
  };
}

const imageOf = (registry: Registry | undefined, account: string) => ({
  repository: registry?.name ?? "",
  ...(registry?.source && { source: { account, ...registry.source } }),
});
