import type * as rds from "@aws-sdk/client-rds";
import { needsStart, startEngine, waitsOf } from "../aws/rds-waiting";
import { arnOf, flag, number, text } from "../engine/attributes";
import type { Attributes, WorldObject } from "../world";
import { type Call, type Operations, operation, page, pageSize } from "./call";
import { AwsFailure } from "./errors";

export const RDS: Operations = {
  DescribeDBInstances: operation<rds.DescribeDBInstancesMessage, rds.DBInstanceMessage>(
    [],
    (call, { DBInstanceIdentifier: name, Marker, MaxRecords, ...others }) => {
      const [filter] = Object.keys(others).filter((one) => one.startsWith("Filters"));
      if (filter)
        throw new AwsFailure("InvalidParameterValue", `The sandbox does not filter instances: ${filter}`);
      const all = name === undefined ? instances(call) : [find(call, name)];
      const size = pageSize(MaxRecords === undefined ? undefined : Number(MaxRecords), 100);
      const { items, nextToken } = page(all, Marker, size);
      return {
        DBInstances: items.map((object) => view(call, object)),
        ...(nextToken && { Marker: nextToken }),
      };
    },
  ),
  RebootDBInstance: operation<
    Omit<rds.RebootDBInstanceMessage, "ForceFailover"> & { ForceFailover?: boolean | string },
    rds.RebootDBInstanceResult
  >(["DBInstanceIdentifier"], (call, { DBInstanceIdentifier = "", ForceFailover }) => {
    const object = find(call, DBInstanceIdentifier);
    if (String(ForceFailover) === "true" && !flag(object.attributes, "multi_az"))
      throw new AwsFailure(
        "InvalidParameterCombination",
        `The DB instance ${DBInstanceIdentifier} is not Multi-AZ: it has nothing to fail over to.`,
      );
    call.sim.edits.push((world) => startEngine(world, object));
    return { DBInstance: { ...view(call, object), DBInstanceStatus: "rebooting" } };
  }),
};

function instances({ sim, region }: Call): WorldObject[] {
  return sim.world
    .list({ type: "aws_db_instance", region })
    .sort((one, other) => nameOf(one).localeCompare(nameOf(other)));
}

const nameOf = ({ attributes }: WorldObject) => text(attributes, "identifier");

/** By name or ARN. */
function find(call: Call, given: string): WorldObject {
  const found = instances(call).find((one) => nameOf(one) === given.toLowerCase() || arnOf(one) === given);
  if (!found) throw new AwsFailure("DBInstanceNotFound", `DBInstance ${given} not found.`, 404);
  return found;
}

function view({ sim: { world } }: Call, object: WorldObject): rds.DBInstance {
  const { attributes } = object;
  return {
    DBInstanceIdentifier: nameOf(object),
    DBInstanceArn: arnOf(object),
    DbiResourceId: text(attributes, "resource_id"),
    DBInstanceStatus: "available",
    DBInstanceClass: text(attributes, "instance_class"),
    Engine: text(attributes, "engine"),
    EngineVersion: text(attributes, "engine_version_actual"),
    AllocatedStorage: number(attributes, "allocated_storage", 0),
    MultiAZ: flag(attributes, "multi_az"),
    PreferredMaintenanceWindow: text(attributes, "maintenance_window"),
    Endpoint: { Address: text(attributes, "address"), Port: number(attributes, "port", 5432) },
    DBParameterGroups: [
      {
        DBParameterGroupName: text(attributes, "parameter_group_name"),
        ParameterApplyStatus: needsStart(world, object) ? "pending-reboot" : "in-sync",
      },
    ],
    PendingModifiedValues: pending(waitsOf(world, object)),
  };
}

function pending(waits: Attributes): rds.PendingModifiedValues {
  const { allocated_storage, engine_version, instance_class, iops, multi_az, port } = waits;
  const { storage_throughput, storage_type } = waits;
  const given = <T>(value: unknown) => (value ?? undefined) as T | undefined;
  return {
    AllocatedStorage: given(allocated_storage),
    DBInstanceClass: given(instance_class),
    EngineVersion: given(engine_version),
    Iops: given(iops),
    MultiAZ: given(multi_az),
    Port: given(port),
    StorageThroughput: given(storage_throughput),
    StorageType: given(storage_type),
  };
}
