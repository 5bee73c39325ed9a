import type * as ecr from "@aws-sdk/client-ecr";
import { digestOf, storeBlob } from "../engine/images";
import { uuid } from "../engine/sim";
import type { Repository, Upload } from "../engine/state";
import { type Call, type Operations, operation } from "./call";
import { findRepository } from "./ecr-repository";
import { AwsFailure } from "./errors";

/** Bytes that ECR wants a part to have. Source: the example of initiate-layer-upload, AWS CLI reference. */
const PART = 10_485_760;
/** The most bytes of a part, and the fewest of any but the last. Source: UploadLayerPart and its errors, ECR API reference. */
const LARGEST_PART = 20_971_520;
const SMALLEST_PART = 5_242_880;

/** Calls that move layers; their rules and messages are those of the ECR API reference. */
export const LAYERS: Operations = {
  BatchCheckLayerAvailability: operation<
    ecr.BatchCheckLayerAvailabilityRequest,
    ecr.BatchCheckLayerAvailabilityResponse
  >(["repositoryName", "layerDigests"], checkLayers),
  GetDownloadUrlForLayer: operation<ecr.GetDownloadUrlForLayerRequest, ecr.GetDownloadUrlForLayerResponse>(
    ["repositoryName", "layerDigest"],
    downloadUrl,
  ),
  InitiateLayerUpload: operation<ecr.InitiateLayerUploadRequest, ecr.InitiateLayerUploadResponse>(
    ["repositoryName"],
    initiateUpload,
  ),
  UploadLayerPart: operation<OnWire, ecr.UploadLayerPartResponse>(
    ["repositoryName", "uploadId", "partFirstByte", "partLastByte", "layerPartBlob"],
    uploadPart,
  ),
  CompleteLayerUpload: operation<ecr.CompleteLayerUploadRequest, ecr.CompleteLayerUploadResponse>(
    ["repositoryName", "uploadId", "layerDigests"],
    completeUpload,
  ),
};

/** A part as it travels: in base64. */
type OnWire = Omit<ecr.UploadLayerPartRequest, "layerPartBlob"> & { layerPartBlob: string };

function checkLayers(
  call: Call,
  { repositoryName, registryId, layerDigests = [] }: ecr.BatchCheckLayerAvailabilityRequest,
): ecr.BatchCheckLayerAvailabilityResponse {
  const { content } = findRepository(call, repositoryName, registryId);
  if (layerDigests.length > 100)
    throw new AwsFailure(
      "InvalidParameterException",
      "Invalid parameter at 'layerDigests' failed to satisfy constraint: 'Member must have length less than or equal to 100'",
    );
  const layers = layerDigests.map((layerDigest) => ({
    layerDigest,
    layerAvailability: content.blobs.includes(layerDigest)
      ? ("AVAILABLE" as const)
      : ("UNAVAILABLE" as const),
  }));
  return { layers, failures: [] };
}

/** The address holds the content, where ECR's is a signed one of S3. */
function downloadUrl(
  call: Call,
  input: ecr.GetDownloadUrlForLayerRequest,
): ecr.GetDownloadUrlForLayerResponse {
  const { content } = findRepository(call, input.repositoryName, input.registryId);
  const { layerDigest = "", repositoryName = "" } = input;
  if (!content.blobs.includes(layerDigest))
    throw new AwsFailure(
      "LayersNotFoundException",
      `The layer with digest '${layerDigest}' does not exist within the repository with name '${repositoryName}'`,
    );
  if (!Object.values(content.images).some(({ manifest }) => manifest.includes(layerDigest)))
    throw new AwsFailure(
      "LayerInaccessibleException",
      `The layer with digest '${layerDigest}' is not available because it is not associated with an image.`,
    );
  const downloadUrl = `data:application/octet-stream;base64,${call.sim.state.blobs[layerDigest] ?? ""}`;
  return { downloadUrl, layerDigest };
}

const keyOf = (call: Call, repositoryName: string | undefined) => `${call.region}/${repositoryName}`;

function initiateUpload(
  call: Call,
  { repositoryName, registryId }: ecr.InitiateLayerUploadRequest,
): ecr.InitiateLayerUploadResponse {
  findRepository(call, repositoryName, registryId);
  const uploadId = uuid(call.sim);
  call.sim.state.uploads[uploadId] = { repository: keyOf(call, repositoryName), parts: [] };
  return { uploadId, partSize: PART };
}

function findUpload(
  call: Call,
  { repositoryName, registryId, uploadId = "" }: Pick<OnWire, "repositoryName" | "registryId" | "uploadId">,
): { content: Repository; upload: Upload } {
  const { content } = findRepository(call, repositoryName, registryId);
  const upload = call.sim.state.uploads[uploadId];
  if (upload?.repository === keyOf(call, repositoryName)) return { content, upload };
  throw new AwsFailure(
    "UploadNotFoundException",
    `The upload with id '${uploadId}' could not be found, or is not valid for the repository with name '${repositoryName}'`,
  );
}

const bytesOf = (part: string) => Buffer.from(part, "base64");

function uploadPart(call: Call, input: OnWire): ecr.UploadLayerPartResponse {
  const { upload } = findUpload(call, input);
  const { partFirstByte: first = 0, partLastByte: last = 0, layerPartBlob, repositoryName, uploadId } = input;
  const size = bytesOf(layerPartBlob).length;
  const before = upload.parts.reduce((sum, part) => sum + bytesOf(part).length, 0);
  if (first !== before || last - first + 1 !== size || size > LARGEST_PART)
    throw new AwsFailure(
      "InvalidLayerPartException",
      "The layer part size is not valid, or the first byte specified is not consecutive to the last byte of a previous layer part upload.",
      400,
      { registryId: call.caller.account, repositoryName, uploadId, lastValidByteReceived: before - 1 },
    );
  upload.parts.push(layerPartBlob);
  return { registryId: call.caller.account, repositoryName, uploadId, lastByteReceived: last };
}

function completeUpload(call: Call, input: ecr.CompleteLayerUploadRequest): ecr.CompleteLayerUploadResponse {
  const { content, upload } = findUpload(call, input);
  const { repositoryName, uploadId = "", layerDigests: [layerDigest = ""] = [] } = input;
  if (content.blobs.includes(layerDigest))
    throw new AwsFailure(
      "LayerAlreadyExistsException",
      `The layer with digest '${layerDigest}' already exists in the repository with name '${repositoryName}'`,
    );
  const parts = upload.parts.map(bytesOf);
  if (parts.length === 0)
    throw new AwsFailure(
      "EmptyUploadException",
      "The specified layer upload does not contain any layer parts.",
    );
  if (parts.slice(0, -1).some(({ length }) => length < SMALLEST_PART))
    throw new AwsFailure("LayerPartTooSmallException", "Layer parts must be at least 5 MiB in size.");
  const layer = Buffer.concat(parts);
  const digest = digestOf(layer);
  if (digest !== layerDigest)
    throw new AwsFailure(
      "InvalidLayerException",
      `The layer digest calculation performed by Amazon ECR upon receipt of the image layer, '${digest}', does not match the digest specified, '${layerDigest}'.`,
    );
  storeBlob(call.sim, content, layer);
  delete call.sim.state.uploads[uploadId];
  return { registryId: call.caller.account, repositoryName, uploadId, layerDigest };
}
