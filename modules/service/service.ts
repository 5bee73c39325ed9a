import { AppautoscalingPolicy } from "@cdktf/provider-aws/lib/appautoscaling-policy";
import { AppautoscalingTarget } from "@cdktf/provider-aws/lib/appautoscaling-target";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { EcsService } from "@cdktf/provider-aws/lib/ecs-service";
import { EcsTaskDefinition } from "@cdktf/provider-aws/lib/ecs-task-definition";
import type { EfsFileSystem } from "@cdktf/provider-aws/lib/efs-file-system";
import { LbListenerRule } from "@cdktf/provider-aws/lib/lb-listener-rule";
import { LbTargetGroup } from "@cdktf/provider-aws/lib/lb-target-group";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { type ITerraformDependable, Lazy, type TerraformResource } from "cdktf";
import { Construct } from "constructs";
import type { Cluster } from "../cluster/cluster";
import type { MoveContract, ServiceContract } from "../contract";
import { type Connection, type Link, linkTo } from "../database/connection";
import type { ServiceLogin } from "../database/logins";
import type { Distribution } from "../distribution/distribution";
import type { ServiceConfiguration } from "./props";
import { HandWritten } from "../hand-written";
import { literal } from "../literal";
import type { Mistake } from "../mistakes";
import { INTERNAL_PORT, type Internal } from "../internal/internal";
import type { Key } from "../key/key";
import type { Hold } from "../move/state";
import { nameOf } from "../names";
import { leadsOut, type Network } from "../network/network";
import { type Registry, tagsOf } from "../registry/registry";
import { allowIngress, allowEgress, allowEgressTo, type Group, groupLifecycle } from "../security-group";
import { addressOf, ITSELF } from "../stack";
import { variableOf } from "../uses/props";
import type { Use } from "../uses/use";
import { Additions, type Reachable, type SidecarProps, type VolumeProps } from "./additions";
import { type Container, containerDefinitions } from "./container";
import { FILE_SYSTEM_PORT, FileSystemAccess } from "./file-system";
import { Roles } from "./roles";
import { Schedules } from "./schedules";
import { servicesIn, withServiceUrls } from "./service-url";

/** Seconds that a load balancer waits for an answer, if nobody says otherwise. Source: "Edit attributes", ALB guide. */
const IDLE = 60;

interface Props {
  /** The account's id. */
  readonly account: string;
  /** The environment's name. */
  readonly environment: string;
  readonly region: string;
  readonly service: ServiceConfiguration;
  readonly key: Key | undefined;
  readonly network: Network;
  readonly cluster: Cluster;
  readonly registry: Registry;
  /** The database's, as whoever its migrations are. */
  readonly database: Connection | undefined;
  /** Connections of the other of two databases: tasks of the roll-out that changes which one it is given may start with either. */
  readonly others?: readonly Connection[] | undefined;
  /** The database that its data moves from, and what says which of the two it is given: it is ready for either. */
  readonly second?:
    | { readonly connection: Connection; choose(own: string, external: string): string }
    | undefined;
  /** Login of the service, where services have one. */
  readonly login?: ServiceLogin | undefined;
  readonly distribution: Distribution | undefined;
  readonly internal: Internal | undefined;
  /** All that the environment's services use, by name. */
  readonly uses: Readonly<Record<string, Use>>;
  /** What keeps its work back during a move into the environment. */
  readonly hold: Hold | undefined;
}

/** Names of parameters that a person writes, by variable. */
const namesOf = (parameters: Readonly<Record<string, HandWritten>>): Record<string, string> =>
  Object.fromEntries(Object.entries(parameters).map(([variable, { name }]) => [variable, name]));

/** What one task definition of a service runs. */
interface Run {
  readonly tag: string;
  readonly command?: readonly string[];
  readonly port?: number;
  readonly prefix: string;
  readonly database: Link;
  /** Without sidecars. */
  readonly alone?: boolean;
}

