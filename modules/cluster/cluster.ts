import { AutoscalingGroup } from "@cdktf/provider-aws/lib/autoscaling-group";
import { CloudwatchLogGroup } from "@cdktf/provider-aws/lib/cloudwatch-log-group";
import { DataAwsSsmParameter } from "@cdktf/provider-aws/lib/data-aws-ssm-parameter";
import { EcsCapacityProvider } from "@cdktf/provider-aws/lib/ecs-capacity-provider";
import { EcsCluster } from "@cdktf/provider-aws/lib/ecs-cluster";
import { EcsClusterCapacityProviders } from "@cdktf/provider-aws/lib/ecs-cluster-capacity-providers";
import { IamInstanceProfile } from "@cdktf/provider-aws/lib/iam-instance-profile";
import { IamRole } from "@cdktf/provider-aws/lib/iam-role";
import { IamRolePolicy } from "@cdktf/provider-aws/lib/iam-role-policy";
import { IamRolePolicyAttachment } from "@cdktf/provider-aws/lib/iam-role-policy-attachment";
import { LaunchTemplate } from "@cdktf/provider-aws/lib/launch-template";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { Fn, type ITerraformDependable, Token } from "cdktf";
import { Construct } from "constructs";
import { architectureOf } from "../../aws/instance-types";
import type { ClusterConfiguration } from "./props";
import type { Key } from "../key/key";
import { nameOf } from "../names";
import type { Network } from "../network/network";
import { AGENT_POLICY, assumedBy, policy, sessionStatements } from "../policy";
import { allowEgressTo, groupLifecycle } from "../security-group";
import { ITSELF } from "../stack";

/** The ECS images of Amazon Linux 2023. Source: "Retrieving Amazon ECS-optimized Linux AMI metadata", ECS guide. */
const images = {
  X86_64: "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
  ARM64: "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id",
} as const;

/**
 * Docker's settings where instances have IPv6 addresses: containers in the network mode bridge have private ones, and go out with
 * their instance's, as they do by IPv4. Before Docker 27 that was called experimental. Source: "ip6tables", Docker daemon.
 */
const DOCKER_IPV6 = {
  ipv6: true,
  "fixed-cidr-v6": "fd00:736c:6970::/64",
  ip6tables: true,
  experimental: true,
};

type Capacity = ClusterConfiguration["capacity"][string];

/** One capacity provider and what it scales. */
export interface CapacityProvider {
  readonly launchTemplate: LaunchTemplate;
  readonly group: AutoscalingGroup;
  readonly provider: EcsCapacityProvider;
}

interface Props {
  readonly name: string;
  readonly network: Network;
  readonly key: Key | undefined;
  readonly cluster: ClusterConfiguration;
  readonly tags: Readonly<Record<string, string>>;
}

/** An ECS cluster, the instances it places tasks on, and Fargate beside them. */
export class Cluster extends Construct {
  readonly cluster: EcsCluster;
  /** The instances', where there are any; tasks in bridge mode share it. */
  readonly securityGroup: SecurityGroup | undefined;
  readonly instanceRole: IamRole | undefined;
  readonly instanceProfile: IamInstanceProfile | undefined;
  /** By the name in the environment file. */
  readonly capacity: Readonly<Record<string, CapacityProvider>>;
  /** Ties the providers to the cluster. Services must go before it does. */
  readonly association: EcsClusterCapacityProviders;
  /** Without these an instance cannot tell ECS that its tasks stopped: they go after it. */
  private readonly lifelines: ITerraformDependable[] = [];

  constructor(
    scope: Construct,
    id: string,
    private readonly props: Props,
  ) {
    super(scope, id);
    this.cluster = this.createCluster();
    const instances = Object.keys(props.cluster.capacity).length > 0;
    this.securityGroup = instances ? this.createSecurityGroup() : undefined;
    this.instanceRole = instances ? this.createInstanceRole() : undefined;
    this.instanceProfile = this.instanceRole && this.createInstanceProfile(this.instanceRole);
    this.capacity = this.createCapacity();
    this.association = this.associate();
  }

  /** The name of the log group that ECS writes the insights of an environment's cluster to. */
  static logGroup(environment: string): string {
    return `/aws/ecs/containerinsights/${nameOf("aws_ecs_cluster", environment)}/performance`;
  }

