import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ACCOUNT, type Attributes, World, type WorldObject } from "../world";

/** Choices for the environment that `sampleWorld` holds. */
export interface Sample {
  name?: string;
  region?: string;
  desired?: number;
  minimumPercent?: number;
  maximumPercent?: number;
  breaker?: { enable: boolean; rollback: boolean };
  /** On Fargate instead of instances. */
  fargate?: boolean;
  /** Without a load balancer. */
  worker?: boolean;
  /** Names of further services, without a load balancer, that run the same task definition. */
  more?: string[];
  /** A second container, which is not essential. */
  sidecar?: boolean;
  /** Health check of the container itself. */
  healthCheck?: boolean;
  memory?: number;
  cpu?: number;
  architecture?: "X86_64" | "ARM64";
  group?: { minimum: number; maximum: number; type: string };
  managedScaling?: boolean;
  immutableTags?: boolean;
  /** Tasks pull from a repository of the environment's own, `app-staging`; `app` is where releases are pushed to. */
  ownRepository?: boolean;
  secret?: string;
  stopTimeout?: number;
  /** Whether tasks of the service take ExecuteCommand. */
  exec?: boolean;
  /** Seconds in which failed health checks of the load balancer do not count. */
  grace?: number;
}

/** Names of what `sampleWorld` holds, for an environment called staging. */
export const SAMPLE = {
  region: "us-west-2",
  cluster: "staging",
  service: "web",
  provider: "staging-spot",
  repository: "app",
  tag: "staging",
  candidate: "staging-candidate",
  logGroup: "/staging/service/web",
  secret: "/staging/service/web/API_KEY",
  definition: `arn:aws:ecs:us-west-2:${ACCOUNT}:task-definition/staging-web:1`,
  migration: `arn:aws:ecs:us-west-2:${ACCOUNT}:task-definition/staging-web_migration:1`,
};

/**
 * A world with one applied environment, as Terraform would leave it, for tests that need no Terraform: a cluster with a
 * capacity provider of one t3.medium, a service behind a load balancer, its migration, an image repository and a secret.
 */
export async function sampleWorld(sample: Sample = {}, folder?: string): Promise<World> {
  const world = new World(folder ?? mkdtempSync(join(tmpdir(), "sandbox-")));
  await addSample(world, sample);
  return world;
}

/** Adds or changes the environment, as another apply would. */
export async function addSample(world: World, sample: Sample = {}): Promise<void> {
  const region = sample.region ?? SAMPLE.region;
  const put = (type: string, id: string, attributes: Attributes, sealed?: Record<string, string>) => {
    const object: WorldObject = { type, region, id, attributes, origin: "terraform" };
    world.put(sealed ? { ...object, sealed } : object);
  };
  await world.change(() => {
    addCapacity(sample, region, put);
    addService(sample, region, put);
    const others = world
      .list({ type: "aws_ecs_service" })
      .filter(({ attributes }) => attributes.name !== SAMPLE.service);
    for (const one of others) if (!sample.more?.includes(String(one.attributes.name))) world.remove(one);
    const name = `/${sample.name ?? "staging"}/service/web/API_KEY`;
    put(
      "aws_ssm_parameter",
      name,
      { name, arn: `arn:aws:ssm:${region}:${ACCOUNT}:parameter${name}`, type: "SecureString", version: 1 },
      { value_wo: world.vault.seal(sample.secret ?? "set by hand") },
    );
    for (const repository of new Set([SAMPLE.repository, repositoryOf(sample)])) {
      const own = repository !== SAMPLE.repository;
      const excludes = own || (sample.immutableTags && !sample.ownRepository);
      const immutable = excludes
        ? "IMMUTABLE_WITH_EXCLUSION"
        : sample.ownRepository
          ? "IMMUTABLE"
          : "MUTABLE";
      put("aws_ecr_repository", repository, {
        name: repository,
        arn: `arn:aws:ecr:${region}:${ACCOUNT}:repository/${repository}`,
        image_tag_mutability: immutable,
        image_tag_mutability_exclusion_filter: excludes
          ? [{ filter: "staging*", filter_type: "WILDCARD" }]
          : [],
      });
    }
  });
}

/** The repository that tasks pull from. */
export const repositoryOf = ({ name = "staging", ownRepository }: Sample) =>
  ownRepository ? `${SAMPLE.repository}-${name}` : SAMPLE.repository;

type Put = (type: string, id: string, attributes: Attributes) => void;