/** Containers of one image: served through the load balancer if they have a port, workers if not. */
export class Service extends Construct {
  /** Parameters that people write, by variable. */
  readonly secrets: Readonly<Record<string, HandWritten>>;
  readonly logGroup: CloudwatchLogGroup;
  readonly roles: Roles;
  /** The tasks' own, in the network mode awsvpc; in bridge they share the instances'. */
  readonly securityGroup: SecurityGroup | undefined;
  /** What it runs; with a login, once that was made. */
  readonly taskDefinition: EcsTaskDefinition;
  /** What it runs until its login was made. */
  readonly taskDefinitionBefore: EcsTaskDefinition | undefined;
  /** What it runs until its data has moved. */
  readonly taskDefinitionExternal: EcsTaskDefinition | undefined;
  readonly migration: EcsTaskDefinition | undefined;
  /** What migrates the database that its data moves from. */
  readonly migrationExternal: EcsTaskDefinition | undefined;
  readonly targetGroup: LbTargetGroup | undefined;
  readonly listenerRule: LbListenerRule | undefined;
  readonly service: EcsService;
  readonly autoscaling:
    | { readonly target: AppautoscalingTarget; readonly policy: AppautoscalingPolicy }
    | undefined;
  readonly schedules: Schedules | undefined;

  /** The service's configuration. */
  readonly own: ServiceConfiguration;
  private readonly stack: string;
  private readonly additions: Additions;
  /** What Fargate tasks of its own group reach AWS through, and so must outlive them. */
  private readonly lifelines: ITerraformDependable[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: Props,
  ) {
    super(scope, id);
    this.stack = props.environment;
    this.own = props.service;
    this.additions = new Additions(this.stack, this.own, this.imagesWithin());
    this.secrets = this.createSecrets();
    this.logGroup = this.createLogGroup();
    this.roles = this.createRoles();
    this.securityGroup = this.own.fargate ? this.createSecurityGroup() : undefined;
    this.taskDefinition = this.createTaskDefinition();
    this.taskDefinitionBefore = this.createTaskDefinitionBefore();
    this.taskDefinitionExternal = this.createTaskDefinitionExternal();
    this.migration = this.createMigration();
    this.migrationExternal = this.createMigrationExternal();
    this.targetGroup = this.createTargetGroup();
    this.listenerRule = this.createListenerRule();
    this.service = this.createService();
    this.autoscaling = this.createAutoscaling();
    this.schedules = this.createSchedules();
    this.connectUses();
    this.connectServices();
  }

  /** What deploy needs to know of this service. */
  get contract(): ServiceContract {
    const { own, stack } = this;
    const { account, registry } = this.props;
    const logs = { group: this.logGroup.name, prefix: own.name };
    return {
      name: own.name,
      service: this.service.name,
      taskDefinition: this.taskDefinition.arn,
      container: own.name,
      platform: own.architecture === "ARM64" ? "linux/arm64" : "linux/amd64",
      image: {
        repository: registry.repository?.name ?? registry.name,
        ...tagsOf(stack),
        ...(registry.source && { source: { account, ...registry.source } }),
      },
      capacity: this.strategy,
      network: this.taskNetwork ?? null,
      ...(this.taskNetwork && this.props.network.ipv6 && { ipv6: true }),
      logs,
      secrets: namesOf(this.handWritten()),
      ...this.otherSecrets(),
      secretFolder: this.secretFolder,
      migration:
        own.migrations && this.migration
          ? {
              taskDefinition: this.migration.arn,
              container: own.name,
              command: [...own.migrations.command],
              logs: { ...logs, prefix: `${own.name}-migration` },
            }
          : null,
      ...(this.taskDefinitionExternal && {
        other: {
          taskDefinition: this.taskDefinitionExternal.arn,
          migration: this.migrationExternal?.arn ?? null,
        },
      }),
      schedules: Object.fromEntries(
        Object.entries(own.schedules).map(([name, { command }]) => [name, command.map(literal)]),
      ),
    };
  }

