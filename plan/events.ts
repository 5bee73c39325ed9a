import { z } from "zod";

const diagnostic = z.object({
  severity: z.enum(["error", "warning"]),
  summary: z.string(),
  detail: z.string().default(""),
  address: z.string().optional(),
  range: z.object({ filename: z.string(), start: z.object({ line: z.number() }) }).optional(),
});

const hook = z.object({
  resource: z.object({ addr: z.string() }),
  action: z.string().optional(),
  elapsed_seconds: z.number().default(0),
});

const event = z.discriminatedUnion("type", [
  z.object({ type: z.literal("diagnostic"), diagnostic }),
  z.object({ type: z.literal("refresh_complete"), hook }),
  z.object({ type: z.literal("apply_start"), hook }),
  z.object({ type: z.literal("apply_progress"), hook }),
  z.object({ type: z.literal("apply_complete"), hook }),
  z.object({ type: z.literal("apply_errored"), hook }),
]);

/** What Terraform has to say about an error or a warning. */
export type Diagnostic = z.infer<typeof diagnostic>;
/** The lines of `terraform plan -json` and `apply -json` that are read here. */
export type TerraformEvent = z.infer<typeof event>;

/** Reads one line; null for text that is none and for the many events that nobody here needs. */
export function parseEvent(line: string): TerraformEvent | null {
  if (!line.startsWith("{")) return null;
  try {
    return event.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    // A line that was cut off, as when Terraform was killed.
    return null;
  }
}
