import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { FlowLog } from "@cdktf/provider-aws/lib/flow-log";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { Construct } from "constructs";
import type { OwnNetworkConfiguration } from "./props";
import type { Key } from "../key/key";
import { nameOf } from "../names";
import { assumedBy, forAccount, policy } from "../policy";
import { ITSELF } from "../stack";

export interface FlowLogsProps {
  /** The environment's name. */
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly vpcId: string;
  readonly flowLogs: Exclude<OwnNetworkConfiguration["flowLogs"], false>;
  readonly key: Key | undefined;
}

/** Who talked to whom in the VPC, or tried to, written to a log group of the environment. */
export class FlowLogs extends Construct {
  readonly logGroup: CloudwatchLogGroup;
  readonly role: IamRole;
  readonly policy: IamRolePolicy;
  readonly flowLog: FlowLog;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: FlowLogsProps,
  ) {
    super(scope, id);
    this.logGroup = new CloudwatchLogGroup(this, "group", {
      name: `/${props.name}/network/flows`,
      retentionInDays: props.flowLogs.days,
      kmsKeyId: props.key?.arn,
    });
    this.role = this.createRole();
    this.policy = this.allowWriting();
    this.flowLog = new FlowLog(this, ITSELF, {
      vpcId: props.vpcId,
      trafficType: props.flowLogs.traffic === "all" ? "ALL" : "REJECT",
      logDestinationType: "cloud-watch-logs",
      logDestination: this.logGroup.arn,
      iamRoleArn: this.role.arn,
      maxAggregationInterval: 600,
      tags: { Name: props.name },
      dependsOn: [this.policy],
    });
  }

  private createRole() {
    const { name, account, region } = this.props;
    return new IamRole(this, "role", {
      name: nameOf("aws_iam_role", name, "flow-logs"),
      assumeRolePolicy: assumedBy("vpc-flow-logs.amazonaws.com", {
        ...forAccount(account),
        ArnLike: { "aws:SourceArn": `arn:aws:ec2:${region}:${account}:vpc-flow-log/*` },
      }),
    });
  }

  /** Source: "IAM role for publishing flow logs to CloudWatch Logs", VPC guide. */
  private allowWriting() {
    const { account, region } = this.props;
    return new IamRolePolicy(this, "policy", {
      name: "write",
      role: this.role.name,
      policy: policy([
        {
          sid: "WriteFlows",
          actions: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
          resources: [this.logGroup.arn, `${this.logGroup.arn}:log-stream:*`],
        },
        {
          sid: "FindGroup",
          actions: ["logs:DescribeLogGroups"],
          resources: [`arn:aws:logs:${region}:${account}:log-group:*`],
        },
      ]),
    });
  }
}
