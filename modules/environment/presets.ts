import type { Preset } from "./props";

/** What all that holds data says of itself where none of it is to be kept. */
export const unprotected: Preset = {
  database: { deletionProtection: false, finalSnapshot: false },
  uses: {
    bucket: { deletionProtection: false },
    queue: { deletionProtection: false },
    valkey: { deletionProtection: false },
  },
};

/**
 * The beginning: Fargate alone, a NAT instance, no database and no bastion. What it lacks comes with a change of the preset.
 */
export const light = {
  data: "disposable",
  network: { nat: "instance" },
  bastion: false,
  database: false,
  cluster: { capacity: {} },
  distribution: { deletionProtection: false },
  service: { count: 1, logDays: 7 },
} satisfies Preset;

/** Cheap and quick to take down: one NAT gateway, spot instances, nothing protected. */
export const small = {
  data: "disposable",
  network: { nat: "single" },
  database: {
    instanceClass: "db.t4g.micro",
    backupDays: 1,
    applyImmediately: true,
  },
  cluster: {
    capacity: {
      spot: {
        instanceTypes: ["t3a.medium", "t3.medium", "t3a.large", "t3.large"],
        spot: true,
        min: 1,
        max: 5,
      },
    },
  },
  distribution: { deletionProtection: false },
  service: { count: 1, logDays: 7 },
} satisfies Preset;

/** Survives the loss of a zone and of a person's attention: a NAT gateway per zone, a standby, protection. */
export const production = {
  data: "kept",
  encryption: "own",
  network: { nat: "per-zone", flowLogs: true },
  database: {
    instanceClass: "db.m7g.large",
    storage: 100,
    maxStorage: 500,
    multiAz: true,
    logins: true,
    backupDays: 14,
  },
  cluster: {
    capacity: {
      base: { instanceTypes: ["m7a.large", "m6a.large", "m7i.large"], min: 2, max: 10, base: 2, weight: 1 },
      spot: {
        instanceTypes: ["m7a.large", "m6a.large", "m7i.large", "m6i.large", "m5a.large"],
        spot: true,
        min: 0,
        max: 20,
        weight: 2,
      },
    },
  },
  distribution: { deletionProtection: true, accessLogs: true },
  service: { count: 2, logDays: 90 },
  uses: { valkey: { replicas: 1, snapshotDays: 7 } },
} satisfies Preset;
