import { readFileSync } from "node:fs";
import { join } from "node:path";
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

/** What the guide names and does not show: a volume, a sidecar, on instances and on Fargate. */
const source = `
import { EfsFileSystem } from "@cdktf/provider-aws/lib/efs-file-system";
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
    const files = new EfsFileSystem(own, "files", { encrypted: true });
    for (const service of own.services.values())
      service.volume(files, "/data").sidecar({ name: "agent", image: "public.ecr.aws/datadog/agent:7.60.0", memory: 128, essential: false });
  },
);
`;

/** The files that docs/own-resources.md shows: ready-made, and by hand. */
const [readyMade = "", byHand = ""] = [
  ...readFileSync(join(__dirname, "../../docs/own-resources.md"), "utf8").matchAll(
    /```ts\n(import[\s\S]*?)```/g,
  ),
].map(([, code]) => code);

describe("what a service uses, and what a team's own file adds", () => {
  const files = { "staging.ts": readyMade, "qa.ts": readyMade, "hand.ts": byHand, "own.ts": source };
  const project = new Project(files);
  const names = Object.keys(files).map((file) => file.replace(".ts", ""));
  afterAll(() => project.remove());

  /** Synthesizes, and runs Terraform on each of these stacks in turn, as cdktf does. */
  const terraform = async (command: string, stacks: readonly string[]) => {
    const { code, output } = await project.synth();
    expect(code, output).toBe(0);
    const each = `terraform -chdir=cdktf.out/stacks/$stack`;
    const line = `set -e; for stack in ${stacks.join(" ")}; do ${each} init -input=false >/dev/null; ${each} ${command}; done`;
    const ended = await project.sandbox("sh", "-c", line);
    expect(ended.code, ended.output).toBe(0);
  };
  const apply = async (...stacks: readonly string[]) => {
    await terraform("apply -input=false -auto-approve", stacks);
    await terraform("plan -input=false -detailed-exitcode", stacks);
  };
  const list = (type: string) =>
    worldOf(project)
      .list({ type })
      .map(({ attributes }) => attributes);

  it("is applied in four environments, two of one file, and plans no change after that", async () => {
    await apply(...names);
    expect(
      list("aws_sqs_queue")
        .map(({ name }) => name)
        .sort(),
    ).toEqual([
      "hand-jobs",
      ...["qa", "staging"].flatMap((one) => [`${one}-jobs`, `${one}-jobs-dead-letter`]),
    ]);
  });

  it("says where each thing is, in values that are there", () => {
    const queue = (name: string) => `https://sqs.us-west-2.amazonaws.com/123456789012/${name}`;
    const web = variables("staging-web");
    expect(web).toMatchObject({
      AWS_REGION: "us-west-2",
      UPLOADS_BUCKET: "staging-uploads-123456789012",
      JOBS_QUEUE_URL: queue("staging-jobs"),
    });
    expect(web.CACHE_URL).toMatch(
      /^rediss:\/\/master\.staging-cache\.\w+\.usw2\.cache\.amazonaws\.com:6379$/,
    );
    expect(variables("staging-worker").JOBS_QUEUE_URL).toBe(web.JOBS_QUEUE_URL);
    expect(variables("hand-web")).toMatchObject({
      BUCKET: "hand-uploads-123456789012",
      QUEUE_URL: queue("hand-jobs"),
      CACHE_HOST: expect.stringMatching(/^master\.hand-cache\./),
    });
  });

  it("leaves plain text as it was written", () => {
    const own = variables("own-web");
    expect(TEXTS.map((_, index) => own[`TEXT_${index}`])).toEqual(TEXTS);
    expect(own.PATH_TO).toMatch(/^https:\/\/d\w+\.cloudfront\.net\/x$/);
    const [, agent] = containers("own-web");
    expect(agent.logConfiguration.options["awslogs-group"]).toBe("/own/service/web");
  });

  it("goes again where it is taken out, and nothing else does", async () => {
    project.write("staging.ts", readyMade.replaceAll(/, uses: \{.*?\} \}(?=,?\n)/g, " }"));
    await apply("staging");
    const left = made(project).filter(({ id }) => /staging-(uploads|jobs|cache)/.test(id));
    expect(left).toEqual([]);
    expect(variables("staging-web")).not.toHaveProperty("UPLOADS_BUCKET");
    expect(variables("qa-web").JOBS_QUEUE_URL).toBeDefined();
  });

  it("is destroyed to the last object", async () => {
    await terraform("destroy -input=false -auto-approve", names);
    expect(made(project)).toEqual([]);
  });

  /** The containers of the newest revision of a family. */
  function containers(family: string) {
    const definitions = worldOf(project).list({ type: "aws_ecs_task_definition", where: { family } });
    return JSON.parse(String(definitions.at(-1)?.attributes.container_definitions));
  }

  function variables(family: string): Record<string, string> {
    const [{ environment }] = containers(family);
    return Object.fromEntries(environment.map(({ name, value }: Variable) => [name, value]));
  }
});

interface Variable {
  readonly name: string;
  readonly value: string;
}
