import { each, type Hit, hit, lacks, theme } from "../rule";
import type { Block, Stack } from "../stack";
import { absent, amount, truth, within } from "../values";
import { containersOf } from "./containers";

function requestsUnlogged(block: Block): Hit[] {
  if (absent(block, "access_logs")) return [lacks(block, "access_logs")];
  return within(block, "access_logs")
    .filter(({ body }) => truth(body.enabled, false) === false)
    .map((at) => hit(block, at, "enabled"));
}

/** CloudFront logs by an argument of its own, or as a source of CloudWatch's log delivery. */
function distributionUnlogged(block: Block, stack: Stack): Hit[] {
  const sources = stack.all("aws_cloudwatch_log_delivery_source");
  const delivered = sources.some((source) => stack.refers(source, block));
  const unsure = sources.some(
    ({ body }) =>
      stack.named(body.resource_arn, "aws_cloudfront_distribution").length === 0 &&
      String(body.resource_arn).includes("${"),
  );
  return absent(block, "logging_config") && !delivered && !unsure ? [lacks(block, "logging_config")] : [];
}

/** What is found out afterwards. */
export const logs = theme("logs", [
  {
    id: "log-retention",
    why: "A log group without retention keeps, and bills, every line for ever.",
    source: "AWS Security Hub CloudWatch.16",
    mend: "Set retention_in_days.",
    find: each(["aws_cloudwatch_log_group"], (block) =>
      amount(block.body.retention_in_days, 0) === 0 ? [hit(block, block, "retention_in_days")] : [],
    ),
  },
  {
    id: "container-without-logs",
    why: "A container without a log configuration dies without a word.",
    source: "AWS Security Hub ECS.9",
    mend: "Set logConfiguration with awslogs (or firelens) and a log group of its own.",
    find: (stack) =>
      containersOf(stack).flatMap(({ block, path, body }) =>
        absent({ path, body }, "logConfiguration")
          ? [{ address: block.address, path: `${path}.logConfiguration` }]
          : [],
      ),
  },
  {
    id: "access-logs",
    why: "Without a log of its requests, nobody can tell afterwards what a production site was asked.",
    source: "AWS Security Hub ELB.5, CloudFront.5",
    mend: "Set access_logs on the load balancer, and logging_config or a log delivery source on the distribution.",
    find: (stack) =>
      stack.production
        ? [
            ...stack.all("aws_lb", "aws_alb").flatMap(requestsUnlogged),
            ...stack
              .all("aws_cloudfront_distribution")
              .flatMap((block) => distributionUnlogged(block, stack)),
          ]
        : [],
  },
  {
    id: "database-logs",
    why: "A production database whose log stays on the instance loses it with the instance.",
    source: "AWS Security Hub RDS.9",
    mend: 'Set enabled_cloudwatch_logs_exports (Postgres: "postgresql", "upgrade").',
    find: (stack) =>
      stack.production
        ? stack
            .all("aws_db_instance", "aws_rds_cluster")
            .filter((block) => absent(block, "enabled_cloudwatch_logs_exports"))
            .filter(({ body }) => body.cluster_identifier === undefined)
            .map((block) => lacks(block, "enabled_cloudwatch_logs_exports"))
        : [],
  },
]);
