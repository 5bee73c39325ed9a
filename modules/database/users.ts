/**
 * The user of one version of a service's login. Odd versions are one user's passwords, even ones the other's: the user of the
 * version before stays as it is.
 */
export const userOf = (service: string, version: number) => `${service}_${version % 2 === 1 ? "a" : "b"}`;
