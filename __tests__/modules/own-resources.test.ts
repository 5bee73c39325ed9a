import { EcrRepository } from "@cdktf/provider-aws/lib/ecr-repository";
import { EfsAccessPoint } from "@cdktf/provider-aws/lib/efs-access-point";
import { EfsFileSystem } from "@cdktf/provider-aws/lib/efs-file-system";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { describe, expect, test } from "vitest";
import { constructEnvironments } from "../../modules/app";
import type { EnvironmentFile, EnvironmentProps } from "../../modules/environment";
import { ConfigurationError } from "../../modules/mistakes";
import type { Service } from "../../modules/service/service";
import type { Graph, Json } from "./support/graph";
import { but, butWeb, least, web } from "./support/least";
import { waysIn, waysOut } from "./support/reach";
import { filesOf, newApp, synthesize } from "./support/synthesize";

type Extend = NonNullable<EnvironmentFile["extend"]>;
type Scope = Parameters<Extend>[0];

const onFargate = butWeb({ capacity: "fargate" });

const serviceOf = (environment: Scope, name = "web") => environment.services[name] as Service;

/** `least` where the second argument says something of its web service. */
const extended = (add: (web: Service, staging: Scope) => void, props = least as typeof onFargate) =>
  synthesize({ props, extend: (staging) => add(serviceOf(staging), staging) });

const containers = (graph: Graph, id = "service_web"): Json[] =>
  JSON.parse(graph.one("aws_ecs_task_definition", id).container_definitions);

const statements = (graph: Graph, id = "service_web_roles_task_policy"): Json[] =>
  JSON.parse(graph.one("aws_iam_role_policy", id).policy).Statement;

/** What is wrong with what the second argument says. */
function report(add: (web: Service, staging: Scope) => void, props = least as typeof onFargate): string {
  const extend: Extend = (staging) => add(serviceOf(staging), staging);
  try {
    constructEnvironments(newApp(), filesOf({ staging: { props, extend } }), { project: "app" });
  } catch (error) {
    if (error instanceof ConfigurationError) return error.message;
    throw error;
  }
  return "no mistakes";
}

const queue = (staging: Scope, id = "jobs") => new SqsQueue(staging, id, { name: `staging-${id}` });
const group = (staging: Scope, id = "cache") =>
  new SecurityGroup(staging, id, { vpcId: staging.network.vpc.id });

describe("a variable that is added", () => {
  const graph = extended((web, staging) => web.environment("QUEUE_URL", queue(staging).url));

  test("is a reference, in the service and its migration alike, in AWS's order", () => {
    for (const id of ["service_web", "service_web_migration"]) {
      const { environment } = containers(graph, id)[0] as Json;
      expect(environment).toContainEqual({ name: "QUEUE_URL", value: "${aws_sqs_queue.jobs.url}" });
      const names = environment.map(({ name }: Json) => name);
      expect(names).toEqual([...names].sort());
      expect(graph.references(`aws_ecs_task_definition.${id}`)).toContain("aws_sqs_queue.jobs");
    }
  });
});

describe("a permission that is added", () => {
  const add = (web: Service, staging: Scope) => {
    web.allow(["sqs:SendMessage"], queue(staging).arn);
    web.allow(["sqs:ReceiveMessage", "sqs:DeleteMessage"], [queue(staging, "more").arn]);
  };

  test("is the first of the application's role, whose policy the service waits for", () => {
    const graph = extended(add);
    expect(statements(graph)).toEqual([
      {
        Sid: "Allowed1",
        Effect: "Allow",
        Action: ["sqs:SendMessage"],
        Resource: ["${aws_sqs_queue.jobs.arn}"],
      },
      {
        Sid: "Allowed2",
        Effect: "Allow",
        Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage"],
        Resource: ["${aws_sqs_queue.more.arn}"],
      },
    ]);
    expect(graph.references("aws_ecs_service.service_web_service")).toContain(
      "aws_iam_role_policy.service_web_roles_task_policy",
    );
    expect(statements(graph, "service_web_roles_execution_policy")).not.toContainEqual(
      expect.objectContaining({ Sid: "Allowed1" }),
    );
  });

  test("stands beside those of the options, under a name of its own", () => {
    const permissions = [{ sid: "Allowed1", actions: ["s3:GetObject"], resources: ["arn:aws:s3:::b/*"] }];
    const graph = extended(add, butWeb({ permissions, exec: true }));
    expect(statements(graph).map(({ Sid }) => Sid)).toEqual([
      "Allowed1",
      "SessionChannels",
      "Allowed2",
      "Allowed3",
    ]);
  });
});

