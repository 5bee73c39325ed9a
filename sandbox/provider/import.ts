import { AwsError, type Kind, type Situation } from "../aws/kind";
import { KINDS } from "../aws/kinds";
import type { BlockSchema } from "../schema/types";
import type { Fields } from "../wire/value";
import { GLOBAL, type World, type WorldObject } from "../world";
import { fillTemplate, stateOf } from "./apply";

/** Arguments that only Terraform knows: AWS cannot tell them, so an import leaves them out. */
const TERRAFORM_ONLY = [
  "apply_immediately",
  "delete_automated_backups",
  "final_snapshot_identifier",
  "force_delete",
  "force_destroy",
  "force_detach_policies",
  "force_new_deployment",
  "overwrite",
  // Of write-only arguments Terraform alone knows which version it wrote.
  "password_wo_version",
  "value_wo_version",
  "skip_destroy",
  "skip_final_snapshot",
  "wait_for_capacity_timeout",
  "wait_for_steady_state",
  "timeouts",
];

/** The state of an object that exists in the world, found by what `terraform import` takes as its id. */
export function importState(
  world: World,
  type: string,
  id: string,
  region: string,
  schema: BlockSchema,
): Fields {
  const [, given, at] = /^(.*?)(?:@([a-z]{2}-[a-z-]+-\d))?$/s.exec(id) ?? [];
  const where = schema.attributes.region ? (at ?? region) : GLOBAL;
  const kind = KINDS[type] ?? {};
  const found = world
    .list({ type })
    .find((object) => object.region === where && names(world, object, kind, schema).includes(given ?? id));
  if (!found)
    throw new AwsError(
      "NotFound",
      `Cannot import non-existent remote object: ${type} ${id} is not in ${where}`,
    );
  const state = stateOf(world, found, schema);
  for (const name of TERRAFORM_ONLY) if (name in state) state[name] = null;
  return state;
}

function names(world: World, object: WorldObject, kind: Kind, schema: BlockSchema): string[] {
  const attributes = object.attributes as Fields;
  const situation: Situation = {
    world,
    type: object.type,
    region: object.region,
    account: world.account,
    schema,
    attributes,
    secrets: {},
    hex: () => "",
  };
  return [object.id, ...(kind.importAs ?? []).map((template) => fillTemplate(template, situation))];
}
