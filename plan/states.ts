import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { z } from "zod";
import { profileFor } from "../terminal/profile";
import { accountOf } from "./account";
import { CommandError, reasonOf } from "./error";
import { inSandbox } from "./offline";
import type { Stack } from "./stacks";
import { lossOf } from "../aws/stateful";

const instance = z.object({ attributes: z.record(z.string(), z.unknown()).nullish() });

/** What is read of a state. Terraform's and OpenTofu's are of version 4 since 0.12. */
const stateFile = z.object({
  version: z.literal(4),
  resources: z.array(
    z.object({
      module: z.string().optional(),
      mode: z.string(),
      type: z.string(),
      name: z.string(),
      provider: z.string(),
      instances: z.array(instance),
    }),
  ),
});
export type State = z.output<typeof stateFile>;

/** A state with resources in it, and the stack it is of. */
export interface FoundState {
  readonly name: string;
  readonly state: State;
  /** A stack that keeps its state in the same place. */
  readonly beside: Stack;
  /** Where the stack of this name keeps its state by now, where there is one. */
  readonly moved?: string;
}

/** A state that no file describes any more: of an environment that was moved or removed, and is still there. */
export interface Orphan {
  readonly name: string;
  /** Where the environment of this name keeps its state by now: its file names another account or bucket than before. */
  readonly moved?: string;
  /** How many resources it has. */
  readonly resources: number;
  /** The resources that no apply can make again, databases first, and what would be lost with each. */
  readonly holding: readonly { readonly address: string; readonly loses: string }[];
}

/** What is known of the states beside those of the stacks that were synthesized. */
export interface Orphans {
  readonly found: readonly Orphan[];
  /** States that these credentials may not read, as in CI, where the plan of bootstrap tells of them. */
  readonly unread?: readonly string[];
  /** Why nothing is known of them; missing where they could be read. */
  readonly problem?: string;
}

/** Where a stack keeps its state, and what it tags its resources with. */
const synthesized = z.object({
  terraform: z.object({
    required_providers: z.record(z.string(), z.unknown()).default({}),
    backend: z.object({
      s3: z
        .looseObject({ bucket: z.string(), region: z.string(), key: z.string() })
        .optional()
        .catch(undefined),
      local: z.object({ path: z.string() }).optional().catch(undefined),
    }),
  }),
  provider: z
    .object({
      aws: z.array(
        z.object({
          allowed_account_ids: z.array(z.string()).optional(),
          default_tags: z.array(z.object({ tags: z.record(z.string(), z.string()) })).default([]),
        }),
      ),
    })
    .optional(),
});
export type Synthesized = z.output<typeof synthesized>;

/** What of a stack's configuration says where its state is; undefined for one that has no backend. */
export function synthesizedOf({ folder }: Stack): Synthesized | undefined {
  return synthesized.safeParse(JSON.parse(readFileSync(join(folder, "cdk.tf.json"), "utf8"))).data;
}

/**
 * The states with resources that no stack is there for.
 * @param stacks all that were synthesized
 * @param near those beside which is looked: the credentials need not reach the other accounts
 */
export async function findOrphans(
  project: string,
  stacks: readonly Stack[],
  near: readonly Stack[] = stacks,
): Promise<Orphans> {
  const { found, unread, problems } = await statesBeside(project, stacks, near);
  const [problem] = problems;
  return {
    found: found.map(orphanOf),
    ...(unread.length > 0 && { unread }),
    ...(problem !== undefined && { problem }),
  };
}

/**
 * The states with resources beside those of these stacks, by name: in the buckets that the stacks keep theirs in, else in the
 * project's folder. One whose resources are all another project's is none of ours.
 * @param wanted the one state that is looked for: what cannot be read matters only where it is not found elsewhere
 * @throws CommandError where they cannot be read
 */
