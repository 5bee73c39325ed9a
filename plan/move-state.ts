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
import { accountOf } from "./account";
import { alone } from "./alone";
import { Children } from "./children";
import { CommandError, reasonOf } from "./error";
import { typed } from "./offline";
import { Output } from "./output";
import { screenOf } from "../terminal/screen";
import { Progress } from "./progress";
import { BOOTSTRAP, isBootstrap, type Stack } from "./stacks";
import { synthesize } from "./synthesize";
import { Terraform } from "./terraform";

/** What `npx slipway move-state --json` prints. `version` goes up when something is renamed or taken away. */
export interface MoveReport {
  readonly version: 1;
  readonly states: readonly {
    readonly name: string;
    /** Where it lies by now: `s3://bucket/staging.tfstate`. */
    readonly place: string;
    /** `other` where the one that lies here is another, and was left alone. */
    readonly outcome: "moved" | "was there" | "other";
  }[];
}

/**
 * Moves every state of this folder into the bucket that the bootstrap stack of its account made, and says so in cdktf.json.
 * What has moved already stays as it is, so that it can be run again after whatever stopped it. Returns the exit code.
 * @throws CommandError where a bucket holds another state of the same name: nothing is moved then
 */
export function moveStateCommand({ json }: { readonly json?: boolean }): Promise<number> {
  const project = process.cwd();
  const output = new Output(json);
  return alone(project, async () => {
    const children = new Children();
    const config = new ConfigFile(project);
    const mover = new Mover(project, new Terraform(project, children));
    try {
      const synthesizeFor = (buckets: Buckets) => synthesize(project, children, config.contextOf(buckets));
      const buckets = await destinations(config.buckets, mover, synthesizeFor);
      // From the first move on, so that cdktf.json stays with what has moved whatever happens then.
      config.buckets = buckets;
      await mover.move();
      output.say(`\n${whereText(mover.names)}\n`);
      output.report({ version: 1, states: mover.states } satisfies MoveReport);
    } finally {
      await mover.close();
    }
    return 0;
  });
}

function whereText(buckets: readonly string[]): string {
  if (buckets.length === 0) return "No state lies here any more: there is nothing to move.";
  return `The states lie in ${buckets.join(" and ")}, and cdktf.json says so: commit it.`;
}

/**
 * Finds out where to move, and leaves the stacks with it. cdktf.json is not touched.
 * @param before what cdktf.json says
 */
async function destinations(
  before: Buckets,
  mover: Mover,
  synthesizeFor: (buckets: Buckets) => Promise<Stack[]>,
): Promise<Buckets> {
  const none = new Map([...before].map(([account]) => [account, { name: "", region: "" }]));
  await mover.readHere(await synthesizeFor(none));
  const buckets = await mover.choose(before);
  await synthesizeFor(buckets);
  await mover.compare(before);
  return buckets;
}

interface Bucket {
  readonly name: string;
  readonly region: string;
}

/** The first account of a project, whichever it is. */
const FIRST = "";

/** Buckets as the context of cdktf.json names them, by account. */
type Buckets = ReadonlyMap<string, Bucket>;

const contextOf = ({ name, region }: Bucket) => ({ stateBucket: name, stateRegion: region });

/** cdktf.json, of which only the names of buckets and their regions are written. */
class ConfigFile {
  private readonly file: string;

  constructor(project: string) {
    this.file = join(project, "cdktf.json");
  }

  /** The bucket of the first account, and of each that stands there; with an empty name where there is none. */
  get buckets(): Buckets {
    const { context } = this.parsed;
    const bucketOf = ({
      stateBucket = "",
      stateRegion = "",
    }: Partial<ReturnType<typeof contextOf>> = {}) => ({
      name: stateBucket,
      region: stateRegion,
    });
    const further = Object.entries(context?.accounts ?? {});
    return new Map([
      [FIRST, bucketOf(context)],
      ...further.map(([account, own]) => [account, bucketOf(own)] as const),
    ]);
  }

