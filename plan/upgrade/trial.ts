import { cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, extname, join, relative, resolve, sep } from "node:path";
import { z } from "zod";
import type { Children } from "../children";
import { CommandError } from "../error";
import type { StackReport } from "../report";
import { synthesize } from "../synthesize";
import { installedIn, type Version } from "./dependency";
import { linkInstalled } from "./link";
import { npm, refusalOf } from "./npm";
import { oldOutput, prepare } from "./synthesized";

/** What is made anew, is not the project's, or may hold what is secret and no synthesis reads. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  ...["node_modules", "cdktf.out", ".sandbox", ".terraform", ".git", "dist"],
]);
const STATE = /\.tfstate(\.|$)/;

/** The configuration of each environment, complete: what its file says with every default. */
export type Options = Readonly<Record<string, unknown>>;

const options = z.record(z.string(), z.unknown());

/** A copy of a project in a folder of its own, where another version is installed and tried. */
export class Trial {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "slipway-upgrade-")));

  constructor(
    private readonly project: string,
    private readonly children: Children,
  ) {
    cpSync(project, this.folder, { recursive: true, filter: (path) => this.belongs(path) });
    for (const file of ["package.json", "package-lock.json"]) this.lead(file);
    const installed = join(project, "node_modules");
    if (existsSync(installed)) linkInstalled(installed, join(this.folder, "node_modules"));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /**
   * Installs a version as package.json and its lock have everything else. Nothing of what is installed runs here.
   * @throws CommandError where npm cannot
   */
  async install(version: Version): Promise<Version> {
    const { spec } = version;
    const options = ["--prefix", this.folder, "--ignore-scripts", "--prefer-offline"];
    const { error } = await npm(this.folder, this.children, "install", spec, ...options);
    if (error) throw refusalOf(error, spec);
    const { number } = installedIn(this.folder);
    const [, file] = spec.split("@file:");
    return { ...version, number, label: file === undefined ? number : `${number} (${basename(file)})` };
  }

  /**
   * Applies in the sandbox what the version in the project makes of its files, and plans over it what this one does.
   * @throws CommandError with this version's report where it does not take the files as they are
   */
  async rehearse(version: Version): Promise<StackReport[]> {
    const old = await synthesize(this.project, this.children, {}, oldOutput(this.folder));
    const problems = prepare(old, await this.synthesize(version));
    const [applied, planned] = [join(this.folder, "applied.json"), join(this.folder, "planned.json")];
    await this.inSandbox(["--reset", "--assume"], "apply", applied);
    // In a sandbox of its own: what the first one took as there, another environment may have made since.
    await this.inSandbox(["--assume"], "plan", applied, planned);
    const stacks: StackReport[] = JSON.parse(readFileSync(planned, "utf8"));
    const others = [...problems.keys()].filter((name) => !stacks.some((stack) => stack.name === name));
    const failed = (name: string) => ({ name, outcome: "failed", seconds: 0, problems: [] }) as const;
    return [...stacks, ...others.map(failed)].map((stack) => {
      const problem = problems.get(stack.name);
      return problem ? { ...stack, outcome: "failed", problems: [problem, ...stack.problems] } : stack;
    });
  }

  private async synthesize({ label }: Version) {
    try {
      return await synthesize(this.folder, this.children);
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      throw new CommandError(
        `slipway ${label} does not take the files of this project as they are. Nothing was written.\n\n${error.message}`,
      );
    }
  }

  /** Every option of every environment, by the version in the project; undefined where that one cannot tell. */
  optionsOld = (): Promise<Options | undefined> => this.options(this.project);

  /** Every option of every environment, by the version that is tried. */
  optionsNew = (): Promise<Options | undefined> => this.options(this.folder);

  /** Runs a part of the rehearsal in the sandbox of the version that is tried: it knows all that this one asks for. */
  private async inSandbox(options: readonly string[], ...words: readonly string[]): Promise<void> {
    const bin = join(installedIn(this.folder).path, "bin/slipway.js");
    const rehearsal = [process.execPath, ...process.execArgv, program("rehearsal"), ...words];
    const { code, stdout } = await this.children.run(
      process.execPath,
      [...process.execArgv, bin, "sandbox", ...options, "--", ...rehearsal],
      // What is under way is for who waits.
      { cwd: this.folder, stdio: ["ignore", "pipe", "inherit"] },
    );
    this.children.check();
    if (code !== 0)
      throw new CommandError(`The sandbox ended with exit code ${code}. Nothing was written.\n${stdout}`);
  }

  private async options(folder: string): Promise<Options | undefined> {
    const file = join(this.folder, `options-${folder === this.folder ? "new" : "old"}.json`);
    const args = [...process.execArgv, "--require", require.resolve("tsx/cjs"), program("options"), file];
    const { code } = await this.children.run(process.execPath, args, { cwd: folder });
    return code === 0 ? options.parse(JSON.parse(readFileSync(file, "utf8"))) : undefined;
  }

  private belongs(path: string): boolean {
    const name = basename(path);
    return (
      relative(this.project, path)
        .split(sep)
        .every((part) => !LEFT_OUT.has(part)) && !STATE.test(name)
    );
  }

  /** Lets what a file of npm's says of other folders and tarballs lead there from here. */
  private lead(file: string): void {
    const path = join(this.folder, file);
    if (!existsSync(path)) return;
    const absolute = (_: string, value: unknown) =>
      typeof value === "string" && value.startsWith("file:")
        ? `file:${resolve(this.project, value.slice("file:".length))}`
        : value;
    writeFileSync(path, JSON.stringify(JSON.parse(readFileSync(path, "utf8"), absolute), null, 2));
  }
}

const program = (name: string) => join(__dirname, `${name}${extname(__filename)}`);
