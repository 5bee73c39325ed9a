import type * as ecr from "@aws-sdk/client-ecr";
import { arnOf, blocks, text } from "../engine/attributes";
import { digestOf, INDEX, MANIFEST, storeManifest } from "../engine/images";
import type { Image, Repository } from "../engine/state";
import type { WorldObject } from "../world";
import { type Call, type Operations, operation, page, pageSize } from "./call";
import { LAYERS } from "./ecr-layers";
import { findRepository } from "./ecr-repository";
import { AwsFailure } from "./errors";

export const ECR: Operations = {
  DescribeRepositories: operation<ecr.DescribeRepositoriesRequest, ecr.DescribeRepositoriesResponse>(
    [],
    describeRepositories,
  ),
  DescribeImages: operation<ecr.DescribeImagesRequest, ecr.DescribeImagesResponse>(
    ["repositoryName"],
    describeImages,
  ),
  BatchGetImage: operation<ecr.BatchGetImageRequest, ecr.BatchGetImageResponse>(
    ["repositoryName", "imageIds"],
    batchGetImage,
  ),
  PutImage: operation<ecr.PutImageRequest, ecr.PutImageResponse>(
    ["repositoryName", "imageManifest"],
    putImage,
  ),
  BatchDeleteImage: operation<ecr.BatchDeleteImageRequest, ecr.BatchDeleteImageResponse>(
    ["repositoryName", "imageIds"],
    batchDeleteImage,
  ),
  ...LAYERS,
  GetAuthorizationToken: operation<ecr.GetAuthorizationTokenRequest, ecr.GetAuthorizationTokenResponse>(
    [],
    (call) => ({
      authorizationData: [
        {
          authorizationToken: Buffer.from("AWS:sandbox").toString("base64"),
          expiresAt: new Date(call.sim.state.time + 12 * 60 * 60 * 1000),
          proxyEndpoint: `https://${registry(call)}`,
        },
      ],
    }),
  ),
};

function registry(call: Call): string {
  return `${call.caller.account}.dkr.ecr.${call.region}.amazonaws.com`;
}

function describeRepositories(
  call: Call,
  input: ecr.DescribeRepositoriesRequest,
): ecr.DescribeRepositoriesResponse {
  const named = input.repositoryNames?.map((name) => findRepository(call, name, input.registryId).object);
  const all = named ?? call.sim.world.list({ type: "aws_ecr_repository", region: call.region });
  const { items, ...next } = page(all, input.nextToken, pageSize(input.maxResults, 1000, 100));
  return {
    repositories: items.map((object) => ({
      repositoryArn: arnOf(object),
      registryId: call.caller.account,
      repositoryName: text(object.attributes, "name"),
      repositoryUri: `${registry(call)}/${text(object.attributes, "name")}`,
      imageTagMutability: mutability(object) as ecr.ImageTagMutability,
      imageTagMutabilityExclusionFilters: exclusions(object).map((filter) => ({
        filterType: "WILDCARD",
        filter,
      })),
    })),
    ...next,
  };
}

function mutability(object: WorldObject): string {
  return text(object.attributes, "image_tag_mutability") || "MUTABLE";
}

function exclusions(object: WorldObject): string[] {
  return blocks(object.attributes, "image_tag_mutability_exclusion_filter").map((one) => text(one, "filter"));
}

