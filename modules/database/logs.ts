import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import type { Construct } from "constructs";
import type { Key } from "../key/key";

/** What RDS sends to CloudWatch Logs. */
export const EXPORTED_LOGS = ["postgresql", "upgrade"] as const;

/** What the names of the log groups begin with that RDS writes an instance's logs to. */
export const logGroupsOf = (identifier: string) => `/aws/rds/instance/${identifier}`;

/** An instance's log groups, made before RDS makes them, without an end to their retention. */
export const createLogGroups = (scope: Construct, identifier: string, key: Key | undefined) =>
  EXPORTED_LOGS.map(
    (log) =>
      new CloudwatchLogGroup(scope, `log_${log}`, {
        name: `${logGroupsOf(identifier)}/${log}`,
        retentionInDays: 30,
        kmsKeyId: key?.arn,
      }),
  );
