import { AwsError } from "../aws/kind";
import type { Path } from "../wire/paths";

/** A message to the person, as tfplugin5 sends it. */
export interface Diagnostic {
  severity: 1 | 2;
  summary: string;
  detail: string;
  attribute?: { steps: object[] };
}

export function pathMessage(path: Path): { steps: object[] } {
  return {
    steps: path.map((step) =>
      typeof step === "number" ? { element_key_int: step } : { attribute_name: step },
    ),
  };
}

export function problem(summary: string, detail: string, path?: string): Diagnostic {
  const diagnostic: Diagnostic = { severity: 1, summary, detail };
  if (path) diagnostic.attribute = pathMessage([path.split(".")[0] as string]);
  return diagnostic;
}

/** An exception as a diagnostic: AWS's refusals with their code, anything else as a defect of the sandbox. */
export function fromError(doing: string, error: unknown): Diagnostic {
  if (error instanceof AwsError) {
    const where = error.path ? `\n\nThe argument concerned is ${error.path}.` : "";
    return problem(`${doing}: ${error.code}`, `${error.message}${where}`, error.path);
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return problem(`${doing}: the sandbox itself failed`, text);
}
