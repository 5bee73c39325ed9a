import type { World } from "../world";
import { arnOf } from "./attributes";
import { fingerprint, readService } from "./applied";
import { beginDeployment, primaryOf, serviceArn } from "./deployments";
import type { Sim } from "./sim";
import type { Service, ServiceSpec } from "./state";

/** Takes in what Terraform applied: new services start, changed ones deploy, removed ones drain. */
export function adoptServices(sim: Sim): void {
  const applied = new Set<string>();
  for (const object of sim.world.list({ type: "aws_ecs_service" })) {
    const spec = readService(sim, object);
    if (!spec || spec.taskDefinition === "") continue;
    const arn = serviceArn(spec);
    applied.add(arn);
    const mark = fingerprint(object);
    const known = sim.state.services[arn];
    if (!known || known.status === "INACTIVE") createService(sim, arn, spec, mark);
    else if (known.applied !== mark) {
      known.applied = mark;
      changeService(sim, known, spec, object.attributes.force_new_deployment === true);
    }
  }
  for (const service of Object.values(sim.state.services))
    if (!applied.has(service.arn) && service.status === "ACTIVE") service.status = "DRAINING";
}

function createService(sim: Sim, arn: string, spec: ServiceSpec, applied: string): void {
  sim.state.services[arn] = {
    arn,
    spec,
    applied,
    status: "ACTIVE",
    createdAt: sim.state.time,
    deployments: [],
    history: [],
    events: [],
    retryAt: 0,
    steady: false,
  };
  beginDeployment(sim, sim.state.services[arn] as Service);
}

/**
 * Changes a service. A new deployment starts when it is forced or when something differs that its tasks are made of; the
 * desired count alone does not start one (UpdateService in the ECS API reference).
 */
export function changeService(sim: Sim, service: Service, spec: ServiceSpec, force: boolean): void {
  const { before: _, ...copy } = service;
  service.before = { at: sim.state.time, service: structuredClone(copy) };
  const differs = (["taskDefinition", "strategy", "launchType", "network", "targets"] as const).some(
    (name) => JSON.stringify(service.spec[name]) !== JSON.stringify(spec[name]),
  );
  service.spec = spec;
  service.steady = false;
  if (force || differs) beginDeployment(sim, service);
  else primaryOf(service).updatedAt = sim.state.time;
}

/** A change through the API is one of the world too: Terraform sees it as drift. */
export function writeBack(sim: Sim, service: Service): void {
  const { taskDefinition, desired } = service.spec;
  const differing = (world: World) =>
    world
      .list({ type: "aws_ecs_service", region: service.spec.region })
      .filter((one) => arnOf(one) === service.arn || one.id === service.arn)
      .find(
        ({ attributes }) =>
          attributes.task_definition !== taskDefinition || attributes.desired_count !== desired,
      );
  if (sim.edits.length === 0 && !differing(sim.world)) return;
  sim.edits.push((world) => {
    const object = differing(world);
    if (!object) return;
    service.applied = fingerprint(
      world.update(object, { task_definition: taskDefinition, desired_count: desired }),
    );
  });
}
