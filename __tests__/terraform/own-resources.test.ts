import { afterAll, describe, expect, it } from "vitest";
import { made, Project, worldOf } from "./support/project";

/** What is no expression, whatever Terraform takes it for. */
const TEXTS = [
  "Hello ${name}",
  "%{ if x }",
  "$${a}",
  "$$${a}",
  "%$%%{a}",
  "\\${x}",
  '"${x}"',
  "${$${x}}",
  "a$",
];

const source = `
import { EfsFileSystem } from "@cdktf/provider-aws/lib/efs-file-system";
import { ElasticacheReplicationGroup } from "@cdktf/provider-aws/lib/elasticache-replication-group";
import { SecurityGroup } from "@cdktf/provider-aws/lib/security-group";
import { SqsQueue } from "@cdktf/provider-aws/lib/sqs-queue";
import { environment, small } from "../modules/environment";

const config = { PATH_TO: "$URL/x", ...Object.fromEntries(${JSON.stringify(TEXTS)}.map((text, index) => [\`TEXT_\${index}\`, text])) };

export default environment(
  {
    preset: small,
    region: "us-west-2",
    registry: "app",
    services: {
      web: { port: 8080, migrations: true, memory: 1024, config, secrets: ["API_KEY"] },
      worker: { capacity: "fargate", command: ["work"] },
    },
  },
  (own) => {
    const [web, worker] = [own.services.get("web")!, own.services.get("worker")!];
    const queue = new SqsQueue(own, "jobs", { name: \`\${own.configuration.name}-jobs\` });
    const group = new SecurityGroup(own, "cache", { vpcId: own.network.vpc.id });
    const cache = new ElasticacheReplicationGroup(own, "valkey", {
      replicationGroupId: \`\${own.configuration.name}-cache\`, description: "Sessions", engine: "valkey", nodeType: "cache.t4g.micro",
      transitEncryptionEnabled: true, subnetGroupName: own.network.cacheSubnetGroup.name, securityGroupIds: [group.id],
    });
    const files = new EfsFileSystem(own, "files", { encrypted: true });
    web.environment("QUEUE_URL", queue.url);
    web.environment("CACHE_HOST", cache.primaryEndpointAddress);
    web.allow(["sqs:SendMessage"], queue.arn);
    worker.allow(["sqs:ReceiveMessage", "sqs:DeleteMessage"], queue.arn);
    for (const service of [web, worker]) {
      service.connect(group, 6379);
      service.volume(files, "/data");
      service.sidecar({ name: "agent", image: "public.ecr.aws/datadog/agent:7.60.0", memory: 128, essential: false });
    }
  },
);
`;

describe("what a team's own file adds", () => {
  const project = new Project({ "staging.ts": source, "qa.ts": source });
  afterAll(() => project.remove());

  it("is applied beside a copy of it, plans no change after that, and goes to the last object", async () => {
    const applied = await project.cdktf("apply", "staging", "qa", "--auto-approve");
    expect(applied.code, applied.output).toBe(0);
    for (const name of ["staging", "qa"]) {
      const { output } = await project.cdktf("plan", name);
      expect(output).toContain("No changes.");
    }
    const [web, agent] = containers("staging-web");
    const variable = (name: string) => web.environment.find((one: Variable) => one.name === name)?.value;
    expect(TEXTS.map((_, index) => variable(`TEXT_${index}`))).toEqual(TEXTS);
    expect(variable("QUEUE_URL")).toBe("https://sqs.us-west-2.amazonaws.com/123456789012/staging-jobs");
    expect(variable("CACHE_HOST")).toMatch(/^master\.staging-cache\.\w+\.usw2\.cache\.amazonaws\.com$/);
    expect(variable("PATH_TO")).toMatch(/^https:\/\/d\w+\.cloudfront\.net\/x$/);
    expect(agent.logConfiguration.options["awslogs-group"]).toBe("/staging/service/web");
    const destroyed = await project.cdktf("destroy", "staging", "qa", "--auto-approve");
    expect(destroyed.code, destroyed.output).toBe(0);
    expect(made(project)).toEqual([]);
  });

  /** The containers of the newest revision of a family. */
  function containers(family: string) {
    const [definition] = worldOf(project).list({ type: "aws_ecs_task_definition", where: { family } });
    return JSON.parse(String(definition?.attributes.container_definitions));
  }
});

interface Variable {
  readonly name: string;
  readonly value: string;
}
