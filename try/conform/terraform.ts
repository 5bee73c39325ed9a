import { binaryOf } from "../../terraform/binaries";
import { start } from "../steps";

/** Something that Terraform or the provider says of a stack. */
export interface Said {
  readonly stack: string;
  readonly severity: "error" | "warning";
  /** Type of the resource or data source; empty where it is about none. */
  readonly type: string;
  readonly text: string;
}

/** A resource that was planned or done, by the stack that it is of. */
export interface Done {
  readonly stack: string;
  /** Without the stack's module. */
  readonly address: string;
  readonly action: string;
}

/** What came of a command over a configuration of stacks as modules. */
export interface Outcome {
  readonly code: number;
  readonly said: readonly Said[];
  /** What a plan would do. */
  readonly planned: readonly Done[];
  /** What an apply or a destroy did. */
  readonly done: readonly Done[];
}

/** As in the output of Terraform's commands with -json. */
interface Diagnostic {
  readonly severity: "error" | "warning";
  readonly summary: string;
  readonly detail?: string;
  readonly address?: string;
  readonly range?: { readonly filename: string };
  readonly snippet?: { readonly context?: string | null };
}

interface Event {
  readonly type: string;
  readonly diagnostic?: Diagnostic;
  readonly change?: { readonly resource: { readonly addr: string }; readonly action: string };
  readonly hook?: { readonly resource: { readonly addr: string }; readonly action?: string };
}

/** Minutes until a command is stopped. */
const LIMIT = 15;

/** Terraform in a configuration of stacks as modules. */
export class Terraform {
  private readonly environment: NodeJS.ProcessEnv;

  /**
   * @param cliConfiguration the file that says where providers come from
   * @param environment what else the provider needs, such as where AWS is
   */
  constructor(
    private readonly folder: string,
    cliConfiguration: string,
    environment: NodeJS.ProcessEnv = {},
  ) {
    const own = Object.entries(process.env).filter(([name]) => !/^(AWS|TF)_/.test(name));
    this.environment = {
      ...Object.fromEntries(own),
      ...environment,
      TF_CLI_CONFIG_FILE: cliConfiguration,
      CHECKPOINT_DISABLE: "1",
    };
  }

  /** @throws Error with what Terraform printed, where there is no provider to be had */
  async init(): Promise<void> {
    const { code, output } = await this.run("init", "-input=false", "-no-color");
    if (code !== 0) throw new Error(output);
  }

  async validate(): Promise<Said[]> {
    const { output } = await this.run("validate", "-json");
    const { diagnostics } = JSON.parse(output) as { diagnostics: readonly Diagnostic[] };
    return diagnostics.map(saidOf);
  }

  /** Plans; the code is 0 where nothing would change. */
  plan(...options: readonly string[]): Promise<Outcome> {
    return this.watched("plan", "-detailed-exitcode", ...options);
  }

  apply(...options: readonly string[]): Promise<Outcome> {
    return this.watched("apply", "-auto-approve", ...options);
  }

  destroy(): Promise<Outcome> {
    return this.watched("destroy", "-auto-approve");
  }

  private async watched(command: string, ...options: readonly string[]): Promise<Outcome> {
    const { code, output } = await this.run(command, "-json", "-input=false", "-lock=false", ...options);
    const events = output
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Event);
    return {
      code,
      said: events.flatMap(({ diagnostic }) => (diagnostic === undefined ? [] : [saidOf(diagnostic)])),
      planned: events.flatMap(({ type, change }) =>
        type === "planned_change" && change !== undefined
          ? [doneOf(change.resource.addr, change.action)]
          : [],
      ),
      done: events.flatMap(({ type, hook }) =>
        type === "apply_complete" && hook !== undefined
          ? [doneOf(hook.resource.addr, hook.action ?? "")]
          : [],
      ),
    };
  }

  private run(...args: readonly string[]): Promise<{ code: number; output: string }> {
    const child = start(binaryOf(process.env), args, {
      cwd: this.folder,
      env: this.environment,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`terraform ${args[0]} was stopped: it did not end in ${LIMIT} minutes.`));
      }, LIMIT * 60_000);
      child.once("error", reject);
      child.once("close", (code) => {
        clearTimeout(timer);
        resolve({ code: code ?? 1, output });
      });
    });
  }
}

/** An address begins with its stack's module. */
const MODULE = /^module\.([^.]+)\.(.*)$/;

function doneOf(address: string, action: string): Done {
  const [, stack = "", rest = address] = MODULE.exec(address) ?? [];
  return { stack, address: rest, action };
}

/** A stack's files lie in a folder of its name, and the address or the snippet's context names the resource. */
function saidOf({ severity, summary, detail = "", address, range, snippet }: Diagnostic): Said {
  return {
    stack: MODULE.exec(address ?? "")?.[1] ?? /^([^/]+)\//.exec(range?.filename ?? "")?.[1] ?? "",
    severity,
    type: /\b(aws_\w+)/.exec(address ?? snippet?.context ?? "")?.[1] ?? "",
    text: [summary, detail].filter(Boolean).join(": ").replaceAll(/\s+/g, " "),
  };
}
