import { copyFileSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { environmentFor } from "../terminal/profile";
import { binaryOf, INSTALL, OUTDATED_LOCK_FILE } from "../terraform/binaries";
import { accountOf } from "./account";
import type { Children, Ended } from "./children";
import { CommandError } from "./error";
import { parseEvent, type TerraformEvent } from "./events";
import { inSandbox } from "./offline";
import { oneAtATime } from "./parallel";
import { type Problem, problemsOf } from "./problems";
import type { Stack } from "./stacks";

const LOCK_FILE = ".terraform.lock.hcl";

/** How a command of Terraform ended. */
export interface Outcome {
  readonly code: number;
  /** Terraform's errors and warnings, and the way out where one is known. */
  readonly problems: readonly Problem[];
}

/** The real Terraform (or OpenTofu), once per stack and command. */
export class Terraform {
  private readonly binary = binaryOf(process.env);
  private readonly environment: NodeJS.ProcessEnv;
  private readonly next = oneAtATime();
  /** A provider lock file for stacks that have none. */
  private lockFile: string | undefined;
  private readonly readOnly: boolean;

  constructor(
    project: string,
    private readonly children: Children,
  ) {
    this.environment = {
      ...process.env,
      // The sandbox attaches its provider: there is nothing to download.
      ...(!inSandbox(process.env) && { TF_PLUGIN_CACHE_DIR: pluginCache() }),
      TF_IN_AUTOMATION: "1",
      CHECKPOINT_DISABLE: "1",
    };
    const committed = join(project, LOCK_FILE);
    this.readOnly = existsSync(committed);
    if (this.readOnly) this.lockFile = committed;
  }

  /** Ends waits that are no child's, once a signal came. */
  get stopping(): AbortSignal {
    return this.children.stopping;
  }

  /**
   * Prepares a stack's folder. One after another: Terraform's plugin cache must not be written by two at once, and
   * where nothing is new this takes a moment. The stacks share one lock file, because Terraform takes a provider from
   * the cache only where a lock file names its checksum.
   * @param data where Terraform remembers what it prepared, instead of `.terraform` in the stack's folder
   */
  init(stack: Stack, args: readonly string[] = [], data?: string): Promise<Outcome> {
    return this.next(async () => {
      const own = join(stack.folder, LOCK_FILE);
      if (this.lockFile !== undefined && (this.readOnly || !existsSync(own)))
        copyFileSync(this.lockFile, own);
      const readOnly = this.readOnly ? ["-lockfile=readonly"] : [];
      const init = () =>
        this.spawn(stack, ["init", "-input=false", "-no-color", ...readOnly, ...args], { data });
      let ended = await init();
      if (!this.readOnly && OUTDATED_LOCK_FILE.test(ended.stderr)) {
        // An earlier init left it here, and nobody committed it: it only remembers what older bindings asked for.
        rmSync(own);
        ended = await init();
      }
      if (ended.code === 0 && existsSync(own)) this.lockFile ??= own;
      return {
        code: ended.code,
        problems: ended.code === 0 ? [] : problemsOf([], ended.stderr || ended.stdout, stack),
      };
    });
  }

  /**
   * Plans into a file; the exit code is 0 for no change, 2 for changes, 1 for an error.
   * @param options further ones: `-destroy`, `-replace=ADDRESS`
   */
  plan(
    stack: Stack,
    file: string,
    options: readonly string[],
    onEvent: (event: TerraformEvent) => void,
  ): Promise<Outcome> {
    return this.watched(
      stack,
      ["plan", "-input=false", "-lock=false", "-detailed-exitcode", "-json", `-out=${file}`, ...options],
      onEvent,
    );
  }

  /**
   * Applies a saved plan, and nothing else than it.
   * @param patience seconds for which the state's lock is waited for
   */
  apply(
    stack: Stack,
    file: string,
    onEvent: (event: TerraformEvent) => void,
    patience: number,
  ): Promise<Outcome> {
    const waits = `-lock-timeout=${patience}s`;
    return this.watched(stack, ["apply", "-input=false", "-json", waits, file], onEvent);
  }

  /**
   * A saved plan as JSON. It holds sensitive values.
   * @throws CommandError in Terraform's words
   */
  async show(stack: Stack, file: string): Promise<string> {
    const { code, stdout, stderr } = await this.spawn(stack, ["show", "-json", file]);
    if (code !== 0) throw new CommandError(`${this.binary} show failed: ${stderr.trim()}`);
    return stdout;
  }

  /**
   * The stack's state as JSON, empty where there is none. It may hold sensitive values.
   * @param data as for init
   * @throws CommandError in Terraform's words
   */
  async pullState(stack: Stack, data: string): Promise<string> {
    const { code, stdout, stderr } = await this.spawn(stack, ["state", "pull"], { data });
    if (code !== 0) throw new CommandError(`${this.binary} state pull failed: ${stderr.trim()}`);
    return stdout.trim();
  }

  /**
   * The outputs in the stack's state.
   * @param data as for init
   * @throws CommandError in Terraform's words
   */
  async outputs(stack: Stack, data?: string): Promise<unknown> {
    const { code, stdout, stderr } = await this.spawn(stack, ["output", "-json"], { data });
    if (code !== 0) throw new CommandError(`${this.binary} output failed: ${stderr.trim()}`);
    return JSON.parse(stdout);
  }

  private async watched(
    stack: Stack,
    args: readonly string[],
    onEvent: (event: TerraformEvent) => void,
  ): Promise<Outcome> {
    const diagnostics: Parameters<typeof problemsOf>[0][number][] = [];
    const onLine = (line: string) => {
      const event = parseEvent(line);
      if (event?.type === "diagnostic") diagnostics.push(event.diagnostic);
      else if (event !== null) onEvent(event);
    };
    const { code, stderr } = await this.spawn(stack, args, { onLine });
    return { code, problems: problemsOf(diagnostics, code === 1 ? stderr : "", stack) };
  }

  private async spawn(
    stack: Stack,
    args: readonly string[],
    { onLine, data }: { readonly onLine?: (line: string) => void; readonly data?: string | undefined } = {},
  ): Promise<Ended> {
    const own = environmentFor(accountOf(stack), this.environment);
    const env = { ...own, ...(data !== undefined && { TF_DATA_DIR: data }) };
    try {
      return await this.children.run(this.binary, args, { cwd: stack.folder, env }, onLine);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      throw new CommandError(
        `${this.binary} is not there, or ${stack.folder} is not: ${INSTALL}, or name it in TERRAFORM_BINARY_NAME.`,
      );
    }
  }
}

/** One download of a provider for all stacks, in the folder that Terraform's documentation gives it. */
function pluginCache(): string {
  const cache = process.env.TF_PLUGIN_CACHE_DIR || join(homedir(), ".terraform.d", "plugin-cache");
  mkdirSync(cache, { recursive: true });
  return cache;
}
