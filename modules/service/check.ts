import { type Mistake, show } from "../mistakes";
import { sessionChannels } from "../policy";
import type { ServiceConfiguration } from "./props";

/** Conditions of a listener rule hold five values in all. Source: "Quotas for your Application Load Balancers". */
const MOST_CONDITIONS = 5;

/** What the options of one service cannot be together. Paths are relative to the service. */
export function* checkService(service: ServiceConfiguration): Generator<Mistake> {
  yield* checkExposure(service);
  yield* checkPermissions(service);
  yield* checkRoot(service);
}

/** What two services cannot both have. Paths are relative to the environment. */
export function* checkServicesTogether(services: readonly ServiceConfiguration[]): Generator<Mistake> {
  for (const internal of [false, true])
    yield* checkRoutes(services.filter((service) => service.internal === internal));
  yield* checkUses(services);
}

function* checkExposure(service: ServiceConfiguration): Generator<Mistake> {
  const { port, internal, paths, hosts, autoscaling } = service;
  if (service.registry.repository === "") {
    yield {
      path: "registry",
      message: "is missing: name the ECR repository here, or for the whole environment.",
    };
  }
  const conditions = paths.length + hosts.length;
  if (port === undefined && !internal && conditions > 0) {
    yield { path: "port", message: "is missing, and paths or hosts are given: give the container's port." };
  }
  if (internal && port === undefined) {
    yield { path: "port", message: "is missing, and the service is internal: give the container's port." };
  }
  if (internal && conditions > 0) {
    yield {
      path: "internal",
      message: "services call it by its own host, and paths or hosts are given; leave them out.",
    };
  }
  if (conditions > MOST_CONDITIONS) {
    yield {
      path: "paths",
      message: `${conditions} paths and hosts are more than the ${MOST_CONDITIONS} a rule holds; shorten them with *.`,
    };
  }
  if (autoscaling && autoscaling.min > autoscaling.max) {
    yield {
      path: "autoscaling.min",
      message: `${autoscaling.min} is more than max, ${autoscaling.max}; lower it, or raise max.`,
    };
  }
}

/** Statements of one name: IAM takes each name once in a policy. */
function* checkPermissions({ permissions, exec }: ServiceConfiguration): Generator<Mistake> {
  const taken = new Set(exec ? [sessionChannels.sid] : []);
  for (const [index, { sid }] of permissions.entries()) {
    if (taken.has(sid)) {
      yield {
        path: `permissions.${index}.sid`,
        message: `${show(sid)} is another statement's name already; choose another.`,
      };
    }
    taken.add(sid);
  }
}

/** The agent behind a shell writes to the root file system. Source: "Monitor Amazon ECS containers with ECS Exec". */
function* checkRoot({ exec, readonlyRootFilesystem }: ServiceConfiguration): Generator<Mistake> {
  if (exec && readonlyRootFilesystem) {
    yield {
      path: "exec",
      message:
        "ECS Exec writes to the root file system, which readonlyRootFilesystem forbids; leave one of them out.",
    };
  }
}

/** Two services on one path, or on one place in the listener. */
function* checkRoutes(services: readonly ServiceConfiguration[]): Generator<Mistake> {
  const routes = new Map<string, string>();
  const priorities = new Map<number, string>();
  for (const service of services.filter(({ port }) => port !== undefined)) {
    for (const path of service.paths) {
      for (const host of service.hosts.length > 0 ? service.hosts : ["any host"]) {
        const taken = routes.get(`${host} ${path}`);
        if (taken !== undefined) {
          yield {
            path: `services.${service.name}.paths`,
            message: `${show(path)} on ${host} is served by ${show(taken)} already; give each service its own paths or hosts.`,
          };
        }
        routes.set(`${host} ${path}`, service.name);
      }
    }
    const { priority = 0 } = service;
    const taken = priorities.get(priority);
    if (taken !== undefined) {
      yield {
        path: `services.${service.name}.priority`,
        message: `${priority} is ${show(taken)}'s already; give one of the two another number, 1 to 49999.`,
      };
    }
    priorities.set(priority, service.name);
  }
}

/** One thing that two services describe differently. */
function* checkUses(services: readonly ServiceConfiguration[]): Generator<Mistake> {
  const described = new Map<string, { readonly by: string; readonly options: Record<string, unknown> }>();
  for (const service of services) {
    for (const [name, { variable: _, ...options }] of Object.entries(service.uses)) {
      const before = described.get(name);
      described.set(name, before ?? { by: service.name, options });
      const key = before && differing(before.options, options);
      if (key === undefined) continue;
      yield {
        path: `services.${service.name}.uses.${name}.${key}`,
        message: `${show(options[key as keyof typeof options])} is not what ${show(before?.by)} says of the same ${name}, ${show(before?.options[key])}; say it in one of them.`,
      };
    }
  }
}

const differing = (one: Record<string, unknown>, other: Record<string, unknown>) =>
  ["type", ...Object.keys(one)].find((key) => one[key] !== other[key]);
