/** A container definition's parts that differ between the service, its migration and its schedules. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[] | undefined;
  readonly port?: number | undefined;
  /** Whether the host's port is left to Docker, as in the network mode bridge. */
  readonly dynamicPort: boolean;
  readonly environment: Readonly<Record<string, string>>;
  /** ARNs of SSM parameters, by variable. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly logs: { readonly group: string; readonly region: string; readonly prefix: string };
  /** Reaps zombies and passes signals on, which ECS Exec needs. */
  readonly init: boolean;
}

/** The JSON that a task definition takes, in the order in which AWS gives it back, so that a plan stays empty. */
export function containerDefinitions(container: Container): string {
  const pairs = <Key extends string>(record: Readonly<Record<string, string>>, key: Key) =>
    Object.entries(record)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, value]) => ({ name, [key]: value }));
  return JSON.stringify([
    {
      name: container.name,
      image: container.image,
      essential: true,
      ...(container.command && { command: container.command }),
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
      ...(Object.keys(container.labels).length > 0 && { dockerLabels: container.labels }),
      ...(container.init && { linuxParameters: { initProcessEnabled: true } }),
      logConfiguration: {
        logDriver: "awslogs",
        options: {
          "awslogs-group": container.logs.group,
          "awslogs-region": container.logs.region,
          "awslogs-stream-prefix": container.logs.prefix,
        },
      },
      mountPoints: [],
      systemControls: [],
      volumesFrom: [],
    },
  ]);
}
