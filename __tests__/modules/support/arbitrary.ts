import fc from "fast-check";
import { mistakeInName } from "../../../modules/environment/name";

/** A name of letters, digits and single hyphens, at most this long. */
export const part = fc.stringMatching(/^[a-z][a-z0-9]{0,11}(-[a-z0-9]{1,6}){0,3}$/);

/** The name of a service: any that the configuration accepts. */
export const serviceName = part.filter((name) => name.length <= 32);

/** The name of an environment: any that the configuration accepts, up to the longest. */
export const environmentName = fc
  .stringMatching(/^[a-z][a-z0-9]{0,17}(-[a-z0-9]{1,5}){0,2}$/)
  .filter((name) => mistakeInName(name) === undefined);

/** A CIDR that a VPC may have, canonical, /16 to /22. */
export const vpcCidr = fc.tuple(fc.integer({ min: 16, max: 22 }), fc.nat(0xffff)).map(([prefix, block]) => {
  const bits = ((block & 0x3f) << 10) & ~((1 << (32 - prefix)) - 1);
  return `10.${block >> 8}.${(bits >> 8) & 0xff}.0/${prefix}`;
});
