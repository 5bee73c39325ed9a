import type * as ecs from "@aws-sdk/client-ecs";
import {
  type Cluster,
  clusters,
  FARGATE_PROVIDERS,
  findCluster,
  findGroup,
  findProvider,
  type Provider,
  providers,
} from "../engine/catalog";
import { room } from "../engine/placement";
import { shortName } from "../engine/sim";
import type { Instance } from "../engine/state";
import { tasksIn } from "../engine/tasks";
import { type Call, type Operations, operation, page, pageSize } from "./call";
import { clusterOf, wholeArn } from "./ecs-find";

export const CLUSTERS: Operations = {
  DescribeClusters: operation<ecs.DescribeClustersRequest, ecs.DescribeClustersResponse>(
    [],
    describeClusters,
  ),
  ListClusters: operation<ecs.ListClustersRequest, ecs.ListClustersResponse>([], (call, input) => {
    const arns = clusters(call.sim.world, call.region).map(({ arn }) => arn);
    const { items, ...next } = page(arns, input.nextToken, pageSize(input.maxResults, 100));
    return { clusterArns: items, ...next };
  }),
  DescribeCapacityProviders: operation<
    ecs.DescribeCapacityProvidersRequest,
    ecs.DescribeCapacityProvidersResponse
  >([], describeProviders),
  ListContainerInstances: operation<ecs.ListContainerInstancesRequest, ecs.ListContainerInstancesResponse>(
    [],
    (call, input) => {
      const cluster = clusterOf(call, input.cluster);
      const arns = instancesIn(call, cluster)
        .filter(({ status }) => !input.status || status === input.status)
        .map(({ arn }) => arn);
      const { items, ...next } = page(arns, input.nextToken, pageSize(input.maxResults, 100));
      return { containerInstanceArns: items, ...next };
    },
  ),
  DescribeContainerInstances: operation<
    ecs.DescribeContainerInstancesRequest,
    ecs.DescribeContainerInstancesResponse
  >(["containerInstances"], (call, input) => {
    const cluster = clusterOf(call, input.cluster);
    const failures: ecs.Failure[] = [];
    const containerInstances: ecs.ContainerInstance[] = [];
    for (const given of input.containerInstances ?? []) {
      const found = instancesIn(call, cluster).find(({ arn }) => arn === given || shortName(arn) === given);
      if (found) containerInstances.push(instanceView(call, found));
      else failures.push({ arn: wholeArn(cluster, "container-instance", given), reason: "MISSING" });
    }
    return { containerInstances, failures };
  }),
};

function describeClusters(call: Call, input: ecs.DescribeClustersRequest): ecs.DescribeClustersResponse {
  const found: ecs.Cluster[] = [];
  const failures: ecs.Failure[] = [];
  for (const given of input.clusters ?? ["default"]) {
    const cluster = findCluster(call.sim.world, call.region, given);
    if (cluster) found.push(clusterView(call, cluster));
    else {
      const arn = given.startsWith("arn:")
        ? given
        : `arn:aws:ecs:${call.region}:${call.caller.account}:cluster/${given}`;
      failures.push({ arn, reason: "MISSING" });
    }
  }
  return { clusters: found, failures };
}

function clusterView(call: Call, cluster: Cluster): ecs.Cluster {
  const tasks = tasksIn(call.sim, cluster.arn);
  const services = Object.values(call.sim.state.services).filter(
    ({ spec, status }) => spec.cluster === cluster.arn && status !== "INACTIVE",
  );
  return {
    clusterArn: cluster.arn,
    clusterName: cluster.name,
    status: "ACTIVE",
    registeredContainerInstancesCount: instancesIn(call, cluster).length,
    runningTasksCount: tasks.filter(({ lastStatus }) => lastStatus === "RUNNING").length,
    pendingTasksCount: tasks.filter(({ lastStatus }) =>
      ["PROVISIONING", "PENDING", "ACTIVATING"].includes(lastStatus),
    ).length,
    activeServicesCount: services.length,
    statistics: [],
    tags: cluster.tags,
    settings: cluster.settings as ecs.ClusterSetting[],
    capacityProviders: cluster.providers,
    defaultCapacityProviderStrategy: cluster.defaultStrategy,
  };
}

