import { createHash } from "node:crypto";
import { Refusal } from "./wire";

const sha = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

interface Stored {
  manifest: string;
  mediaType: string;
}

interface ImageId {
  imageTag?: string;
  imageDigest?: string;
}

/** A repository as ECR keeps it: manifests by digest, tags that point at them. */
export class Registry {
  readonly images = new Map<string, Stored>();
  readonly tags = new Map<string, string>();
  readonly blobs = new Map<string, unknown>();
  /** Tags that may not move. */
  readonly immutable = new Set<string>();

  /** Pushes an image for one platform. */
  push(tag: string | null, content: string, architecture = "amd64"): string {
    const config = { os: "linux", architecture, content };
    const configDigest = sha(JSON.stringify(config));
    this.blobs.set(configDigest, config);
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    return this.keep(tag, { mediaType, schemaVersion: 2, config: { digest: configDigest }, layers: [] });
  }

  /** Pushes an index over two platforms and an attestation, as buildx does. */
  pushIndex(tag: string, content: string): { index: string; amd64: string; arm64: string } {
    const amd64 = this.push(null, `${content} amd64`);
    const arm64 = this.push(null, `${content} arm64`, "arm64");
    const manifests = [
      { digest: amd64, platform: { os: "linux", architecture: "amd64" } },
      { digest: arm64, platform: { os: "linux", architecture: "arm64" } },
      { digest: sha(`${content} attestation`), platform: { os: "unknown", architecture: "unknown" } },
    ];
    const mediaType = "application/vnd.oci.image.index.v1+json";
    return { index: this.keep(tag, { mediaType, schemaVersion: 2, manifests }), amd64, arm64 };
  }

  private keep(tag: string | null, manifest: { mediaType: string; [key: string]: unknown }): string {
    const text = JSON.stringify(manifest);
    const digest = sha(text);
    this.images.set(digest, { manifest: text, mediaType: manifest.mediaType });
    if (tag) this.tags.set(tag, digest);
    return digest;
  }

  batchGetImage(imageIds: ImageId[]) {
    const images = imageIds.flatMap(({ imageTag, imageDigest }) => {
      const digest = imageTag ? this.tags.get(imageTag) : imageDigest;
      const stored = digest && this.images.get(digest);
      if (!stored) return [];
      const imageId = { imageDigest: digest, ...(imageTag && { imageTag }) };
      return [{ imageId, imageManifest: stored.manifest, imageManifestMediaType: stored.mediaType }];
    });
    return { images, failures: [] };
  }

  putImage({ imageTag, imageManifest, imageManifestMediaType }: Record<string, string>) {
    const digest = sha(imageManifest ?? "");
    const tag = imageTag ?? "";
    if (this.tags.get(tag) === digest) throw new Refusal("ImageAlreadyExistsException", `${tag} exists`);
    if (this.immutable.has(tag)) throw new Refusal("ImageTagAlreadyExistsException", `${tag} is immutable`);
    this.images.set(digest, { manifest: imageManifest ?? "", mediaType: imageManifestMediaType ?? "" });
    this.tags.set(tag, digest);
    return { image: { imageId: { imageTag: tag, imageDigest: digest } } };
  }

  describeImages(imageIds: ImageId[]) {
    const imageDetails = imageIds.map(({ imageDigest }) => ({
      imageDigest,
      imageTags: [...this.tags].filter(([, digest]) => digest === imageDigest).map(([tag]) => tag),
    }));
    return { imageDetails };
  }
}
