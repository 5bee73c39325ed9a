/** CPU units of an instance, and the MiB that go with them. Source: "Setting CPU and memory", App Runner guide. Read on 2026-11-22. */
const SIZES: Readonly<Record<number, readonly number[]>> = {
  256: [512, 1024],
  512: [1024],
  1024: [2048, 3072, 4096],
  2048: [4096, 6144],
  4096: [8192, 10240, 12288],
};

/** CPU units that an instance of App Runner may have. */
export const appRunnerCpus = Object.keys(SIZES).map(Number);

/** MiB that go with so many CPU units; none where these are no size. */
export const appRunnerMemories = (cpu: number): readonly number[] => SIZES[cpu] ?? [];

/** How no variable's name may begin. Source: ImageConfiguration, App Runner API reference. */
export const RESERVED_VARIABLES = "AWSAPPRUNNER";