function describeProviders(
  call: Call,
  input: ecs.DescribeCapacityProvidersRequest,
): ecs.DescribeCapacityProvidersResponse {
  const { world } = call.sim;
  const all = [...FARGATE_PROVIDERS, ...providers(world, call.region).map(({ name }) => name)];
  const failures: ecs.Failure[] = [];
  const found: ecs.CapacityProvider[] = [];
  for (const given of input.capacityProviders ?? all) {
    const provider = findProvider(world, call.region, given);
    if (provider) found.push(providerView(call, provider));
    else if (FARGATE_PROVIDERS.includes(given)) found.push(fargateView(call, given));
    else failures.push({ arn: given, reason: "MISSING" });
  }
  const { items, ...next } = page(found, input.nextToken, pageSize(input.maxResults, 10));
  return { capacityProviders: items, failures, ...next };
}

function fargateView(call: Call, name: string): ecs.CapacityProvider {
  const arn = `arn:aws:ecs:${call.region}:${call.caller.account}:capacity-provider/${name}`;
  return { capacityProviderArn: arn, name, status: "ACTIVE", tags: [] };
}

function providerView(call: Call, provider: Provider): ecs.CapacityProvider {
  const group = findGroup(call.sim.world, provider.region, provider.group);
  return {
    capacityProviderArn: provider.arn,
    name: provider.name,
    status: "ACTIVE",
    autoScalingGroupProvider: {
      autoScalingGroupArn: `arn:aws:autoscaling:${provider.region}:${call.caller.account}:autoScalingGroup:*:autoScalingGroupName/${group?.name ?? provider.group}`,
      managedScaling: {
        status: provider.managedScaling ? "ENABLED" : "DISABLED",
        targetCapacity: provider.targetCapacity,
      },
      managedTerminationProtection: provider.terminationProtection ? "ENABLED" : "DISABLED",
      managedDraining: provider.managedDraining ? "ENABLED" : "DISABLED",
    },
    tags: [],
  };
}

/** Instances whose agent has registered. */
function instancesIn(call: Call, cluster: Cluster): Instance[] {
  return Object.values(call.sim.state.instances).filter(
    (one) => one.cluster === cluster.arn && one.status !== "BOOTING",
  );
}

function instanceView(call: Call, instance: Instance): ecs.ContainerInstance {
  const tasks = tasksIn(call.sim, instance.cluster).filter((task) => task.instance === instance.arn);
  const resources = ({ cpu, memory }: { cpu: number; memory: number }): ecs.Resource[] => [
    { name: "CPU", type: "INTEGER", integerValue: cpu, doubleValue: 0, longValue: 0 },
    { name: "MEMORY", type: "INTEGER", integerValue: memory, doubleValue: 0, longValue: 0 },
  ];
  return {
    containerInstanceArn: instance.arn,
    ec2InstanceId: instance.id,
    capacityProviderName: instance.provider,
    status: instance.status,
    agentConnected: instance.agentConnected,
    registeredResources: resources(instance),
    remainingResources: resources(room(call.sim, instance)),
    runningTasksCount: tasks.filter(({ lastStatus }) => lastStatus === "RUNNING").length,
    pendingTasksCount: tasks.filter(({ lastStatus }) => lastStatus === "PENDING").length,
    registeredAt: new Date(instance.registeredAt ?? instance.launchedAt),
    attributes: [
      { name: "ecs.availability-zone", value: instance.zone },
      { name: "ecs.instance-type", value: instance.type },
      { name: "ecs.cpu-architecture", value: instance.architecture === "arm64" ? "arm64" : "x86_64" },
      { name: "ecs.os-type", value: "linux" },
    ],
    tags: [],
    version: 1,
    versionInfo: { agentVersion: "1.89.0" },
  };
}