export async function otherStates(
  project: string,
  stacks: readonly Stack[],
  wanted?: string,
): Promise<FoundState[]> {
  const { found, unread, problems } = await statesBeside(project, stacks, stacks);
  if (found.some(({ name }) => name === wanted)) return found;
  const [problem] = problems;
  if (problem !== undefined) throw new CommandError(problem);
  if (unread.length === 0) return found;
  throw new CommandError(
    `The states of ${unread.join(", ")} cannot be read with these credentials: what they hold is unknown. Use those of an administrator.`,
  );
}

/** States with resources, the names of those that these credentials may not read, and what kept a place from being read. */
interface Beside {
  readonly found: FoundState[];
  readonly unread: string[];
  readonly problems: string[];
}

/** A place of states, one of the stacks that keep theirs there, and the names of all of these. */
interface Shelf {
  readonly place: Place;
  readonly beside: Stack;
  readonly known: Set<string>;
}

async function statesBeside(
  project: string,
  stacks: readonly Stack[],
  near: readonly Stack[],
): Promise<Beside> {
  const configured = stacks.flatMap((stack) => {
    const configuration = synthesizedOf(stack);
    return configuration === undefined ? [] : [{ stack, configuration }];
  });
  const names = new Set(stacks.map(({ name }) => name));
  const shelves = new Map<string, Shelf>();
  const homes = new Map<string, string>();
  for (const { stack, configuration } of configured) {
    const { s3 } = configuration.terraform.backend;
    const place = s3 ? bucketPlace(s3, accountOf(stack), names) : folderPlace(project);
    const shelf = shelves.get(place.name) ?? { place, beside: stack, known: new Set(s3 ? [] : names) };
    shelf.known.add(stack.name);
    shelves.set(place.name, shelf);
    homes.set(stack.name, place.name);
  }
  const wanted = new Set(near.map(({ name }) => homes.get(name)));
  const projects = new Set(configured.flatMap(({ configuration }) => projectOf(configuration)));
  const read = await Promise.all(
    [...shelves.values()]
      .filter(({ place }) => wanted.has(place.name))
      .map((shelf) => readShelf(shelf, homes)),
  );
  const ours = read
    .flatMap(({ found }) => found)
    .filter(({ state }) => managed(state).length > 0 && isOurs(state, projects))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    found: ours,
    unread: read.flatMap(({ unread }) => unread).sort(),
    problems: read.flatMap(({ problems }) => problems),
  };
}

const projectOf = ({ provider }: Synthesized) =>
  (provider?.aws ?? []).flatMap(({ default_tags }) => default_tags.flatMap(({ tags }) => tags.project ?? []));

/** A bucket may hold the states of several projects: the tags of their resources tell them apart. */
function isOurs(state: State, projects: ReadonlySet<string>): boolean {
  const tagged = managed(state).flatMap(({ attributes }) => {
    const { project } = (attributes?.tags_all ?? {}) as { project?: string };
    return project ?? [];
  });
  return tagged.length === 0 || projects.size === 0 || tagged.some((project) => projects.has(project));
}

/** Each resource of a state with its address, an instance of a list or a map as one. */
export const managed = ({ resources }: State) =>
  resources
    .filter(({ mode }) => mode === "managed")
    .flatMap(({ module, type, name, provider, instances }) =>
      instances.map(({ attributes }) => {
        const address = `${module === undefined ? "" : `${module}.`}${type}.${name}`;
        return { address, type, provider, attributes: attributes ?? {} };
      }),
    );

function orphanOf({ name, state, moved }: FoundState): Orphan {
  const resources = managed(state);
  const holding = resources.flatMap(({ address, type, attributes }) => {
    const loses = lossOf(type, attributes);
    return loses === undefined ? [] : [{ address, loses }];
  });
  const rank = ({ loses }: { loses: string }) =>
    loses === "its databases" ? 0 : loses === "its logs" ? 2 : 1;
  return {
    name,
    ...(moved !== undefined && { moved }),
    resources: resources.length,
    holding: holding.sort((a, b) => rank(a) - rank(b)),
  };
}

/** States by the names of their stacks. */
interface Place {
  readonly name: string;
  list(): Promise<string[]>;
  /** The state's text, or nothing where these credentials may not read it. */
  read(stack: string): Promise<string | undefined>;
}

