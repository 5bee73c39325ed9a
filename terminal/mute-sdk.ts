/**
 * Keeps what the AWS SDK says of Node out of every command's output: from January 2027 on its new versions want Node 22, while those that are
 * locked here go on running on 20. docs/package.md tells it once. Whoever sets the variable otherwise reads it. Source: the AWS SDK for JavaScript's
 * own switch, of @aws-sdk/core.
 */
export function muteSdk(): void {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
}