  /** The AWS name of a provider that a configuration names. */
  providerName(provider: string): string {
    return this.capacity[provider]?.provider.name ?? provider;
  }

  private createCluster() {
    const name = nameOf("aws_ecs_cluster", this.props.name);
    const insights = this.props.cluster.containerInsights ? [this.createInsights()] : [];
    return new EcsCluster(this, ITSELF, {
      name,
      setting: [
        { name: "containerInsights", value: this.props.cluster.containerInsights ? "enabled" : "disabled" },
      ],
      dependsOn: insights,
    });
  }

  /** Made before ECS makes it, without an end to its retention. Source: "Amazon ECS Container Insights", CloudWatch guide. */
  private createInsights() {
    return new CloudwatchLogGroup(this, "insights", {
      name: Cluster.logGroup(this.props.name),
      retentionInDays: 30,
      kmsKeyId: this.props.key?.arn,
      // The cluster stops writing before it goes, or ECS would make it again.
      lifecycle: { createBeforeDestroy: true },
    });
  }

  private createSecurityGroup() {
    const group = new SecurityGroup(this, "instances", {
      name: nameOf("aws_security_group", this.props.name, "instances"),
      description: "Container instances, and the tasks on them",
      vpcId: this.props.network.vpc.id,
      tags: { Name: `${this.props.name}-instances` },
      lifecycle: groupLifecycle,
    });
    this.lifelines.push(...allowEgressTo(this, "instances", group, this.props.network.destinations));
    return group;
  }

  private createInstanceRole() {
    const role = new IamRole(this, "instance_role", {
      name: nameOf("aws_iam_role", this.props.name, "instances"),
      assumeRolePolicy: assumedBy("ec2.amazonaws.com"),
    });
    this.lifelines.push(
      new IamRolePolicyAttachment(this, "ecs_agent", { role: role.name, policyArn: AGENT_POLICY }),
      new IamRolePolicy(this, "session_manager", {
        name: "session-manager",
        role: role.name,
        policy: policy(sessionStatements),
      }),
    );
    return role;
  }

  private createInstanceProfile(role: IamRole) {
    return new IamInstanceProfile(this, "instance_profile", {
      name: nameOf("aws_iam_instance_profile", this.props.name, "instances"),
      role: role.name,
    });
  }

  private createCapacity() {
    return Object.fromEntries(
      Object.entries(this.props.cluster.capacity).map(([name, capacity]) => {
        const launchTemplate = this.createLaunchTemplate(name, capacity);
        const group = this.createGroup(name, capacity, launchTemplate);
        return [name, { launchTemplate, group, provider: this.createProvider(name, group) }];
      }),
    );
  }

  private createLaunchTemplate(name: string, capacity: Capacity) {
    const tags = { ...this.props.tags, Name: `${this.props.name}-${name}` };
    return new LaunchTemplate(this, `${name}_template`, {
      name: nameOf("aws_launch_template", this.props.name, name),
      description: `${this.props.name}, capacity provider ${name}`,
      imageId: this.imageFor(name, capacity),
      iamInstanceProfile: { arn: this.instanceProfile?.arn },
      // The reference makes the edge: no instance outlives the cluster that it joins.
      userData: Fn.base64encode(this.userData().replaceAll('"', '\\"')),
      metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
      blockDeviceMappings: [
        {
          deviceName: "/dev/xvda",
          ebs: {
            volumeSize: capacity.volume,
            volumeType: "gp3",
            encrypted: "true",
            deleteOnTermination: "true",
          },
        },
      ],
      networkInterfaces: [
        {
          associatePublicIpAddress: "false",
          securityGroups: this.securityGroup ? [this.securityGroup.id] : [],
        },
      ],
      monitoring: { enabled: true },
      // Default tags of the provider do not reach what an Auto Scaling group launches.
      tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
    });
  }

