import type { Architecture } from "./state";

/** What an instance of a type offers to tasks. */
export interface InstanceSize {
  cpu: number;
  memory: number;
  architecture: Architecture;
}

/** GiB of memory per size, for "large" of each family (EC2 instance types); others double or halve. */
const LARGE_MEMORY: Record<string, number> = { t: 8, m: 8, c: 4, r: 16, x: 32 };
const SIZES = ["nano", "micro", "small", "medium", "large", "xlarge"];

/** About 5 % of the memory is the operating system's; the agent registers the rest. */
const REGISTERED = 0.95;

export function instanceSize(type: string): InstanceSize {
  const [, letter = "t", , options = "", size = "medium"] = /^([a-z])(\d+)([a-z-]*)\.(\w+)$/.exec(type) ?? [];
  const multiple = /^(\d+)xlarge$/.exec(size);
  const step = multiple
    ? SIZES.length - 1 + Math.log2(Number(multiple[1]))
    : Math.max(0, SIZES.indexOf(size));
  const fromLarge = step - SIZES.indexOf("large");
  const memory = (LARGE_MEMORY[letter] ?? 8) * 2 ** fromLarge * 1024;
  const cores = letter === "t" ? 2 * 2 ** Math.max(0, fromLarge) : Math.max(1, 2 * 2 ** fromLarge);
  return {
    cpu: cores * 1024,
    memory: Math.floor(memory * REGISTERED),
    architecture: options.includes("g") ? "arm64" : "amd64",
  };
}
