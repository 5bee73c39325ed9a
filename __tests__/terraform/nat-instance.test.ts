import { expect, it } from "vitest";
import type { EnvironmentProps } from "../../modules/environment";
import { but } from "../modules/support/least";
import { Living } from "./support/living";

it("hands its address over where other zones come with a service that leaves its instances", async () => {
  const life = new Living();
  const on = (zones: 3 | string[], worker: NonNullable<EnvironmentProps["services"]>[string]) =>
    but({
      bastion: false,
      distribution: false,
      database: false,
      network: { nat: "instance", zones },
      services: { worker },
    });
  try {
    const made = await life.apply(on(3, {}));
    expect(made.code, made.text).toBe(0);
    const moved = await life.apply(on(["us-west-2b", "us-west-2a"], { capacity: "fargate" }));
    expect(moved.code, moved.text).toBe(0);
    expect(moved.text.split("\nagain\n")[1]).toContain("No changes.");
    expect(life.world.list({ type: "aws_eip_association" })).toHaveLength(1);
  } finally {
    await life.remove();
  }
});
