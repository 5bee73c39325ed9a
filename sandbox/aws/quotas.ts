import { countQuotas, natGateways, type Quota, securityGroups } from "../../aws/quotas";
import type { Fields } from "../wire/value";
import type { WorldObject } from "../world";
import { AwsError, type Situation, text, texts } from "./kind";

/**
 * Refuses what the account has no quota for, as AWS does in the middle of an apply. More is granted by an
 * `aws_servicequotas_service_quota` with the quota's code, applied or made by hand.
 */
export function checkQuotas(situation: Situation): void {
  const { world, type, attributes } = situation;
  const others = world.list({ type }).filter((other) => !other.pretended);
  for (const quota of countQuotas) {
    if (quota.type !== type || !counts(type, attributes)) continue;
    const { per } = quota;
    const alike = inScope(situation, quota, others).filter(
      (other) =>
        counts(type, other.attributes as Fields) &&
        (per === undefined || other.attributes[per] === attributes[per]),
    );
    refuse(situation, quota, quota.refusal, alike.length + (quota.taken ?? 0) + 1);
  }
  if (type === "aws_nat_gateway") {
    const zone = zoneOf(situation, attributes);
    const there = inScope(situation, natGateways, others).filter(
      (other) => zoneOf(situation, other.attributes as Fields) === zone,
    );
    refuse(situation, natGateways, natGateways.refusal, there.length + 1);
  }
  for (const key of ["vpc_security_group_ids", "security_groups"])
    refuse(situation, securityGroups, securityGroups.refusal, texts(attributes, key).length);
}

/** Gateway endpoints and network load balancers have quotas of their own. */
const counts = (type: string, attributes: Fields) =>
  (type !== "aws_vpc_endpoint" || text(attributes, "vpc_endpoint_type") === "Interface") &&
  (type !== "aws_lb" || text(attributes, "load_balancer_type") === "application");

const inScope = ({ region }: Situation, quota: Quota, objects: readonly WorldObject[]) =>
  objects.filter((other) => quota.of === "account" || other.region === region);

const zoneOf = ({ world, region }: Situation, attributes: Fields) =>
  text(
    world.get("aws_subnet", region, text(attributes, "subnet_id"))?.attributes as Fields,
    "availability_zone",
  );

function refuse({ world }: Situation, quota: Quota, refusal: string, wanted: number): void {
  const granted = world
    .list({ type: "aws_servicequotas_service_quota" })
    .filter(
      ({ id, attributes }) => quota.code !== undefined && [id, attributes.quota_code].includes(quota.code),
    )
    .map(({ attributes }) => Number(attributes.value ?? quota.value));
  const most = Math.max(quota.value, ...granted);
  if (wanted > most)
    throw new AwsError(
      refusal,
      `The maximum has been reached: ${quota.name}, ${most} (quota ${quota.code ?? "by AWS Support"})`,
    );
}
