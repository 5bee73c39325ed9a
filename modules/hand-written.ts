import { SsmParameter } from "@cdktf/provider-aws/lib/ssm-parameter";
import type { Construct } from "constructs";
import type { Key } from "./key/key";

/** What a secret holds until a person writes the real value. Deploy refuses while one still does. */
export const PLACEHOLDER = "placeholder: set this parameter by hand";

/** A SecureString that a person fills in. No plan and no state ever holds its value, and no apply puts it back. */
export const createHandWritten = (
  scope: Construct,
  id: string,
  {
    name,
    description,
    key,
  }: { readonly name: string; readonly description: string; readonly key: Key | undefined },
) =>
  new SsmParameter(scope, id, {
    name,
    description,
    type: "SecureString",
    valueWo: PLACEHOLDER,
    valueWoVersion: 1,
    keyId: key?.arn,
    // Any other change would be sent with an empty value, which SSM refuses.
    lifecycle: { ignoreChanges: ["description", "key_id"] },
  });
