import type { ServiceContract } from "../modules/contract";

/** What an image must have been built for, as `linux/amd64`. */
export type Platform = ServiceContract["platform"];

/** An image as the registry holds it: enough to give it another tag without pulling or pushing a layer. */
export interface RegistryImage {
  digest: string;
  /** The exact bytes of the manifest: the digest is their hash. */
  manifest: string;
  mediaType: string;
}

/** A configuration or a layer of an image: its digest, and its size in bytes. */
export interface Blob {
  digest: string;
  size: number;
}

/** One image for one platform, or an index that names one per platform. */
export type ManifestContent =
  | { kind: "single"; configDigest: string | null }
  | { kind: "index"; platforms: { digest: string; platform: string }[] };

interface ManifestJson {
  config?: { digest?: string; size?: number };
  layers?: { digest?: string; size?: number }[];
  manifests?: { digest?: string; platform?: { os?: string; architecture?: string } }[];
}

/** Media types that ECR may answer with; without the index types it would hand out one platform only. */
export const MEDIA_TYPES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
];

/** Reads a manifest. Attestations, which builders add to an index as platform `unknown/unknown`, are left out. */
export function manifestContent(image: RegistryImage): ManifestContent {
  const json = JSON.parse(image.manifest) as ManifestJson;
  if (!json.manifests) return { kind: "single", configDigest: json.config?.digest ?? null };
  const platforms = json.manifests.map(({ digest = "", platform }) => ({
    digest,
    platform: `${platform?.os ?? "unknown"}/${platform?.architecture ?? "unknown"}`,
  }));
  return { kind: "index", platforms: platforms.filter(({ platform }) => platform !== "unknown/unknown") };
}

/** What a repository must have before it takes an image: its blobs, and the digests of all images that an index names. */
export function partsOf({ manifest }: RegistryImage): { blobs: Blob[]; images: string[] } {
  const { config, layers = [], manifests = [] } = JSON.parse(manifest) as ManifestJson;
  const blobs = (config ? [config, ...layers] : layers).map(({ digest = "", size = 0 }) => ({
    digest,
    size,
  }));
  return { blobs, images: manifests.map(({ digest = "" }) => digest) };
}

/**
 * The digests under which ECS may report this image: its own, and for an index that of the platform's
 * manifest, since agents report sometimes the one and sometimes the other.
 */
export function reportedDigests(image: RegistryImage, platform: Platform): ReadonlySet<string> {
  const content = manifestContent(image);
  const children = content.kind === "index" ? content.platforms : [];
  return new Set([
    image.digest,
    ...children.filter((child) => child.platform === platform).map((child) => child.digest),
  ]);
}

/** The image that a person asked for: a digest, or a tag that is resolved once. */
export type ImageReference = { tag: string } | { digest: string };

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/** Reads a tag or a digest; null when it is neither. */
export function imageReference(text: string): ImageReference | null {
  if (DIGEST.test(text)) return { digest: text };
  return TAG.test(text) ? { tag: text } : null;
}

/** What `--image` or `--to` asks for: an image, and the repository if it was said. */
export interface ImageRequest {
  /** Null for that of each service. */
  repository: string | null;
  reference: ImageReference;
}

/** Repository, then a tag or a digest, as Docker writes them; `sha256:…` is a digest alone, and the registry is the account's. */
const IN_REPOSITORY = /^(?!sha256:|[^/]+\.amazonaws\.)([a-z0-9][a-z0-9._/-]*)(?::([^:@]+)|@([^@]+))$/;

/** Reads `v42`, `sha256:…`, `app:v42` or `app@sha256:…`; null for anything else. */
export function imageRequest(text: string): ImageRequest | null {
  const alone = imageReference(text);
  if (alone) return { repository: null, reference: alone };
  const [, repository = "", tag, digest] = IN_REPOSITORY.exec(text) ?? [];
  const reference = imageReference(tag ?? digest ?? "");
  const fits = reference && (digest === undefined || "digest" in reference);
  return fits ? { repository, reference } : null;
}

/** A digest as people read it: `sha256:` and twelve digits, as Docker shortens it. */
export const shortDigest = (digest: string) => digest.slice(0, "sha256:".length + 12);
