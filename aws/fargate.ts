/** A range of memory in MiB, by steps. */
interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

/**
 * Memory that Fargate offers beside each cpu value, in MiB.
 * Source: Amazon ECS developer guide, "Task CPU and memory" of Fargate tasks.
 */
const memories: Readonly<Record<number, Range | readonly number[]>> = {
  256: [512, 1024, 2048],
  512: { from: 1024, to: 4096, step: 1024 },
  1024: { from: 2048, to: 8192, step: 1024 },
  2048: { from: 4096, to: 16384, step: 1024 },
  4096: { from: 8192, to: 30720, step: 1024 },
  8192: { from: 16384, to: 61440, step: 4096 },
  16384: { from: 32768, to: 122880, step: 8192 },
};

export const fargateCpus = Object.keys(memories).map(Number);

/** The memory sizes in MiB that go with a cpu value; none for a cpu value that Fargate has not. */
export function fargateMemories(cpu: number): number[] {
  const memory = memories[cpu];
  if (memory === undefined) return [];
  if (!("step" in memory)) return [...memory];
  const count = (memory.to - memory.from) / memory.step + 1;
  return Array.from({ length: count }, (_, index) => memory.from + index * memory.step);
}