  /** What of it waits during a move: the tasks of one that nobody sends requests, and every schedule. */
  get held(): MoveContract["held"][string] | undefined {
    const scheduled = {
      schedules: this.schedules?.schedules.map(({ name }) => name) ?? [],
      ...(this.schedules && { role: this.schedules.role.arn }),
    };
    if (this.hold === undefined && (this.props.hold === undefined || !this.schedules)) return undefined;
    if (this.hold === undefined) return { count: null, ...scheduled };
    const { autoscaling } = this.own;
    return {
      count: this.count,
      ...(autoscaling && { autoscaling: { min: autoscaling.min, max: autoscaling.max } }),
      ...scheduled,
    };
  }

  /** What is wrong with what the second argument of `environment` gave it. */
  get mistakes(): readonly Mistake[] {
    return this.additions.mistakes;
  }

  /** Gives its containers one more variable: `web.environment("QUEUE_URL", queue.url)`. */
  environment(name: string, value: string): this {
    this.additions.addVariable(name, value);
    return this;
  }

  /** Allows the application one thing more in AWS: `web.allow(["sqs:SendMessage"], queue.arn)`. */
  allow(actions: readonly string[], resources: string | readonly string[]): this {
    const statement = this.additions.permit(actions, resources);
    const policy = statement && this.roles.allow(statement);
    if (policy) this.outliveBy(policy);
    return this;
  }

  /**
   * Runs a container beside the application's, in each of its tasks but the migrations', with the service's log group.
   * On Fargate the two reach each other at localhost; on instances the application reaches it by its name.
   */
  sidecar(props: SidecarProps): this {
    this.additions.addSidecar(props);
    this.putVolumes(...this.running);
    return this;
  }

  /**
   * Opens the way from its tasks to a port of a security group, or of what has one: `web.connect(cache, 6379)`.
   * Tasks on instances share these instances' group: the way is open to all of them.
   */
  connect(to: Reachable, port: number): this {
    const group = "securityGroup" in to ? to.securityGroup : to;
    if (this.additions.mayConnect(group, port) && group) this.openWay(group, port);
    return this;
  }

  /**
   * Mounts a file system in the containers of the service, its migrations and schedules: `web.volume(efs, "/data")`.
   * The mount targets are made with it. An access point is needed where the application is not root.
   */
  volume(files: EfsFileSystem, path: string, props: VolumeProps = {}): this {
    if (!this.additions.addVolume(files.node.id, files, path, props)) return this;
    this.putVolumes(...this.running, this.migration, this.migrationExternal);
    const access = FileSystemAccess.of({ environment: this.stack, network: this.props.network, files });
    for (const target of access.targets) this.outliveBy(target);
    const writes = props.readOnly ? [] : ["elasticfilesystem:ClientWrite"];
    return this.connect(access, FILE_SYSTEM_PORT).allow(
      ["elasticfilesystem:ClientMount", ...writes],
      files.arn,
    );
  }

  /** What its service and its schedules may run. */
  private get running(): EcsTaskDefinition[] {
    const { taskDefinition, taskDefinitionBefore: before, taskDefinitionExternal: external } = this;
    return [taskDefinition, before, external].filter((one) => one !== undefined);
  }

  private putVolumes(...definitions: readonly (EcsTaskDefinition | undefined)[]): void {
    const { volumes } = this.additions;
    if (volumes.length === 0) return;
    for (const definition of definitions) definition?.putVolume([...volumes]);
  }

  /** Two services on instances are one to a security group, and AWS refuses a rule that is there. */
  private openWay(to: Group, port: number): void {
    const { scope, id, from } = this.members;
    const name = `${id}_to_${to.friendlyUniqueId}_${port}`;
    if (scope.node.tryFindChild(name)) return;
    const rule = { from, to, port, description: `Port ${port} of ${to.friendlyUniqueId}` };
    this.outliveBy(allowEgress(scope, name, rule));
    this.outliveBy(allowIngress(scope, name.replace("_to_", "_into_"), rule));
  }

  /** Whoever its tasks are to a security group, and where rules about them stand. */
  private get members(): { readonly scope: Construct; readonly id: string; readonly from: Group } {
    if (this.securityGroup) return { scope: this, id: "tasks", from: this.securityGroup };
    const { cluster } = this.props;
    if (!cluster.securityGroup) throw new Error(`${this.own.name} runs nowhere.`);
    return { scope: cluster, id: "instances", from: cluster.securityGroup };
  }

