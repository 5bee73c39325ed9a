import type { DBInstance, PendingModifiedValues } from "@aws-sdk/client-rds";
import type { Contract } from "../modules/contract";
import { AwsError } from "./aws/error";
import type { Check } from "./events";
import type { Reading } from "./facts";

/** Instances of the contract, and what RDS says of each. */
export type Databases = ReadonlyMap<string, Reading<DBInstance | undefined>>;

/**
 * What is to happen to the database's instances and does not by itself, one line for each. Nothing of a deployment needs
 * it: a warning at most. Pure.
 * Source: "Rebooting a DB instance" and "Using the schedule modifications setting", Amazon RDS user guide.
 */
export function databaseChecks(databases: Databases, contract: Contract): Check[] {
  const denied = [...databases.values()].some(isDenied);
  if (denied) {
    const said = `the role may not call rds:DescribeDBInstances, which tells whether a reboot is waited for: npx slipway policy ${contract.environment} prints a policy that allows it`;
    return [line("instances", "warning", said)];
  }
  return [...databases].flatMap(([name, found]) => instanceChecks(name, found, contract));
}

const line = (name: string, status: Check["status"], detail: string): Check => ({
  name,
  status,
  detail,
  children: [],
});

const isDenied = (found: Reading<unknown>) =>
  "error" in found && found.error instanceof AwsError && found.error.kind === "denied";

function instanceChecks(
  name: string,
  found: Reading<DBInstance | undefined>,
  { environment, region }: Contract,
): Check[] {
  if ("error" in found) {
    const { error } = found;
    return [line(name, "warning", error instanceof Error ? error.message : "could not be read")];
  }
  const instance = found.value;
  if (!instance) return [line(name, "warning", `is not there: npx slipway apply ${environment}`)];
  const at = `--region ${region} --db-instance-identifier ${name}`;
  const waiting = [...parameterWaits(instance, name, region, at), ...modificationWaits(instance, at)];
  return waiting.length > 0
    ? waiting.map((said) => line(name, "warning", said))
    : [line(name, "ok", "nothing waits for a reboot or the maintenance window")];
}

function parameterWaits(
  { DBParameterGroups = [] }: DBInstance,
  name: string,
  region: string,
  at: string,
): string[] {
  return DBParameterGroups.flatMap(({ DBParameterGroupName: group, ParameterApplyStatus: status }) => {
    if (status === "pending-reboot")
      return [
        `${group} has parameters that wait for a reboot, and the maintenance window brings none. In a quiet minute: aws rds reboot-db-instance ${at}`,
      ];
    if (status === "failed-to-apply")
      return [
        `${group} could not be applied. Why: aws rds describe-events --region ${region} --source-type db-instance --source-identifier ${name} --duration 10080`,
      ];
    return [];
  });
}

function modificationWaits(instance: DBInstance, at: string): string[] {
  const waits = Object.entries(instance.PendingModifiedValues ?? {}).flatMap(([name, value]) =>
    isNothing(value) ? [] : [named(name as keyof PendingModifiedValues, value)],
  );
  if (waits.length === 0) return [];
  const window = instance.PreferredMaintenanceWindow;
  return [
    `${waits.join(", ")} ${waits.length === 1 ? "waits" : "wait"} for the maintenance window${window ? ` (${window} UTC)` : ""}. At once, with the outage that it brings: aws rds modify-db-instance ${at} --apply-immediately`,
  ];
}

/** The SDK gives lists that are empty for those that are not there. */
const isNothing = (value: unknown) => value === undefined || (Array.isArray(value) && value.length === 0);

/** A password's new value is not AWS's to tell, and lists say little. */
const named = (name: keyof PendingModifiedValues, value: unknown): string =>
  name === "MasterUserPassword" || typeof value === "object" ? name : `${name} ${value}`;
