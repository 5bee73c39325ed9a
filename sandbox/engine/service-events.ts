import { type Sim, uuid } from "./sim";
import type { Service } from "./state";

/** ECS keeps the newest hundred. */
const KEPT = 100;

/** Adds "(service <name>) <text>" to the events of a service. */
export function addEvent(sim: Sim, service: Service, text: string): void {
  const message = `(service ${service.spec.name}) ${text}`;
  service.events.unshift({ id: uuid(sim), at: sim.state.time, message });
  service.events.length = Math.min(service.events.length, KEPT);
}

/** The same, unless it is the newest event already. */
export function addEventOnce(sim: Sim, service: Service, text: string): void {
  if (service.events[0]?.message !== `(service ${service.spec.name}) ${text}`) addEvent(sim, service, text);
}