async function readShelf(
  { place, beside, known }: Shelf,
  homes: ReadonlyMap<string, string>,
): Promise<Beside> {
  let name = "";
  const found: FoundState[] = [];
  const unread: string[] = [];
  try {
    const names = (await place.list()).filter((one) => !known.has(one));
    for (name of names) {
      const text = await place.read(name);
      const moved = homes.get(name);
      if (text === undefined) unread.push(name);
      // An apply that was cut off before its first write leaves nothing in it.
      else if (text.trim() !== "")
        found.push({
          name,
          state: stateFile.parse(JSON.parse(text)),
          beside,
          ...(moved !== undefined && { moved }),
        });
    }
    return { found, unread, problems: [] };
  } catch (error) {
    const what = name === "" ? "The states" : `The state of ${name}`;
    const reason =
      error instanceof z.ZodError || error instanceof SyntaxError
        ? "it is no state of version 4"
        : reasonOf(error);
    return { found, unread, problems: [`${what} in ${place.name} cannot be read: ${reason}`] };
  }
}

const ENDING = ".tfstate";

/** Below the top of the bucket lies what is none: states that could not be saved, workspaces of others. */
const KEY = /^([^/]+)\.tfstate$/;

/** @param elsewhere names of stacks, of which a sandbox without the bucket has the states beside each other */
function bucketPlace(
  { bucket, region }: { readonly bucket: string; readonly region: string },
  account: string | undefined,
  elsewhere: ReadonlySet<string>,
): Place {
  const sandbox = inSandbox(process.env) ? sandboxPlace() : undefined;
  const profile = profileFor(account, process.env);
  const client = new S3Client({ region, forcePathStyle: sandbox !== undefined, ...(profile && { profile }) });
  let inBucket = true;
  return {
    name: `s3://${bucket}`,
    async list() {
      const names: string[] = [];
      let token: string | undefined;
      try {
        do {
          const page = await client.send(
            new ListObjectsV2Command({ Bucket: bucket, ContinuationToken: token }),
          );
          names.push(...(page.Contents ?? []).flatMap(({ Key = "" }) => KEY.exec(Key)?.[1] ?? []));
          token = page.NextContinuationToken;
        } while (token !== undefined);
      } catch (error) {
        // Whoever has a bucket can plan in a sandbox that has none: its states are local then.
        if (sandbox === undefined || (error as Error).name !== "NoSuchBucket") throw error;
        inBucket = false;
        return (await sandbox.list()).filter((name) => !elsewhere.has(name));
      }
      return names;
    },
    async read(stack) {
      if (!inBucket && sandbox !== undefined) return sandbox.read(stack);
      try {
        const { Body } = await client.send(
          new GetObjectCommand({ Bucket: bucket, Key: `${stack}${ENDING}` }),
        );
        return (await Body?.transformToString()) ?? "";
      } catch (error) {
        if ((error as Error).name === "AccessDenied") return undefined;
        throw error;
      }
    },
  };
}

const folderPlace = (project: string): Place =>
  inSandbox(process.env) ? sandboxPlace() : localPlace(project, "terraform.");

/** The sandbox keeps local states of its own, those of other configurations with a checksum in their names. */
function sandboxPlace(): Place {
  const sandbox = dirname(dirname(process.env.TERRAFORM_BINARY_NAME ?? ""));
  const place = localPlace(join(sandbox, "state"), "");
  return { ...place, list: async () => (await place.list()).filter((name) => !/-\d{6,}$/.test(name)) };
}

function localPlace(folder: string, prefix: string): Place {
  return {
    name: folder,
    async list() {
      const files = readdirSync(folder).filter((file) => file.startsWith(prefix) && file.endsWith(ENDING));
      return files.map((file) => basename(file, ENDING).slice(prefix.length));
    },
    read: async (stack) => readFileSync(join(folder, `${prefix}${stack}${ENDING}`), "utf8"),
  };
}
