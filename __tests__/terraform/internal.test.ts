import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EnvironmentProps } from "../../modules/environment";
import { but, existing, web } from "../modules/support/least";
import { Living } from "./support/living";
import { makeVpc } from "./support/vpc";

type Service = NonNullable<EnvironmentProps["services"]>[string];

const environment = (api: Service) =>
  but({
    network: existing,
    services: {
      web: { ...web, config: { API: "$SERVICE_URL(mail)/send" } },
      api: { port: 9000, capacity: "fargate", config: { MAIL: "$SERVICE_URL(mail)" }, ...api },
      mail: { port: 2500, internal: true },
    },
  });
const internal = environment({ internal: true });
const open = environment({ paths: ["/api/*"] });

describe("services that only services call", () => {
  const life = new Living();
  beforeAll(() => makeVpc(life.world));
  afterAll(() => life.remove());

  const apply = async (props: EnvironmentProps) => {
    const { code, text } = await life.apply(props);
    expect(code, text).toBe(0);
    expect(text.split("\nagain\n")[1]).toContain("No changes.");
  };
  const rules = () =>
    life.world.list({ type: "aws_lb_listener_rule" }).map(({ attributes }) => attributes.condition);

  it("are applied on instances and Fargate, and plan no change after that", async () => {
    await apply(internal);
    const text = JSON.stringify(rules());
    for (const host of ["api", "mail"]) expect(text).toContain(`"${host}.staging.services.internal"`);
    const [task] = life.world.list({ type: "aws_ecs_task_definition", where: { family: "staging-web" } });
    expect(String(task?.attributes.container_definitions)).toContain(
      '"value":"http://mail.staging.services.internal/send"',
    );
  });

  it("are served to people instead, and back, without a step between", async () => {
    await apply(open);
    expect(JSON.stringify(rules())).not.toContain('"api.staging.services.internal"');
    await apply(internal);
    expect(JSON.stringify(rules())).toContain('"api.staging.services.internal"');
  });

  it("are destroyed to the last object", async () => {
    const { code, text } = await life.destroy();
    expect(code, text).toBe(0);
    expect(life.world.list().filter(({ origin }) => origin === "terraform")).toEqual([]);
  });
});
