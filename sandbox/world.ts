import { createHash } from "node:crypto";
import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as lockfile from "proper-lockfile";
import { makePrivateFolder, readVersioned } from "./files";
import { Vault } from "./vault";

/** A plain value as JSON can hold it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Attributes = { [name: string]: Json };

/** Region of objects that belong to no region (IAM, CloudFront, Route 53, …). */
export const GLOBAL = "global";

/** One thing in the stand-in account, described with the attribute names of its Terraform type. */
export interface WorldObject {
  /** Terraform's resource type, such as aws_ecs_service. */
  type: string;
  region: string;
  /** Terraform's id of it: unique for type and region. */
  id: string;
  attributes: Attributes;
  /** Attributes that are secret, encrypted: read them with `World.reveal`. */
  sealed?: Record<string, string>;
  /**
   * Who made it: terraform, aws (comes with the account or with another object), or person (--with); left is what
   * Terraform made and forgot, because of skip_destroy.
   */
  origin: "terraform" | "aws" | "person" | "left";
  /** There so that a plan finds what somebody else makes elsewhere; gives way to one of its name that is made here. */
  pretended?: true;
  /** Key of the object that it comes and goes with, such as the VPC of a default route table. */
  owner?: string;
}

export interface Query {
  type?: string;
  region?: string;
  id?: string;
  /** Attributes that must be equal. */
  where?: Attributes;
}

interface Contents {
  version: 1;
  account: string;
  objects: Record<string, WorldObject>;
  /** How often a seed was used: ids are derived from content, equal contents are told apart by this count. */
  counts: Record<string, number>;
}

interface Waiting {
  run: () => void;
  reject: (error: unknown) => void;
}

/** Other processes hold the lock for milliseconds. */
function lockOptions(folder: string): lockfile.LockOptions {
  const retries = { retries: 2000, factor: 1.2, minTimeout: 2, maxTimeout: 40 };
  return { realpath: false, lockfilePath: join(folder, "world.lock"), retries };
}

/** The account that the sandbox's credentials are of, unless `--account` says otherwise. */
export const ACCOUNT = "123456789012";

export function keyOf(object: { type: string; region: string; id: string }): string {
  return `${object.type}|${object.region}|${object.id}`;
}

/**
 * Everything that exists in the stand-in account: `.sandbox/world.json`, shared by all processes of the sandbox.
 *
 * Reads are synchronous and see the newest file. Changes go through `change`, which holds a lock across processes, sees
 * the newest contents, and writes atomically; when its function throws, nothing was changed.
 */
export class World {
  readonly vault: Vault;
  private readonly file: string;
  private contents: Contents;
  /** What `contents` holds, by type: made when it is asked for, dropped when one of that type changes. */
  private readonly byType = new Map<string, WorldObject[]>();
  /** What was made of what exists, until anything changes: see `derive`. */
  private readonly derived = new Map<string, unknown>();
  private changes = 0;
  /** What exists for this process alone, by key: see `assume`. */
  private readonly assumed: Record<string, WorldObject> = {};
  private stamp = "";
  private changing = false;
  /** Whether the contents may differ from the file. */
  private unwritten = false;
  /** Whether reads go by what was read last. */
  private still = false;
  private undo: (() => void)[] = [];
  private waiting: Waiting[] = [];
  private draining = false;

  constructor(
    readonly folder: string,
    private readonly start: (world: World) => void = () => {},
    /** Twelve digits. */
    readonly account: string = ACCOUNT,
  ) {
    makePrivateFolder(folder);
    this.file = join(folder, "world.json");
    this.vault = new Vault(folder);
    this.contents = emptyContents(account);
  }

  /**
   * Reads the files once, so that what is wrong with them is said before a command runs.
   * @throws DamagedFile
   */
  check(): void {
    this.refresh();
    this.vault.check();
  }

  /** The object with this id, or undefined. */
  get(type: string, region: string, id: string): WorldObject | undefined {
    this.refresh();
    const key = keyOf({ type, region, id });
    return this.contents.objects[key] ?? this.assumed[key];
  }

  /** All objects that match. */
  list(query: Query = {}): WorldObject[] {
    this.refresh();
    const wanted = Object.entries(query.where ?? {}).map(
      ([name, value]) => [name, JSON.stringify(value)] as const,
    );
    const { objects } = this.contents;
    const assumed = Object.entries(this.assumed).flatMap(([key, object]) => (key in objects ? [] : object));
    const there = query.type === undefined ? Object.values(objects) : this.ofType(query.type);
    return [...assumed, ...there].filter(
      (object) =>
        (query.type === undefined || object.type === query.type) &&
        (query.region === undefined || object.region === query.region || object.region === GLOBAL) &&
        (query.id === undefined || object.id === query.id) &&
        wanted.every(([name, value]) => JSON.stringify(object.attributes[name]) === value),
    );
  }

  /** Counts the changes of what exists: nothing has changed for whoever finds the same number. */
  get version(): number {
    this.refresh();
    return this.changes;
  }

  /** Something made of what exists, made anew only when anything has changed. It is shared: nobody may change it. */
  derive<T>(name: string, make: () => T): T {
    this.refresh();
    if (!this.derived.has(name)) this.derived.set(name, make());
    return this.derived.get(name) as T;
  }

  private ofType(type: string): readonly WorldObject[] {
    let found = this.byType.get(type);
    if (found === undefined) {
      found = Object.values(this.contents.objects).filter((object) => object.type === type);
      this.byType.set(type, found);
    }
    return found;
  }

  /** The first object that matches. */
  find(query: Query): WorldObject | undefined {
    return this.list(query)[0];
  }

  /** Adds or replaces an object. Only inside `change`. */
  put(object: WorldObject): WorldObject {
    const key = keyOf(object);
    const before = this.contents.objects[key];
    this.record(() => this.set(key, before));
    this.set(key, object);
    return object;
  }

