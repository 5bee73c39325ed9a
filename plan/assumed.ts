import { readFileSync } from "node:fs";
import { z } from "zod";

const assumption = z.object({ type: z.string(), name: z.string() });

/** A thing that the configuration only reads or imports, and that the sandbox took as there. */
export type Assumption = z.output<typeof assumption>;

/** What the sandbox took as there in this run; nothing outside of it. */
export function assumptions({ SANDBOX_ASSUMED }: NodeJS.ProcessEnv): Assumption[] {
  return SANDBOX_ASSUMED ? z.array(assumption).parse(JSON.parse(readFileSync(SANDBOX_ASSUMED, "utf8"))) : [];
}
