import { spawn } from "node:child_process";
import { binaryOf } from "../../terraform/binaries";

/** Something that Terraform or the provider says of a stack. */
export interface Said {
  readonly stack: string;
  readonly severity: "error" | "warning";
  /** Type of the resource or data source; empty where it is about none. */
  readonly type: string;
  readonly text: string;
}

/** As in the output of `terraform validate -json`. */
interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly summary: string;
  readonly detail?: string;
  readonly range?: { readonly filename: string };
  readonly snippet?: { readonly context?: string | null };
}

/**
 * Lets Terraform fetch the provider and validate a configuration of stacks as modules.
 * @param cliConfiguration the file that says where providers come from
 * @throws Error with what Terraform printed, where there is no provider to be had
 */
export async function validate(folder: string, cliConfiguration: string): Promise<Said[]> {
  const run = (...args: readonly string[]) => terraform(folder, cliConfiguration, args);
  const init = await run("init", "-input=false", "-no-color");
  if (init.code !== 0) throw new Error(init.output);
  const { output } = await run("validate", "-json");
  const { diagnostics } = JSON.parse(output) as { diagnostics: readonly Diagnostic[] };
  return diagnostics.map(saidOf);
}

function terraform(
  folder: string,
  cliConfiguration: string,
  args: readonly string[],
): Promise<{ code: number; output: string }> {
  const env = { ...process.env, TF_CLI_CONFIG_FILE: cliConfiguration, CHECKPOINT_DISABLE: "1" };
  const child = spawn(binaryOf(process.env), args, {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** A stack's files lie in a folder of its name, and the snippet's context names the resource. */
function saidOf({ severity, summary, detail = "", range, snippet }: Diagnostic): Said {
  return {
    stack: /^([^/]+)\//.exec(range?.filename ?? "")?.[1] ?? "",
    severity,
    type: /\b(aws_\w+)/.exec(snippet?.context ?? "")?.[1] ?? "",
    text: [summary, detail].filter(Boolean).join(": ").replaceAll(/\s+/g, " "),
  };
}
