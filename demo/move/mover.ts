import { contractParameter, parseContract } from "../../modules/contract";
import { movePolicy } from "../../modules/contract/move-policy";
import type { Policy } from "../../modules/contract/policy";
import type { Sandbox } from "../../sandbox/api/sandbox";
import type { Clock } from "../../sandbox/engine/clock";
import { Access } from "../../sandbox/iam/access";
import { GLOBAL, type World } from "../../sandbox/world";

/** Whoever moves: the name of the role, and an access key of it. */
export const MOVER = { name: "mover", key: "AKIAWHOEVERMOVES0000" };

/** The policy that `policy --for move` prints for what is applied. */
export function policyOf(account: Sandbox<Clock>): Policy {
  const text = account.secret(contractParameter("staging")) ?? "";
  return movePolicy(parseContract(text, "the parameter"));
}

/** Makes the role of whoever moves, which has that policy and no other right. @returns a record of what it asks IAM for */
export async function admitMover(account: Sandbox<Clock>, world: World): Promise<Access> {
  const { name } = MOVER;
  const policy = JSON.stringify(policyOf(account));
  const arn = `arn:aws:iam::${world.account}:role/${name}`;
  const at = { region: GLOBAL, origin: "person" } as const;
  await world.change(() => {
    const trust = { assume_role_policy: '{"Statement":[]}' };
    world.put({ ...at, type: "aws_iam_role", id: name, attributes: { name, arn, ...trust } });
    const attributes = { name: "printed", role: name, policy };
    world.put({ ...at, type: "aws_iam_role_policy", id: name, attributes });
  });
  return new Access(world, name);
}
