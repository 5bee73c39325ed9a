import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { EcsTaskDefinition } from "@cdktf/provider-aws/lib/ecs-task-definition";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Fn, TerraformLocal } from "cdktf";
import { Construct } from "constructs";
import type { MoveContract } from "../contract";
import type { Database } from "../database/database";
import type { HandWritten } from "../hand-written";
import type { Key } from "../key/key";
import { literal } from "../literal";
import { nameOf } from "../names";
import type { Network } from "../network/network";
import { assumedBy, forAccount, policy } from "../policy";
import { allowEgress, allowEgressTo, allowIngress, groupLifecycle } from "../security-group";
import { containerDefinitions } from "../service/container";
import { ITSELF } from "../stack";
import { MOVER_COMMAND, moverProgram } from "./mover-program";

const CONTAINER = "mover";

/** The mover's disk within the task: sockets of its own programs, and large objects on their way. */
const WORK = "work";

/** Ports that a program gets when it asks for none: the relay's is one of them. */
const RELAY_PORTS = [1024, 65535] as const;

export interface MoverProps {
  readonly account: string;
  readonly name: string;
  readonly region: string;
  readonly network: Network;
  readonly key: Key | undefined;
  /** The environment's own, which is filled. */
  readonly database: Database;
  /** The URL of the one that is elsewhere. */
  readonly url: HandWritten;
}

/**
 * The task that copies a database that is elsewhere to the environment's own, which nothing else reaches. It lies still until
 * `slipway move` runs it with the verbs of one step, and goes with the move.
 */
export class Mover extends Construct {
  readonly logGroup: CloudwatchLogGroup;
  readonly execution: IamRole;
  readonly securityGroup: SecurityGroup;
  readonly taskDefinition: EcsTaskDefinition;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: MoverProps,
  ) {
    super(scope, id);
    this.logGroup = this.createLogGroup();
    this.execution = this.createRole();
    this.securityGroup = this.createSecurityGroup();
    this.connect();
    this.taskDefinition = this.createTaskDefinition();
  }

  /** What runs it. */
  get contract(): NonNullable<MoveContract["database"]> {
    return {
      taskDefinition: this.taskDefinition.arn,
      container: CONTAINER,
      network: {
        subnets: this.props.network.subnets.private.map(({ id }) => id),
        securityGroups: [this.securityGroup.id],
      },
      logs: { group: this.logGroup.name, prefix: CONTAINER },
      role: this.execution.arn,
      storage: this.props.database.storage,
    };
  }

  private createLogGroup() {
    return new CloudwatchLogGroup(this, "logs", {
      name: `/${this.props.name}/move/database`,
      retentionInDays: 30,
      kmsKeyId: this.props.key?.arn,
    });
  }

  private createRole() {
    const { name, account, key, database, url } = this.props;
    const role = new IamRole(this, "execution", {
      name: nameOf("aws_iam_role", name, "mover"),
      assumeRolePolicy: assumedBy("ecs-tasks.amazonaws.com", forAccount(account)),
    });
    new IamRolePolicy(this, "execution_policy", {
      name: "execution",
      role: role.name,
      policy: policy([
        {
          sid: "WriteLogs",
          actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
          resources: [`${this.logGroup.arn}:log-stream:*`],
        },
        { sid: "ReadSecrets", actions: ["ssm:GetParameters"], resources: [database.password.arn, url.arn] },
        ...(key ? [key.decryptSecrets] : []),
      ]),
    });
    return role;
  }

  private createSecurityGroup() {
    const { name, network } = this.props;
    return new SecurityGroup(this, "tasks", {
      name: nameOf("aws_security_group", name, "mover"),
      description: "The task that moves the database",
      vpcId: network.vpc.id,
      tags: { Name: `${name}-mover` },
      lifecycle: groupLifecycle,
    });
  }

  /** Out to both databases; and the environment's own calls the mover, which passes its call on to the old one. */
  private connect() {
    const { network, database } = this.props;
    const { securityGroup } = this;
    allowEgressTo(this, "tasks", securityGroup, network.destinations);
    database.admit("mover", securityGroup, "The task that moves the database");
    const relay = {
      from: database.securityGroup,
      to: securityGroup,
      port: RELAY_PORTS,
      description: "The database, to the old one behind the mover",
    };
    allowEgress(this, "database_to_relay", relay);
    allowIngress(this, "relay_from_database", relay);
  }

  /** Packed, as a task definition holds 64 KiB. In a local of its own: within JSON an expression could not be quoted. */
  private program(): string {
    return Fn.base64gzip(new TerraformLocal(this, "program", literal(moverProgram())).asString);
  }

  /** The programs of the database's own major: they read every older one. */
  private createTaskDefinition() {
    const { name, region, database, url } = this.props;
    return new EcsTaskDefinition(this, ITSELF, {
      family: nameOf("aws_ecs_task_definition", name, "mover"),
      requiresCompatibilities: ["FARGATE"],
      networkMode: "awsvpc",
      cpu: "2048",
      memory: "4096",
      runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: "X86_64" },
      executionRoleArn: this.execution.arn,
      // A step under way may still run an old revision.
      skipDestroy: true,
      volume: [{ name: WORK }],
      containerDefinitions: containerDefinitions({
        name: CONTAINER,
        image: `public.ecr.aws/docker/library/postgres:${database.major}`,
        command: ["bash", "-euc", MOVER_COMMAND],
        dynamicPort: false,
        environment: {
          ...database.variables,
          // The image knows no authorities; RDS takes nothing without TLS.
          PGSSLMODE: "require",
          MOVER: "lag",
          PROGRAM: this.program(),
        },
        secrets: { PGPASSWORD: database.password.arn, SOURCE_URL: url.arn },
        logs: { group: this.logGroup.name, region, prefix: CONTAINER },
        init: true,
        mounts: [{ volume: WORK, path: "/tmp", readOnly: false }],
        readonlyRootFilesystem: true,
      }),
    });
  }
}
