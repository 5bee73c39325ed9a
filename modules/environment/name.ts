import { type Mistake, show } from "../mistakes";
import { lostNames } from "./lost-names";

/** Characters that an environment's name may have, so that names made from it stay readable. */
export const LONGEST_NAME = 24;

/** Names that mean something else already, and what. */
const reserved: Readonly<Record<string, string>> = {
  all: "commands read it as every environment",
  bootstrap: "it is the stack that the account's environments share",
  default: "it is a Terraform workspace",
  latest: "the name becomes an image tag, and builds push this one",
};

/** How no environment's name may start, and whose names begin with it: AWS refuses them there. */
const owners: Readonly<Record<string, string>> = {
  aws: "capacity providers and parameters",
  ecs: "capacity providers",
  fargate: "capacity providers",
  "internal-": "load balancers",
  "sg-": "security groups",
  ssm: "parameters",
  "sthree-": "buckets",
};

/** What is wrong with the name of an environment, or undefined. */
export function mistakeInName(name: string): string | undefined {
  const rule = `a name has 2 to ${LONGEST_NAME} characters, a-z, 0-9 and single hyphens between, and starts with a letter`;
  if (name === "") return `is empty; ${rule}.`;
  if (name !== name.toLowerCase()) return `${show(name)} has upper case; write ${show(name.toLowerCase())}.`;
  if (name.length > LONGEST_NAME) return `${show(name)} is ${name.length} characters long; ${rule}.`;
  if (name.length < 2 || !/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    return `${show(name)} does not fit; ${rule}.`;
  const owned = Object.entries(owners).find(([prefix]) => `${name}-`.startsWith(prefix));
  if (owned)
    return `${show(name)} starts with "${owned[0]}", which AWS refuses for ${owned[1]}; choose another.`;
  if (name.startsWith("terraform"))
    return `${show(name)} starts with "terraform", as the bucket with the states does; choose another.`;
  if (name.startsWith("bootstrap-"))
    return `${show(name)} starts with "bootstrap-", as the stacks that environments of further accounts share do; choose another.`;
  if (name.endsWith("-between-services"))
    return `${show(name)} ends like the load balancer between services; choose another.`;
  if (name.endsWith("-candidate")) return `${show(name)} ends like a candidate tag; choose another.`;
  if (Object.hasOwn(reserved, name)) return `${show(name)} is reserved: ${reserved[name]}; choose another.`;
  return undefined;
}

/**
 * The environment's name, and all mistakes in names: its own, and those that JavaScript would lose.
 * @param name the file's, where the props do not say it
 */
export function readName(
  props: { readonly name?: unknown },
  name: string,
): { readonly environment: string; readonly mistakes: Mistake[] } {
  const environment = typeof props.name === "string" ? props.name : name;
  const own = mistakeInName(environment);
  const lost = [...lostNames(props)].map(({ path, message }) => ({
    path: `${environment}.${path}`,
    message,
  }));
  return {
    environment,
    mistakes: [...(own ? [{ path: environment || name, message: `name ${own}` }] : []), ...lost],
  };
}
