const UNITS = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** Reads `90s`, `15m` or `1h` as milliseconds; null for anything else. */
export function milliseconds(text: string): number | null {
  const [, count, unit] = /^(\d{1,5})([smh])$/.exec(text) ?? [];
  return count && unit ? Number(count) * UNITS[unit as keyof typeof UNITS] : null;
}

/** The shortest such text for whole minutes. */
export const inMinutes = (duration: number) => `${duration / UNITS.m}m`;
