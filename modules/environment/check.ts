import { needsInternet } from "../../aws/image-registries";
import { userOf } from "../database/users";
import { usersOf } from "../database/logins-sql";
import { type Mistake, show } from "../mistakes";
import { agentServices } from "../network/props";
import { usesQueue } from "../uses/props";
import type { Configuration } from "./props";

/** What the network lacks for what lives in it. Paths are relative to the environment. */
export function* checkReach({ network, bastion, services }: Configuration): Generator<Mistake> {
  if (network.vpc !== undefined) {
    if (!bastion || !bastion.ssh || network.subnets.public.length > 0) return;
    yield {
      path: "network.subnets.public",
      message:
        "is missing, and a bastion with SSH lives there: name the public subnets, or leave bastion.ssh out.",
    };
    return;
  }
  if (network.nat !== false) return;
  const needed = ["ecr.api", "ecr.dkr", "logs", "ssm"];
  if (services.some((service) => !service.fargate)) needed.push(...agentServices);
  if (bastion || services.some((service) => service.exec)) needed.push("ssmmessages");
  if (usesQueue(services)) needed.push("sqs");
  const missing = needed.filter((service) => !network.endpoints.includes(service));
  if (missing.length > 0) {
    yield {
      path: "network.endpoints",
      message: `without NAT the environment reaches AWS through endpoints alone, and ${missing.join(", ")} is missing: add it, or say true for all.`,
    };
  }
}

/** Roles that a service's login or a schema would take: Postgres keeps some names, and the master user has one. */
export function* checkLogins({
  database: own,
  region,
  network,
  services,
}: Configuration): Generator<Mistake> {
  if (!own || own.url !== undefined || !own.logins) return;
  const { logins, username } = own;
  if (network.vpc === undefined && network.nat === false && needsInternet(logins.image, region)) {
    yield {
      path: "database.logins.image",
      message: `${show(logins.image)} is out of reach without NAT: copy it to an ECR repository of the region and name that here (docs/database.md), or say logins: false.`,
    };
  }
  for (const { name, database } of services) {
    if (!database) continue;
    const roles = [...[1, 2].map((version) => userOf(name, version)), usersOf(database.schema)];
    const taken = roles.find((role) => role === username);
    if (taken !== undefined) {
      yield {
        path: "database.username",
        message: `${show(taken)} is a role of ${name}'s login, too; choose another.`,
      };
    }
    if (name === "pg" || name === "rds") {
      yield {
        path: `services.${name}.database`,
        message: `its login would be ${show(roles[0])}, a name that is kept for Postgres or RDS; name the service otherwise.`,
      };
    }
  }
}
