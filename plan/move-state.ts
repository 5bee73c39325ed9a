import {
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { applyEdits, modify } from "jsonc-parser";
import { z } from "zod";
import { alone } from "./alone";
import { Children } from "./children";
import { CommandError, reasonOf } from "./error";
import { typed } from "./offline";
import { Progress, screenOf } from "./progress";
import { BOOTSTRAP, type Stack } from "./stacks";
import { synthesize } from "./synthesize";
import { Terraform } from "./terraform";

/**
 * Moves every state of this folder into the bucket that the bootstrap stack made, and says so in cdktf.json. What has
 * moved already stays as it is, so that it can be run again after whatever stopped it. Returns the exit code.
 * @throws CommandError where the bucket holds another state of the same name: nothing is moved then
 */
export function moveStateCommand(): Promise<number> {
  const project = process.cwd();
  return alone(project, async () => {
    const children = new Children();
    const config = new ConfigFile(project);
    const mover = new Mover(project, new Terraform(project, children));
    try {
      const synthesizeFor = (bucket: Bucket) => synthesize(project, children, contextOf(bucket));
      const bucket = await destination(config.bucket, mover, synthesizeFor);
      // From the first move on, so that cdktf.json stays with what has moved whatever happens then.
      config.bucket = bucket;
      await mover.move(bucket);
      process.stdout.write(`\nThe states lie in ${bucket.name}, and cdktf.json says so: commit it.\n`);
    } finally {
      mover.close();
    }
    return 0;
  });
}

/**
 * Finds out where to move, and leaves the stacks with it. cdktf.json is not touched.
 * @param before what cdktf.json says
 */
async function destination(
  before: Bucket,
  mover: Mover,
  synthesizeFor: (bucket: Bucket) => Promise<Stack[]>,
): Promise<Bucket> {
  await mover.readHere(await synthesizeFor({ name: "", region: "" }));
  const bucket = (await mover.madeBucket()) ?? before;
  if (bucket.name === "")
    throw new CommandError(
      `The bootstrap stack is not applied yet: ${typed("npx slipway plan bootstrap")}, then ${typed("npx slipway apply bootstrap")}.`,
    );
  await synthesizeFor(bucket);
  await mover.compare(bucket, before.name === bucket.name);
  return bucket;
}

interface Bucket {
  readonly name: string;
  readonly region: string;
}

/** A bucket as the context of cdktf.json names it. */
const contextOf = ({ name, region }: Bucket) => ({ stateBucket: name, stateRegion: region });

/** cdktf.json, of which only two values are written. */
class ConfigFile {
  private readonly file: string;

  constructor(project: string) {
    this.file = join(project, "cdktf.json");
  }

  get bucket(): Bucket {
    const { context } = this.parsed;
    return { name: context?.stateBucket ?? "", region: context?.stateRegion ?? "" };
  }

  /** Writes the whole file beside it and puts it in its place: killed at any moment, one of the two is there. */
  set bucket(bucket: Bucket) {
    const { text } = this;
    const formattingOptions = { insertSpaces: true, tabSize: 2 };
    const changed = Object.entries(contextOf(bucket)).reduce(
      (text, [key, value]) => applyEdits(text, modify(text, ["context", key], value, { formattingOptions })),
      text,
    );
    if (changed === text) return;
    const file = realpathSync(this.file);
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, changed, { mode: statSync(file).mode });
    renameSync(draft, file);
  }

  private get parsed() {
    try {
      return config.parse(JSON.parse(this.text));
    } catch (error) {
      if (error instanceof CommandError) throw error;
      throw new CommandError(`cdktf.json cannot be read: ${reasonOf(error)}`);
    }
  }

  private get text(): string {
    try {
      return readFileSync(this.file, "utf8");
    } catch {
      throw new CommandError("There is no cdktf.json here: run this in the folder of the project.");
    }
  }
}

const config = z.object({
  context: z.object({ stateBucket: z.string().optional(), stateRegion: z.string().optional() }).optional(),
});

const outputs = z.object({
  state_bucket_name: z.object({ value: z.string() }),
  state_bucket_region: z.object({ value: z.string() }),
});

/** Of a state, what a move must keep. Its lineage is not: Terraform's S3 backend begins one of its own. */
const state = z.object({ resources: z.array(z.unknown()) });
type State = z.output<typeof state>;

interface Move {
  readonly stack: Stack;
  /** The state in this folder. */
  readonly here: State | undefined;
  /** What becomes of it. */
  fate: "goes" | "is there" | "stays";
}

/** Terraform's part of it. It remembers backends in folders of its own: the stacks' are as they were until all is well. */
class Mover {
  private readonly data = mkdtempSync(join(tmpdir(), "slipway-state-"));
  private moves: readonly Move[] = [];
  private progress: Progress | undefined;

  constructor(
    private readonly project: string,
    private readonly terraform: Terraform,
  ) {}