  /** Lets a resource be there before the service's tasks, and go after them. */
  private outliveBy(resource: TerraformResource): void {
    this.service.dependsOn = [...new Set([...(this.service.dependsOn ?? []), addressOf(resource)])];
  }

  /** How the names of its secrets begin. */
  private get secretFolder(): string {
    return `/${this.stack}/service/${this.own.name}/`;
  }

  private createSecrets() {
    return Object.fromEntries(
      this.own.secrets.map((variable) => [
        variable,
        new HandWritten(this, `secret_${variable}`, {
          name: `${this.secretFolder}${variable}`,
          account: this.props.account,
          region: this.props.region,
        }),
      ]),
    );
  }

  private createLogGroup() {
    return new CloudwatchLogGroup(this, "logs", {
      name: `/${this.stack}/service/${this.own.name}`,
      retentionInDays: this.own.logDays,
      kmsKeyId: this.props.key?.arn,
    });
  }

  private createRoles() {
    return new Roles(this, "roles", {
      account: this.props.account,
      environment: this.stack,
      key: this.props.key,
      service: this.own,
      repositoryArns: this.repositoryArns(),
      logGroupArn: this.logGroup.arn,
      parameterArns: this.parameterArns(),
      grants: this.uses.flatMap(({ name, use }) => use.grants.map((grant) => ({ name, ...grant }))),
    });
  }

  /** The repository that its tasks pull from, and the one that releases, and images of sidecars, are pushed to. */
  private repositoryArns(): string[] {
    const { account, registry } = this.props;
    const { source } = registry;
    return [
      registry.arn,
      ...(source
        ? [`arn:aws:ecr:${source.region}:${source.account ?? account}:repository/${source.repository}`]
        : []),
    ];
  }

  /** The repository that images of sidecars are pushed to, where tasks can pull from no other registry. */
  private imagesWithin() {
    const { network, region, registry } = this.props;
    if (leadsOut(network)) return undefined;
    const releases = registry.source?.region === region ? registry.source.repository : registry.name;
    return { repository: releases, region };
  }

  private createSecurityGroup() {
    const { network } = this.props;
    const group = new SecurityGroup(this, "tasks", {
      // The suffix keeps it apart from the environment's other groups: a service may be called "database".
      name: nameOf("aws_security_group", this.stack, this.own.name, "tasks"),
      description: `Tasks of ${this.own.name}`,
      vpcId: network.vpc.id,
      tags: { Name: `${this.stack}-${this.own.name}` },
      lifecycle: groupLifecycle,
    });
    const out = allowEgressTo(this, "tasks", group, network.destinations);
    this.lifelines.push(...out, ...network.wayOut);
    return group;
  }

  private createTaskDefinition() {
    const family = nameOf("aws_ecs_task_definition", this.stack, this.own.name);
    return this.defineTask(
      ITSELF,
      family,
      this.runAs(this.link(this.props.login?.now ?? this.props.database)),
    );
  }

  /** The same with what is there before the login is made: no task starts with a user that the database does not know. */
  private createTaskDefinitionBefore() {
    if (!this.props.login) return undefined;
    const family = nameOf("aws_ecs_task_definition", this.stack, `${this.own.name}_before`);
    return this.defineTask("before", family, this.runAs(this.link(this.props.login.before)));
  }

  private createTaskDefinitionExternal() {
    if (!this.props.second) return undefined;
    const family = nameOf("aws_ecs_task_definition", this.stack, `${this.own.name}_external`);
    return this.defineTask("external", family, this.runAs(this.link(this.props.second.connection)));
  }

  private runAs(database: Link): Run {
    const { name: prefix, command, port } = this.own;
    return { tag: tagsOf(this.stack).tag, command, port, prefix, database };
  }

  /** An attribute of the task definition to run: of two databases' the one that is used, with the login where that was made. */
  private toRun(attribute: "arn" | "arnWithoutRevision"): string {
    const { taskDefinition, taskDefinitionBefore: before, taskDefinitionExternal: external } = this;
    const { login, second } = this.props;
    const own =
      login && before
        ? login.choose(taskDefinition[attribute], before[attribute])
        : taskDefinition[attribute];
    return second && external ? second.choose(own, external[attribute]) : own;
  }

