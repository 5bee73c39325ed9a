import type * as scheduler from "@aws-sdk/client-scheduler";
import { block, blocks, number, text } from "../engine/attributes";
import type { Attributes, WorldObject } from "../world";
import { type Call, type Operations, operation } from "./call";
import { AwsFailure } from "./errors";
import type { RestOutput } from "./rest";

/** EventBridge's schedules as whoever switches one on or off sees them; Terraform makes them. */
export const SCHEDULER: Operations = {
  GetSchedule: operation<scheduler.GetScheduleInput, RestOutput>(["Name"], (call, input) => {
    const { attributes } = find(call, input);
    return { json: { Arn: text(attributes, "arn"), ...view(attributes) } };
  }),
  /** All that is not said becomes what it is where nobody says it: nothing of the old schedule stays. */
  UpdateSchedule: operation<scheduler.UpdateScheduleInput, RestOutput>(
    ["Name", "ScheduleExpression", "FlexibleTimeWindow", "Target"],
    (call, input) => {
      const found = find(call, input);
      const { State = "ENABLED" } = input;
      if (!["ENABLED", "DISABLED"].includes(State))
        throw new AwsFailure(
          "ValidationException",
          `1 validation error detected: Value '${State}' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED]`,
        );
      call.sim.edits.push((world) => world.update(found, attributesOf(input, found.attributes)));
      return { json: { ScheduleArn: text(found.attributes, "arn") } };
    },
  ),
};

function find(
  { sim, region }: Call,
  { Name = "", GroupName = "default" }: { Name?: string | undefined; GroupName?: string | undefined },
): WorldObject {
  const where = { name: Name, group_name: GroupName };
  const found = sim.world.find({ type: "aws_scheduler_schedule", region, where });
  if (found) return found;
  throw new AwsFailure("ResourceNotFoundException", `Schedule ${Name} does not exist.`, 404);
}

/** A text, unless it is empty. */
const said = (attributes: Attributes | undefined, name: string) => text(attributes, name) || undefined;

/** A number, unless it is none. */
const counted = (attributes: Attributes | undefined, name: string) =>
  attributes?.[name] === undefined || attributes[name] === null ? undefined : number(attributes, name, 0);

function view(attributes: Attributes): object {
  const window = block(attributes, "flexible_time_window");
  return {
    Name: text(attributes, "name"),
    GroupName: text(attributes, "group_name"),
    Description: said(attributes, "description"),
    ScheduleExpression: text(attributes, "schedule_expression"),
    ScheduleExpressionTimezone: text(attributes, "schedule_expression_timezone"),
    State: text(attributes, "state"),
    ActionAfterCompletion: text(attributes, "action_after_completion"),
    KmsKeyArn: said(attributes, "kms_key_arn"),
    FlexibleTimeWindow: {
      Mode: text(window, "mode"),
      MaximumWindowInMinutes: counted(window, "maximum_window_in_minutes"),
    },
    Target: targetView(block(attributes, "target")),
  };
}

function targetView(target: Attributes | undefined): object {
  const retries = block(target, "retry_policy");
  const ecs = block(target, "ecs_parameters");
  const network = block(ecs, "network_configuration");
  return {
    Arn: text(target, "arn"),
    RoleArn: text(target, "role_arn"),
    Input: said(target, "input"),
    RetryPolicy: retries && {
      MaximumEventAgeInSeconds: counted(retries, "maximum_event_age_in_seconds"),
      MaximumRetryAttempts: counted(retries, "maximum_retry_attempts"),
    },
    EcsParameters: ecs && {
      TaskDefinitionArn: text(ecs, "task_definition_arn"),
      TaskCount: counted(ecs, "task_count"),
      LaunchType: said(ecs, "launch_type"),
      CapacityProviderStrategy: blocks(ecs, "capacity_provider_strategy").map((one) => ({
        capacityProvider: text(one, "capacity_provider"),
        base: counted(one, "base"),
        weight: counted(one, "weight"),
      })),
      NetworkConfiguration: network && {
        awsvpcConfiguration: {
          Subnets: network.subnets,
          SecurityGroups: network.security_groups,
          AssignPublicIp: network.assign_public_ip === true ? "ENABLED" : "DISABLED",
        },
      },
    },
  };
}

/** A block with nothing said in it: Terraform wants to see every name that its schema has. */
const unsaid = (known: Attributes | undefined): Attributes =>
  Object.fromEntries(
    Object.entries(known ?? {}).map(([name, value]) => [name, Array.isArray(value) ? [] : null]),
  );

/** What Terraform's provider would read of it afterwards. */
function attributesOf(input: scheduler.UpdateScheduleInput, before: Attributes): Attributes {
  const { FlexibleTimeWindow: window, Target: target } = input;
  return {
    description: input.Description ?? null,
    schedule_expression: input.ScheduleExpression ?? "",
    schedule_expression_timezone: input.ScheduleExpressionTimezone ?? "UTC",
    state: input.State ?? "ENABLED",
    action_after_completion: input.ActionAfterCompletion ?? "NONE",
    kms_key_arn: input.KmsKeyArn ?? null,
    flexible_time_window: [
      { mode: window?.Mode ?? "OFF", maximum_window_in_minutes: window?.MaximumWindowInMinutes ?? null },
    ],
    target: [targetOf(target, block(before, "target"))],
  };
}

function targetOf(target: scheduler.Target | undefined, before: Attributes | undefined): Attributes {
  const { EcsParameters: ecs, RetryPolicy: retries } = target ?? {};
  const { Subnets, SecurityGroups, AssignPublicIp } = ecs?.NetworkConfiguration?.awsvpcConfiguration ?? {};
  const known = block(before, "ecs_parameters");
  return {
    ...unsaid(before),
    arn: target?.Arn ?? "",
    role_arn: target?.RoleArn ?? "",
    input: target?.Input ?? null,
    // What is left out is AWS's: a day, and 185 attempts.
    retry_policy: retries
      ? [
          {
            maximum_event_age_in_seconds: retries.MaximumEventAgeInSeconds ?? null,
            maximum_retry_attempts: retries.MaximumRetryAttempts ?? null,
          },
        ]
      : [],
    ecs_parameters: ecs
      ? [
          {
            ...unsaid(known),
            task_definition_arn: ecs.TaskDefinitionArn ?? "",
            task_count: ecs.TaskCount ?? 1,
            launch_type: ecs.LaunchType ?? null,
            capacity_provider_strategy: (ecs.CapacityProviderStrategy ?? []).map((one) => ({
              capacity_provider: one.capacityProvider ?? "",
              base: one.base ?? 0,
              weight: one.weight ?? 0,
            })),
            network_configuration: Subnets
              ? [
                  {
                    subnets: Subnets,
                    security_groups: SecurityGroups ?? [],
                    assign_public_ip: AssignPublicIp === "ENABLED",
                  },
                ]
              : [],
          },
        ]
      : [],
  };
}
