import { describe, expect, it } from "vitest";
import { movePolicy } from "../../modules/contract/move-policy";
import { contract } from "../deploy/support/contract";
import { DOMAIN, MoveWorld, ZONE } from "./support/world";

const policy = () => movePolicy(new MoveWorld().contract);
const allowed = (action: string) =>
  policy()
    .Statement.filter(({ Action }) => Action.includes(action))
    .flatMap(({ Resource }) => Resource);

describe("what whoever moves an address may do", () => {
  it("is each call of the steps, and nothing of another service, zone or distribution", () => {
    expect(
      Object.fromEntries(
        policy().Statement.map(({ Sid, Action }) => [Sid, Action.map((one) => one.split(":")[1])]),
      ),
    ).toEqual({
      ReadMove: ["GetParameter"],
      WriteMove: ["PutParameter"],
      GiveLockBack: ["DeleteParameter"],
      SeeLock: ["DescribeParameters"],
      SeeDistribution: ["GetDistribution"],
      ShiftViewers: ["DescribeKeyValueStore", "GetKey", "PutKey"],
      CountViewers: ["GetMetricData"],
      FindOldService: ["ListServices"],
      SeeRecords: ["GetHostedZone", "ListResourceRecordSets"],
      ChangeRecords: ["ChangeResourceRecordSets"],
      SeeChange: ["GetChange"],
      StartWorkers: ["DescribeServices", "UpdateService"],
    });
    expect(allowed("ecs:UpdateService")).toEqual([
      "arn:aws:ecs:us-west-2:123456789012:service/staging/staging-worker",
    ]);
    expect(allowed("route53:ChangeResourceRecordSets")).toEqual([`arn:aws:route53:::hostedzone/${ZONE}`]);
    expect(allowed("cloudfront:AssociateAlias")).toEqual([]);
    expect(allowed("ssm:DeleteParameter")).toEqual([
      "arn:aws:ssm:us-west-2:123456789012:parameter/staging/move/lock",
    ]);
  });

  it("changes records of the one name alone", () => {
    expect(policy().Statement.find(({ Sid }) => Sid === "ChangeRecords")?.Condition).toEqual({
      "ForAllValues:StringEquals": { "route53:ChangeResourceRecordSetsNormalizedRecordNames": DOMAIN },
    });
  });

  it("names no zone where the records are kept elsewhere, and no service where none is held", () => {
    const world = new MoveWorld();
    if (world.plan.from) world.plan.from.zone = null;
    world.plan.held = {};
    const sids = movePolicy(world.contract).Statement.map(({ Sid }) => Sid);
    expect(sids).toEqual([
      "ReadMove",
      "WriteMove",
      "GiveLockBack",
      "SeeLock",
      "SeeDistribution",
      "ShiftViewers",
      "CountViewers",
      "FindOldService",
    ]);
  });

  it("switches the schedules that are held, with the role that they have, and sets bounds of what scales", () => {
    const world = new MoveWorld();
    const role = "arn:aws:iam::123456789012:role/staging-web-scheduler";
    world.plan.held = {
      web: { count: null, schedules: ["staging-web_nightly"], role },
      worker: { count: 2, autoscaling: { min: 2, max: 4 }, schedules: [] },
    };
    const of = (sid: string) => movePolicy(world.contract).Statement.find(({ Sid }) => Sid === sid);
    expect(of("SwitchSchedules")?.Resource).toEqual([
      "arn:aws:scheduler:us-west-2:123456789012:schedule/default/staging-web_nightly",
    ]);
    expect(of("PassScheduleRole")).toMatchObject({
      Resource: [role],
      Condition: { StringEquals: { "iam:PassedToService": "scheduler.amazonaws.com" } },
    });
    expect(of("SetScaling")?.Resource).toEqual([
      "arn:aws:application-autoscaling:us-west-2:123456789012:scalable-target/*",
    ]);
    expect(of("StartWorkers")?.Resource).toEqual([
      "arn:aws:ecs:us-west-2:123456789012:service/staging/staging-worker",
    ]);
  });

  it("runs the mover and no other task, where data moves", () => {
    const world = new MoveWorld();
    world.plan.database = {
      taskDefinition: "arn:aws:ecs:us-west-2:123456789012:task-definition/staging-mover:7",
      container: "mover",
      network: { subnets: ["subnet-1"], securityGroups: ["sg-1"] },
      logs: { group: "/staging/move/database", prefix: "mover" },
      role: "arn:aws:iam::123456789012:role/staging-mover",
    };
    const of = (sid: string) => movePolicy(world.contract).Statement.find(({ Sid }) => Sid === sid);
    expect(policy().Statement.filter(({ Sid }) => Sid.includes("Mover"))).toEqual([]);
    expect(of("RunMover")?.Resource).toEqual([
      "arn:aws:ecs:us-west-2:123456789012:task-definition/staging-mover:*",
    ]);
    expect(of("PassMoverRole")?.Resource).toEqual(["arn:aws:iam::123456789012:role/staging-mover"]);
    expect(of("ReadMoverLog")?.Resource).toEqual([
      "arn:aws:logs:us-west-2:123456789012:log-group:/staging/move/database:log-stream:*",
    ]);
  });

  it("is nothing where nothing moves", () => {
    expect(() => movePolicy(contract())).toThrow("nothing moves into staging");
  });
});
