import fc from "fast-check";
import type { Sample } from "../../../sandbox/api/sample";
import type { Behaviour, Run } from "../../../sandbox/engine/behaviour";
import type { Fault } from "../../../sandbox/engine/faults";
import { minute, second } from "./driver";

/** What happens to an environment while somebody deploys `v2` into it. */
export interface Timeline {
  sample: Sample;
  migration: keyof typeof MIGRATIONS;
  service: keyof typeof SERVICES;
  pull: keyof typeof PULLS;
  faults: Fault[];
  happenings: { at: number | Moment; what: Happening }[];
  /** How far deploy's clock is ahead of AWS's, in milliseconds. */
  ahead: number;
  /** After so many lines nobody reads any more; null if somebody does to the end. */
  closedAfter: number | null;
}

/** Moments of the deploy, by the stage and the text of the event that tells of them. */
export const MOMENTS = {
  "as it copies": ["copy", "sha256"],
  "as the migration starts": ["migrate", "task arn:"],
  "as it promotes": ["promote", "sha256"],
  "as it has promoted": ["promote", "→"],
  "as it rolls out": ["roll out", "deployment ecs-svc"],
  "as it goes back": ["put back", "deployment ecs-svc"],
} as const satisfies Record<string, readonly [stage: string, text: string]>;

export type Moment = keyof typeof MOMENTS;

/** How the migration runs. */
export const MIGRATIONS = {
  "in 10 s": { exit: { code: 0, after: 10 * second } },
  "in a moment": { exit: { code: 0, after: 1 } },
  "in 90 s": { exit: { code: 0, after: 90 * second } },
  "without end": { exit: { code: 0, after: 300 * minute }, stop: { code: 0, after: second } },
  "exits with 1": { exit: { code: 1, after: 5 * second } },
  "cannot start": { startError: "no such file" },
  "takes all memory": { outOfMemory: 2 * second },
} as const satisfies Record<string, Run>;

/** How the service runs. */
export const SERVICES = {
  well: {},
  "well, after a while": { healthy: 40 * second },
  "exits at once": { exit: { code: 1, after: 100 } },
  "crashes after 5 s": { exit: { code: 9, after: 5 * second } },
  "crashes after 50 s": { exit: { code: 9, after: 50 * second } },
  "never healthy": { healthy: "never" },
  "deaf to SIGTERM": { stop: "ignore" },
  "cannot start": { startError: "no such file" },
} as const satisfies Record<string, Run>;

/** How the image is pulled. */
export const PULLS = {
  fast: {},
  "in 2 minutes": { duration: 2 * minute },
  never: { error: "toomanyrequests" },
} as const satisfies Record<string, Behaviour["pull"]>;

/** What other people, machines and the person at the terminal do. */
export type Happening =
  | "SIGHUP"
  | "SIGINT"
  | "SIGTERM"
  | "the migration's machine goes"
  | "the service's machine goes"
  | "somebody stops the migration"
  | "somebody forces a deployment"
  | "somebody moves the tag"
  | "somebody moves the candidate tag"
  | "somebody rolls the deployment back"
  | "somebody aborts the deployment"
  | "no machines for 3 minutes";

const HAPPENINGS: Happening[] = [
  "SIGHUP",
  "SIGINT",
  "SIGTERM",
  "the migration's machine goes",
  "the service's machine goes",
  "somebody stops the migration",
  "somebody forces a deployment",
  "somebody moves the tag",
  "somebody moves the candidate tag",
  "somebody rolls the deployment back",
  "somebody aborts the deployment",
  "no machines for 3 minutes",
];

const OPERATIONS = [
  "*",
  "ecs:*",
  "ecs:RunTask",
  "ecs:DescribeTasks",
  "ecs:ListTasks",
  "ecs:StopTask",
  "ecs:UpdateService",
  "ecs:DescribeServices",
  "ecs:ListServiceDeployments",
  "ecr:PutImage",
  "ecr:BatchGetImage",
  "ecr:*",
  "logs:GetLogEvents",
];

const fault: fc.Arbitrary<Fault> = fc
  .record({
    operation: fc.constantFrom(...OPERATIONS),
    kind: fc.constantFrom<Fault["kind"]>(
      "throttle",
      "server",
      "reset",
      "lost",
      "double",
      "slow",
      "stale",
      "missing",
    ),
    skip: fc.nat(12),
    count: fc.integer({ min: 1, max: 9 }),
    delay: fc.integer({ min: 1, max: 20 }).map((seconds) => seconds * second),
  })
  .map(({ delay, ...rest }) => (rest.kind === "slow" ? { ...rest, delay } : rest));

