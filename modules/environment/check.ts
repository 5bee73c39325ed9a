import type { z } from "zod";
import { CLOUDFRONT_REGION } from "../../aws/cloudfront";
import { needsInternet } from "../../aws/image-registries";
import { architectureOf } from "../../aws/instance-types";
import { zonesOf } from "../../aws/zones";
import { type Mistake, show } from "../mistakes";
import { agentServices } from "../network/props";
import { kinds } from "../network/subnets";
import { userOf } from "../database/login";
import { usersOf } from "../database/logins-sql";
import { usesQueue } from "../uses/props";
import type { Configuration, environmentOptions } from "./props";
import type { DatabaseConfiguration } from "../database/props";
import type { ExistingNetworkConfiguration } from "../network/props";

type Parsed = z.output<typeof environmentOptions>;

/** What one option cannot know of another. Paths are relative to the environment. */
export function* checkNetwork(parsed: Parsed, configuration: Configuration): Generator<Mistake> {
  const { region, network, bastion, services } = configuration;
  if (network.vpc !== undefined) {
    yield* checkSubnets(network, bastion);
    return;
  }
  const known = zonesOf(region);
  const written = "zones" in parsed.network && parsed.network.zones;
  if (typeof written === "number" && written > known.length) {
    yield {
      path: "network.zones",
      message: `${written} zones are asked for, ${region} has ${known.length}: ${known.join(", ")}. If yours has more, name them.`,
    };
  }
  for (const [index, zone] of network.zones.entries()) {
    // One more letter may be a zone that is not known here, see unknown-names.ts.
    if (zone.slice(0, -1) !== region || !/[a-z]$/.test(zone)) {
      yield {
        path: `network.zones.${index}`,
        message: `${show(zone)} is no zone of ${region}; there are ${known.join(", ")}.`,
      };
    } else if (network.zones.indexOf(zone) !== index) {
      yield { path: `network.zones.${index}`, message: `${show(zone)} is named twice.` };
    }
  }
  if (network.nat === false) {
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
}

function* checkSubnets(
  { subnets }: ExistingNetworkConfiguration,
  bastion: Configuration["bastion"],
): Generator<Mistake> {
  if (bastion && bastion.ssh && subnets.public.length === 0) {
    yield {
      path: "network.subnets.public",
      message:
        "is missing, and a bastion with SSH lives there: name the public subnets, or leave bastion.ssh out.",
    };
  }
  for (const kind of kinds.filter((one) => one !== "public")) {
    const open = subnets[kind].find((id) => subnets.public.includes(id));
    if (open !== undefined) {
      yield {
        path: `network.subnets.${kind}`,
        message: `${show(open)} stands among the public ones, too; leave it in one place.`,
      };
      return;
    }
  }
}

export function* checkDatabase(configuration: Configuration): Generator<Mistake> {
  const { database } = configuration;
  if (database && database.url === undefined) {
    if (database.use === "external" && database.also === undefined) {
      yield {
        path: "database.use",
        message:
          '"external" is a database that there is not: say also: "external", or leave it out for the one that the environment makes.',
      };
    }
    yield* checkReplicas(database);
    yield* checkLogins(database, configuration);
  }
  if (
    database &&
    database.url === undefined &&
    database.maxStorage !== false &&
    database.maxStorage < database.storage * 1.1
  ) {
    yield {
      path: "database.maxStorage",
      message: `${database.maxStorage} is less than a tenth above storage (${database.storage}), which RDS asks for; raise it, or say false.`,
    };
  }
}

/** Roles that a service's login or a schema would take: Postgres keeps some names, and the master user has one. */
function* checkLogins(
  { logins, username }: DatabaseConfiguration,
  { region, network, services }: Configuration,
): Generator<Mistake> {
  if (!logins) return;
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

function* checkReplicas({ replicas, backupDays }: DatabaseConfiguration): Generator<Mistake> {
  if (replicas > 0 && backupDays === 0) {
    yield {
      path: "database.backupDays",
      message:
        "0 leaves nothing to make a replica from, and replicas is 1; say 1 day at least, or replicas: 0.",
    };
  }
}

export function* checkCluster({ cluster }: Configuration): Generator<Mistake> {
  for (const [name, capacity] of Object.entries(cluster.capacity)) {
    const path = `cluster.capacity.${name}`;
    if (/^(aws|ecs|fargate)/.test(name)) {
      yield {
        path,
        message: `the name starts with aws, ecs or fargate, which AWS keeps for itself; choose another.`,
      };
    }
    if (capacity.min > capacity.max) {
      yield {
        path: `${path}.min`,
        message: `${capacity.min} is more than max, ${capacity.max}; lower it, or raise max.`,
      };
    }
    const architectures = new Set(capacity.instanceTypes.map(architectureOf));
    if (architectures.size > 1) {
      yield {
        path: `${path}.instanceTypes`,
        message: `${capacity.instanceTypes.join(", ")} mix x86 and Graviton, and one image runs on one of them; make two providers.`,
      };
    }
  }
  const withBase = Object.entries(cluster.capacity).filter(([, { base }]) => base > 0);
  if (withBase.length > 1) {
    yield {
      path: "cluster.capacity",
      message: `${withBase.map(([name]) => name).join(" and ")} have a base, and ECS takes one base in a strategy; leave one.`,
    };
  }
}

export function* checkDistribution({ distribution, region }: Configuration): Generator<Mistake> {
  const domain = distribution && distribution.domain;
  if (!domain) return;
  const { names, zone, certificate } = domain;
  const path = "distribution.domain";
  for (const [index, name] of names.entries()) {
    if (zone !== false && name !== zone && !name.endsWith(`.${zone}`)) {
      yield {
        path: `${path}.names.${index}`,
        message: `${show(name)} does not lie in the zone ${show(zone)}; name the zone that holds it.`,
      };
    }
  }
  if (!certificate) {
    if (zone !== false) return;
    yield {
      path: `${path}.certificate`,
      message:
        "is missing: without a zone in Route 53 the names cannot be proved here; ask ACM for a certificate, prove it where the names are kept, and give its ARN.",
    };
    return;
  }
  const { cloudfront, loadBalancer = cloudfront } = certificate;
  const places = [
    ["cloudfront", cloudfront, CLOUDFRONT_REGION, "CloudFront takes certificates from there only"],
    [
      "loadBalancer",
      loadBalancer,
      region,
      "the load balancer takes one of its own region; ask ACM for the same names there",
    ],
  ] as const;
  for (const [which, arn, wanted, why] of places) {
    if (arn.split(":")[3] !== wanted)
      yield { path: `${path}.certificate.${which}`, message: `${show(arn)} is not in ${wanted}: ${why}.` };
  }
}
