import type { World, WorldObject } from "../../../sandbox/world";
import type { Graph, Json } from "../../modules/support/graph";

const IAM = [
  "aws_iam_role",
  "aws_iam_policy",
  "aws_iam_role_policy",
  "aws_iam_role_policy_attachment",
  "aws_iam_instance_profile",
] as const;

/**
 * Puts the roles of a synthesized stack into a world, with their policies, as an apply would: for tests of many configurations,
 * where each apply would cost seconds.
 */
export function putRoles(world: World, graph: Graph): Promise<void> {
  const { account } = world;
  const named = (type: (typeof IAM)[number], id: string): Json =>
    graph.all(type).find((one) => one.id === id)?.body ?? {};
  const arnOf = (type: (typeof IAM)[number], id: string) => {
    const { path = "/", name } = named(type, id);
    return `arn:aws:iam::${account}:${type.replace("aws_iam_", "").replace("_", "-")}${path}${name}`;
  };
  const resolve = (text: string): string =>
    text
      .replaceAll(/\$\{data\.aws_caller_identity\.\w+\.account_id\}/g, account)
      .replaceAll(/\$\{(aws_iam_\w+)\.(\w+)\.arn\}/g, (_, type, id) => arnOf(type, id))
      .replaceAll(/\$\{(aws_iam_\w+)\.(\w+)\.(?:name|id)\}/g, (_, type, id) => named(type, id).name)
      .replaceAll(/\$\{aws_s3_bucket\.(\w+)\.arn\}/g, (_, id) =>
        resolve(`arn:aws:s3:::${graph.one("aws_s3_bucket", id).bucket}`),
      );
  const objects = IAM.flatMap((type) =>
    graph.all(type).map(({ id, body }): WorldObject => {
      const attributes = JSON.parse(resolve(JSON.stringify({ path: "/", tags_all: {}, ...body })));
      return {
        type,
        region: "global",
        id: attributes.name ?? `${attributes.role}/${attributes.policy_arn}`,
        origin: "person",
        attributes: { ...attributes, arn: resolve(arnOf(type, id)) },
      };
    }),
  );
  return world.change(() => {
    for (const object of objects) world.put(object);
  });
}