  /** The task that runs the candidate before the environment's tag moves. An underscore keeps it apart from any service. */
  private createMigration() {
    return this.defineMigration("migration", this.props.database);
  }

  private createMigrationExternal() {
    const { second } = this.props;
    return second && this.defineMigration("migration_external", second.connection);
  }

  private defineMigration(id: "migration" | "migration_external", database: Connection | undefined) {
    if (!this.own.migrations) return undefined;
    const { candidateTag } = tagsOf(this.stack);
    const family = nameOf("aws_ecs_task_definition", this.stack, `${this.own.name}_${id}`);
    return this.defineTask(id, family, {
      tag: candidateTag,
      command: this.own.migrations.command,
      prefix: `${this.own.name}-migration`,
      database: this.link(database),
      alone: true,
    });
  }

  private defineTask(id: string, family: string, container: Run) {
    const { own } = this;
    return new EcsTaskDefinition(this, id, {
      family,
      requiresCompatibilities: [own.fargate ? "FARGATE" : "EC2"],
      networkMode: own.fargate ? "awsvpc" : "bridge",
      cpu: String(own.cpu),
      memory: String(own.memory),
      runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: own.architecture },
      executionRoleArn: this.roles.execution.arn,
      taskRoleArn: this.roles.task.arn,
      // A service, its rollback or a deploy under way may still run an old revision; ECS takes no inactive one.
      skipDestroy: true,
      ...(this.additions.volumes.length > 0 && { volume: [...this.additions.volumes] }),
      // Written when the stack is: the second argument of `environment` may add to it until then.
      containerDefinitions: Lazy.stringValue({
        produce: () => {
          const sidecars = container.alone ? [] : this.sidecars();
          return containerDefinitions(this.container(container, sidecars), ...sidecars);
        },
      }),
    });
  }

  private container(
    { tag, command, port, prefix, database }: Run,
    sidecars: readonly Container[],
  ): Container {
    const { own, props, additions } = this;
    return {
      name: own.name,
      image: `${props.registry.url}:${tag}`,
      command,
      port,
      dynamicPort: !own.fargate,
      environment: this.variables(database),
      secrets: { ...this.ownSecrets(), ...database.secrets },
      logs: { group: this.logGroup.name, region: props.region, prefix },
      init: own.exec,
      mounts: additions.mounts,
      readonlyRootFilesystem: own.readonlyRootFilesystem,
      links: own.fargate ? [] : sidecars.map(({ name }) => name),
    };
  }

  private sidecars(): Container[] {
    return this.additions.sidecars.map(({ secrets, ...sidecar }) => ({
      ...sidecar,
      dynamicPort: false,
      secrets: Object.fromEntries(secrets.map((variable) => [variable, this.secrets[variable]?.arn ?? ""])),
      logs: {
        group: this.logGroup.name,
        region: this.props.region,
        prefix: this.own.name,
      },
      init: false,
    }));
  }

  private variables(database: Link) {
    const url = this.props.distribution?.url ?? "";
    const config = Object.entries(this.own.config).map(([name, value]) => [
      name,
      withServiceUrls(
        literal(value).replaceAll(/\$URL(?!\w)/g, () => url),
        (service) => this.urlOf(service),
      ),
    ]);
    const uses = this.uses.map(({ variable, use }) => [variable, use.address]);
    return {
      // AWS's libraries find it nowhere else on instances, whose metadata containers do not reach.
      ...(this.roles.actsInAws && { AWS_REGION: this.props.region }),
      ...Object.fromEntries([...config, ...uses]),
      ...database.variables,
      ...this.additions.variables,
    };
  }

  /** The address of an internal service, this one or another. */
  private urlOf(service: string): string {
    return `http://${this.props.internal?.hostOf(service)}`;
  }

  private link(connection: Connection | undefined): Link {
    return linkTo(connection, this.own.database);
  }

  /** Each once: several variables may hold the one URL. */
  private parameterArns() {
    const { database, others = [], login } = this.props;
    const links = [database, login?.before, login?.now, ...others].map((one) => this.link(one));
    const arns = links.flatMap((one) => one.parameterArns);
    // In one order, whichever of two databases is the other.
    return [...new Set([...Object.values(this.ownSecrets()), ...(others.length > 0 ? arns.sort() : arns)])];
  }

  /** The service's own secrets, and the URL of a database that is elsewhere. */
  private handWritten() {
    return { ...this.secrets, ...this.link(this.props.database).handWritten };
  }

  private otherSecrets() {
    const { others } = this.props;
    if (others === undefined) return {};
    return { otherSecrets: namesOf(Object.assign({}, ...others.map((one) => this.link(one).handWritten))) };
  }

  /** ARNs of the service's own secrets, by variable. */
  private ownSecrets(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.secrets).map(([variable, { arn }]) => [variable, arn]));
  }

  /**
   * Name and address tell what cannot be changed in place: a successor stands beside it, and an apply that failed between the two
   * can be taken back. The port is nobody's: ECS registers each task with its own.
   */
  private createTargetGroup() {
    const { own } = this;
    if (own.port === undefined || !this.listener) return undefined;
    // One load balancer takes it: behind the other it is another one.
    const kind = [...(own.internal ? ["internal"] : []), ...(own.fargate ? ["fargate"] : [])];
    return new LbTargetGroup(this, ["targets", ...kind].join("_"), {
      name: nameOf("aws_lb_target_group", this.stack, own.name, ...(kind.length > 0 ? kind : ["instance"])),
      vpcId: this.props.network.vpc.id,
      targetType: own.fargate ? "ip" : "instance",
      port: 80,
      protocol: "HTTP",
      // As long as a request may take: a roll-out cuts none off.
      deregistrationDelay: String(own.internal ? IDLE : (this.props.distribution?.own.timeout ?? IDLE)),
      healthCheck: {
        path: own.health.path,
        matcher: "200-399",
        interval: own.health.interval,
        timeout: 4,
        healthyThreshold: 2,
        unhealthyThreshold: 3,
      },
      lifecycle: { createBeforeDestroy: true },
    });
  }

  /** The listener of CloudFront's load balancer, or of the one between services. */
  private get listener() {
    return this.own.internal ? this.props.internal?.listener : this.props.distribution?.loadBalancer.listener;
  }

  private createListenerRule() {
    if (!this.targetGroup || !this.listener) return undefined;
    const { internal } = this.props;
    const { name, paths } = this.own;
    const hosts = this.own.internal && internal ? [internal.hostOf(name)] : this.own.hosts;
    // Of its own for each load balancer, as the target group is: one priority cannot be taken twice on the way back.
    return new LbListenerRule(this, this.own.internal ? "rule_internal" : "rule", {
      listenerArn: this.listener.arn,
      priority: this.own.priority,
      action: [{ type: "forward", targetGroupArn: this.targetGroup.arn }],
      condition: [
        ...(paths.length > 0 ? [{ pathPattern: { values: [...paths] } }] : []),
        ...(hosts.length > 0 ? [{ hostHeader: { values: [...hosts] } }] : []),
      ],
      // A listener that goes serves by its own rules to the end.
      lifecycle: { createBeforeDestroy: true },
    });
  }

  private createService() {
    const { own, props } = this;
    return new EcsService(this, "service", {
      name: nameOf("aws_ecs_service", own.name),
      cluster: props.cluster.cluster.arn,
      taskDefinition: this.toRun("arn"),
      desiredCount: this.unlessHeld(this.count),
      capacityProviderStrategy: this.strategy,
      // Without it a change of the strategy would replace the service.
      forceNewDeployment: true,
      deploymentCircuitBreaker: { enable: true, rollback: true },
      deploymentMinimumHealthyPercent: 100,
      deploymentMaximumPercent: 200,
      enableExecuteCommand: own.exec,
      enableEcsManagedTags: true,
      propagateTags: "SERVICE",
      ...(this.taskNetwork && { networkConfiguration: { ...this.taskNetwork, assignPublicIp: false } }),
      // Tasks that run keep the addresses they started with: new ones take their place.
      ...(own.fargate && props.network.ipv6 && { triggers: { network: "ipv6" } }),
      ...(!own.fargate && {
        orderedPlacementStrategy: [
          { type: "spread", field: "attribute:ecs.availability-zone" },
          { type: "binpack", field: "memory" },
        ],
      }),
      ...(this.targetGroup && {
        healthCheckGracePeriodSeconds: own.health.gracePeriod,
        loadBalancer: [
          { targetGroupArn: this.targetGroup.arn, containerName: own.name, containerPort: own.port ?? 0 },
        ],
      }),
      ...(own.autoscaling && { lifecycle: { ignoreChanges: ["desired_count"] } }),
      dependsOn: [
        props.cluster.association,
        ...this.roles.policies,
        ...(this.listenerRule ? [this.listenerRule] : []),
        ...this.lifelines,
      ],
    });
  }

  /** Tasks that it is to have; with autoscaling, that it starts with. */
  private get count(): number {
    const { count, autoscaling } = this.own;
    return autoscaling ? Math.max(count, autoscaling.min) : count;
  }

  /** What its tasks wait for during a move; those that answer requests wait for nothing. */
  private get hold(): Hold | undefined {
    return this.own.port === undefined ? this.props.hold : undefined;
  }

  private unlessHeld(count: number): number {
    return this.hold?.count(count) ?? count;
  }

  private createAutoscaling() {
    const { autoscaling } = this.own;
    if (!autoscaling) return undefined;
    const target = new AppautoscalingTarget(this, "scaling", {
      serviceNamespace: "ecs",
      scalableDimension: "ecs:service:DesiredCount",
      resourceId: `service/${this.props.cluster.cluster.name}/${this.service.name}`,
      minCapacity: this.unlessHeld(autoscaling.min),
      maxCapacity: this.unlessHeld(autoscaling.max),
    });
    const policy = new AppautoscalingPolicy(this, "scaling_cpu", {
      name: "cpu",
      policyType: "TargetTrackingScaling",
      serviceNamespace: target.serviceNamespace,
      scalableDimension: target.scalableDimension,
      resourceId: target.resourceId,
      targetTrackingScalingPolicyConfiguration: {
        targetValue: autoscaling.cpu,
        predefinedMetricSpecification: { predefinedMetricType: "ECSServiceAverageCPUUtilization" },
        scaleInCooldown: 300,
        scaleOutCooldown: 60,
      },
    });
    return { target, policy };
  }

  private createSchedules() {
    if (Object.keys(this.own.schedules).length === 0) return undefined;
    return new Schedules(this, "schedules", {
      account: this.props.account,
      environment: this.stack,
      service: this.own,
      cluster: this.props.cluster,
      roles: this.roles,
      container: this.own.name,
      taskDefinitions: this.running,
      run: this.toRun("arnWithoutRevision"),
      network: this.taskNetwork,
      state: this.props.hold?.state(),
    });
  }

  /** What it uses: by which name and variable. */
  private get uses() {
    return Object.entries(this.own.uses).map(([name, options]) => {
      const use = this.props.uses[name];
      if (use === undefined) throw new Error(`No ${name} for ${this.own.name}.`);
      return { name, variable: variableOf(name, options), use };
    });
  }

  /** The way to the services that it says it calls, and their name: tasks that start find both. */
  private connectServices(): void {
    const { internal } = this.props;
    const calls = Object.values(this.own.config).some((value) => servicesIn(value).length > 0);
    if (!internal || !calls) return;
    this.openWay(internal.securityGroup, INTERNAL_PORT);
    this.outliveBy(internal.record);
  }

  private connectUses(): void {
    for (const { use } of this.uses) if (use.entrance) this.connect(use.entrance, use.entrance.port);
  }

  private get strategy() {
    return this.own.strategy.map(({ provider, base, weight }) => ({
      capacityProvider: this.props.cluster.providerName(provider),
      base,
      weight,
    }));
  }

  private get taskNetwork() {
    if (!this.securityGroup) return undefined;
    return {
      subnets: this.props.network.subnets.private.map(({ id }) => id),
      securityGroups: [this.securityGroup.id],
    };
  }
}
