import { expect, test } from "vitest";
import { Refusal } from "./support/wire";
import { World } from "./support/world";

/** ListServiceDeployments in pages as ECS has them, and its limits on how much may be asked at once. */
function inPages(world: World): void {
  world.faults.push((operation, input) => {
    if (operation === "ecs:ListServiceDeployments") {
      const { serviceDeployments } = world.ecs.listServiceDeployments(String(input.service));
      const wanted = input.status as string[] | undefined;
      const all = serviceDeployments.filter(({ status }) => !wanted || wanted.includes(status ?? ""));
      const start = Number(input.nextToken ?? 0);
      const size = Math.min(100, Number(input.maxResults ?? 20));
      const nextToken = start + size < all.length ? `${start + size}` : undefined;
      return { serviceDeployments: all.slice(start, start + size), nextToken };
    }
    if (operation === "ecs:DescribeServiceRevisions" && (input.serviceRevisionArns as string[]).length > 20) {
      throw new Refusal("InvalidParameterException", "At most 20 ARNs can be described at once.");
    }
    return undefined;
  });
}

const days = (count: number) => count * 24 * 3_600_000;

test("rollback finds the last image but one behind 130 deployments of the same", async () => {
  const world = await World.open(undefined, { fresh: true });
  world.registry.tags.set("staging", world.registry.push("v0", "zero"));
  world.ecs.deployed("staging-web", undefined, days(80));
  world.registry.tags.set("staging", world.registry.push("v1", "one"));
  for (let nth = 130; nth > 0; nth--) world.ecs.deployed("staging-web", undefined, days(nth / 2));
  inPages(world);
  expect((await world.rollback()).exitCode).toBe(0);
  expect(world.digest("staging")).toBe(world.digest("v0"));
  expect(world.made("ListServiceDeployments")).toHaveLength(2);
});

test("rollback without any other successful image says so after the last page", async () => {
  const world = await World.open();
  for (let nth = 30; nth > 0; nth--) world.ecs.deployed("staging-web", undefined, days(nth));
  inPages(world);
  const { exitCode, result } = await world.rollback();
  expect(exitCode).toBe(1);
  expect(result.text).toContain("no earlier successful deployment with another image");
});

test("while another roll-out is replaced, the way back is what succeeded last, not what starts to run", async () => {
  const world = await World.open();
  world.registry.tags.set("staging", world.registry.push("v2", "two"));
  world.ecs.deployed(
    "staging-web",
    [{ at: 0, rolloutState: "IN_PROGRESS", status: "IN_PROGRESS", running: 1 }],
    60_000,
  );
  world.registry.push("v3", "three");
  const { result } = await world.deploy("v3", { replace: true, dryRun: true });
  expect(result.images).toMatchObject([{ previous: world.digest("v1") }]);
});

test("a running platform manifest leads back to the index that was deployed", async () => {
  const world = await World.open(undefined, { fresh: true });
  const { index, amd64 } = world.registry.pushIndex("v1", "one");
  world.registry.tags.set("staging", index);
  const running = { rolloutState: "COMPLETED", status: "SUCCESSFUL", running: 2, digest: amd64 };
  world.ecs.deployed("staging-web", [{ at: 0, ...running }]);
  world.registry.tags.set("staging", world.registry.push("v2", "two"));
  const { result } = await world.deploy("v2", { dryRun: true });
  expect(result.images).toMatchObject([{ previous: index }]);
});