/** Whether a tag stays where it is once it was set: a filter turns the repository's setting around for what it matches. */
function isImmutable(object: WorldObject, tag: string): boolean {
  const excluded = exclusions(object).some((filter) => {
    const pattern = filter.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${pattern.join(".*")}$`).test(tag);
  });
  const setting = mutability(object);
  return setting.startsWith("IMMUTABLE") ? !excluded : setting === "MUTABLE_WITH_EXCLUSION" && excluded;
}

function tagsOf(content: Repository, digest: string): string[] {
  return Object.keys(content.tags).filter((tag) => content.tags[tag] === digest);
}

function pick(content: Repository, id: ecr.ImageIdentifier): Image | undefined {
  const digest = id.imageDigest ?? (id.imageTag === undefined ? undefined : content.tags[id.imageTag]);
  if (digest === undefined) return undefined;
  if (id.imageTag !== undefined && content.tags[id.imageTag] !== digest) return undefined;
  return content.images[digest];
}

function describeImages(call: Call, input: ecr.DescribeImagesRequest): ecr.DescribeImagesResponse {
  const { content, object } = findRepository(call, input.repositoryName, input.registryId);
  const images = input.imageIds?.map((id) => {
    const image = pick(content, id);
    if (image) return image;
    const named = id.imageDigest ? `imageDigest:'${id.imageDigest}'` : `imageTag:'${id.imageTag}'`;
    throw new AwsFailure(
      "ImageNotFoundException",
      `The image with imageId {imageDigest:'${id.imageDigest ?? "null"}', imageTag:'${id.imageTag ?? "null"}'} does not exist within the repository with name '${input.repositoryName}' in the registry with id '${call.caller.account}'`,
      400,
      { imageId: named },
    );
  });
  const status = input.filter?.tagStatus;
  const all = (images ?? Object.values(content.images)).filter((image) => {
    const tagged = tagsOf(content, image.digest).length > 0;
    return status === "TAGGED" ? tagged : status === "UNTAGGED" ? !tagged : true;
  });
  const { items, ...next } = page(all, input.nextToken, pageSize(input.maxResults, 1000, 100));
  return { imageDetails: items.map((image) => detail(call, object, content, image)), ...next };
}

function detail(call: Call, object: WorldObject, content: Repository, image: Image): ecr.ImageDetail {
  const tags = tagsOf(content, image.digest);
  return {
    registryId: call.sim.world.account,
    repositoryName: text(object.attributes, "name"),
    imageDigest: image.digest,
    imageTags: tags.length > 0 ? tags : undefined,
    imageSizeInBytes: image.size,
    imagePushedAt: new Date(image.pushedAt),
    imageManifestMediaType: image.mediaType,
    artifactMediaType: image.children ? undefined : "application/vnd.oci.image.config.v1+json",
  };
}

function batchGetImage(call: Call, input: ecr.BatchGetImageRequest): ecr.BatchGetImageResponse {
  const { content } = findRepository(call, input.repositoryName, input.registryId);
  const images: ecr.Image[] = [];
  const failures: ecr.ImageFailure[] = [];
  if ((input.imageIds?.length ?? 0) > 100)
    throw new AwsFailure(
      "InvalidParameterException",
      "Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have length less than or equal to 100'",
    );
  for (const imageId of input.imageIds ?? []) {
    const image = pick(content, imageId);
    if (image) images.push(imageView(call, input.repositoryName ?? "", image, imageId.imageTag));
    else failures.push({ imageId, failureCode: "ImageNotFound", failureReason: "Requested image not found" });
  }
  return { images, failures };
}

function imageView(call: Call, repositoryName: string, image: Image, imageTag?: string): ecr.Image {
  return {
    registryId: call.sim.world.account,
    repositoryName,
    imageId: { imageDigest: image.digest, ...(imageTag === undefined ? {} : { imageTag }) },
    imageManifest: image.manifest,
    imageManifestMediaType: image.mediaType,
  };
}

/** Source: PutImage in the ECR API reference; the messages are ECR's. */
function putImage(call: Call, input: ecr.PutImageRequest): ecr.PutImageResponse {
  const { content, object } = findRepository(call, input.repositoryName, input.registryId);
  const manifest = input.imageManifest ?? "";
  const digest = digestOf(manifest);
  const tag = input.imageTag;
  const name = input.repositoryName ?? "";
  if (input.imageDigest !== undefined && input.imageDigest !== digest)
    throw new AwsFailure(
      "ImageDigestDoesNotMatchException",
      `The provided image digest does not match the calculated digest ${digest}`,
    );
  const held = tag === undefined ? undefined : content.tags[tag];
  if (content.images[digest] && (tag === undefined || held === digest))
    throw new AwsFailure(
      "ImageAlreadyExistsException",
      `Image with digest '${digest}'${tag === undefined ? "" : ` and tag '${tag}'`} already exists in the repository with name '${name}' in registry with id '${call.caller.account}'`,
    );
  if (tag !== undefined && held !== undefined && isImmutable(object, tag))
    throw new AwsFailure(
      "ImageTagAlreadyExistsException",
      `The image tag '${tag}' already exists in the '${name}' repository and cannot be overwritten because the tag is immutable.`,
    );
  checkManifest(content, manifest, name);
  const mediaType = input.imageManifestMediaType ?? mediaTypeOf(manifest);
  const image = content.images[digest] ?? storeManifest(call.sim, content, manifest, mediaType);
  if (tag !== undefined) content.tags[tag] = digest;
  return { image: imageView(call, name, image, tag) };
}

interface Manifest {
  mediaType?: string;
  config?: { digest: string };
  layers?: { digest: string }[];
  manifests?: { digest: string }[];
}

function parse(manifest: string): Manifest {
  try {
    return JSON.parse(manifest) as Manifest;
  } catch {
    throw new AwsFailure(
      "InvalidParameterException",
      "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'",
    );
  }
}

function mediaTypeOf(manifest: string): string {
  const parsed = parse(manifest);
  return parsed.mediaType ?? (parsed.manifests ? INDEX : MANIFEST);
}

/** Layers must have been uploaded, and the images of an index pushed. */
function checkManifest(content: Repository, manifest: string, name: string): void {
  const parsed = parse(manifest);
  const blobs = [parsed.config, ...(parsed.layers ?? [])].flatMap((blob) => (blob ? [blob.digest] : []));
  const absent = blobs.find((blob) => !content.blobs.includes(blob));
  if (absent)
    throw new AwsFailure(
      "LayersNotFoundException",
      `The layer with digest '${absent}' required by manifest does not exist within the repository with name '${name}'`,
    );
  const child = parsed.manifests?.find(({ digest }) => !content.images[digest]);
  if (child)
    throw new AwsFailure(
      "ReferencedImagesNotFoundException",
      `Images with digests '${child.digest}' required for pushing image into repository with name '${name}' do not exist`,
    );
}

/** By tag only the tag goes, unless it was the last; by digest the image with all its tags. */
function batchDeleteImage(call: Call, input: ecr.BatchDeleteImageRequest): ecr.BatchDeleteImageResponse {
  const { content } = findRepository(call, input.repositoryName, input.registryId);
  const imageIds: ecr.ImageIdentifier[] = [];
  const failures: ecr.ImageFailure[] = [];
  for (const id of input.imageIds ?? []) {
    const image = pick(content, id);
    if (!image) {
      failures.push({
        imageId: id,
        failureCode: "ImageNotFound",
        failureReason: "Requested image not found",
      });
      continue;
    }
    const parent = Object.values(content.images).find((one) =>
      one.children?.some((child) => child.digest === image.digest),
    );
    const tags = tagsOf(content, image.digest);
    const whole = id.imageTag === undefined || tags.length === 1;
    if (whole && parent) {
      failures.push({
        imageId: id,
        failureCode: "ImageReferencedByManifestList",
        failureReason: `Requested image referenced by manifest list: [${parent.digest}]`,
      });
      continue;
    }
    for (const tag of id.imageTag === undefined ? tags : [id.imageTag]) delete content.tags[tag];
    if (whole) delete content.images[image.digest];
    imageIds.push({
      imageDigest: image.digest,
      ...(id.imageTag === undefined ? {} : { imageTag: id.imageTag }),
    });
  }
  return { imageIds, failures };
}
