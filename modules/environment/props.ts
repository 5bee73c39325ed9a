import { z } from "zod";
import { account } from "../account";
import { bastion, type bastionOptions } from "../bastion/props";
import { clusterOptions } from "../cluster/props";
import { database, type databaseOptions, type externalDatabaseOptions } from "../database/props";
import { distribution } from "../distribution/props";
import { show } from "../mistakes";
import { network, type networkOptions } from "../network/props";
import type { Kind } from "../network/subnets";
import { options, short } from "../options";
import { region } from "../region";
import { registry } from "../registry/props";
import { serviceOptions } from "../service/props";
import type { UseDefaults } from "../uses/props";

const serviceName = z
  .string()
  .regex(
    /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    "must start with a letter and hold a-z, 0-9 and single hyphens only.",
  )
  .max(32);

export const environmentOptions = options({
  /** The environment's name: names and tags in AWS begin with it. @default the file's name */
  name: z.string().optional(),
  /**
   * AWS account: twelve digits, in quotes. Credentials of any other account are refused before anything is read.
   * @default that of the context in cdktf.json; without it, whichever the credentials are of
   */
  account: account.optional(),
  /**
   * The environments whose apply comes before this one's: `"staging"`, or several. Where one of them is not applied, this
   * one is not either.
   * @default none: all are applied side by side
   */
  after: z
    .union([z.string().transform((name) => [name]), z.array(z.string())], {
      error: ({ input }) => `${show(input)} is no name of an environment, and no list of such.`,
    })
    .default([]),
  /** AWS region, like `"eu-central-1"`. */
  region,
  /** The VPC, its subnets and its ways out; or one that is there already, and only read. @default true */
  network: network.prefault(true),
  /**
   * The KMS key that secrets and log groups lie under: `"aws"`, AWS's own, that every role of the account may use, or
   * `"own"`, one that no other environment's roles may, about 1 USD a month. What lies there already moves when it is
   * written again: see "A key of its own", docs/operating.md.
   * @default "aws"
   */
  encryption: z.enum(["aws", "own"]).default("aws"),
  /**
   * What may become of the data: `"kept"` has Terraform refuse to destroy or replace whatever holds some, logs and keys among it,
   * AWS refuse to delete the database, and a last snapshot be taken; `"disposable"` lets all of it go. `deletionProtection` and
   * `finalSnapshot` say otherwise of one thing. See "Data that is kept", docs/plan.md.
   * @default "kept"
   */
  data: z.enum(["kept", "disposable"]).default("kept"),
  /** A way in for people: to the database and the load balancer, through Session Manager. @default true */
  bastion: bastion.prefault(true),
  /** RDS Postgres, or one that is elsewhere, by its URL. @default true */
  database: database.prefault(true),
  /** ECS and the instances that it places tasks on. @default true */
  cluster: short(clusterOptions).prefault(true),
  /** CloudFront and the internal load balancer behind it; false for an environment of workers. @default true */
  distribution: distribution.prefault(true),
  /** Where images come from. */
  registry: registry.optional(),
  /** What runs, by name, in the order of deployment. @default {} */
  services: z.record(serviceName, serviceOptions).default({}),
});

type Written = z.input<typeof environmentOptions>;

/** What a person writes in an environment file. */
export interface EnvironmentProps extends Readonly<Written> {
  /** Plain data under everything that is written here: `small`, `production` or an own one. */
  readonly preset?: Preset;
}

/** Defaults for a kind of environment: the parts of one, and what every service starts from. */
export type Preset = Readonly<Partial<Omit<Written, "name" | "services">>> & {
  readonly service?: Partial<z.input<typeof serviceOptions>>;
  /** What everything that services use starts from, by its kind. */
  readonly uses?: UseDefaults;
};

type Parsed = z.output<typeof environmentOptions>;
type Part<Key extends keyof Parsed> = Exclude<Parsed[Key], false | undefined>;

export type BastionConfiguration = z.output<typeof bastionOptions>;
/** An RDS instance that the environment makes. */
export type DatabaseConfiguration = z.output<typeof databaseOptions> & { readonly url?: undefined };
/** A Postgres that is elsewhere. */
export type ExternalDatabaseConfiguration = z.output<typeof externalDatabaseOptions>;
export type ClusterConfiguration = Part<"cluster">;
export type DistributionConfiguration = Part<"distribution">;
export type RegistryConfiguration = Part<"registry">;

/** A VPC that the environment makes. */
export interface OwnNetworkConfiguration
  extends Omit<z.output<typeof networkOptions>, "zones" | "endpoints" | "peering"> {
  readonly vpc?: undefined;
  readonly cidr: string;
  /** Names of the zones, in order. */
  readonly zones: readonly string[];
  /** Interface endpoints by the last part of their service's name. */
  readonly endpoints: readonly string[];
  readonly peering: readonly { readonly environment: string; readonly cidr: string }[];
}

/** A VPC that was there before, by its id. */
export interface ExistingNetworkConfiguration {
  readonly vpc: string;
  readonly subnets: Readonly<Record<Kind, readonly string[]>>;
  readonly ipv6: boolean;
}

export type NetworkConfiguration = OwnNetworkConfiguration | ExistingNetworkConfiguration;

export interface ServiceConfiguration
  extends Omit<z.output<typeof serviceOptions>, "capacity" | "registry" | "paths" | "database"> {
  readonly name: string;
  /** None for a worker. */
  readonly paths: readonly string[];
  readonly registry: RegistryConfiguration;
  /** Capacity providers: names of the cluster's own, or FARGATE and FARGATE_SPOT. */
  readonly strategy: readonly { readonly provider: string; readonly base: number; readonly weight: number }[];
  /** Variables that hold the whole URL, and those that hold its parts, which one that is elsewhere has none of. */
  readonly database:
    | false
    | { readonly urls: readonly string[]; readonly variables: readonly string[]; readonly schema: string };
  /** Runs on Fargate, in the network mode awsvpc; on instances it is bridge. */
  readonly fargate: boolean;
}

/** Everything that an environment is, with every default filled in: constructs read only this. */
export interface Configuration {
  readonly name: string;
  /** Absent where the file names none. */
  readonly account?: string | undefined;
  /** The environments that are applied before this one. */
  readonly after: readonly string[];
  readonly region: string;
  readonly network: NetworkConfiguration;
  readonly encryption: Parsed["encryption"];
  readonly data: Parsed["data"];
  readonly bastion: BastionConfiguration | false;
  readonly database: DatabaseConfiguration | ExternalDatabaseConfiguration | false;
  readonly cluster: ClusterConfiguration;
  readonly distribution: DistributionConfiguration | false;
  /** The repositories, each once. */
  readonly registries: readonly RegistryConfiguration[];
  readonly services: readonly ServiceConfiguration[];
  /** What services use, each once, by name. */
  readonly uses: ServiceConfiguration["uses"];
}
