import { BudgetsBudget } from "@cdktf/provider-aws/lib/budgets-budget";
import type { Construct } from "constructs";
import type { BudgetConfiguration } from "./props";

/** An alarm on what the account costs in a month: when four fifths are spent, and when the forecast exceeds it. */
export const budgetOf = (
  scope: Construct,
  id: string,
  project: string,
  { monthly, emails }: BudgetConfiguration,
) =>
  new BudgetsBudget(scope, id, {
    name: `${project}-monthly`,
    budgetType: "COST",
    timeUnit: "MONTHLY",
    limitUnit: "USD",
    limitAmount: monthly.toFixed(2),
    notification: [
      { threshold: 80, notificationType: "ACTUAL" },
      { threshold: 100, notificationType: "FORECASTED" },
    ].map((alarm) => ({
      ...alarm,
      thresholdType: "PERCENTAGE",
      comparisonOperator: "GREATER_THAN",
      subscriberEmailAddresses: [...emails],
    })),
  });
