import { dirname, join } from "node:path";
import type { World } from "../world";
import { parameterValue } from "../parameter-value";
import { findParameter } from "./catalog";
import type { Address, Databases } from "./databases";
import { findPrograms } from "./postgres";
import type { Definition, Task } from "./state";

/** What a real process needs of the machine it runs on. Nothing else of it is handed on, credentials least of all. */
const FROM_MACHINE = ["LANG", "TMPDIR", "TZ"];

/**
 * The environment of a container's real process: variables and decrypted secrets of its definition, overrides, and a
 * PORT of its own, because processes of one machine cannot all listen on the container's port. Where a value names an
 * applied database, it names the local engine instead.
 */
export async function containerEnvironment(
  world: World,
  databases: Databases,
  task: Task,
  container: string,
  definition: Definition,
  place: { folder: string; port: number },
): Promise<NodeJS.ProcessEnv> {
  const defined = definition.containers.find(({ name }) => name === container);
  const override = task.overrides.containerOverrides?.find(({ name }) => name === container);
  const own: Record<string, string> = {};
  for (const { name = "", value = "" } of defined?.environment ?? []) own[name] = value;
  for (const { name = "", valueFrom = "" } of defined?.secrets ?? []) {
    const parameter = findParameter(world, task.region, valueFrom);
    own[name] = (parameter && parameterValue(world, parameter)) ?? "";
  }
  for (const { name = "", value = "" } of override?.environment ?? []) own[name] = value;
  const machine = Object.fromEntries(
    FROM_MACHINE.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  );
  const local = [join(place.folder, "node_modules", ".bin"), join(place.folder, "bin"), place.folder];
  // The engine's own psql goes before the wrapper in Perl that Debian has of that name, which takes four times as long.
  const engine = findPrograms() ?? [];
  const path = [local, dirname(process.execPath), engine, process.env.PATH ?? ""].flat().join(":");
  const reached = await databases.reach(task.region, Object.values(own));
  return { ...machine, PATH: path, HOME: place.folder, PORT: String(place.port), ...redirect(own, reached) };
}

/** Points everything that names a database's address to the local engine, which speaks no TLS. */
export function redirect(
  variables: Record<string, string>,
  databases: readonly Address[],
): Record<string, string> {
  const result = { ...variables };
  for (const { address, port } of databases) {
    const named = Object.entries(variables).filter(([, value]) => value.includes(address));
    for (const [name, value] of named) {
      const url = /^[a-z+]+:\/\//.test(value) ? localUrl(value, port) : undefined;
      result[name] =
        url ?? value.replaceAll(`${address}:5432`, `127.0.0.1:${port}`).replaceAll(address, "127.0.0.1");
    }
    if (named.some(([name]) => name === "PGHOST")) {
      result.PGPORT = String(port);
      result.PGSSLMODE = "disable";
    }
  }
  return result;
}

function localUrl(value: string, port: number): string | undefined {
  try {
    const url = new URL(value);
    url.hostname = "127.0.0.1";
    url.port = String(port);
    if (url.searchParams.has("sslmode")) url.searchParams.set("sslmode", "disable");
    return url.toString();
  } catch {
    return undefined;
  }
}
