import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { startAccount } from "../../../sandbox/aws/account";
import { serveProvider } from "../../../sandbox/provider/server";
import { World } from "../../../sandbox/world";

export interface Run {
  readonly code: number;
  readonly output: string;
}

/** A stack in a folder of its own, with the real Terraform and the provider in this process. */
export class InProcessStack<W extends World = World> {
  readonly world: W;
  /** The Terraform that runs now, or ran last. */
  protected terraform: ChildProcess | undefined;
  private readonly provider: ReturnType<typeof serveProvider>;
  private readonly states: Promise<Server>;
  protected readonly backend: object | undefined = { http: {} };

  /** @param state file with Terraform's state, in the folder */
  constructor(
    readonly folder = mkdtempSync(join(tmpdir(), "slipway-in-process-")),
    Kind: new (...args: ConstructorParameters<typeof World>) => W = World as never,
    state = "terraform.tfstate",
  ) {
    this.world = new Kind(join(folder, ".sandbox"), startAccount);
    this.provider = serveProvider({ world: this.world, folders: () => [folder] });
    this.states = serveState(join(folder, state));
  }

  async remove(): Promise<void> {
    (await this.provider).close();
    (await this.states).close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Writes the stack's configuration, whose state stays in the folder whatever its backend is. */
  configure(configuration: { readonly terraform?: object }): void {
    const terraform = { ...configuration.terraform, backend: this.backend };
    writeFileSync(
      join(this.folder, "main.tf.json"),
      JSON.stringify({ ...configuration, terraform }, null, 1),
    );
  }

  apply(...args: readonly string[]): Promise<Run> {
    return this.run("apply", "-auto-approve", ...args);
  }

  async run(command: string, ...args: readonly string[]): Promise<Run> {
    const around = { reattach: (await this.provider).reattach, states: await this.states };
    if (this.backend) await initialize(this.folder, around);
    const { child, ended } = startTerraform(this.folder, around, command, ...args);
    this.terraform = child;
    return ended;
  }
}

/** What Terraform is led to. */
interface Surroundings {
  /** Where the provider is, as TF_REATTACH_PROVIDERS. */
  readonly reattach: string;
  /** Where the state lies: see `serveState`. */
  readonly states: Server;
}

/** Initializes a stack's folder, once. */
export async function initialize(folder: string, around: Surroundings): Promise<void> {
  if (!existsSync(join(folder, ".terraform"))) await succeed(startTerraform(folder, around, "init").ended);
}

/** Starts the real Terraform in a stack's folder. */
export function startTerraform(
  folder: string,
  { reattach, states }: Surroundings,
  command: string,
  ...args: readonly string[]
): { readonly child: ChildProcess; readonly ended: Promise<Run> } {
  const { port } = states.address() as AddressInfo;
  const words = [command, ...(command === "show" ? [] : ["-input=false"]), "-no-color", ...args];
  const child = spawn(process.env.TERRAFORM_BINARY_NAME || "terraform", words, {
    cwd: folder,
    env: {
      ...chosen("PATH", "GOGC", "GOMAXPROCS"),
      TF_REATTACH_PROVIDERS: reattach,
      TF_HTTP_ADDRESS: `http://127.0.0.1:${port}`,
      TF_CLI_CONFIG_FILE: "/dev/null",
      CHECKPOINT_DISABLE: "1",
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const take = (chunk: Buffer) => {
    output += stripVTControlCharacters(chunk.toString());
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  const ended = new Promise<Run>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? -1, output }));
  });
  return { child, ended };
}

/** A backend over HTTP, whose state is a file: Terraform's own local one writes all of it after each resource. */
export async function serveState(file: string): Promise<Server> {
  const server = createServer(async (request, response) => {
    if (request.method === "GET") {
      if (existsSync(file)) response.end(readFileSync(file));
      else response.writeHead(404).end();
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    writeFileSync(file, Buffer.concat(chunks));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server.unref();
}

const chosen = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, process.env[name]]));

/** The output of a run that went well. */
export async function succeed(run: Promise<Run>): Promise<Run> {
  const { code, output } = await run;
  if (code !== 0) {
    const at = output.indexOf("\nError: ");
    throw new Error(`Terraform ended with ${code}: ${at < 0 ? output : output.slice(at)}`);
  }
  return { code, output };
}
