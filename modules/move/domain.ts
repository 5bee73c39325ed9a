import type { ServiceConfiguration } from "../service/props";

type Served = Pick<ServiceConfiguration, "name" | "port" | "internal" | "paths" | "hosts" | "health">;

/** Services that answer to a name on the new side. */
export const servicesOf = <S extends Served>(services: readonly S[], domain: string): S[] =>
  services.filter(
    ({ port, internal, hosts }) =>
      port !== undefined && !internal && (hosts.length === 0 || hosts.includes(domain)),
  );

/** Names (`hosts`) of services that do not answer to the domain, but for those that a service of the domain has, too. */
export function namesBeside(services: readonly Served[], domain: string): string[] {
  const common = servicesOf(services, domain).flatMap(({ hosts }) => hosts);
  const named = services.flatMap(({ hosts }) => hosts);
  return [...new Set(named)].filter((name) => !common.includes(name));
}

/** The path by which both sides are asked whether they answer to the domain; undefined where no health path is served there. */
export function healthPath(services: readonly Served[], domain: string): string | undefined {
  const own = servicesOf(services, domain);
  const served = own.filter(({ health, paths }) => paths.some((pattern) => matches(pattern, health.path)));
  const whole = served.find(({ paths }) => paths.includes("/*"));
  return (whole ?? served[0])?.health.path;
}

/** Whether a listener's path pattern matches a path. Source: "Path conditions", Application Load Balancer guide. */
function matches(pattern: string, path: string): boolean {
  const quoted = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${quoted.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(path.replace(/\?.*$/, ""));
}
