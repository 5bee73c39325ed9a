export interface InstanceType {
  readonly architecture: "X86_64" | "ARM64";
  readonly vcpu: number;
  readonly memoryMiB: number;
}

/** Memory per vCPU in GiB of the families that containers are run on. Source: "Amazon EC2 instance types". */
const gibPerVcpu: Readonly<Record<string, number>> = { m: 4, c: 2, r: 8 };

/** Generations with their processor variants; a `g` is Graviton. Those that all three families have, then each one's own. */
const shared = "5 5a 5d 5n 6a 6g 6gd 6i 6id 7a 7g 7gd 7i 8a 8g 8gd 8i 8i-flex".split(" ");
const generations: Readonly<Record<string, readonly string[]>> = {
  m: [...shared, "7i-flex"],
  c: [...shared, "6gn", "7i-flex"],
  r: [...shared, "5b", "7iz"],
};

/** vCPU per size; `metal` is left out: no container host needs it. */
const vcpus: Readonly<Record<string, number>> = {
  medium: 1,
  large: 2,
  xlarge: 4,
  "2xlarge": 8,
  "4xlarge": 16,
  "8xlarge": 32,
  "12xlarge": 48,
  "16xlarge": 64,
  "24xlarge": 96,
};

/** The burstable families share one ladder of sizes: memory in GiB. */
const burstable: Readonly<Record<string, number>> = {
  nano: 0.5,
  micro: 1,
  small: 2,
  medium: 4,
  large: 8,
  xlarge: 16,
  "2xlarge": 32,
};

export const families: readonly string[] = [
  ...["t2", "t3", "t3a", "t4g"],
  ...Object.entries(generations).flatMap(([letter, list]) => list.map((generation) => letter + generation)),
];

/**
 * The processor of an instance type, by its name: a `g` after the generation is Graviton, as are the oldest, `a1`.
 * Source: "Amazon EC2 instance type naming conventions".
 */
export const architectureOf = (name: string): InstanceType["architecture"] =>
  /^(a1\.|[a-z]+\d+g)/.test(name) ? "ARM64" : "X86_64";

/** What an EC2 instance type offers, or undefined for one that a container host cannot be. */
export function instanceType(name: string): InstanceType | undefined {
  const [family = "", size = ""] = name.split(".");
  if (!families.includes(family)) return undefined;
  const architecture = architectureOf(name);
  if (family.startsWith("t")) {
    const gib = burstable[size];
    if (gib === undefined) return undefined;
    return { architecture, vcpu: gib >= 16 ? gib / 4 : 2, memoryMiB: gib * 1024 };
  }
  const vcpu = vcpus[size];
  // Medium exists for Graviton and for the seventh and eighth AMD generation only.
  if (vcpu === undefined || (size === "medium" && architecture !== "ARM64" && !/^[a-z][78]a/.test(family)))
    return undefined;
  return { architecture, vcpu, memoryMiB: vcpu * (gibPerVcpu[family.charAt(0)] ?? 0) * 1024 };
}

/** Every instance type that is known. */
export const instanceTypes: readonly string[] = families.flatMap((family) =>
  [...new Set([...Object.keys(burstable), ...Object.keys(vcpus)])]
    .map((size) => `${family}.${size}`)
    .filter((name) => instanceType(name) !== undefined),
);
