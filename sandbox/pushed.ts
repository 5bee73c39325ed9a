import { existsSync } from "node:fs";
import { join } from "node:path";
import { readVersioned } from "./files";
import type { World } from "./world";

/** What of runtime.json tells which images there are. */
interface Runtime {
  version: 3;
  repositories: Record<string, { tags: Record<string, string>; images: Record<string, unknown> }>;
}

/** An image of ECR, by the parts of its reference. */
export interface EcrImage {
  readonly account: string;
  readonly region: string;
  readonly repository: string;
  /** Behind `:` a tag, behind `@` a digest. */
  readonly reference: string;
}

/** The parts of a reference to a private repository; undefined for an image from elsewhere. */
export function ecrImage(text: string): EcrImage | undefined {
  const [, account, region, repository, reference = ":latest"] =
    /^(\d+)\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)([:@].+)?$/.exec(text) ?? [];
  return account && region && repository ? { account, region, repository, reference } : undefined;
}

/** Whether an image was pushed to the world's account. */
export function isPushed({ folder }: World, { region, repository, reference }: EcrImage): boolean {
  const file = join(folder, "runtime.json");
  if (!existsSync(file)) return false;
  const found = readVersioned<Runtime>(file, 3).repositories[`${region}/${repository}`];
  const name = reference.slice(1);
  const digest = reference.startsWith("@") ? name : found?.tags[name];
  return digest !== undefined && found?.images[digest] !== undefined;
}
