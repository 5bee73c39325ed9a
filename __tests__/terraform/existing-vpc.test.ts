import { afterAll, describe, expect, it } from "vitest";
import { makeByHand } from "../../sandbox/aws/by-hand";
import { but, existing } from "../modules/support/least";
import { Living } from "./support/living";

const REGION = "us-west-2";
const environment = but({ network: existing });
const [first, second] = existing.subnets.private as [string, string];

describe("an environment in a VPC that is there already", () => {
  const life = new Living();
  afterAll(() => life.remove());

  const theirs = () =>
    JSON.stringify(
      life.world
        .list()
        .filter(({ type }) => /^aws_(vpc|subnet|internet_gateway|network_acl|route|route_table)$/.test(type)),
    );
  /** Terraform's words, without the lines that it draws around them. */
  const apply = async (props = environment) => {
    const { code, text } = await life.apply(props);
    return { code, said: text.replaceAll(/[\s│╷╵]+/g, " ") };
  };
  const edit = (changes: Readonly<Record<string, Record<string, string | boolean>>>) => {
    const { world } = life;
    return world.change(() => {
      for (const [id, values] of Object.entries(changes)) {
        const object = world.list().find((one) => one.id === id);
        if (object) world.update(object, values);
      }
    });
  };

  it("is planned offline before anybody has the VPC at hand", async () => {
    const missing = await apply();
    expect(missing.code).not.toBe(0);
    expect(missing.said).toContain("--with vpc:");
    const terraform = "terraform -chdir=cdktf.out/stacks/staging";
    const plan = await life.sandbox(`${terraform} init >/dev/null && ${terraform} plan -no-color`, [
      "--assume",
    ]);
    expect(plan.code, plan.text).toBe(0);
    expect(plan.text).toContain(`aws_vpc ${existing.vpc}`);
    expect(life.world.list({ type: "aws_vpc" })).toEqual([]);
  });

  it("is refused in the plan where it could not live, with the reason", async () => {
    const { world } = life;
    await world.change(() => {
      makeByHand(world, "aws_vpc", existing.vpc, { enable_dns_hostnames: false }, REGION);
      for (const id of existing.subnets.private) makeByHand(world, "aws_subnet", id, {}, REGION);
    });
    const unnamed = await apply();
    expect(unnamed.code).not.toBe(0);
    expect(unnamed.said).toContain(`${existing.vpc} does not resolve names`);

    await world.change(() => {
      makeByHand(world, "aws_vpc", "vpc-0fedcba9876543210", {}, REGION);
    });
    await edit({
      [existing.vpc]: { enable_dns_hostnames: true },
      [first]: { map_public_ip_on_launch: true, vpc_id: "vpc-0fedcba9876543210" },
      [second]: { availability_zone: `${REGION}a` },
    });
    const { code, said } = await apply();
    expect(code).not.toBe(0);
    expect(said).toContain(`${first} does not lie in ${existing.vpc}`);
    expect(said).toContain(`${first} gives public addresses to what starts in it`);

    expect(said).toMatch(/no matching aws_internet_gateway found for .*attachment\.vpc-id/);

    await world.change(() =>
      makeByHand(world, "aws_internet_gateway", "igw-0123456789abcdef0", { vpc_id: existing.vpc }, REGION),
    );
    await edit({ [first]: { map_public_ip_on_launch: false, vpc_id: existing.vpc } });
    const together = (await apply()).said;
    for (const kind of ["private", "intra"])
      expect(together).toContain(`${first}, ${second} (network.subnets.${kind}) share a zone`);
    for (const kind of ["database", "cache"])
      expect(together).toContain(`${first}, ${second} (network.subnets.${kind}) lie in one zone`);
    expect(life.world.list({ type: "aws_ecs_cluster" })).toEqual([]);
  });

  it("is applied, planned empty and destroyed, and nothing of the VPC changes", async () => {
    await edit({ [second]: { availability_zone: `${REGION}b` } });
    const before = theirs();
    const dual = await apply(but({ network: { ...existing, ipv6: true } }));
    expect(dual.code).not.toBe(0);
    expect(dual.said).toContain(`${first} gives no IPv6 addresses to what starts in it`);
    const { code, said } = await apply();
    expect(code, said).toBe(0);
    expect(said.split(" again ")[1]).toContain("No changes");
    expect(theirs()).toBe(before);
    const { world } = life;
    const [group] = world.list({ type: "aws_db_subnet_group" });
    expect(group?.attributes.subnet_ids).toEqual(existing.subnets.private);
    expect(group?.attributes.vpc_id).toBe(existing.vpc);
    const groups = world.list({ type: "aws_security_group" }).filter(({ origin }) => origin === "terraform");
    expect(groups.length).toBeGreaterThan(3);
    expect(new Set(groups.map(({ attributes }) => attributes.vpc_id))).toEqual(new Set([existing.vpc]));

    const destroyed = await life.destroy();
    expect(destroyed.code, destroyed.text).toBe(0);
    expect(life.world.list().filter(({ origin }) => origin === "terraform")).toEqual([]);
    expect(theirs()).toBe(before);
  });
});