function addCapacity(sample: Sample, region: string, put: Put): void {
  const name = sample.name ?? "staging";
  const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
  const group = sample.group ?? { minimum: 1, maximum: 5, type: "t3.medium" };
  put("aws_ecs_cluster", arn("ecs", `cluster/${name}`), { name, arn: arn("ecs", `cluster/${name}`) });
  put("aws_autoscaling_group", `${name}-spot`, {
    name: `${name}-spot`,
    arn: arn("autoscaling", `autoScalingGroup:1:autoScalingGroupName/${name}-spot`),
    min_size: group.minimum,
    max_size: group.maximum,
    mixed_instances_policy: { launch_template: { override: [{ instance_type: group.type }] } },
  });
  put("aws_ecs_capacity_provider", arn("ecs", `capacity-provider/${name}-spot`), {
    name: `${name}-spot`,
    arn: arn("ecs", `capacity-provider/${name}-spot`),
    auto_scaling_group_provider: {
      auto_scaling_group_arn: arn("autoscaling", `autoScalingGroup:1:autoScalingGroupName/${name}-spot`),
      managed_scaling: {
        status: sample.managedScaling === false ? "DISABLED" : "ENABLED",
        target_capacity: 100,
      },
    },
  });
  put("aws_ecs_cluster_capacity_providers", name, {
    cluster_name: name,
    capacity_providers: [`${name}-spot`, "FARGATE", "FARGATE_SPOT"],
    default_capacity_provider_strategy: [{ capacity_provider: `${name}-spot`, weight: 1, base: 0 }],
  });
}

function addService(sample: Sample, region: string, put: Put): void {
  const name = sample.name ?? "staging";
  const arn = (service: string, rest: string) => `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
  const target = arn("elasticloadbalancing", `targetgroup/${name}-web/0123456789abcdef`);
  put("aws_cloudwatch_log_group", `/${name}/service/web`, {
    name: `/${name}/service/web`,
    arn: arn("logs", `log-group:/${name}/service/web`),
    retention_in_days: 7,
  });
  put("aws_lb_target_group", target, {
    arn: target,
    name: `${name}-web`,
    deregistration_delay: "30",
    health_check: [{ path: "/health", interval: 15, unhealthy_threshold: 3, healthy_threshold: 2 }],
  });
  for (const family of [`${name}-web`, `${name}-web_migration`]) {
    const definition = arn("ecs", `task-definition/${family}:1`);
    put("aws_ecs_task_definition", definition, {
      arn: definition,
      family,
      revision: 1,
      ...definitionOf(sample, region, family.endsWith("_migration")),
    });
  }
  for (const service of [SAMPLE.service, ...(sample.more ?? [])]) {
    put("aws_ecs_service", arn("ecs", `service/${name}/${service}`), {
      name: service,
      cluster: arn("ecs", `cluster/${name}`),
      task_definition: arn("ecs", `task-definition/${name}-web:1`),
      desired_count: sample.desired ?? 1,
      deployment_minimum_healthy_percent: sample.minimumPercent ?? 100,
      deployment_maximum_percent: sample.maximumPercent ?? 200,
      deployment_circuit_breaker: [sample.breaker ?? { enable: true, rollback: true }],
      health_check_grace_period_seconds: sample.grace ?? 60,
      enable_execute_command: sample.exec ?? false,
      capacity_provider_strategy: [
        { capacity_provider: sample.fargate ? "FARGATE" : `${name}-spot`, weight: 1, base: 0 },
      ],
      network_configuration: sample.fargate ? [{ subnets: ["subnet-1"], security_groups: ["sg-1"] }] : [],
      load_balancer:
        sample.worker || service !== SAMPLE.service
          ? []
          : [{ target_group_arn: target, container_name: "web", container_port: 8080 }],
    });
  }
}

function definitionOf(sample: Sample, region: string, migration: boolean): Attributes {
  const name = sample.name ?? "staging";
  const registry = `${ACCOUNT}.dkr.ecr.${region}.amazonaws.com`;
  const log = {
    logDriver: "awslogs",
    options: {
      "awslogs-group": `/${name}/service/web`,
      "awslogs-region": region,
      "awslogs-stream-prefix": migration ? "web-migration" : "web",
    },
  };
  const web = {
    name: "web",
    image: `${registry}/${repositoryOf(sample)}:${name}${migration ? "-candidate" : ""}`,
    essential: true,
    ...(migration
      ? { command: ["migrate", "up"] }
      : { portMappings: [{ containerPort: 8080, hostPort: sample.fargate ? 8080 : 0, protocol: "tcp" }] }),
    environment: [{ name: "MODE", value: name }],
    secrets: [
      {
        name: "API_KEY",
        valueFrom: `arn:aws:ssm:${region}:${ACCOUNT}:parameter/${name}/service/web/API_KEY`,
      },
    ],
    logConfiguration: log,
    ...(sample.stopTimeout === undefined ? {} : { stopTimeout: sample.stopTimeout }),
    ...(sample.healthCheck && !migration
      ? { healthCheck: { command: ["CMD", "check"], interval: 10, retries: 3, startPeriod: 0 } }
      : {}),
  };
  const proxy = { name: "proxy", image: "public.ecr.aws/proxy:1", essential: false, logConfiguration: log };
  return {
    network_mode: sample.fargate ? "awsvpc" : "bridge",
    cpu: String(sample.cpu ?? 256),
    memory: String(sample.memory ?? 512),
    requires_compatibilities: sample.fargate ? ["FARGATE"] : ["EC2"],
    runtime_platform: [
      { cpu_architecture: sample.architecture ?? "X86_64", operating_system_family: "LINUX" },
    ],
    container_definitions: JSON.stringify(sample.sidecar ? [web, proxy] : [web]),
  };
}