  /** Reads the states that lie in this folder. */
  async readHere(stacks: readonly Stack[]): Promise<void> {
    const moves: Move[] = [];
    const progress = this.start(stacks.length);
    for (const stack of stacks) {
      progress.begin(stack.name, "read");
      const here = await this.read(stack, "here");
      moves.push({ stack, here, fate: here ? "goes" : "is there" });
      progress.end(stack.name, true, here ? `${things(here)} here` : "nothing here");
    }
    this.moves = moves;
  }

  /** The bucket that the bootstrap stack made, as long as its state lies here. */
  async madeBucket(): Promise<Bucket | undefined> {
    const bootstrap = this.moves.find(({ stack }) => stack.name === BOOTSTRAP);
    if (bootstrap === undefined) {
      throw new CommandError(
        "There is no bootstrap stack: describe one under context.bootstrap in cdktf.json, or write the stateBucket there yourself.",
      );
    }
    const made = outputs.safeParse(
      await this.terraform.outputs(bootstrap.stack, this.folder("here", BOOTSTRAP)),
    );
    if (!made.success) return undefined;
    return { name: made.data.state_bucket_name.value, region: made.data.state_bucket_region.value };
  }

  /**
   * Looks for states of the same names in the bucket.
   * @param known whether cdktf.json named it before: then what is there is what everybody works with
   * @throws CommandError where another one is there and nobody knew
   */
  async compare({ name: bucket }: Bucket, known: boolean): Promise<void> {
    const progress = this.start(this.moves.length);
    for (const move of this.moves) {
      const { name } = move.stack;
      progress.begin(name, "look");
      const there = await this.read(move.stack, "there");
      progress.end(name, true, there ? `${things(there)} in ${bucket}` : `nothing in ${bucket}`);
      if (there === undefined || move.here === undefined) continue;
      move.fate = isSame(move.here, there) ? "is there" : "stays";
      if (move.fate === "is there" || known) continue;
      throw new CommandError(
        `${bucket} holds another state of ${name}, with ${things(there)}; the one here has ${things(move.here)}. Nothing was moved. Find out which is true, and put the other one away: terraform.${name}.tfstate here, or s3://${bucket}/${name}.tfstate.`,
      );
    }
  }

  /** Moves what is to go, and makes every stack know the bucket. */
  async move({ name: bucket }: Bucket): Promise<void> {
    const progress = this.start(this.moves.length);
    for (const { stack, here, fate } of this.moves) {
      const { name } = stack;
      progress.begin(name, fate === "goes" ? "move" : "init");
      if (fate === "goes") await this.copy(stack, here, bucket);
      await this.init(stack, ["-reconfigure"]);
      if (fate !== "stays") this.removeHere(name);
      const file = `s3://${bucket}/${name}.tfstate`;
      const words = {
        goes: `moved to ${file}`,
        "is there": `is ${file}`,
        stays: `is ${file}; terraform.${name}.tfstate here is another, and was left alone`,
      };
      progress.end(name, true, words[fate]);
    }
  }

  close(): void {
    this.progress?.close();
    rmSync(this.data, { recursive: true, force: true });
  }

  private async copy(stack: Stack, here: State | undefined, bucket: string): Promise<void> {
    const data = this.folder("here", stack.name);
    await this.init(stack, ["-migrate-state", "-force-copy"], data);
    const there = await this.pull(stack, data);
    if (there === undefined || !isSame(here, there)) {
      throw new CommandError(
        `The state of ${stack.name} has ${things(here)} here and ${things(there)} in ${bucket}. It stays here, too; run this again.`,
      );
    }
  }

  private async read(stack: Stack, where: "here" | "there"): Promise<State | undefined> {
    const data = this.folder(where, stack.name);
    await this.init(stack, [], data);
    return this.pull(stack, data);
  }

  private folder(where: "here" | "there", name: string) {
    return join(this.data, where, name);
  }

  private start(stacks: number): Progress {
    this.progress?.close();
    this.progress = new Progress(screenOf(process.stderr, process.env), stacks);
    return this.progress;
  }

  private async init(stack: Stack, args: readonly string[], data?: string): Promise<void> {
    const { code, problems } = await this.terraform.init(stack, args, data);
    if (code === 0) return;
    const words = problems.flatMap(({ summary, detail, wayOut }) => [summary, detail, wayOut ?? ""]);
    throw new CommandError(`terraform init of ${stack.name} failed: ${words.filter(Boolean).join("\n")}`);
  }

  /** The state, or undefined where there is none; one that holds nothing is none. */
  private async pull(stack: Stack, data: string): Promise<State | undefined> {
    const text = await this.terraform.pullState(stack, data);
    const found = text === "" ? undefined : state.parse(JSON.parse(text));
    return found?.resources.length ? found : undefined;
  }

  /** A state that lies in two places is one too many: Terraform leaves the file behind. */
  private removeHere(name: string) {
    for (const end of ["", ".backup"])
      rmSync(join(this.project, `terraform.${name}.tfstate${end}`), { force: true });
  }
}

const isSame = (one: State | undefined, other: State) => isDeepStrictEqual(one?.resources, other.resources);

const things = (found: State | undefined) => {
  const count = found?.resources.length ?? 0;
  return count === 1 ? "1 resource" : `${count} resources`;
};
