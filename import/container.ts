import type { ServiceProps } from "../modules/service/props";
import { variable } from "../modules/options";
import { show } from "../modules/mistakes";
import { fitting, type Found, type Secret } from "./found";
import { fargateSize, type Size } from "./sizes";
import { isPostgres, maybeSecret, ownAddress } from "./variables";

/** One container behind an address, as a platform of AWS describes it. */
export interface Container {
  /** The service's name there. */
  readonly name: string;
  readonly region: string;
  /** The image with its registry; undefined where the platform builds it from sources. */
  readonly image: string | undefined;
  readonly port: number;
  readonly command?: readonly string[] | undefined;
  readonly health?: string | undefined;
  readonly size: Size;
  readonly architecture?: "ARM64" | undefined;
  readonly scaling: { readonly min: number; readonly max: number; readonly cpu?: number | undefined };
  /** Plain variables. */
  readonly variables: Readonly<Record<string, string>>;
  /** A command that prints the value of a plain variable. */
  readonly printed: (variable: string) => string;
  /** ARNs of what holds the values of the others. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly origin: string | undefined;
  readonly domains: readonly string[];
  readonly remarks: readonly string[];
}

/** An image of ECR by its parts. Source: "Private registry", ECR user guide. */
const ECR = /^\d{12}\.dkr\.ecr\.[\w-]+\.amazonaws\.com(?:\.cn)?\/([^:@]+)/;

/** What a file says of such a container. @param domain the name that a person says it has */
export function readContainer(container: Container, domain = container.domains[0]): Found {
  const { name, region, image, port, command, health, architecture, origin } = container;
  const repository = ECR.exec(image ?? "")?.[1];
  const { urls, secrets, config, unfit } = sorted(container, domain);
  const service: ServiceProps = {
    port,
    ...(health !== undefined && { health }),
    ...(command && { command: [...command] }),
    ...fargateSize(container.size),
    ...(architecture && { architecture }),
    ...scalingOf(container.scaling),
    ...(secrets.length > 0 && { secrets }),
    ...(urls.length > 0 && { database: urls }),
    config: { PORT: String(port), ...config },
  };
  return {
    name,
    region,
    repository,
    origin,
    domain,
    services: { [fitting(name)]: service },
    ...(urls.length > 0 && { database: {} }),
    secrets: [...urls.slice(0, 1), ...secrets].map((one) => secretOf(container, one)),
    remarks: [
      ...(repository === undefined
        ? [
            `Its image (${image ?? "built from sources there"}) is in no ECR repository of yours: push it to one.`,
          ]
        : [
            `The repository ${repository} is there already: where no stack has it yet, bootstrap takes it in before its first apply (docs/adopting.md, "Moving in what exists").`,
          ]),
      ...container.remarks,
      ...(urls.length > 1
        ? [
            `${urls.join(" and ")} hold one URL here, that of the one database: where they are two, put the other under secrets.`,
          ]
        : []),
      ...container.domains
        .slice(1)
        .map((one) => `It is served at ${one}, too: add that to distribution.domain.names.`),
      ...unfit.map((one) => `${show(one)} is no name for a variable here, and is left out.`),
    ],
  };
}

/** A container's variables, by what becomes of each. */
function sorted({ variables, secrets: kept, origin }: Container, domain: string | undefined) {
  const names = [...Object.keys(variables), ...Object.keys(kept)].filter((name) => name !== "PORT");
  const unfit = names.filter((name) => !variable.safeParse(name).success);
  const fit = names.filter((name) => !unfit.includes(name));
  // Of several databases the first is the one that moves.
  const [first] = fit.flatMap((name) => (isPostgres(name, variables[name]) ? (variables[name] ?? []) : []));
  const urls = fit.filter(
    (name) => isPostgres(name, variables[name]) && (variables[name] ?? first) === first,
  );
  const rest = fit.filter((name) => !urls.includes(name));
  const secrets = rest.filter((name) => {
    const value = variables[name];
    return value === undefined || maybeSecret(name, value);
  });
  const config = Object.fromEntries(
    rest
      .filter((name) => !secrets.includes(name))
      .map((name) => [name, ownAddress(variables[name] ?? "", [origin, domain && `https://${domain}`])]),
  );
  return { urls, secrets, config, unfit };
}

/** As many tasks as there always are, or between two bounds. */
function scalingOf({ min, max, cpu }: Container["scaling"]): ServiceProps {
  if (max <= min) return min === 1 ? {} : { count: min };
  return { autoscaling: { ...(min !== 1 && { min }), max, ...(cpu !== undefined && { cpu }) } };
}

function secretOf({ variables, secrets, printed, region }: Container, name: string): Secret {
  const arn = secrets[name];
  if (arn === undefined || name in variables) return { name, printed: printed(name) };
  const at = `--region ${region}`;
  if (!/^arn:[^:]+:secretsmanager:/.test(arn))
    return {
      name,
      printed: `aws ssm get-parameter ${at} --with-decryption --name '${arn}' --query Parameter.Value --output text`,
    };
  // Behind the name there may be the key of a JSON document, a stage and a version.
  const [, whole = arn, key] = /^((?:[^:]*:){6}[^:]*)(?::([^:]*))?/.exec(arn) ?? [];
  const value = `aws secretsmanager get-secret-value ${at} --secret-id '${whole}' --query SecretString --output text`;
  return { name, printed: key ? `${value} | jq --raw-output '.["${key}"]'` : value };
}

/** `1024`, `1 vCPU`, `2048`, `2 GB`: units of CPU and MiB. Source: InstanceConfiguration, App Runner API reference. */
export function units(written: string | undefined, usual: number): number {
  const [, number = "", unit] = /^([\d.]+)\s*(vCPU|GB)?$/i.exec(written ?? "") ?? [];
  if (number === "") return usual;
  return unit ? Number(number) * 1024 : Number(number);
}