describe("a sidecar's root file system", () => {
  const volumesOf = (graph: Graph, id: string) =>
    (graph.one("aws_ecs_task_definition", id).volume as Json[] | undefined)?.map(({ name }) => name);

  test("is as the application's: read-only, with a /tmp of its own", () => {
    const graph = extended(
      (web) => web.sidecar({ name: "agent", image: "x:1" }),
      butWeb({ readonlyRootFilesystem: true }),
    );
    const [own, agent] = containers(graph) as [Json, Json];
    expect(agent.readonlyRootFilesystem).toBe(true);
    expect([own, agent].map(({ mountPoints }) => mountPoints[0].sourceVolume)).toEqual([
      "task_tmp",
      "sidecar_agent_tmp",
    ]);
    expect(volumesOf(graph, "service_web")).toEqual(["task_tmp", "sidecar_agent_tmp"]);
    expect(volumesOf(graph, "service_web_migration")).toEqual(["task_tmp"]);
  });

  test("is the same before the service's login is made", () => {
    const graph = extended((web) => web.sidecar({ name: "agent", image: "x:1" }), {
      ...butWeb({ readonlyRootFilesystem: true }),
      database: { logins: true },
    });
    for (const id of ["service_web", "service_web_before"])
      expect(volumesOf(graph, id)).toEqual(["task_tmp", "sidecar_agent_tmp"]);
  });

  test("is what its own option says", () => {
    const closed = extended((web) =>
      web.sidecar({ name: "agent", image: "x:1", readonlyRootFilesystem: true }),
    );
    const [own, agent] = containers(closed) as [Json, Json];
    expect([own.readonlyRootFilesystem, agent.readonlyRootFilesystem]).toEqual([undefined, true]);
    expect(volumesOf(closed, "service_web")).toEqual(["sidecar_agent_tmp"]);
    const open = extended(
      (web) => web.sidecar({ name: "agent", image: "x:1", readonlyRootFilesystem: false }),
      butWeb({ readonlyRootFilesystem: true }),
    );
    expect(containers(open)[1]).not.toHaveProperty("readonlyRootFilesystem");
    expect(containers(open)[1]?.mountPoints).toEqual([]);
  });
});

describe("a sidecar's image", () => {
  const NO_NAT: Partial<EnvironmentProps> = { network: { nat: false } };
  const sidecarOf = (image: string) => (web: Service) => web.sidecar({ name: "agent", image });
  const HERE = "123456789012.dkr.ecr.us-west-2.amazonaws.com/app:agent-1";

  test.each(["public.ecr.aws/datadog/agent:7", "x:1", HERE.replace("us-west-2", "eu-central-1")])(
    "is refused where nothing leads to it: %s",
    (image) => {
      expect(report(sidecarOf(image), but(NO_NAT))).toContain(
        `services.web.sidecar: "${image}" is out of reach without NAT: push it to the ECR repository app in us-west-2`,
      );
    },
  );

  test.each<[string, string, Partial<EnvironmentProps>]>([
    ["in ECR of the region", HERE, NO_NAT],
    ["reached by IPv6", "public.ecr.aws/datadog/agent:7", { network: { nat: false, ipv6: true } }],
    ["reached through NAT", "public.ecr.aws/datadog/agent:7", {}],
  ])("is taken: %s", (_, image, props) => {
    expect(containers(extended(sidecarOf(image), but(props)))[1]?.image).toBe(image);
  });

  test("is taken: in a repository of the stack's own, whose address is known once it is made", () => {
    const graph = extended((web, staging) => {
      const own = new EcrRepository(staging, "agent", { name: "agent" });
      web.sidecar({ name: "agent", image: `${own.repositoryUrl}:1` });
    }, but(NO_NAT));
    expect(containers(graph)[1]?.image).toBe("${aws_ecr_repository.agent.repository_url}:1");
  });
});

describe("a sidecar", () => {
  const add = (web: Service) =>
    web.sidecar({
      name: "agent",
      image: "public.ecr.aws/datadog/agent:7.60.0",
      command: ["run", "${HOME}"],
      environment: { DD_SITE: "datadoghq.eu" },
      secrets: ["GOOGLE_CLIENT_ID"],
      memory: 128,
      essential: false,
    });

  test("runs beside the application, with logs of its own, and not beside migrations", () => {
    const graph = extended(add);
    const [own, agent, ...others] = containers(graph) as [Json, Json];
    expect(others).toEqual([]);
    expect(agent).toMatchObject({
      name: "agent",
      image: "public.ecr.aws/datadog/agent:7.60.0",
      command: ["run", "$${HOME}"],
      essential: false,
      memory: 128,
      portMappings: [],
      environment: [{ name: "DD_SITE", value: "datadoghq.eu" }],
      secrets: [
        {
          name: "GOOGLE_CLIENT_ID",
          valueFrom: expect.stringMatching(/:parameter\/staging\/service\/web\/GOOGLE_CLIENT_ID$/),
        },
      ],
      logConfiguration: own.logConfiguration,
    });
    expect(own.name).toBe("web");
    expect(containers(graph, "service_web_migration")).toHaveLength(1);
  });

  test("is reached by its name in the network mode bridge, which awsvpc refuses", () => {
    expect(containers(extended(add))[0]?.links).toEqual(["agent"]);
    expect(containers(extended(add, onFargate))[0]).not.toHaveProperty("links");
  });
});

