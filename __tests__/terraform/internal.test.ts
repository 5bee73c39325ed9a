import { afterAll, describe, expect, it } from "vitest";
import { file } from "./support/file";
import { made, Project, worldOf } from "./support/project";

const services = (api: string) => `
  services: {
    web: { port: 8080, migrations: true, config: { API: "$SERVICE_URL(mail)/send" } },
    api: { port: 9000, capacity: "fargate", config: { MAIL: "$SERVICE_URL(mail)" }, ${api} },
    mail: { port: 2500, internal: true },
  },`;
const internal = services("internal: true");
const open = services(`paths: ["/api/*"]`);

describe("services that only services call", () => {
  const project = new Project({ "staging.ts": file(internal) });
  afterAll(() => project.remove());

  const terraform = async (command: string) => {
    const each = "terraform -chdir=cdktf.out/stacks/staging";
    const { code, output } = await project.sandbox(
      "sh",
      "-c",
      `${each} init -input=false >/dev/null && ${each} ${command}`,
    );
    expect(code, output).toBe(0);
  };
  const apply = async (source: string) => {
    project.write("staging.ts", source);
    const { code, output } = await project.synth();
    expect(code, output).toBe(0);
    await terraform("apply -input=false -auto-approve");
    await terraform("plan -input=false -detailed-exitcode");
  };
  const rules = () =>
    worldOf(project)
      .list({ type: "aws_lb_listener_rule" })
      .map(({ attributes }) => attributes.condition);

  it("are applied on instances and Fargate, and plan no change after that", async () => {
    await apply(file(internal));
    const text = JSON.stringify(rules());
    for (const host of ["api", "mail"]) expect(text).toContain(`"${host}.staging.services.internal"`);
    const [task] = worldOf(project).list({
      type: "aws_ecs_task_definition",
      where: { family: "staging-web" },
    });
    expect(String(task?.attributes.container_definitions)).toContain(
      '"value":"http://mail.staging.services.internal/send"',
    );
  });

  it("are served to people instead, and back, without a step between", async () => {
    await apply(file(open));
    expect(JSON.stringify(rules())).not.toContain('"api.staging.services.internal"');
    await apply(file(internal));
    expect(JSON.stringify(rules())).toContain('"api.staging.services.internal"');
  });

  it("are destroyed to the last object", async () => {
    await terraform("destroy -input=false -auto-approve");
    expect(made(project)).toEqual([]);
  });
});
