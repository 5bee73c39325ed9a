import { Netmask } from "netmask";
import { GLOBAL, type World } from "../world";
import { makeByHand } from "./by-hand";
import { makeManagedCloudfrontPolicies } from "./cloudfront";
import { makeManagedPolicies } from "./iam";
import { digest } from "./network-checks";

/** What a person has before the first apply, a domain, and what AWS puts into every account. */
export function startAccount(world: World): void {
  makeManaged(world);
  makeByHand(world, "aws_route53_zone", "example.com");
}

/** Says that nobody has been here before: no region gets what a person has. */
const EMPTY = { type: "sandbox_account", region: GLOBAL, id: "empty" };

/** An account as AWS hands it out. */
export function startEmptyAccount(world: World): void {
  makeManaged(world);
  world.put({ ...EMPTY, attributes: {}, origin: "aws" });
}

export function beganEmpty(world: World): boolean {
  return world.get(EMPTY.type, EMPTY.region, EMPTY.id) !== undefined;
}

function makeManaged(world: World): void {
  makeManagedPolicies(world);
  makeManagedCloudfrontPolicies(world);
}

const LISTS = [
  ["com.amazonaws.global.cloudfront.origin-facing", 55, "120.52.22.96/27"],
  ["com.amazonaws.{region}.s3", 20, "52.216.0.0/15"],
  ["com.amazonaws.{region}.dynamodb", 10, "52.94.0.0/22"],
] as const;

/** Fills a region at its first use: AWS's prefix lists, and an image repository, until one is applied. */
export async function startRegion(world: World, region: string): Promise<void> {
  if (region === GLOBAL) return;
  const first = LISTS[0][0];
  const ready = () => world.find({ type: "aws_ec2_managed_prefix_list", region, where: { name: first } });
  if (ready()) return;
  await world.change(() => {
    if (ready()) return;
    for (const [template, max_entries, cidr] of LISTS) {
      const name = template.replace("{region}", region);
      const id = `pl-${digest(region, name).slice(0, 8)}`;
      const arn = `arn:aws:ec2:${region}:aws:prefix-list/${id}`;
      const entries = [{ cidr: new Netmask(cidr).toString(), description: "" }];
      const attributes = {
        id,
        arn,
        name,
        region,
        max_entries,
        address_family: "IPv4",
        owner_id: "AWS",
        version: 1,
        entries,
      };
      world.put({ type: "aws_ec2_managed_prefix_list", region, id, attributes, origin: "aws" });
    }
    if (!beganEmpty(world) && !world.get("aws_ecr_repository", region, "app"))
      world.put({ ...makeByHand(world, "aws_ecr_repository", "app", {}, region), pretended: true });
  });
}
