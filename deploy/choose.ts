import { meant } from "../modules/similar";
import { refused } from "./errors";

/** The named services in the contract's order, all when none is named. */
export function chosenServices<Service extends { readonly name: string }>(
  { services, environment }: { readonly services: readonly Service[]; readonly environment: string },
  names: readonly string[],
): Service[] {
  const unknown = names.filter((name) => !services.some((service) => service.name === name));
  if (unknown.length === 0) return services.filter(({ name }) => names.length === 0 || names.includes(name));
  const known = services.map(({ name }) => name);
  const near = unknown.flatMap((name) => meant(name, known) ?? []).join(", ");
  throw refused(
    `${environment} has no service ${unknown.join(", ")}.`,
    `It has: ${known.join(", ") || "none"}.${near && ` Did you mean ${near}?`}`,
  );
}
