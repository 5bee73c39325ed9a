import { literal } from "../literal";

/** Where a container writes its lines. */
interface Logs {
  readonly group: string;
  readonly region: string;
  readonly prefix: string;
}

/** A place in a container's file system where a volume of the task stands. */
export interface Mount {
  readonly volume: string;
  readonly path: string;
  readonly readOnly: boolean;
}

/** A container definition's parts that differ between the service, its migration, its schedules and its sidecars. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[] | undefined;
  readonly port?: number | undefined;
  /** Whether the host's port is left to Docker, as in the network mode bridge. */
  readonly dynamicPort: boolean;
  /** By variable; references to resources are Terraform's expressions. */
  readonly environment: Readonly<Record<string, string>>;
  /** ARNs of SSM parameters, by variable. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly logs: Logs;
  /** Reaps zombies and passes signals on, which ECS Exec needs. */
  readonly init: boolean;
  readonly mounts?: readonly Mount[];
  /** Whether it can write to its mounts alone. @default false */
  readonly readonlyRootFilesystem?: boolean;
  /** Containers of the task that it reaches by their names, as in the network mode bridge. */
  readonly links?: readonly string[];
  /** Whether the task ends with it. @default true */
  readonly essential?: boolean;
  /** CPU units and MiB of the task's own. @default no bound but the task's */
  readonly cpu?: number | undefined;
  readonly memory?: number | undefined;
}

/** The JSON that a task definition takes, in the order in which AWS gives it back, so that a plan stays empty. */
export const containerDefinitions = (...containers: readonly Container[]): string =>
  JSON.stringify(containers.map(definition));

function definition(container: Container) {
  const pairs = <Key extends string>(record: Readonly<Record<string, string>>, key: Key) =>
    Object.entries(record)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, value]) => ({ name, [key]: value }));
  const { links = [], mounts = [] } = container;
  return {
    name: container.name,
    image: container.image,
    essential: container.essential ?? true,
    ...(container.cpu !== undefined && { cpu: container.cpu }),
    ...(container.memory !== undefined && { memory: container.memory }),
    ...(container.command && { command: container.command.map(literal) }),
    ...(links.length > 0 && { links }),
    ...(container.readonlyRootFilesystem && { readonlyRootFilesystem: true }),
    portMappings:
      container.port === undefined
        ? []
        : [
            {
              containerPort: container.port,
              hostPort: container.dynamicPort ? 0 : container.port,
              protocol: "tcp",
            },
          ],
    environment: pairs(container.environment, "value"),
    secrets: pairs(container.secrets, "valueFrom"),
    ...(container.init && { linuxParameters: { initProcessEnabled: true } }),
    logConfiguration: {
      logDriver: "awslogs",
      options: {
        "awslogs-group": container.logs.group,
        "awslogs-region": container.logs.region,
        "awslogs-stream-prefix": container.logs.prefix,
      },
    },
    mountPoints: mounts.map(({ volume, path, readOnly }) => ({
      containerPath: path,
      readOnly,
      sourceVolume: volume,
    })),
    systemControls: [],
    volumesFrom: [],
  };
}
