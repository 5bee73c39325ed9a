import { execFileSync } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { startAccount } from "../../../sandbox/aws/account";
import { makeByHand } from "../../../sandbox/aws/by-hand";
import {
  addVersion,
  bucketNamed,
  readContents,
  removeVersion,
  type Version,
  versionsIn,
  writeContents,
} from "../../../sandbox/aws/objects";
import { RealClock } from "../../../sandbox/engine/clock";
import type { Fault } from "../../../sandbox/engine/faults";
import { Host } from "../../../sandbox/engine/host";
import { FileStore } from "../../../sandbox/engine/store";
import { World, type WorldObject } from "../../../sandbox/world";
import { configure, inside, type Result, temporaryFolder } from "../../sandbox/helpers";

export const REGION = "eu-west-1";
export const BUCKET = "states";
export const KEY = "app.tfstate";
export const LOCK = `${KEY}.tflock`;

/** The backend as a project writes it. */
export const backend = (more: object = {}) => ({
  backend: { s3: { bucket: BUCKET, key: KEY, region: REGION, use_lockfile: true, encrypt: true, ...more } },
});

/** A folder with a configuration, in whose sandbox somebody has made a versioned bucket for states. */
export class States {
  readonly folder = temporaryFolder();
  readonly world = new World(join(this.folder, ".sandbox"), startAccount);

  static async withBucket(): Promise<States> {
    const states = new States();
    const versioning_configuration = [{ status: "Enabled" }];
    await states.world.change((world) => {
      makeByHand(world, "aws_s3_bucket", BUCKET, {}, REGION);
      makeByHand(world, "aws_s3_bucket_versioning", BUCKET, { versioning_configuration }, REGION);
    });
    return states;
  }

  /** Some queues, whose state lies in the bucket, and whatever else. */
  queues(names: readonly string[], more: { terraform?: object; resource?: object } = {}): void {
    const queue = Object.fromEntries(names.map((name) => [name, { name }]));
    const resource = { ...(names.length > 0 && { aws_sqs_queue: queue }), ...more.resource };
    configure(this.folder, { terraform: more.terraform ?? backend(), resource });
  }

  /** Runs shell lines in the sandbox. */
  run(...lines: string[]): Promise<Result> {
    return inside(this.folder, lines.join("\n"));
  }

  get bucket(): WorldObject {
    return bucketNamed(this.world, BUCKET) as WorldObject;
  }

  /** Versions of an object, oldest first. */
  versions(key: string): Version[] {
    return versionsIn(this.world, BUCKET).filter((version) => version.key === key);
  }

  /** What is in an object now, or undefined when there is none. */
  object(key: string): string | undefined {
    const newest = this.versions(key).at(-1);
    return newest && !newest.marker ? this.contents(newest) : undefined;
  }

  contents(version: Version): string {
    return readContents(this.world, BUCKET, version.file).toString("utf8");
  }

  /** Writes an object, as somebody else would. */
  async write(key: string, contents: string): Promise<void> {
    const file = key.replace(/\W/g, "-");
    writeContents(this.world, BUCKET, file, Buffer.from(contents));
    const version = {
      key,
      id: file,
      marker: false,
      etag: '""',
      size: contents.length,
      modified: 0,
      headers: {},
      file,
    };
    await this.world.change((world) => addVersion(world, this.bucket, version));
  }

  /** Takes an object away with all of its versions. */
  async forget(key: string): Promise<void> {
    await this.world.change((world) => {
      for (const version of this.versions(key)) removeVersion(world, this.bucket, version);
    });
  }

  /** Addresses that the state in the bucket knows. */
  addresses(): string[] {
    const { resources } = JSON.parse(this.object(KEY) ?? '{"resources":[]}');
    return resources.map(({ type, name }: { type: string; name: string }) => `${type}.${name}`).sort();
  }

  /** Queues that exist in the account. */
  made(): string[] {
    return this.world.list({ type: "aws_sqs_queue" }).map(({ attributes }) => String(attributes.name));
  }

  /** Scripts faults for commands that run or will run. */
  async faults(...faults: Fault[]): Promise<void> {
    const store = new FileStore(this.world.folder);
    const host = new Host({ world: this.world, store, clock: new RealClock(1, store.time()) });
    await host.run((sim) => {
      sim.state.faults = faults;
    });
    await host.close();
  }
}

/** A resource that takes until it is told to go on: an apply that a test can look into. */
export class Pause {
  /** Not in the configuration's folder, whose files the sandbox copies. */
  private readonly folder = temporaryFolder();
  private readonly started = join(this.folder, "started");
  private readonly goOn = join(this.folder, "go-on");

  constructor() {
    execFileSync("mkfifo", [this.started, this.goOn]);
    onTestFinished(() => this.release());
  }

  /** Lets everything go on that still waits, as after a test that failed: held open, a pipe blocks nobody. */
  private release(): void {
    const pipes = [this.started, this.goOn].map((pipe) => openSync(pipe, "r+"));
    rmSync(this.folder, { recursive: true });
    for (const pipe of pipes) closeSync(pipe);
  }

  get resource(): object {
    const command = `echo > '${this.started}'; cat '${this.goOn}'`;
    return { terraform_data: { pause: { provisioner: { "local-exec": { command } } } } };
  }

  /** Until the apply has come to the resource. */
  async reached(apply: Promise<Result>): Promise<void> {
    const ended = apply.then(({ text }) => {
      throw new Error(`The apply ended before its pause:\n${text}`);
    });
    await Promise.race([readFile(this.started), ended]);
  }

  async end(): Promise<void> {
    const pipe = await open(this.goOn, "w");
    await pipe.close();
  }
}
