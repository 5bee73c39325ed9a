import { AwsError } from "../../../sandbox/aws/kind";
import type { Access } from "../../../sandbox/iam/access";
import { CALLS } from "../../../sandbox/iam/calls";
import { type Fields, isRecord } from "../../../sandbox/wire/value";
import type { World, WorldObject } from "../../../sandbox/world";

/** What Terraform made and does not leave behind; of one environment, what bears its tag. */
export const madeIn = (world: World, environment?: string): WorldObject[] =>
  world
    .list()
    .filter(({ origin, type }) => origin === "terraform" && type in CALLS)
    .filter(({ attributes }) => attributes.skip_destroy !== true)
    .filter(
      ({ attributes }) =>
        environment === undefined || tagsOf(attributes as Fields).environment === environment,
    );

const stepOf = (world: World, { type, region }: WorldObject, fallback: string) => ({
  world,
  type,
  region: region === "global" ? fallback : region,
});

/** What a role is refused of some steps, as `action resource`; nothing where all are allowed. */
function refusals(steps: readonly (() => void)[]): string[] {
  const said = new Set<string>();
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const [, what = error.message] =
        /not authorized to perform: (\S+ on resource: \S+)/.exec(error.message) ?? [];
      said.add(what.replace(" on resource:", ""));
    }
  }
  return [...said];
}

/** Reads the objects as Terraform does, as a role. */
export const readAll = (
  access: Access,
  world: World,
  objects: readonly WorldObject[],
  region: string,
): string[] =>
  refusals(
    objects.map(
      (object) => () =>
        access.read({ ...stepOf(world, object, region), before: object.attributes as Fields }),
    ),
  );

/** Changes each object in every way that the tables know, from something else to what it is, as a role. */
export const changeAll = (
  access: Access,
  world: World,
  objects: readonly WorldObject[],
  region: string,
): string[] =>
  refusals(
    objects.flatMap((object) =>
      othersLike(object).map((before) => () => {
        access.change({ ...stepOf(world, object, region), before, after: object.attributes as Fields });
      }),
    ),
  );

/** What an object may have been before: another one in each argument that has calls of its own, or with other tags. */
function othersLike({ type, attributes }: WorldObject): Fields[] {
  const after = attributes as Fields;
  const { update = {}, tags } = CALLS[type] ?? {};
  const names = Object.keys(update).map((key) =>
    key === "*" ? "another argument" : (key.split("|")[0] ?? ""),
  );
  const retagged: Fields[] = [
    { ...after, tags_all: {} },
    { ...after, tags_all: { ...tagsOf(after), more: "tags" } },
  ];
  return [
    ...names.map((name): Fields => ({ ...after, [name]: after[name] === "another" ? "one" : "another" })),
    ...(tags ? retagged : []),
  ];
}

const tagsOf = ({ tags_all: tags }: Fields) => (isRecord(tags) ? tags : {});

/** Removes each object, as a role. */
export const removeAll = (
  access: Access,
  world: World,
  objects: readonly WorldObject[],
  region: string,
): string[] =>
  refusals(
    objects.map(
      (object) => () =>
        access.change({ ...stepOf(world, object, region), before: object.attributes as Fields }),
    ),
  );
