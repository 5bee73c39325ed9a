import { z } from "zod";
import { show } from "../mistakes";
import { options, short } from "../options";
import { canonical, LARGEST_VPC, SMALLEST_VPC, unfit } from "./subnets";

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

/** Those that instances need for their ECS agent; Fargate does without. Source: "Amazon ECS interface VPC endpoints". */
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
   * NAT gateways: `"single"` (about 33 USD a month, a zone's loss takes it along), `"per-zone"`, or false
   * for none: then interface endpoints carry what the environment itself needs, and tasks reach nothing else.
   */
  nat: z
    .union([z.literal(false), z.enum(["single", "per-zone"])], {
      error: (issue) => `${show(issue.input)} is none of "single", "per-zone", false.`,
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
   * Names of other environments in this account and region whose private subnets this one's are routed to and
   * from. Both must be applied, the other first. Security groups still admit nobody: add rules for what is meant.
   */
  peering: z.array(z.string()).default([]),
});

/** `"10.42.0.0/16"` or the options. There is no environment without a network. */
export const network = short<typeof networkOptions, string>(networkOptions, "cidr");
