import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { text } from "../engine/attributes";
import { RealClock } from "../engine/clock";
import { folderContent } from "../engine/folder-image";
import { Host } from "../engine/host";
import { pushImage } from "../engine/images";
import type { Pace } from "../engine/pace";
import type { Architecture } from "../engine/state";
import { FileStore } from "../engine/store";
import type { Access } from "../iam/access";
import type { World } from "../world";
import { Sandbox, type SandboxOptions } from "./sandbox";

/** For a person: consistency and logs lag as they do in AWS. */
const REALISTIC: Partial<Pace> = { lag: 700, logLag: 1500 };

/** A folder that stands for an image, as `--image <repository>[@<region>]:<tag>=<folder>` names it. */
export interface FolderImage {
  repository: string;
  region?: string;
  tag: string;
  folder: string;
  architecture: Architecture;
}

/** A mistake in what `--image` names. */
export class ImageError extends Error {}

/** Other accounts beside the one that a command is signed in to. */
export interface Elsewhere {
  /** The world of an account; undefined where there is none. */
  worldOf(account: string): World | undefined;
  /** Whether the command is signed in to them, too. */
  readonly signedIn: boolean;
}

/**
 * Starts the stand-in endpoints on a world, going on where an earlier command stopped; those of other accounts, once somebody
 * asks for them.
 */
export async function startApi(
  world: World,
  speed: number,
  tell = say,
  access?: Access,
  elsewhere?: Elsewhere,
): Promise<Sandbox> {
  const started = new Map<string, Promise<Sandbox>>();
  const start = (one: World, options: Pick<SandboxOptions, "access" | "closeToo"> = {}): Promise<Sandbox> => {
    const sandbox = startOne(one, speed, tell, { ...options, neighbours: elsewhere && neighbours });
    started.set(one.account, sandbox);
    return sandbox;
  };
  const neighbours = {
    signedIn: elsewhere?.signedIn ?? false,
    of: async (account: string) => {
      const known = started.get(account);
      const other = known ? undefined : elsewhere?.worldOf(account);
      return known ?? (other && start(other));
    },
  };
  const closeToo = async () => {
    started.delete(world.account);
    for (const other of started.values()) await (await other).close();
  };
  return start(world, { access, closeToo });
}

async function startOne(
  world: World,
  speed: number,
  tell: (what: string) => void,
  options: Pick<SandboxOptions, "access" | "neighbours" | "closeToo">,
): Promise<Sandbox> {
  const store = new FileStore(world.folder);
  const sandbox = await Sandbox.start({
    world,
    store,
    clock: clockOf(store, speed),
    pace: REALISTIC,
    real: true,
    asleep: true,
    say: tell,
    ...options,
  });
  return sandbox as Sandbox;
}

/** Time never runs back: a world that ran faster is ahead of the machine's clock, and stays so. */
function clockOf(store: FileStore, speed: number): RealClock {
  return new RealClock(speed, store.time());
}

/** Pushes folders as images, to every region that has the repository or to the named one. Tells what was pushed. */
export async function pushFolders(world: World, images: readonly FolderImage[], tell = say): Promise<void> {
  const store = new FileStore(world.folder);
  const host = new Host({ world, store, clock: clockOf(store, 1) });
  for (const image of images) {
    const folder = resolve(image.folder);
    if (!existsSync(folder) || !statSync(folder).isDirectory())
      throw new ImageError(`--image: ${folder} is not a folder`);
    const content = folderContent(folder);
    for (const region of regionsOf(world, image)) {
      const { repository, architecture, tag } = image;
      // An index even for one platform, as buildx pushes: so the platform can be told without pulling.
      const push = {
        repository,
        region,
        tags: [tag],
        content,
        folder,
        architectures: [architecture],
        index: true,
      };
      const digest = await host.run((sim) => pushImage(sim, push));
      tell(`pushed ${folder} to ${repository}:${tag} in ${region}, linux/${architecture}, ${digest}`);
    }
  }
  await host.close();
}

function regionsOf(world: World, { repository, region }: FolderImage): string[] {
  if (region) return [region];
  const found = world
    .list({ type: "aws_ecr_repository" })
    .filter(({ attributes }) => text(attributes, "name") === repository)
    .map((object) => object.region);
  if (found.length > 0) return found;
  throw new ImageError(
    `--image: there is no image repository ${repository} yet: apply first, or say its region: ${repository}@<region>:<tag>=<folder>`,
  );
}

function say(what: string): void {
  process.stderr.write(`sandbox: ${what}\n`);
}