  /** Changes some attributes of an object. Only inside `change`. */
  update(object: WorldObject, attributes: Attributes): WorldObject {
    return this.put({ ...object, attributes: { ...object.attributes, ...attributes } });
  }

  /** Removes an object and all that it owns. Only inside `change`. */
  remove(object: WorldObject): void {
    const key = keyOf(object);
    for (const owned of Object.values(this.contents.objects)) if (owned.owner === key) this.remove(owned);
    const before = this.contents.objects[key];
    this.record(() => this.set(key, before));
    this.set(key, undefined);
  }

  /** Shows one and the same world to all reads of a function, which must not wait for anything. */
  hold<T>(look: () => T): T {
    this.refresh();
    this.still = true;
    try {
      return look();
    } finally {
      this.still = false;
    }
  }

  /** Lets exist, for this process alone, what a function puts: nothing of it is written. */
  assume(make: () => void): void {
    this.refresh();
    const { objects, counts } = this.contents;
    this.use({ ...this.contents, objects: { ...objects }, counts: { ...counts } });
    try {
      this.attempt(make);
      for (const [key, object] of Object.entries(this.contents.objects))
        if (objects[key] !== object) this.assumed[key] = object;
    } finally {
      this.use({ ...this.contents, objects, counts });
    }
  }

  isAssumed(object: { type: string; region: string; id: string }): boolean {
    return keyOf(object) in this.assumed;
  }

  /** Hexadecimal digits that depend only on the seed and on how often it was used. Only inside `change`. */
  digits(seed: string, length: number): string {
    const name = createHash("sha256").update(seed).digest("hex").slice(0, 16);
    const count = this.contents.counts[name] ?? 0;
    this.record(() => {
      this.contents.counts[name] = count;
    });
    this.contents.counts[name] = count + 1;
    return createHash("sha256").update(`${seed}#${count}`).digest("hex").slice(0, length);
  }

  /** A secret attribute in the clear, or undefined when the object has none of that name. */
  reveal(object: WorldObject, attribute: string): string | undefined {
    const sealed = object.sealed?.[attribute];
    return sealed === undefined ? undefined : this.vault.open(sealed);
  }

  /** Runs a change alone, over all processes. */
  change<T>(apply: (world: World) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ run: () => resolve(this.attempt(() => apply(this))), reject });
      if (!this.draining) void this.drain();
    });
  }

  /** Runs one change, and takes all of it back when it throws. */
  private attempt<T>(apply: () => T): T {
    this.changing = true;
    this.undo = [];
    try {
      return apply();
    } catch (error) {
      for (const step of this.undo.reverse()) step();
      throw error;
    } finally {
      this.undo = [];
      this.changing = false;
    }
  }

  /** One lock and one write serve all changes that wait for it. */
  private async drain(): Promise<void> {
    this.draining = true;
    while (this.waiting.length > 0) {
      let batch: Waiting[] = [];
      try {
        const release = await lockfile.lock(this.folder, lockOptions(this.folder));
        try {
          this.refresh();
          batch = this.waiting.splice(0);
          for (const { run, reject } of batch) {
            try {
              run();
            } catch (error) {
              reject(error);
            }
          }
          if (this.unwritten) this.write();
        } finally {
          await release();
        }
      } catch (error) {
        for (const { reject } of [...batch, ...this.waiting.splice(0)]) reject(error);
      }
    }
    this.draining = false;
  }

  private refresh(): void {
    if (this.changing || this.still) return;
    const stamp = stampOf(this.file);
    if (stamp === this.stamp && stamp !== "") return;
    this.stamp = stamp;
    if (stamp !== "") {
      this.use(readVersioned<Contents>(this.file, 1));
      return;
    }
    this.use(emptyContents(this.account));
    this.attempt(() => this.start(this));
  }

  private write(): void {
    const draft = `${this.file}.${process.pid}`;
    writeFileSync(draft, JSON.stringify(this.contents, null, 1), { mode: 0o600 });
    renameSync(draft, this.file);
    this.stamp = stampOf(this.file);
    this.unwritten = false;
  }

  private record(step: () => void): void {
    if (!this.changing) throw new Error("The world may only be changed inside World.change()");
    this.unwritten = true;
    this.undo.push(step);
  }

  private set(key: string, object: WorldObject | undefined): void {
    if (object) this.contents.objects[key] = object;
    else delete this.contents.objects[key];
    this.byType.delete(key.slice(0, key.indexOf("|")));
    this.forget();
  }

  private use(contents: Contents): void {
    this.contents = contents;
    this.byType.clear();
    this.forget();
  }

  private forget(): void {
    this.derived.clear();
    this.changes++;
  }
}

/** Where the worlds of other accounts lie, each in a folder of its number. */
export const ACCOUNTS = "accounts";

/** The folder of an account's world in that of the sandbox. */
export const folderOf = (sandbox: string, account: string) =>
  account === ACCOUNT ? sandbox : join(sandbox, ACCOUNTS, account);

/** Forgets the worlds of all accounts, their secrets, what runs in it, its databases, and the states that describe it. */
export function forgetWorld(folder: string): void {
  for (const name of [
    "world.json",
    ACCOUNTS,
    "runtime.json",
    "logs",
    "objects",
    "postgres",
    "pglite",
    "key",
    "state",
    "stacks",
  ])
    rmSync(join(folder, name), { recursive: true, force: true });
}

function emptyContents(account: string): Contents {
  return { version: 1, account, objects: {}, counts: {} };
}

/** Atomic renames give a new inode, so this changes with each write. */
function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false, bigint: true });
  return stat ? `${stat.ino}-${stat.mtimeNs}-${stat.size}` : "";
}
