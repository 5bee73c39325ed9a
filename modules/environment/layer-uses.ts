import { isRecord, layer, long } from "../options";
import { type UseDefaults, use } from "../uses/props";

/**
 * What is used, as each service says it, over what the others say of the same name, over what the preset says of its kind:
 * `"queue"` in one service is the queue whose options stand in another.
 */
export function layerUses(services: Readonly<Record<string, unknown>>, defaults: UseDefaults = {}) {
  const together: Record<string, unknown> = {};
  for (const service of Object.values(services)) {
    for (const [name, own] of usesOf(service)) {
      const { variable: _, ...options } = own;
      together[name] = layer(options, together[name]);
    }
  }
  const whole = ([name, own]: readonly [string, Record<string, unknown>]) => {
    const kind = defaults[own.type as keyof UseDefaults];
    return [name, layer(kind, layer(together[name], own))] as const;
  };
  return Object.fromEntries(
    Object.entries(services).map(([name, service]) => {
      if (!isRecord(service) || !isRecord(service.uses)) return [name, service];
      const said = Object.fromEntries(usesOf(service).map(whole));
      return [name, { ...service, uses: { ...service.uses, ...said } }];
    }),
  );
}

/** The uses of a service that are objects, as they are written or in their long form. */
function usesOf(service: unknown): (readonly [string, Record<string, unknown>])[] {
  if (!isRecord(service) || !isRecord(service.uses)) return [];
  return Object.entries(service.uses).flatMap(([name, written]) => {
    const own = long(written, use);
    return isRecord(own) ? [[name, own] as const] : [];
  });
}
