import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { CLOUDFRONT_REGION } from "../aws/cloudfront";
import { light } from "../modules/environment/presets";
import type { EnvironmentProps } from "../modules/environment/props";
import { resolve } from "../modules/environment/resolve";
import { mistakeInName } from "../modules/environment/name";
import { fitting, type Found, ImportError } from "./found";
import { sourceOf } from "./source";

/** What a person says of the environment, whatever it is imported from. */
export interface Wanted {
  readonly name?: string | undefined;
  readonly region?: string | undefined;
  readonly registry?: string | undefined;
  /** The host name that people type. */
  readonly domain?: string | undefined;
  /** The Route 53 zone that it lies in; without one, certificates are there. */
  readonly zone?: string | undefined;
  /** ARNs of certificates for it, in us-east-1 and in the region. */
  readonly certificate?: readonly string[] | undefined;
}

/** What a person decides about the host name that the platform told: who it belongs to is not proved by itself. */
export const remarksOn = ({ domain }: Found, wanted: Wanted): string[] =>
  domain === undefined || provable(wanted)
    ? []
    : [
        `It is served at ${domain}, which is not in this file: a move takes it along with --zone, the Route 53 zone of it, or --certificate.`,
      ];

/** An environment's file before it is written. */
export interface EnvironmentFile {
  readonly name: string;
  /** From the project's folder: `environments/shop.ts` */
  readonly path: string;
  readonly text: string;
  readonly props: EnvironmentProps;
}

/**
 * The file of a light environment that does what was found.
 * @param project the folder with cdktf.json
 * @throws ImportError with everything that a synthesis would refuse
 */
export function environmentFile(found: Found, wanted: Wanted, project: string): EnvironmentFile {
  const name = wanted.name ?? fitting(found.name);
  const wrong = mistakeInName(name);
  if (wrong) throw new ImportError([`The environment's name ${wrong} Say another with --name.`]);
  const region = wanted.region ?? found.region ?? regionHere(project);
  if (!region) throw new ImportError(["No region is known: say one with --region, or set AWS_REGION."]);
  const props = propsOf(found, { ...wanted, name, region });
  const { mistakes } = resolve({ ...props, preset: light }, name);
  if (mistakes.length > 0) throw new ImportError(mistakes);
  // Of the services each has lines of its own; what else there is stands in one where it has room.
  const options = Object.entries(props).map(
    ([option, value]) =>
      `  ${option}: ${sourceOf(value, option === "services" ? 2 : 0, "  ", option.length + 4)},\n`,
  );
  const text = `import { environment, light } from "slipway";

export default environment({
  preset: light,
${options.join("")}});
`;
  return { name, path: join("environments", `${name}.ts`), text, props };
}

function propsOf(
  found: Found,
  { name, region, registry, ...wanted }: Wanted & { name: string; region: string },
): EnvironmentProps {
  const { origin, database } = found;
  const domain = provable(wanted) ? found.domain : undefined;
  const from = origin !== undefined && domain !== undefined ? { origin, domain } : undefined;
  const serving = Object.values(found.services).some(({ port }) => port !== undefined);
  return {
    region,
    registry: registry ?? found.repository ?? (fitting(found.name) || name),
    ...(!serving && { distribution: false }),
    ...(serving && domain && { distribution: { domain: { names: [domain], ...proofOf(wanted) } } }),
    // A light environment lets its data go; this one gets what people wrote.
    ...(database && from && { data: "kept" }),
    ...(database && { database: from ? ownDatabase(database) : { url: "external", ...database } }),
    ...(from && { move: { from, ...(database && { database: true }) } }),
    services: found.services,
  };
}

const ownDatabase = (database: object) => (Object.keys(database).length > 0 ? database : true);

/** Whether a name can be served: somebody must prove that it is the team's. */
export const provable = ({ zone, certificate = [] }: Wanted): boolean =>
  zone !== undefined || certificate.length > 0;

function proofOf({ zone, certificate = [] }: Wanted) {
  const cloudfront = certificate.find((arn) => arn.split(":")[3] === CLOUDFRONT_REGION) ?? certificate[0];
  const loadBalancer = certificate.find((arn) => arn !== cloudfront);
  return {
    zone: zone ?? (false as const),
    ...(cloudfront && { certificate: loadBalancer ? { cloudfront, loadBalancer } : cloudfront }),
  };
}

/** The region that the machine or the project says. */
function regionHere(project: string): string | undefined {
  const { AWS_REGION, AWS_DEFAULT_REGION } = process.env;
  if (AWS_REGION || AWS_DEFAULT_REGION) return AWS_REGION || AWS_DEFAULT_REGION;
  const file = join(project, "cdktf.json");
  const region = existsSync(file) && JSON.parse(readFileSync(file, "utf8")).context?.bootstrap?.region;
  return typeof region === "string" ? region : undefined;
}
