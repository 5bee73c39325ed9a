import { parseOptions } from "../../../sandbox/command/options";
import { applyByHand } from "../../../sandbox/command/world-options";
import type { World } from "../../../sandbox/world";

/** What `existing` of an environment's network names, and the gateway that its VPC has, as options of the sandbox. */
const made = (region: string) =>
  [
    ...["vpc:vpc-0123456789abcdef0", "internet_gateway:igw-0123456789abcdef0"],
    ...["subnet:subnet-0000000000000000a", "subnet:subnet-0000000000000000b"],
  ].flatMap((name) => ["--with", `${name}@${region}`]);

/**
 * Makes by hand the VPC of the network `existing`. Half of what an environment has is its network: a test of anything else need
 * not have Terraform make one.
 */
export const makeVpc = (world: World, region = "us-west-2"): Promise<void> =>
  applyByHand(world, parseOptions(made(region)));
