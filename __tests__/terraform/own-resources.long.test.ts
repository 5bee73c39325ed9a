import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { existing } from "../modules/support/least";
import { made, Project, worldOf } from "./support/project";
import { makeVpc } from "./support/vpc";

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

/** The files that docs/own-resources.md shows: ready-made, and by hand. */
const [readyMade = "", byHand = ""] = [
  ...readFileSync(join(__dirname, "../../docs/own-resources.md"), "utf8").matchAll(
    /```ts\n(import[\s\S]*?)```/g,
  ),
].map(([, code]) => code);

/** What takes no part in it. */
const bare = `preset: small, bastion: false, database: false, network: ${JSON.stringify(existing)},`;

/** The second file, with what the guide names and does not show: plain text, a volume, a sidecar, on instances and on Fargate. */
const more = `import { EfsFileSystem } from "@cdktf/provider-aws/lib/efs-file-system";
${byHand}`
  .replace(
    "export default",
    () => `const config = { PATH_TO: "$URL/x", ...Object.fromEntries(${JSON.stringify(TEXTS)}.map((text, index) => ["TEXT_" + index, text])) };
export default`,
  )
  .replace(
    "web: { port: 8080 }",
    `web: { port: 8080, migrations: true, config }, worker: { capacity: "fargate" }`,
  )
  .replace(
    /\}\);\s*$/,
    `  const files = new EfsFileSystem(own, "files", { encrypted: true });
  const agent = { name: "agent", image: "public.ecr.aws/datadog/agent:7.60.0", memory: 128, essential: false };
  for (const service of Object.values(own.services)) service.volume(files, "/data").sidecar(agent);
});
`,
  );

describe("what a service uses, and what a team's own file adds", () => {
  const sources = { "staging.ts": readyMade, "qa.ts": readyMade, "dev.ts": more };
  const files = Object.fromEntries(
    Object.entries(sources).map(([file, text]) => [file, text.replace("preset: small,", bare)]),
  );
  // Three environments on spot want more than a new account has.
  const project = new Project(files, { project: "app", quotas: { "L-34B43A08": 64 } });
  const names = Object.keys(files).map((file) => file.replace(".ts", ""));
  beforeAll(() => makeVpc(worldOf(project)));
  afterAll(() => project.remove());

  /** Terraform on each of these stacks in turn, as cdktf calls it. */
  const terraform = async (stacks: readonly string[], ...commands: readonly string[]) => {
    const each = ["init", ...commands].map(
      (command) => `terraform -chdir=cdktf.out/stacks/$stack ${command} -input=false`,
    );
    const line = `set -e; for stack in ${stacks.join(" ")}; do ${each.join("; ")}; done`;
    const { code, output } = await project.sandbox("sh", "-c", line);
    expect(code, output).toBe(0);
  };
  const apply = async (...stacks: readonly string[]) => {
    // The guardrails print what they find: nothing.
    expect(await project.synth()).toEqual({ code: 0, output: "" });
    await terraform(stacks, "apply -auto-approve", "plan -detailed-exitcode");
  };
  const list = (type: string) =>
    worldOf(project)
      .list({ type })
      .map(({ attributes }) => attributes);

  it("is applied in three environments, two of one file, and plans no change after that", async () => {
    await apply(...names);
    expect(
      list("aws_sqs_queue")
        .map(({ name }) => name)
        .sort(),
    ).toEqual([
      "dev-jobs",
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
    expect(variables("dev-web")).toMatchObject({
      BUCKET: "dev-uploads-123456789012",
      QUEUE_URL: queue("dev-jobs"),
      CACHE_HOST: expect.stringMatching(/^master\.dev-cache\./),
    });
  });

  it("leaves plain text as it was written", () => {
    const own = variables("dev-web");
    expect(TEXTS.map((_, index) => own[`TEXT_${index}`])).toEqual(TEXTS);
    expect(own.PATH_TO).toMatch(/^https:\/\/d\w+\.cloudfront\.net\/x$/);
    const [, agent] = containers("dev-web");
    expect(agent.logConfiguration.options["awslogs-group"]).toBe("/dev/service/web");
  });

  it("goes again where it is taken out, and nothing else does", async () => {
    project.write("staging.ts", (files["staging.ts"] ?? "").replaceAll(/, uses: \{.*?\} \}(?=,?\n)/g, " }"));
    await apply("staging");
    const left = made(project).filter(({ id }) => /staging-(uploads|jobs|cache)/.test(id));
    expect(left).toEqual([]);
    expect(variables("staging-web")).not.toHaveProperty("UPLOADS_BUCKET");
    expect(variables("qa-web").JOBS_QUEUE_URL).toBeDefined();
  });

  it("is destroyed to the last object", async () => {
    await terraform(names, "destroy -auto-approve");
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
