import { fargateCpus, fargateMemories } from "../aws/fargate";

/** CPU units, 1024 to a vCPU, and MiB. */
export interface Size {
  readonly cpu: number;
  readonly memory: number;
}

/** The smallest size of Fargate that has at least so much; the largest where there is none. */
export function fargateSize({ cpu: least, memory: needed }: Size): Size {
  const sizes = fargateCpus.flatMap((cpu) => fargateMemories(cpu).map((memory) => ({ cpu, memory })));
  const found = sizes.find(({ cpu, memory }) => cpu >= least && memory >= needed);
  return found ?? (sizes.at(-1) as Size);
}
