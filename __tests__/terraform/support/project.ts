import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startAccount } from "../../../sandbox/aws/account";
import { World, type WorldObject } from "../../../sandbox/world";
import { LOADER, runIn, SANDBOX, sandboxHere } from "../../support/commands-here";
import { sourceOf } from "../../support/shipped";
import { serveSynthesis, synthesizeHere } from "../../support/synthesis";

const ROOT = join(__dirname, "..", "..", "..");

const SHIPPED = { "staging.ts": sourceOf("staging"), "prod.ts": sourceOf("prod") };

export interface Outcome {
  readonly code: number;
  /** Both streams, without colours. */
  readonly output: string;
}

/**
 * This project in a folder of its own, with environment files of its own, where commands run in the sandbox.
 * Sources and packages are the real ones, by link.
 */
export class Project {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-")));
  /** Everything that any command printed. */
  log = "";
  private synthesis: ReturnType<typeof serveSynthesis> | undefined;

  /**
   * @param environments sources by file; without them the ones that the project ships
   * @param context that of cdktf.json; without it there is no bootstrap stack
   * @param asShipped whether app and sandbox are processes of their own, as everybody's are; this one does what they would otherwise, or from `serve` on
   */
  constructor(
    environments: Readonly<Record<string, string>> = SHIPPED,
    private readonly context: object = { project: "app" },
    asShipped = false,
  ) {
    for (const name of ["app.ts", "aws", "modules", "guardrails", "node_modules", "tsconfig.json"])
      symlinkSync(join(ROOT, name), join(this.folder, name));
    for (const name of ["main.ts", "package.json"]) cpSync(join(ROOT, name), join(this.folder, name));
    if (asShipped) this.describe(`"${process.execPath}" --require "${LOADER}" main.ts`);
    else this.serve();
    mkdirSync(join(this.folder, "environments"));
    for (const [file, source] of Object.entries(environments)) this.write(file, source);
  }

  /** Has this process do what the app and the sandbox would. */
  serve(): void {
    this.synthesis = serveSynthesis(this.folder);
    this.describe(this.synthesis.app);
  }

  private describe(app: string): void {
    const config = JSON.parse(readFileSync(join(ROOT, "cdktf.json"), "utf8"));
    writeFileSync(join(this.folder, "cdktf.json"), JSON.stringify({ ...config, app, context: this.context }));
  }

  /** Writes an environment file. */
  write(file: string, source: string): void {
    writeFileSync(join(this.folder, "environments", file), source);
  }

  remove(): void {
    this.synthesis?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Runs a command of the sandbox; whether it failed is for the test to say. */
  async sandbox(...words: readonly string[]): Promise<Outcome> {
    const environment = { ...process.env, CI: "true", NO_COLOR: "1", FORCE_COLOR: "0" };
    const { code, stdout, stderr } = this.synthesis
      ? await sandboxHere(this.folder, words, environment)
      : await runIn(this.folder, [process.execPath, ...SANDBOX, ...words], environment);
    this.log += stdout + stderr;
    return { code, output: stdout + stderr };
  }

  /** A cdktf command in the sandbox, as a person types it. */
  cdktf(...args: readonly string[]): Promise<Outcome> {
    return this.sandbox(process.execPath, join(ROOT, "node_modules/cdktf-cli/bundle/bin/cdktf"), ...args);
  }

  /** What `cdktf plan`, `apply` or `destroy` of a stack does, without cdktf's own seconds: a synthesis, then Terraform in its folder. */
  async terraform(stack: string, ...words: readonly string[]): Promise<Outcome> {
    const synthesized = await this.synth();
    if (synthesized.code !== 0) return synthesized;
    const terraform = `terraform -chdir=cdktf.out/stacks/${stack}`;
    return this.sandbox(
      "sh",
      "-c",
      `${terraform} init -input=false >/dev/null && ${terraform} ${words.join(" ")} -input=false`,
    );
  }

  /** Writes cdktf.out, without a sandbox. */
  async synth(): Promise<Outcome> {
    const { code, said } = synthesizeHere({ folder: this.folder, environment: {} });
    return { code, output: said };
  }
}

/** The stand-in account of a project's sandbox. */
export const worldOf = (project: Project) => new World(join(project.folder, ".sandbox"), startAccount);

/** What Terraform made there and has not taken away. */
export const made = (project: Project): WorldObject[] =>
  worldOf(project)
    .list()
    .filter(({ origin }) => origin === "terraform");
