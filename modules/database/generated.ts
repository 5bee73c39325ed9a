import { SsmParameter, type SsmParameterConfig } from "@cdktf/provider-aws/lib/ssm-parameter";
import type { Construct } from "constructs";
import type { Key } from "../key/key";

interface Generated {
  readonly name: string;
  readonly value: string;
  readonly key: Key | undefined;
  readonly lifecycle?: SsmParameterConfig["lifecycle"];
}

/** A SecureString that one apply writes and none changes. Its tag says that no person wrote it. */
export const createGenerated = (
  scope: Construct,
  id: string,
  { name, value, key, lifecycle = {} }: Generated,
) =>
  new SsmParameter(scope, id, {
    name,
    type: "SecureString",
    valueWo: value,
    valueWoVersion: 1,
    // One that was written before an apply was cut off is not in the state: the next apply writes over it.
    overwrite: true,
    tags: { content: "generated" },
    keyId: key?.arn,
    // A new key is for the next version: with any change AWS would be sent an empty value, which it refuses.
    lifecycle: { ignoreChanges: ["key_id"], ...lifecycle },
  });

/** The secrets of the version before, as they are: no apply touches them. */
export const asTheyAre = { ignoreChanges: "all" } as const;
