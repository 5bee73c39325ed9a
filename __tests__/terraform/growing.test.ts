import { afterAll, describe, expect, it, vi } from "vitest";
import { type EnvironmentProps, light, production, small } from "../../modules/environment";
import { Graph } from "../modules/support/graph";
import { web } from "../modules/support/least";
import { synthesize } from "../modules/support/synthesize";
import { Living } from "./support/living";

vi.setConfig({ testTimeout: 600_000 });

const on = (preset: EnvironmentProps["preset"], more: Partial<EnvironmentProps> = {}): EnvironmentProps => ({
  preset,
  region: "us-west-2",
  registry: "app",
  database: { url: "external" },
  services: { web: { ...web, uses: { uploads: "bucket", jobs: "queue" } } },
  ...more,
});

const holdsData = ["aws_s3_bucket.", "aws_sqs_queue.", "aws_db_instance.", "aws_efs_file_system."];

describe("an environment that grows", () => {
  const life = new Living();
  afterAll(() => life.remove());

  /** What a plan announces, by address. */
  const announced = (text: string) =>
    Object.fromEntries(
      [...text.matchAll(/^ *# (\S+) (?:will be|must be) (.*)$/gm)].map(([, address = "", what = ""]) => [
        address,
        what,
      ]),
    );
  const apply = async (props: EnvironmentProps) => {
    const { code, text } = await life.apply(props);
    expect(code, text).toBe(0);
    const [applied = "", again = ""] = text.split("\nagain\n");
    expect(again).toContain("No changes.");
    return announced(applied);
  };
  const lost = (plan: Record<string, string>) =>
    Object.entries(plan).filter(
      ([address, what]) =>
        /destroyed|replaced/.test(what) && holdsData.some((start) => address.startsWith(start)),
    );

  it("begins light: Fargate, one instance for NAT where there was a gateway, no database and no bastion", async () => {
    await apply(on(light, { network: { nat: "single" } }));
    await apply(on(light));
    const types = (type: string) => life.world.list({ type }).length;
    expect(types("aws_nat_gateway")).toBe(0);
    expect(types("aws_db_instance")).toBe(0);
    expect(types("aws_instance")).toBe(0);
    expect(types("aws_ecs_capacity_provider")).toBe(0);
    expect(types("aws_autoscaling_group")).toBe(1);
    const [own] = life.world.list({ type: "aws_network_interface" });
    expect(own?.attributes.source_dest_check).toBe(false);
    const routes = life.world.list({ type: "aws_route", where: { network_interface_id: own?.id ?? "" } });
    expect(routes).toHaveLength(3);
  });

  it("is destroyed to the last object, its NAT instance with it", async () => {
    const other = life.copy();
    const { code, text } = await other.destroy();
    expect(code, text).toBe(0);
    expect(other.world.list().filter(({ origin }) => origin === "terraform")).toEqual([]);
    await other.remove();
  });

  it("becomes small, then production: nothing that holds data is replaced, and a change of NAT is a change of routes", async () => {
    const toSmall = await apply(on(small));
    expect(lost(toSmall)).toEqual([]);
    expect(toSmall).toMatchObject({
      "aws_nat_gateway.network_nat_a_gateway": "created",
      "aws_autoscaling_group.network_nat_group": "destroyed",
      "aws_network_interface.network_nat_interface": "destroyed",
      "aws_route.network_private_a_internet": "updated in-place",
    });
    const toProduction = await apply(on(production));
    expect(lost(toProduction)).toEqual([]);
    expect(life.world.list({ type: "aws_nat_gateway" })).toHaveLength(3);
  });
});

describe("the NAT instance", () => {
  const graph = new Graph(synthesize(on(light)).json);

  it("has no role and no key, and lets in what the VPC sends, alone", () => {
    const [template] = graph.all("aws_launch_template");
    expect(template?.body).not.toHaveProperty("iam_instance_profile");
    expect(template?.body).not.toHaveProperty("key_name");
    expect(template?.body.metadata_options).toMatchObject({ http_tokens: "required" });
    const rules = graph
      .all("aws_vpc_security_group_ingress_rule")
      .filter(({ body }) => body.security_group_id === "${aws_security_group.network_nat.id}");
    expect(rules.map(({ body }) => body.cidr_ipv4)).toEqual([graph.one("aws_vpc").cidr_block]);
  });

  it("starts only where it can fetch what it needs, and before what is sent through it", () => {
    const needs = graph.needs("aws_autoscaling_group.network_nat_group");
    for (const address of [
      "aws_route.network_public_internet",
      "aws_network_acl.network_open",
      "aws_route_table_association.network_public_a_association",
      "aws_eip_association.network_nat_association",
      "aws_vpc_security_group_egress_rule.network_nat_out",
    ])
      expect(needs).toContain(address);
    for (const zone of ["a", "b", "c"])
      expect(graph.needs(`aws_route.network_private_${zone}_internet`)).toContain(
        "aws_autoscaling_group.network_nat_group",
      );
  });
});
