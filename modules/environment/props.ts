import { z } from "zod";
import { account } from "../account";
import { type BastionConfiguration, bastion } from "../bastion/props";
import { type ClusterConfiguration, cluster } from "../cluster/props";
import { type DatabaseConfiguration, database, type ExternalDatabaseConfiguration } from "../database/props";
import { type DistributionConfiguration, distribution } from "../distribution/props";
import { show } from "../mistakes";
import { type MoveConfiguration, move } from "../move/props";
import { type NetworkConfiguration, network } from "../network/props";
import { options } from "../options";
import { region } from "../region";
import { type RegistryConfiguration, registry } from "../registry/props";
import { type ServiceConfiguration, serviceName, type ServiceProps, serviceOptions } from "../service/props";
import type { UseDefaults } from "../uses/props";

/** The environments that come before one: their names. */
export const after = z
  .union([z.string().transform((name) => [name]), z.array(z.string())], {
    error: ({ input }) => `${show(input)} is no name of an environment, and no list of such.`,
  })
  .default([]);

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
  after,
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
  cluster: cluster.prefault(true),
  /** CloudFront and the internal load balancer behind it; false for an environment of workers. @default true */
  distribution: distribution.prefault(true),
  /**
   * What is moving in from another platform: its compute, its data or both. Taken out again at the end, it leaves nothing behind.
   * @default false
   */
  move: move.default(false),
  /** Where images come from. */
  registry: registry.optional(),
  /** What runs, by name, in the order of deployment. @default {} */
  services: z.record(serviceName, serviceOptions).default({}),
});

type Written = z.input<typeof environmentOptions>;

/** What a person writes in an environment file. */
export interface EnvironmentProps extends Readonly<Omit<Written, "services">> {
  /** What runs, by name, in the order of deployment. @default {} */
  readonly services?: Readonly<Record<string, ServiceProps>> | undefined;
  /** Plain data under everything that is written here: `small`, `production` or an own one. */
  readonly preset?: Preset;
}

/** Defaults for a kind of environment: the parts of one, and what every service starts from. */
export type Preset = Readonly<Partial<Omit<Written, "name" | "services">>> & {
  readonly service?: Partial<ServiceProps>;
  /** What everything that services use starts from, by its kind. */
  readonly uses?: UseDefaults;
};

type Parsed = z.output<typeof environmentOptions>;

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
  readonly move: MoveConfiguration | false;
  /** The repositories, each once. */
  readonly registries: readonly RegistryConfiguration[];
  readonly services: readonly ServiceConfiguration[];
  /** What services use, each once, by name. */
  readonly uses: ServiceConfiguration["uses"];
}
