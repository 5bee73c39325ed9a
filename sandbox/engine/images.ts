import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Behaviour } from "./behaviour";
import type { Sim } from "./sim";
import { type Architecture, bare, type Image, type Repository } from "./state";

export const MANIFEST = "application/vnd.oci.image.manifest.v1+json";
export const INDEX = "application/vnd.oci.image.index.v1+json";
const CONFIG = "application/vnd.oci.image.config.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

export function digestOf(content: string | Buffer): string {
  return `sha256:${createHash("sha256").update(content).digest("hex")}`;
}

export interface Push {
  repository: string;
  region: string;
  tags: readonly string[];
  /** What tells this image from others; equal contents have equal digests. */
  content: string;
  architectures?: readonly Architecture[];
  /** Push an index over one manifest per architecture, as buildx does. Always so for several architectures. */
  index?: boolean;
  behaviour?: Behaviour;
  folder?: string;
}

/** Pushes an image as docker would: manifests, an index when there are several platforms, and tags. Returns the digest. */
export function pushImage(sim: Sim, push: Push): string {
  const repository = repositoryOf(sim, push.region, push.repository);
  const architectures = push.architectures ?? ["amd64"];
  const children = architectures.map((architecture) => pushManifest(sim, repository, push, architecture));
  let digest = children[0] as string;
  if (push.index || children.length > 1) {
    const manifests = children.map((child, at) => ({
      mediaType: MANIFEST,
      digest: child,
      size: repository.images[child]?.manifest.length ?? 0,
      platform: { architecture: architectures[at], os: "linux" },
    }));
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests });
    digest = storeManifest(sim, repository, manifest, INDEX).digest;
  }
  for (const tag of push.tags) repository.tags[tag] = digest;
  return digest;
}

function pushManifest(sim: Sim, repository: Repository, push: Push, architecture: Architecture): string {
  const content = `layer ${push.content}`;
  const configuration = JSON.stringify({ architecture, os: "linux", comment: push.content });
  const layer = storeBlob(sim, repository, Buffer.from(content));
  const config = storeBlob(sim, repository, Buffer.from(configuration));
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, digest: config, size: Buffer.byteLength(configuration) },
    layers: [{ mediaType: LAYER, digest: layer, size: Buffer.byteLength(content) }],
  });
  const image = storeManifest(sim, repository, manifest, MANIFEST);
  image.platform = { os: "linux", architecture };
  if (push.folder) image.folder = push.folder;
  if (push.behaviour) sim.state.behaviours[image.digest] = push.behaviour;
  return image.digest;
}

/** Stores the content of a configuration or a layer. Returns its digest. */
export function storeBlob(sim: Sim, repository: Repository, content: Buffer): string {
  const digest = digestOf(content);
  sim.state.blobs[digest] = content.toString("base64");
  if (!repository.blobs.includes(digest)) repository.blobs.push(digest);
  return digest;
}

/** Stores a manifest under its digest. One that is there already stays as it is; a copy is what it is elsewhere. */
export function storeManifest(sim: Sim, repository: Repository, manifest: string, mediaType: string): Image {
  const digest = digestOf(manifest);
  const known = repository.images[digest];
  if (known) return known;
  const copied = Object.values(sim.state.repositories).find((one) => one.images[digest])?.images[digest];
  if (copied) {
    repository.images[digest] = { ...structuredClone(copied), pushedAt: sim.state.time };
    return repository.images[digest];
  }
  const parsed = JSON.parse(manifest) as {
    layers?: { size?: number }[];
    manifests?: { digest: string; platform?: { architecture?: string } }[];
  };
  const image: Image = {
    digest,
    manifest,
    mediaType,
    pushedAt: sim.state.time,
    size: (parsed.layers ?? []).reduce((sum, layer) => sum + (layer.size ?? 0), 0),
  };
  if (parsed.manifests) {
    image.children = parsed.manifests.map((child) => ({
      digest: child.digest,
      architecture: child.platform?.architecture ?? "unknown",
    }));
    image.size = image.children.reduce((sum, child) => sum + (repository.images[child.digest]?.size ?? 0), 0);
  }
  repository.images[digest] = image;
  return image;
}

export function repositoryOf(sim: Sim, region: string, name: string): Repository {
  const key = `${region}/${name}`;
  sim.state.repositories[key] ??= { images: {}, tags: bare({}), blobs: [] };
  return sim.state.repositories[key];
}

/** What a pull of an image brings, or why it fails. */
export type Resolved =
  | { digest: string; manifest: string; platform?: Architecture; folder?: string }
  | { error: string };

interface Reference {
  account: string;
  region: string;
  repository: string;
  tag?: string;
  digest?: string;
}

/** The parts of a reference to ECR; undefined for an image from elsewhere. */
export function parseReference(image: string): Reference | undefined {
  const match =
    /^(\d+)\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]+))?$/.exec(
      image,
    );
  if (!match) return undefined;
  const [, account = "", region = "", repository = "", tag, digest] = match;
  const reference: Reference = { account, region, repository };
  if (digest) reference.digest = digest;
  else reference.tag = tag ?? "latest";
  return reference;
}

/** Folders that stand for images of public registries, whose commands run for real. */
const PUBLIC: Readonly<Record<string, string>> = {
  "public.ecr.aws/docker/library/postgres": join(__dirname, "postgres-image"),
};

/** Finds what a reference names at this moment, for a machine of an architecture. */
export function resolveImage(sim: Sim, image: string, architecture: Architecture): Resolved {
  const reference = parseReference(image);
  if (!reference) {
    const digest = digestOf(image);
    const folder = PUBLIC[image.replace(/[:@][^/]*$/, "")];
    return { digest, manifest: digest, ...(folder && { folder }) };
  }
  const { region, repository: name } = reference;
  const repository = sim.state.repositories[`${region}/${name}`];
  const digest = reference.digest ?? repository?.tags[reference.tag as string];
  const found = digest === undefined ? undefined : repository?.images[digest];
  if (!repository || !found) return { error: notFound(image) };
  if (!found.children) return withPlatform(found, found);
  const child = found.children.find((one) => one.architecture === architecture);
  const manifest = child && repository.images[child.digest];
  if (!manifest)
    return { error: `image Manifest does not contain descriptor matching platform 'linux/${architecture}'` };
  return withPlatform(found, manifest);
}

function withPlatform(named: Image, manifest: Image): Resolved {
  const resolved: Resolved = { digest: named.digest, manifest: manifest.digest };
  if (manifest.platform) resolved.platform = manifest.platform.architecture;
  if (manifest.folder) resolved.folder = manifest.folder;
  return resolved;
}

/** Docker's and ECR's words for an image that is not there. */
function notFound(image: string): string {
  return `pull image manifest has been retried 5 time(s): failed to resolve ref ${image}: ${image}: not found`;
}
