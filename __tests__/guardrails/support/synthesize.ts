import type { TerraformStack } from "cdktf";
import type { Json } from "./json";

/** A stack's JSON as a synthesis writes it, comments included: cdktf's Testing.synth takes those out. */
export function jsonOf(stack: TerraformStack): Json {
  stack.prepareStack();
  return JSON.parse(JSON.stringify(stack.toTerraform())) as Json;
}
