/** Daily commands whose permissions can be printed. */
export const PURPOSES = ["logs", "exec", "psql", "secret", "open"] as const;

export type Purpose = (typeof PURPOSES)[number];
