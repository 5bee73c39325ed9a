import { z } from "zod";
import { show } from "../mistakes";
import { options, requiredPart, whole } from "../options";

const label = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}$/, "must start with a letter and hold a-z, 0-9 and - only, at most 32.");

const capacityOptions = options({
  /** Types of one processor architecture, in order of preference. More of them find spot capacity sooner. */
  instanceTypes: z
    .array(
      z.string().refine((name) => /^[a-z0-9-]+\.[a-z0-9]+$/.test(name), {
        error: (issue) => `${show(issue.input)} is no instance type; there are t3a.medium, m7g.large, …`,
      }),
    )
    .min(1, "is empty: name at least one instance type."),
  /** Spot instances, at a third of the price, taken back with two minutes' notice. @default false */
  spot: z.boolean().default(false),
  /** Instances that always run. @default 1 */
  min: z.int().min(0).default(1),
  /** Instances that there are at most. @default 5 */
  max: z.int().min(1).default(5),
  /** GiB of the root volume. @default 50 */
  volume: z.int().min(30).default(50),
  /** Tasks placed here before any other provider of the strategy gets one. @default 0 */
  base: z.int().min(0).default(0),
  /** Share of the tasks beyond the base, relative to the other providers'. @default 1 */
  weight: z.int().min(0).max(1000).default(1),
});

export const clusterOptions = options({
  /**
   * EC2 capacity providers by name; {} for Fargate alone. What is named here takes the place of all that a preset names.
   * @default one to five spot instances, t3a or t3, medium or large
   */
  capacity: whole(z.record(label, capacityOptions)).default({
    spot: {
      instanceTypes: ["t3a.medium", "t3.medium", "t3a.large", "t3.large"],
      spot: true,
      min: 1,
      max: 5,
      volume: 50,
      base: 0,
      weight: 1,
    },
  }),
  /**
   * The ECS image of the instances: `"tracked"` takes the newest Amazon Linux 2023 one at each plan and
   * replaces the instances bit by bit, an id (`"ami-…"`) holds it.
   * @default "tracked"
   */
  image: z
    .string()
    .refine((image) => image === "tracked" || /^ami-[0-9a-f]{8,17}$/.test(image), {
      error: (issue) => `${show(issue.input)} is neither "tracked" nor an id like "ami-0123456789abcdef0".`,
    })
    .default("tracked"),
  /** Percent of the instances that managed scaling keeps busy; the rest is headroom for deployments. @default 90 */
  targetCapacity: z.int().min(1).max(100).default(90),
  /** Task and container metrics in CloudWatch, paid per metric. @default true */
  containerInsights: z.boolean().default(true),
});

/** What a file says of its cluster. */
export interface ClusterProps extends z.input<typeof clusterOptions> {}
export type ClusterConfiguration = z.output<typeof clusterOptions>;

export const cluster = requiredPart<typeof clusterOptions, never, ClusterProps>(clusterOptions);