  private userData(): string {
    const settings = {
      ECS_CLUSTER: this.cluster.name,
      ECS_ENABLE_SPOT_INSTANCE_DRAINING: "true",
      // By default the agent runs what it has cached when a pull fails: another release than the tag names.
      ECS_IMAGE_PULL_BEHAVIOR: "always",
      // A privileged container is root on the instance, and so every task on it.
      ECS_DISABLE_PRIVILEGED: "true",
    };
    const lines = Object.entries(settings).map(
      ([key, value]) => `echo ${key}=${value} >> /etc/ecs/ecs.config`,
    );
    // The agent starts after this script, and Docker has by then read its settings.
    const docker = [
      `echo '${JSON.stringify(DOCKER_IPV6)}' > /etc/docker/daemon.json`,
      "systemctl restart docker",
    ];
    return ["#!/bin/bash", ...lines, ...(this.props.network.ipv6 ? docker : []), ""].join("\n");
  }

  private imageFor(name: string, capacity: Capacity): string {
    if (this.props.cluster.image !== "tracked") return this.props.cluster.image;
    const architecture = architectureOf(capacity.instanceTypes[0] ?? "");
    return new DataAwsSsmParameter(this, `${name}_image`, { name: images[architecture] }).insecureValue;
  }

  private createGroup(name: string, capacity: Capacity, launchTemplate: LaunchTemplate) {
    return new AutoscalingGroup(this, `${name}_group`, {
      name: nameOf("aws_autoscaling_group", this.props.name, name),
      minSize: capacity.min,
      maxSize: capacity.max,
      // Instances come when the account's quota and the spot market have them: ECS waits for them, an apply need not.
      waitForCapacityTimeout: "0",
      // ECS's draining hook would hold the instances for an hour after the capacity provider, which answers it, is gone.
      // Services were drained before.
      forceDelete: true,
      vpcZoneIdentifier: this.props.network.subnets.private.map(({ id }) => id),
      capacityRebalance: capacity.spot,
      mixedInstancesPolicy: {
        instancesDistribution: {
          onDemandBaseCapacity: 0,
          onDemandPercentageAboveBaseCapacity: capacity.spot ? 0 : 100,
          spotAllocationStrategy: "price-capacity-optimized",
          onDemandAllocationStrategy: "prioritized",
        },
        launchTemplate: {
          launchTemplateSpecification: {
            launchTemplateId: launchTemplate.id,
            // A number: with "$Latest" the group never changes, and an instance refresh never starts.
            version: Token.asString(launchTemplate.latestVersion),
          },
          override: capacity.instanceTypes.map((type) => ({ instanceType: type })),
        },
      },
      instanceRefresh: {
        strategy: "Rolling",
        preferences: { minHealthyPercentage: 50, skipMatching: true },
      },
      tag: Object.entries({
        ...this.props.tags,
        Name: `${this.props.name}-${name}`,
        AmazonECSManaged: "true",
      }).map(([key, value]) => ({ key, value, propagateAtLaunch: true })),
      // Managed scaling sets it.
      lifecycle: { ignoreChanges: ["desired_capacity"] },
      dependsOn: [...this.lifelines, ...this.props.network.wayOut],
    });
  }

  private createProvider(name: string, group: AutoscalingGroup) {
    return new EcsCapacityProvider(this, `${name}_provider`, {
      name: nameOf("aws_ecs_capacity_provider", this.props.name, name),
      autoScalingGroupProvider: {
        autoScalingGroupArn: group.arn,
        managedDraining: "ENABLED",
        // It would block destroy while a task runs.
        managedTerminationProtection: "DISABLED",
        managedScaling: {
          status: "ENABLED",
          targetCapacity: this.props.cluster.targetCapacity,
          minimumScalingStepSize: 1,
          maximumScalingStepSize: 10,
          instanceWarmupPeriod: 120,
        },
      },
      // The cluster leaves it before it goes, and the group after it.
      lifecycle: { createBeforeDestroy: true },
    });
  }

  private associate() {
    const own = Object.entries(this.capacity);
    return new EcsClusterCapacityProviders(this, "capacity", {
      clusterName: this.cluster.name,
      capacityProviders: [...own.map(([, { provider }]) => provider.name), "FARGATE", "FARGATE_SPOT"],
      defaultCapacityProviderStrategy:
        own.length === 0
          ? [{ capacityProvider: "FARGATE", weight: 1 }]
          : own.map(([name, { provider }]) => ({
              capacityProvider: provider.name,
              base: this.props.cluster.capacity[name]?.base ?? 0,
              weight: this.props.cluster.capacity[name]?.weight ?? 1,
            })),
    });
  }
}
