import type { Size } from "./sizes";

const GIB = 1024;

/**
 * Heroku's dynos: their memory, and their share of processors as units of CPU. Heroku says the latter as a multiple of a
 * small dyno's, 1x to 100x; a dyno of its own machine with 12x has two vCPUs.
 * Source: "Dyno Types", Heroku Dev Center, 4 June 2024.
 */
const DYNOS: Readonly<Record<string, Size>> = {
  eco: { cpu: 256, memory: 512 },
  basic: { cpu: 256, memory: 512 },
  "standard-1x": { cpu: 256, memory: 512 },
  "standard-2x": { cpu: 512, memory: GIB },
  "private-s": { cpu: 2048, memory: GIB },
  "performance-m": { cpu: 2048, memory: 2.5 * GIB },
  "performance-l": { cpu: 8192, memory: 14 * GIB },
  "performance-l-ram": { cpu: 4096, memory: 30 * GIB },
  "performance-xl": { cpu: 8192, memory: 62 * GIB },
  "performance-2xl": { cpu: 16384, memory: 126 * GIB },
};

/** Names that sizes had before. */
const FORMER: Readonly<Record<string, string>> = {
  free: "eco",
  hobby: "basic",
  "1x": "standard-1x",
  "2x": "standard-2x",
  px: "performance-l",
};

/** What a dyno has, by its size as app.json writes it (`standard-1x`, `dyno-2c-4gb`); undefined where there is no such size. */
export function dynoSize(written: string): Size | undefined {
  const name = written.toLowerCase();
  const [, cores, gigabytes] = /^dyno-(\d+)c-([\d.]+)gb$/.exec(name) ?? [];
  if (cores && gigabytes) return { cpu: Number(cores) * 1024, memory: Number(gigabytes) * GIB };
  const current = FORMER[name] ?? name.replace(/^shield-/, "private-");
  return DYNOS[current] ?? DYNOS[current.replace(/^private-/, "performance-")];
}

/** Every size that is known by a name. */
export const dynoSizes: readonly string[] = Object.keys(DYNOS);