describe("a connection", () => {
  const add = (web: Service, staging: Scope) => web.connect(group(staging), 6379);

  test("is a rule out and a rule in, between the tasks' group and the other", () => {
    const graph = extended(add, onFargate);
    const before = synthesize(onFargate);
    expect(waysIn(graph).filter((way) => !waysIn(before).includes(way))).toEqual([
      "service_web_tasks → cache :6379",
    ]);
    expect(waysOut(graph).filter((way) => !waysOut(before).includes(way))).toEqual([
      "service_web_tasks → cache :6379",
    ]);
    const needed = graph.needs("aws_ecs_service.service_web_service");
    expect([...needed].filter((address) => address.includes("_cache_6379")).sort()).toEqual([
      "aws_vpc_security_group_egress_rule.service_web_tasks_to_cache_6379",
      "aws_vpc_security_group_ingress_rule.service_web_tasks_into_cache_6379",
    ]);
  });

  test("of several services on instances is one, since they share a group", () => {
    const services = { web, worker: { command: ["work"] }, lambda: { capacity: "fargate" } };
    const graph = synthesize({
      props: but({ services }),
      extend: (staging) => {
        const cache = { securityGroup: group(staging) };
        for (const name of Object.keys(services)) serviceOf(staging, name).connect(cache, 6379);
      },
    });
    expect(waysIn(graph).filter((way) => way.includes("cache"))).toEqual([
      "cluster_instances → cache :6379",
      "service_lambda_tasks → cache :6379",
    ]);
  });
});

describe("a volume", () => {
  const add = (web: Service, staging: Scope) => {
    const files = new EfsFileSystem(staging, "files", { encrypted: true });
    web.volume(files, "/data");
    web.volume(files, "/assets", { readOnly: true });
  };

  test("is mounted encrypted, with the task's role, wherever the image runs", () => {
    const graph = extended(add);
    for (const id of ["service_web", "service_web_migration"]) {
      expect(graph.one("aws_ecs_task_definition", id).volume).toEqual([
        {
          name: "files",
          efs_volume_configuration: {
            file_system_id: "${aws_efs_file_system.files.id}",
            transit_encryption: "ENABLED",
            authorization_config: { iam: "ENABLED" },
          },
        },
      ]);
      expect(containers(graph, id)[0]?.mountPoints).toEqual([
        { sourceVolume: "files", containerPath: "/data", readOnly: false },
        { sourceVolume: "files", containerPath: "/assets", readOnly: true },
      ]);
    }
    expect(statements(graph).map(({ Action, Resource }) => [Action, Resource])).toEqual([
      [
        ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        ["${aws_efs_file_system.files.arn}"],
      ],
      [["elasticfilesystem:ClientMount"], ["${aws_efs_file_system.files.arn}"]],
    ]);
  });

  test("has one mount target per zone, in subnets that lead nowhere, and outlives the tasks", () => {
    const graph = extended(add, onFargate);
    const targets = graph.all("aws_efs_mount_target");
    expect(targets.map(({ body }) => body.subnet_id)).toEqual(
      ["a", "b", "c"].map((zone) => `\${aws_subnet.network_intra_${zone}.id}`),
    );
    for (const { address } of targets)
      expect(graph.destroyBefore("aws_ecs_service.service_web_service", address)).toBe(true);
    expect(waysIn(graph).filter((way) => way.includes("files"))).toEqual([
      "service_web_tasks → files_access :2049",
    ]);
  });

  test("of two services is one file system with one set of mount targets", () => {
    const graph = synthesize({
      props: but({ services: { web, worker: { command: ["work"], capacity: "fargate" } } }),
      extend: (staging) => {
        const files = new EfsFileSystem(staging, "files", {});
        const accessPoint = new EfsAccessPoint(staging, "point", { fileSystemId: files.id });
        serviceOf(staging).volume(files, "/data", { accessPoint });
        serviceOf(staging, "worker").volume(files, "/data");
      },
    });
    expect(graph.count("aws_efs_mount_target")).toBe(3);
    expect(graph.one("aws_ecs_task_definition", "service_web").volume).toMatchObject([
      {
        name: "files-point",
        efs_volume_configuration: {
          authorization_config: { access_point_id: "${aws_efs_access_point.point.id}", iam: "ENABLED" },
        },
      },
    ]);
  });
});

