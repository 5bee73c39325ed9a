import { z } from "zod";
import type { PlanJson } from "./plan-json";
import type { Problem } from "./problems";

const parameter = z.object({ name: z.string(), value: z.string(), apply_method: z.string() });
const group = z.object({ name: z.string(), parameter: z.array(parameter).default([]) });
const instance = z.object({ identifier: z.string(), parameter_group_name: z.string() });
type Parameters = z.output<typeof group>["parameter"];

/**
 * Warnings about changed database parameters: those that wait until somebody reboots the instance, with the command, and
 * those that every plan will show again. Pure.
 * Source: "Rebooting a DB instance", Amazon RDS user guide: the maintenance window does not reboot for pending parameters.
 */
export function rebootProblems(plan: PlanJson): Problem[] {
  return plan.resource_changes.flatMap(({ address, type, change }) => {
    const [before, after] = [group.safeParse(change.before).data, group.safeParse(change.after).data];
    if (type !== "aws_db_parameter_group" || !change.actions.includes("update") || !before || !after)
      return [];
    const waiting = waitingFor(before.parameter, after.parameter);
    const repeated = repeating(before.parameter, after.parameter);
    return [
      ...membersOf(plan, after.name).flatMap((name) =>
        waiting.length > 0 ? [needsReboot(address, name, waiting)] : [],
      ),
      ...(repeated.length > 0 ? [repeats(address, repeated)] : []),
    ];
  });
}

/** The static parameters that change, come or go. */
function waitingFor(before: Parameters, after: Parameters): string[] {
  const valueIn = (all: Parameters, name: string) => all.find((one) => one.name === name)?.value;
  const last = new Map([...before, ...after].map((one) => [one.name, one]));
  return [...last.values()]
    .filter(({ apply_method }) => apply_method === "pending-reboot")
    .map(({ name }) => name)
    .filter((name) => valueIn(before, name) !== valueIn(after, name))
    .sort();
}

/** Parameters whose value RDS already has, as its own: it answers `pending-reboot` whatever it is told. */
const repeating = (before: Parameters, after: Parameters): string[] =>
  after
    .filter(({ name, value, apply_method }) =>
      before.some(
        (old) =>
          old.name === name &&
          old.value === value &&
          old.apply_method === "pending-reboot" &&
          apply_method === "immediate",
      ),
    )
    .map(({ name }) => name)
    .sort();

/** The identifiers of the instances that stay and have this group. */
const membersOf = (plan: PlanJson, name: string): string[] =>
  plan.resource_changes.flatMap(({ type, change }) => {
    const found = type === "aws_db_instance" ? instance.safeParse(change.before).data : undefined;
    return found?.parameter_group_name === name && !change.actions.includes("delete")
      ? [found.identifier]
      : [];
  });

const needsReboot = (place: string, name: string, parameters: readonly string[]): Problem => ({
  severity: "warning",
  summary: `${parameters.join(", ")}: the database ${name} needs a reboot`,
  detail:
    "The apply writes it to the parameter group. Postgres reads it when it starts, and nothing starts it anew by itself, not the maintenance window either.",
  place,
  wayOut: `After the apply, in a quiet minute: aws rds reboot-db-instance --db-instance-identifier ${name}`,
});

const repeats = (place: string, parameters: readonly string[]): Problem => ({
  severity: "warning",
  summary: `${parameters.join(", ")}: RDS has this value already`,
  detail:
    "RDS keeps a value that is its own default as its own and answers pending-reboot for it, so that every plan shows this change again.",
  place,
  wayOut: `Take ${parameters.join(", ")} out of database.parameters.`,
});
