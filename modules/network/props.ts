import { z } from "zod";
import { show } from "../mistakes";
import { expand, formed, into, intoThere, isRecord, logDays, options, optionalPart } from "../options";
import { canonical, type Kind, LARGEST_VPC, SMALLEST_VPC, unfit } from "./subnets";

/** Interface endpoints by the last part of their service's name. */
export const endpointServices = [
  "ecr.api",
  "ecr.dkr",
  "ecs",
  "ecs-agent",
  "ecs-telemetry",
  "logs",
  "sqs",
  "ssm",
  "ssmmessages",
] as const;

/** The endpoints that instances need for their ECS agent; Fargate does without. Source: "Amazon ECS interface VPC endpoints". */
export const agentServices: readonly string[] = ["ecs", "ecs-agent", "ecs-telemetry"];

/** A canonical IPv4 CIDR. */
export const cidr = z.string().superRefine((value, context) => {
  const written = canonical(value);
  if (written === undefined) {
    context.addIssue(`${show(value)} is no IPv4 CIDR; write one like "10.42.0.0/16".`);
  } else if (written !== value) {
    context.addIssue(`${show(value)} is not canonical, its host bits are set; write ${show(written)}.`);
  }
});

const vpcCidr = cidr.superRefine((value, context) => {
  const prefix = Number(value.split("/")[1]);
  if (canonical(value) !== value) return;
  const reason = unfit(value);
  if (reason) context.addIssue(`${show(value)} ${reason}`);
  if (prefix >= LARGEST_VPC && prefix <= SMALLEST_VPC) return;
  context.addIssue(
    prefix > SMALLEST_VPC
      ? `${show(value)} is too small for its subnets; give a /${LARGEST_VPC} to /${SMALLEST_VPC}.`
      : `${show(value)} is larger than a VPC may be; give a /${LARGEST_VPC} to /${SMALLEST_VPC}.`,
  );
});

const flowLogOptions = options({
  /** Days that they are kept; the values CloudWatch takes. @default 30 */
  days: logDays.default(30),
  /**
   * The connections that are written down: `"rejected"`, or `"all"`, which is many times as much.
   * @default "rejected"
   */
  traffic: z.enum(["rejected", "all"]).default("rejected"),
});

export const networkOptions = options({
  /**
   * The VPC's addresses, a private /16 to /22 beside Docker's 172.17.0.0/16.
   * @default a /16 of 10.0.0.0/8 chosen by the environment's name, so that a copied file gets its own
   */
  cidr: vpcCidr.optional(),
  /**
   * Two or three availability zones: how many, or which (`["us-west-2a", "us-west-2c"]`).
   * @default 3. Subnets cost nothing; load balancers and endpoints are paid per zone.
   */
  zones: z
    .union([z.literal(2), z.literal(3), z.array(z.string()).min(2).max(3)], {
      error: (issue) => `${show(issue.input)} is neither 2, 3 nor a list of two or three zones.`,
    })
    .default(3),
  /**
   * NAT gateways: `"single"` (about 33 USD a month, a zone's loss takes it along) or `"per-zone"`; `"instance"` for a small
   * instance that does the same (about 7 USD a month, some two minutes without a way out when it is replaced); or false for
   * none: then interface endpoints carry what the environment itself needs, and tasks reach nothing else.
   * @default "single"
   */
  nat: z
    .union([z.literal(false), z.enum(["single", "per-zone", "instance"])], {
      error: (issue) => `${show(issue.input)} is none of "single", "per-zone", "instance", false.`,
    })
    .default("single"),
  /**
   * Interface endpoints in the private subnets, about 7 USD a month per zone each: true for all that the
   * environment needs (8 in 3 zones are 175 USD a month, on Fargate alone 5 are 110), or a list of them.
   * @default true without NAT, false with it
   */
  endpoints: z
    .union([z.boolean(), z.array(z.enum(endpointServices))], {
      error: (issue) =>
        `${show(issue.input)} is neither true, false nor a list of ${endpointServices.join(", ")}.`,
    })
    .optional(),
  /**
   * IPv6 addresses in the private subnets, and a gateway that lets connections out and none in: for hosts that speak IPv6
   * alone. Free. What it takes from what runs, on and off: docs/changes.md.
   * @default false
   */
  ipv6: z.boolean().default(false),
  /** Logs of connections within, into and out of the VPC, in a log group; about 0.50 USD per GB. @default false */
  flowLogs: optionalPart(flowLogOptions).default(false),
  /**
   * Names of other environments in this account and region whose private subnets this one's are routed to and
   * from. Both must be applied, the other first. Security groups still admit nobody: add rules for what is meant.
   * @default []
   */
  peering: z.array(z.string()).default([]),
});

const subnetIds = z
  .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, "is no id of a subnet (subnet-0123456789abcdef0)."))
  .min(2, "are too few: name one in each of two zones or more.")
  .superRefine((ids, context) => {
    for (const [index, id] of ids.entries())
      if (ids.indexOf(id) !== index)
        context.addIssue({ code: "custom", message: `${show(id)} is named twice.`, path: [index] });
  });

/** A VPC that is there already. Nothing of it is made or changed; what it leads to is its owner's. */
export const existingNetworkOptions = options({
  /** The VPC's id. Names are resolved in it (`enableDnsSupport`, `enableDnsHostnames`). */
  vpc: z.string().regex(/^vpc-[0-9a-f]{8,17}$/, "is no id of a VPC (vpc-0123456789abcdef0)."),
  /** The VPC's subnets, by what lives in them. */
  subnets: options({
    /**
     * Where instances, tasks and load balancers live, one subnet in each of two zones or more. They reach AWS, through NAT or
     * endpoints, and give nobody a public address.
     */
    private: subnetIds,
    /** Where the database lives. @default the private ones */
    database: subnetIds.optional(),
    /** Where caches live. @default the database's */
    cache: subnetIds.optional(),
    /** Where file systems are mounted from, one subnet of a zone. @default the private ones */
    intra: subnetIds.optional(),
    /** Routed to the internet, for a bastion with SSH alone. */
    public: subnetIds.optional(),
  }),
  /**
   * Whether instances and tasks reach hosts by IPv6, too: the private subnets give them addresses, and lead there.
   * @default false
   */
  ipv6: z.boolean().default(false),
});

export type ExistingNetwork = z.output<typeof existingNetworkOptions>;

/** What a file says of a VPC that the environment makes. */
export interface NetworkProps extends z.input<typeof networkOptions> {}
/** What a file says of one that is there already. */
export interface ExistingNetworkProps extends z.input<typeof existingNetworkOptions> {}

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

/** Whether what was written is about a VPC that is there already. */
const isExisting = (written: unknown): boolean =>
  isRecord(written) && ("vpc" in written || "subnets" in written);

/** `"10.42.0.0/16"`, the options, or a VPC that is there. There is no environment without a network. */
export const network = formed(
  z
    .custom<true | string | NetworkProps | ExistingNetworkProps>()
    .transform((value, context): z.output<typeof networkOptions> | ExistingNetwork => {
      const written = expand(value, "cidr");
      if (!isExisting(written) || !isRecord(written)) return into(context, networkOptions, written);
      return intoThere(
        context,
        existingNetworkOptions,
        written,
        networkOptions,
        "is about a VPC that the environment makes, and vpc names one that is there: leave it out, or vpc and subnets.",
      );
    }),
  // What a preset says is about one that is made.
  { options: [networkOptions, existingNetworkOptions], shorthand: "cidr", replaces: isExisting },
);
