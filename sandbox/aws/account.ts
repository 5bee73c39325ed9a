import type { World } from "../world";
import { makeByHand } from "./by-hand";

/** What a person has before the first apply: an image repository and a domain. */
export function startAccount(world: World): void {
  makeByHand(world, "aws_ecr_repository", "app");
  makeByHand(world, "aws_route53_zone", "example.com");
}
