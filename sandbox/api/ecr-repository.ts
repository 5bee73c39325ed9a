import { text } from "../engine/attributes";
import { repositoryOf } from "../engine/images";
import type { Repository } from "../engine/state";
import type { WorldObject } from "../world";
import type { Call } from "./call";
import { AwsFailure } from "./errors";

/** A repository as it was applied, and what lies in it. */
interface Found {
  object: WorldObject;
  content: Repository;
}

/** Finds a repository of the caller's account in the region that is asked. */
export function findRepository(call: Call, name: string | undefined, registryId: string | undefined): Found {
  const object = call.sim.world
    .list({ type: "aws_ecr_repository", region: call.region })
    .find(({ attributes }) => text(attributes, "name") === name);
  const id = registryId ?? call.caller.account;
  if (!object || id !== call.sim.world.account)
    throw new AwsFailure(
      "RepositoryNotFoundException",
      `The repository with name '${name}' does not exist in the registry with id '${id}'`,
    );
  return { object, content: repositoryOf(call.sim, call.region, name ?? "") };
}
