import type { DBInstance } from "@aws-sdk/client-rds";
import { describe, expect, test } from "vitest";
import { explained } from "../../deploy/aws/error";
import { databaseChecks } from "../../deploy/database-checks";
import type { Reading } from "../../deploy/facts";
import { contract } from "./support/contract";

type Found = Reading<DBInstance | undefined>;

/** What is said of instances, as `name status: detail`. */
const said = (databases: Record<string, Found>) =>
  databaseChecks(new Map(Object.entries(databases)), contract()).map(
    ({ name, status, detail }) => `${name} ${status}: ${detail}`,
  );

const withStatus = (ParameterApplyStatus: string, more: DBInstance = {}): Found => ({
  value: {
    DBParameterGroups: [{ DBParameterGroupName: "staging-postgres17", ParameterApplyStatus }],
    ...more,
  },
});

const refusal = (name: string, message: string): Found => ({
  error: explained("rds:DescribeDBInstances", Object.assign(new Error(message), { name, $fault: "client" })),
});

describe("the check of the database", () => {
  test.each(["in-sync", "applying", "pending-database-upgrade"])(
    "is quiet about parameters that are %s",
    (status) => {
      expect(
        said({ staging: withStatus(status, { PendingModifiedValues: { ProcessorFeatures: [] } }) }),
      ).toEqual(["staging ok: nothing waits for a reboot or the maintenance window"]);
    },
  );

  test("has the command of a reboot, without a failover that would cut connections off", () => {
    expect(said({ staging: withStatus("pending-reboot", { MultiAZ: true }) })).toEqual([
      "staging warning: staging-postgres17 has parameters that wait for a reboot, and the maintenance window brings none. In a quiet minute: aws rds reboot-db-instance --region us-west-2 --db-instance-identifier staging",
    ]);
  });

  test("has the command that tells why parameters could not be applied", () => {
    expect(said({ staging: withStatus("failed-to-apply") })).toEqual([
      "staging warning: staging-postgres17 could not be applied. Why: aws rds describe-events --region us-west-2 --source-type db-instance --source-identifier staging --duration 10080",
    ]);
  });

  test("tells all that waits for the window in one line beside the reboot, and no password", () => {
    const PendingModifiedValues = { EngineVersion: "17.7", MultiAZ: true, MasterUserPassword: "****" };
    const more = { PendingModifiedValues, PreferredMaintenanceWindow: "sun:04:00-sun:04:30" };
    expect(said({ staging: withStatus("pending-reboot", more) })).toEqual([
      expect.stringContaining("aws rds reboot-db-instance"),
      "staging warning: EngineVersion 17.7, MultiAZ true, MasterUserPassword wait for the maintenance window (sun:04:00-sun:04:30 UTC). At once, with the outage that it brings: aws rds modify-db-instance --region us-west-2 --db-instance-identifier staging --apply-immediately",
    ]);
  });

  test("says once that the role may not look, and how to allow it", () => {
    const denied = refusal("AccessDenied", "User: ana is not authorized");
    const [one, ...more] = said({ staging: denied, "staging-replica": denied });
    expect(one).toMatch(/^instances warning: .*rds:DescribeDBInstances.*npx slipway policy staging/);
    expect(more).toEqual([]);
  });

  test("only warns of an instance that is not there, or that RDS does not tell of", () => {
    expect(said({ gone: { value: undefined }, odd: refusal("InternalFailure", "Try later") })).toEqual([
      "gone warning: is not there: npx slipway apply staging",
      expect.stringMatching(/^odd warning: rds:DescribeDBInstances: InternalFailure: Try later\./),
    ]);
  });
});
