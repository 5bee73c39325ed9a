import type { ParameterMetadata } from "@aws-sdk/client-ssm";

/**
 * Whether a parameter still holds what an older Slipway's apply wrote there, to be replaced by a person: told by its version
 * and by that apply's description, without its value.
 */
export const isPlaceholder = ({ Version, Description }: Pick<ParameterMetadata, "Version" | "Description">) =>
  Version === 1 && /, written by hand$/.test(Description ?? "");
