import { callerChecks, leaves } from "./check";
import type { Context } from "./context";
import { refused } from "./errors";

/**
 * Who calls, for a command that changes something without all the checks of a deployment.
 * @throws DeployError 1 where they are of another account or region than the environment.
 */
export async function rightCaller(
  { aws, contract }: Context,
  untouched: string,
): Promise<{ account: string; arn: string }> {
  const caller = await aws.caller();
  const { region, regionFile } = aws;
  const wrong = leaves([callerChecks({ caller: { value: caller }, region, regionFile }, contract)], "failed");
  if (wrong.length > 0) throw refused(untouched, ...wrong.map(({ detail }) => detail));
  return caller;
}