describe("mistakes in the second argument", () => {
  test.each<[string, (web: Service, staging: Scope) => void, string]>([
    [
      "a variable twice",
      (web) => ["A", "A"].map((name) => web.environment(name, "1")),
      '"A" stands in environment, too',
    ],
    [
      "a variable of config",
      (web) => web.environment("GOOSE_DRIVER", "x"),
      '"GOOSE_DRIVER" stands in config, too',
    ],
    [
      "a secret",
      (web) => web.environment("GOOGLE_CLIENT_ID", "x"),
      '"GOOGLE_CLIENT_ID" stands in secrets, too',
    ],
    [
      "the database's",
      (web) => web.environment("PGHOST", "x"),
      `"PGHOST" stands in the database's own variables, too`,
    ],
    ["a URL's", (web) => web.environment("POSTGRES_URL", "x"), '"POSTGRES_URL" stands in database.urls, too'],
    ["no name", (web) => web.environment("A-B", "x"), '"A-B" is no name for an environment variable'],
    ["no text", (web) => web.environment("A", 5 as unknown as string), '"A" is given 5, which is no text'],
    [
      "every action",
      (web) => web.allow(["sqs:*"], "arn:aws:sqs:::q"),
      '"sqs:*" is all that a service can do',
    ],
    ["every resource", (web) => web.allow(["sqs:SendMessage"], "*"), '"*" is everything'],
    [
      "a sidecar of the service's name",
      (web) => web.sidecar({ name: "web", image: "x:1" }),
      '"web" is the name of another container',
    ],
    [
      "a sidecar without an image",
      (web) => web.sidecar({ name: "a" } as never),
      "services.web.sidecar.image: is missing",
    ],
    [
      "a sidecar of all the memory",
      (web) => web.sidecar({ name: "a", image: "x:1", memory: 512 }),
      "512 MiB for sidecars leave nothing of the task's 512 MiB",
    ],
    [
      "a sidecar with a stranger's secret",
      (web) => web.sidecar({ name: "a", image: "x:1", secrets: ["KEY"] }),
      '"KEY" is no secret of web; add it to secrets',
    ],
    [
      "a port beyond the last",
      (web, staging) => web.connect(group(staging), 70_000),
      "70000 is no port; there are 1 to 65535",
    ],
    ["no group", (web) => web.connect({ securityGroup: undefined }, 80), "has no security group of its own"],
    [
      "a folder that is none",
      (web, staging) => web.volume(new EfsFileSystem(staging, "f", {}), "data"),
      '"data" is no folder',
    ],
    [
      "a folder twice",
      (web, staging) => ["f", "g"].map((id) => web.volume(new EfsFileSystem(staging, id, {}), "/data")),
      '"/data" holds another volume',
    ],
  ])("say what is wrong and the way out: %s", (_, add, said) => {
    expect(report(add)).toContain(said);
  });

  test("are told beside an exception, which names the file", () => {
    const text = report((web) => {
      web.environment("A-B", "x");
      throw new TypeError("queue is undefined");
    });
    expect(text).toContain("2 mistakes in the configuration, nothing was written");
    expect(text).toContain("\n  staging.ts: the second argument fails: queue is undefined");
  });

  test("are told together, of all services, before anything is written", () => {
    const text = report((web) => {
      web.environment("A-B", "x");
      web.sidecar({ name: "web", image: "x:1" });
      web.connect({ securityGroup: undefined }, 0);
    });
    expect(text).toContain("4 mistakes in the configuration, nothing was written");
    for (const call of ["environment", "sidecar", "connect"])
      expect(text).toContain(`\n  staging.services.web.${call}: `);
  });
});

describe("config", () => {
  test("is plain text: what Terraform would take for an expression is escaped, and $URL is a word", () => {
    const config = { A: "Hello ${name} %{ if x }", B: "$URL/x $URLS", C: "$URL" };
    const { environment } = containers(synthesize(butWeb({ config })))[0] as Json;
    const value = (name: string) => environment.find((one: Json) => one.name === name).value;
    const url = "https://${aws_cloudfront_distribution.distribution.domain_name}";
    expect(value("A")).toBe("Hello $${name} %%{ if x }");
    expect(value("B")).toBe(`${url}/x $URLS`);
    expect(value("C")).toBe(url);
  });

  test("commands are, too", () => {
    const graph = synthesize(
      butWeb({
        command: ["sh", "-c", "echo ${HOME}"],
        migrations: ["sh", "-c", "up ${HOME}"],
        schedules: { nightly: { expression: "rate(1 day)", command: ["echo", "${HOME}"] } },
      }),
    );
    expect(containers(graph)[0]?.command[2]).toBe("echo $${HOME}");
    expect(containers(graph, "service_web_migration")[0]?.command[2]).toBe("up $${HOME}");
    const { input } = graph.one("aws_scheduler_schedule").target;
    expect(JSON.parse(input).containerOverrides[0].command[1]).toBe("$${HOME}");
  });
});
