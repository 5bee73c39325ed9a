import type { FolderImage } from "../api/command";
import { bindingFile } from "../schema/bindings";
import type { Json } from "../world";

/** An object of the world as a person names it: `<type>/<id or name>`. */
export interface Named {
  type: string;
  name: string;
  /** Only with --with: where to make it, if not in AWS_REGION. */
  region?: string;
}

export interface Options {
  reset: boolean;
  /** Begin in an account that has nothing of a person's. */
  empty: boolean;
  /** The account that the credentials are of; each that the configuration asks for by default. */
  account?: string;
  /** Take as there what the command's configuration only reads or imports. */
  assume: boolean;
  /** The role that the command acts as. */
  as?: string;
  with: Named[];
  edits: (Named & { attribute: string; value: Json })[];
  deletions: Named[];
  /** Folders to push as images. */
  images: FolderImage[];
  /** How much faster than the machine's clock the stand-in services run. */
  speed: number;
  show: false | { type?: string };
  json: boolean;
  help: boolean;
  /** The command to run, with its arguments. */
  command: string[];
}

/** A mistake in the command line: the message says all that is needed. */
export class UsageError extends Error {}

/** Reads the command line. Options end at the first word that is none, or at "--". */
export function parseOptions(argv: readonly string[]): Options {
  const options: Options = {
    reset: false,
    empty: false,
    assume: false,
    with: [],
    edits: [],
    deletions: [],
    images: [],
    speed: 10,
    show: false,
    json: false,
    help: false,
    command: [],
  };
  const words = [...argv];
  while (words.length > 0 && words[0]?.startsWith("-")) {
    const option = words.shift() as string;
    if (option === "--") break;
    readOption(option, words, options);
  }
  options.command = words;
  if (options.json && !options.show) throw new UsageError("--json belongs to --show");
  if (options.assume && words.length === 0) throw new UsageError("--assume needs a command, such as a plan");
  if (options.as && words.length === 0)
    throw new UsageError("--as needs a command: what it does is checked against the role's policies");
  const idle =
    !options.reset &&
    !options.empty &&
    !options.show &&
    options.with.length + options.edits.length + options.deletions.length + options.images.length === 0;
  if (words.length === 0 && idle && !options.help)
    throw new UsageError("Give a command to run, or an option");
  return options;
}

function readOption(option: string, words: string[], options: Options): void {
  const operand = (what: string): string => {
    const word = words.shift();
    if (word === undefined || word === "--") throw new UsageError(`${option} needs ${what}`);
    return word;
  };
  switch (option) {
    case "--help":
    case "-h":
      options.help = true;
      return;
    case "--reset":
      options.reset = true;
      return;
    case "--empty":
      options.empty = true;
      return;
    case "--assume":
      options.assume = true;
      return;
    case "--as":
      options.as = operand("the name of a role, such as app-apply-staging").split("/").at(-1);
      return;
    case "--json":
      options.json = true;
      return;
    case "--account":
      options.account = operand("an account, such as 210987654321");
      if (!/^\d{12}$/.test(options.account)) throw new UsageError("--account takes twelve digits");
      return;
    case "--with":
      options.with.push(placed(named(operand("<type>:<name>, such as ecr_repository:api"), ":", option)));
      return;
    case "--delete":
      options.deletions.push(named(operand("<type>/<id or name>"), "/", option));
      return;
    case "--edit": {
      const target = named(operand("<type>/<id or name> <attribute>=<json>"), "/", option);
      options.edits.push({ ...target, ...assignment(operand("<attribute>=<json> after the object")) });
      return;
    }
    case "--image":
      options.images.push(image(operand("<repository>:<tag>=<folder>")));
      return;
    case "--speed":
      options.speed = Number(operand("a number, such as 10"));
      if (!(options.speed > 0)) throw new UsageError("--speed takes a number above 0");
      return;
    case "--show": {
      const next = words[0];
      options.show = next && isType(next) ? { type: typeName(words.shift() as string) } : {};
      return;
    }
    default:
      throw new UsageError(`Unknown option ${option}`);
  }
}

function named(text: string, separator: string, option: string): Named {
  const at = text.indexOf(separator);
  const type = typeName(text.slice(0, at));
  const name = text.slice(at + 1);
  if (at < 1 || name === "")
    throw new UsageError(`${option} takes <type>${separator}<name>, not ${JSON.stringify(text)}`);
  if (!isType(type)) throw new UsageError(`${option}: the AWS provider has no resource type ${type}`);
  return { type, name };
}

/** `app:v1=folder`, with the region after the repository and the platform after the tag if they matter. */
function image(text: string): FolderImage {
  const [, repository, region, tag, architecture = "amd64", folder] =
    /^([^:@=]+)(?:@([a-z0-9-]+))?:([\w.-]+)(?:\/(amd64|arm64))?=(.+)$/.exec(text) ?? [];
  if (!repository || !tag || !folder)
    throw new UsageError(
      `--image takes <repository>[@<region>]:<tag>[/<amd64|arm64>]=<folder>, not ${JSON.stringify(text)}`,
    );
  const named = { repository, tag, folder, architecture: architecture as FolderImage["architecture"] };
  return region ? { ...named, region } : named;
}

/** A name may end in the region where to make the object: api@eu-west-1. */
function placed(target: Named): Named {
  const [, name, region] = /^(.+)@([a-z]{2}(?:-[a-z]+)+-\d)$/.exec(target.name) ?? [];
  return name && region ? { ...target, name, region } : target;
}

function assignment(text: string): { attribute: string; value: Json } {
  const at = text.indexOf("=");
  if (at < 1) throw new UsageError(`--edit takes <attribute>=<json>, not ${JSON.stringify(text)}`);
  try {
    return { attribute: text.slice(0, at), value: JSON.parse(text.slice(at + 1)) as Json };
  } catch {
    throw new UsageError(
      `--edit: ${text.slice(at + 1)} is not JSON (a text needs quotes: '${text.slice(0, at)}="…"')`,
    );
  }
}

function typeName(text: string): string {
  return text.startsWith("aws_") ? text : `aws_${text}`;
}

function isType(text: string): boolean {
  return /^[a-z0-9_]+$/.test(text) && bindingFile("resource", typeName(text)) !== undefined;
}