/** Every call of a deploy, each as likely as the others to have its answers lost, doubled, late or throttled. */
const CALLS = [
  "sts:GetCallerIdentity",
  "ssm:GetParameter",
  "ssm:DescribeParameters",
  "ecs:DescribeClusters",
  "ecs:DescribeServices",
  "ecs:DescribeTasks",
  "ecs:ListTasks",
  "ecs:ListServiceDeployments",
  "ecs:DescribeServiceRevisions",
  "ecr:BatchGetImage",
  "ecr:GetDownloadUrlForLayer",
  "ecr:BatchCheckLayerAvailability",
  "ecr:InitiateLayerUpload",
  "ecr:UploadLayerPart",
  "ecr:CompleteLayerUpload",
  "logs:GetLogEvents",
];
const CHANGES = ["ecs:RunTask", "ecs:StopTask", "ecs:UpdateService", "ecr:PutImage"];

/** Up to three things that become of the answers of one call, one after the other: at once or later, once or for good. */
const fates: fc.Arbitrary<Fault[]> = fc
  .record({
    operation: fc.constantFrom(...CALLS, ...CHANGES, ...CHANGES, ...CHANGES),
    skip: fc.nat(3),
    fates: fc.array(
      fc.record({
        kind: fc.constantFrom<Fault["kind"]>(
          "lost",
          "double",
          "slow",
          "throttle",
          "server",
          "reset",
          "expired",
          "denied",
        ),
        count: fc.constantFrom(1, 1, 2, 6, 200),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  })
  .map(({ operation, skip, fates }) =>
    fates.map(({ kind, count }, index) => ({
      operation,
      kind,
      count,
      skip: skip + fates.slice(0, index).reduce((sum, fate) => sum + fate.count, 0),
      ...(kind === "slow" && { delay: 14 * second }),
    })),
  );

/** Keys whose first is by far the likeliest: most things go well most of the time. */
const mostlyFirst = <K extends string>(table: Record<K, unknown>): fc.Arbitrary<K> => {
  const [first, ...others] = Object.keys(table) as [K, ...K[]];
  return fc.oneof(
    { weight: 5, arbitrary: fc.constant(first) },
    { weight: 4, arbitrary: fc.constantFrom(first, ...others) },
  );
};

const sample: fc.Arbitrary<Sample> = fc.record({
  desired: fc.constantFrom(1, 1, 2, 3, 0),
  worker: fc.boolean(),
  more: fc.constantFrom<string[]>([], [], ["mail"], ["mail", "cron", "search", "report"]),
  fargate: fc.constantFrom(false, false, true),
  sidecar: fc.boolean(),
  ownRepository: fc.boolean(),
  breaker: fc.constantFrom(
    { enable: true, rollback: true },
    { enable: true, rollback: false },
    { enable: false, rollback: false },
  ),
});

const happening = fc.record({
  at: fc.oneof(
    fc.integer({ min: 0, max: 180 }).map((seconds) => seconds * second),
    fc.constantFrom(...(Object.keys(MOMENTS) as Moment[])),
  ),
  what: fc.constantFrom(...HAPPENINGS),
});

/** Random timelines, each of which prints as a few readable lines. */
export const timelines: fc.Arbitrary<Timeline> = fc
  .record({
    sample,
    migration: mostlyFirst(MIGRATIONS),
    service: mostlyFirst(SERVICES),
    pull: mostlyFirst(PULLS),
    faults: fc.oneof(fc.constant<Fault[]>([]), fc.array(fault, { maxLength: 3 }), fates),
    happenings: fc.oneof(fc.constant<Timeline["happenings"]>([]), fc.array(happening, { maxLength: 3 })),
    ahead: fc.constantFrom(0, 0, 10 * minute, -10 * minute),
    closedAfter: fc.option(fc.nat(20), { freq: 4 }),
  })
  .map((timeline) =>
    Object.defineProperty(timeline, fc.toStringMethod, { value: () => `\n${describe(timeline)}\n` }),
  );

/** A timeline in a few lines. */
export function describe(timeline: Timeline): string {
  const { sample, migration, service, pull, faults, happenings, ahead, closedAfter } = timeline;
  const { desired, worker, more = [], fargate, breaker, sidecar, ownRepository } = sample;
  const breaks = breaker?.enable ? (breaker.rollback ? "breaker rolls back" : "breaker stops") : "no breaker";
  return [
    `environment  ${[worker ? "worker" : "web", ...more].join(", ")}${sidecar ? " and sidecar" : ""} × ${desired} on ${fargate ? "Fargate" : "EC2"}, ${breaks}${ownRepository ? ", own repository" : ""}`,
    `image v2     pull ${pull}; migration ${migration}; service ${service}`,
    ...(ahead === 0 ? [] : [`clock        ${ahead / minute} minutes ahead of AWS's`]),
    ...(closedAfter === null ? [] : [`output       closed after ${closedAfter} lines`]),
    ...faults.map(
      ({ operation, kind, skip, count, delay }) =>
        `calls        ${operation}: ${kind}${delay ? ` ${delay / second} s` : ""}, ${count} times after ${skip}`,
    ),
    ...happenings.map(({ at, what }) =>
      typeof at === "number" ? `${String(at / second).padStart(5)} s      ${what}` : `${at}: ${what}`,
    ),
  ].join("\n");
}