  /** Writes the whole file beside it and puts it in its place: killed at any moment, one of the two is there. */
  set buckets(buckets: Buckets) {
    const { text } = this;
    const before = this.buckets;
    const formattingOptions = { insertSpaces: true, tabSize: 2 };
    const changes = [...buckets]
      .filter(([account, bucket]) => bucket.name !== "" || before.get(account)?.name)
      .flatMap(([account, bucket]) => {
        const path = account === FIRST ? ["context"] : ["context", "accounts", account];
        return Object.entries(contextOf(bucket)).map(([key, value]) => [[...path, key], value] as const);
      });
    const changed = changes.reduce(
      (text, [path, value]) => applyEdits(text, modify(text, [...path], value, { formattingOptions })),
      text,
    );
    if (changed === text) return;
    const file = realpathSync(this.file);
    const draft = `${file}.${process.pid}`;
    writeFileSync(draft, changed, { mode: statSync(file).mode });
    renameSync(draft, file);
  }

  /** What of the context names these buckets. */
  contextOf(buckets: Buckets): Record<string, unknown> {
    const accounts: Record<string, object> = { ...this.parsed.context?.accounts };
    for (const [account, bucket] of buckets)
      if (account !== FIRST) accounts[account] = { ...accounts[account], ...contextOf(bucket) };
    const first = contextOf(buckets.get(FIRST) ?? { name: "", region: "" });
    return Object.keys(accounts).length > 0 ? { ...first, accounts } : first;
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

const place = { stateBucket: z.string().optional(), stateRegion: z.string().optional() };
const config = z.object({
  context: z.object({ ...place, accounts: z.record(z.string(), z.looseObject(place)).optional() }).optional(),
});

const outputs = z.object({
  state_bucket_name: z.object({ value: z.string() }),
  state_bucket_region: z.object({ value: z.string() }),
});

/** What a move must keep of a state. Its lineage is not: Terraform's S3 backend begins one of its own. */
const state = z.object({ resources: z.array(z.unknown()) });
type State = z.output<typeof state>;

interface Move {
  readonly stack: Stack;
  /** The account whose bucket it belongs into. */
  readonly account: string;
  /** The bucket that the states move into, once it is known. */
  bucket: string;
  /** The state in this folder. */
  readonly here: State | undefined;
  /** What becomes of it. */
  fate: "goes" | "is there" | "stays";
}

/** Where a state lies once it has moved. */
const placeOf = ({ bucket, stack }: Move) => `s3://${bucket}/${stack.name}.tfstate`;

/** Terraform's part of it. It remembers backends in folders of its own: the stacks' are as they were until all is well. */
class Mover {
  private readonly data = mkdtempSync(join(tmpdir(), "slipway-state-"));
  private moves: readonly Move[] = [];
  private progress: Progress | undefined;

  constructor(
    private readonly project: string,
    private readonly terraform: Terraform,
  ) {}

  /** The buckets that states are moved into, or lie in. */
  get names(): string[] {
    return [...new Set(this.moves.map(({ bucket }) => bucket))];
  }

  /** What became of each state. */
  get states(): MoveReport["states"] {
    const outcomes = { goes: "moved", "is there": "was there", stays: "other" } as const;
    return this.moves.map((move) => ({
      name: move.stack.name,
      place: placeOf(move),
      outcome: outcomes[move.fate],
    }));
  }

  /** Reads the states that lie in this folder. */
  async readHere(stacks: readonly Stack[]): Promise<void> {
    const first = stacks.find(({ name }) => name === BOOTSTRAP);
    if (first === undefined) {
      throw new CommandError(
        "There is no bootstrap stack: describe one under context.bootstrap in cdktf.json, or write the stateBucket there yourself.",
      );
    }
    const moves: Move[] = [];
    const progress = await this.start(stacks.length);
    for (const stack of stacks) {
      progress.begin(stack.name, "read");
      const own = accountOf(stack);
      const account = own === undefined || own === accountOf(first) ? FIRST : own;
      const here = await this.read(stack, "here");
      moves.push({ stack, account, bucket: "", here, fate: here ? "goes" : "is there" });
      progress.end(stack.name, true, here ? `${things(here)} here` : "nothing here");
    }
    this.moves = moves;
  }

  /**
   * The bucket of each account: the one that its bootstrap stack made, as long as the state of that lies here, else the one
   * that was named before. An account with neither is left alone, and one of several where nothing of it lies here any more.
   * @throws CommandError where there is no bucket at all
   */
  async choose(before: Buckets): Promise<Buckets> {
    const buckets = new Map<string, Bucket>(before);
    for (const { stack, account } of this.moves.filter(({ stack }) => isBootstrap(stack.name))) {
      const made = outputs.safeParse(await this.terraform.outputs(stack, this.folder("here", stack.name)));
      if (made.success)
        buckets.set(account, {
          name: made.data.state_bucket_name.value,
          region: made.data.state_bucket_region.value,
        });
    }
    const accounts = new Set(this.moves.map(({ account }) => account));
    for (const account of accounts) {
      const bucket = buckets.get(account)?.name ?? "";
      const own = this.moves.filter((move) => move.account === account);
      for (const move of own) move.bucket = bucket;
      const isDone = accounts.size > 1 && own.every(({ here }) => here === undefined);
      if (bucket === "" || isDone) this.moves = this.moves.filter((move) => move.account !== account);
    }
    if ([...buckets.values()].every(({ name }) => name === ""))
      throw new CommandError(
        `The bootstrap stack is not applied yet: ${typed("npx slipway plan bootstrap")}, then ${typed("npx slipway apply bootstrap")}.`,
      );
    return buckets;
  }

  /**
   * Looks for states of the same names in the bucket.
   * @param before buckets that cdktf.json named: what is there is what everybody works with
   * @throws CommandError where another one is there and nobody knew
   */
  async compare(before: Buckets): Promise<void> {
    const progress = await this.start(this.moves.length);
    for (const move of this.moves) {
      const { bucket } = move;
      const { name } = move.stack;
      progress.begin(name, "look");
      const there = await this.read(move.stack, "there");
      progress.end(name, true, there ? `${things(there)} in ${bucket}` : `nothing in ${bucket}`);
      if (there === undefined || move.here === undefined) continue;
      move.fate = isSame(move.here, there) ? "is there" : "stays";
      if (move.fate === "is there" || before.get(move.account)?.name === bucket) continue;
      throw new CommandError(
        `${bucket} holds another state of ${name}, with ${things(there)}; the one here has ${things(move.here)}. Nothing was moved. Find out which is true, and put the other one away: terraform.${name}.tfstate here, or s3://${bucket}/${name}.tfstate.`,
      );
    }
  }

  /** Moves what is to go, and makes every stack know its bucket. */
  async move(): Promise<void> {
    const progress = await this.start(this.moves.length);
    for (const move of this.moves) {
      const { stack, here, fate, bucket } = move;
      const { name } = stack;
      progress.begin(name, fate === "goes" ? "move" : "init");
      if (fate === "goes") await this.copy(stack, here, bucket);
      await this.init(stack, ["-reconfigure"]);
      if (fate !== "stays") this.removeHere(name);
      const file = placeOf(move);
      const words = {
        goes: `moved to ${file}`,
        "is there": `is ${file}`,
        stays: `is ${file}; terraform.${name}.tfstate here is another, and was left alone`,
      };
      progress.end(name, true, words[fate]);
    }
  }

  async close(): Promise<void> {
    await this.progress?.close();
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

  private async start(stacks: number): Promise<Progress> {
    await this.progress?.close();
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
